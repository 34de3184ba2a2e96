import pytest

from bot.conversation.events import (
    Chosen,
    Command,
    File,
    Inquiry,
    Place,
    Platform,
    Press,
    Reaction,
    Speaker,
    Text,
)
from bot.telegram.updates import Asked, Me, asked, read, result_id
from tests.fakes.telegram_server import TelegramServer

ME = Me(4242, "WebtoonTestBot")


@pytest.fixture
def world():
    """Telegram without a socket: what people do becomes updates just the same."""
    world = TelegramServer()
    world.allowed = ["message", "callback_query", "message_reaction", "edited_message"]
    return world


@pytest.fixture
def mina(world):
    return world.user("Mina", language="ko")


def said(world, update_id):
    incoming = read(world.updates[update_id], ME)
    return incoming and incoming.event.said


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("/start", Command("start")),
        ("/start deep-link", Command("start", "deep-link")),
        ("/recommend 스릴러  완결 ", Command("recommend", "스릴러  완결")),
        ("/Like\n신의 탑", Command("like", "신의 탑")),
        ("/like@webtoontestbot 신의 탑", Command("like", "신의 탑")),
        ("/like@SomeoneElsesBot 신의 탑", None),
        ("/추천 스릴러", Text("/추천 스릴러")),
        ("/추천@WebtoonTestBot 스릴러", Text("/추천 스릴러")),
        ("/추천@SomeoneElsesBot", None),
        ("/ops", Command("ops")),
        ("/Ops@WebtoonTestBot now", Command("ops", "now")),
        ("/운영", Text("/운영")),
        ("/unheardof thing", Text("/unheardof thing")),
        ("/", Text("/")),
        ("추천", Text("추천")),
        ("  신의 탑\0 ", Text("신의 탑")),
    ],
)
def test_what_is_typed_in_private_is_a_command_or_plain_words(world, mina, words, meaning):
    assert said(world, world.say(mina, words)) == meaning


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("/recommend", Command("recommend")),
        ("/recommend@SomeoneElsesBot", None),
        ("/추천", Text("/추천")),
        ("/unheardof", None),
        ("/ops", None),
        ("/ops@WebtoonTestBot", Command("ops")),
        ("/unheardof@WebtoonTestBot", Text("/unheardof")),
        ("nice weather", None),
        ("@WebtoonTestBotter is another", None),
        ("@WebtoonTestBot 추천", Text("추천")),
        ("@WebtoonTestBot", None),
    ],
)
def test_group_talk_counts_only_when_it_is_meant_for_us(world, mina, words, meaning):
    assert said(world, world.say(mina, words, world.group())) == meaning


def test_an_answer_to_our_message_counts_without_a_mention(world, mina):
    group = world.group()
    ours = world.say(world.bot, "A card", group)
    card = world._messages[group.id, world.updates[ours]["message"]["message_id"]]

    update = world.say(mina, "재밌어?", group, reply_to=card)

    assert said(world, update) == Text("재밌어?")


def test_a_message_tells_who_spoke_and_where(world, mina):
    group = world.group()
    private, shared = world.say(mina, "hi"), world.say(mina, "/help", group, thread_id=7)

    first, second = (read(world.updates[update], ME) for update in (private, shared))

    assert first.key == str(private)
    assert first.event.key == str(private)
    assert first.event.speaker == Speaker(Platform.TELEGRAM, str(mina.id), "ko", "Mina")
    assert first.event.place == Place(str(mina.id), shared=False)
    assert (first.chat_id, first.message_id, first.thread_id) == (mina.id, 1, None)
    assert second.event.place == Place(str(group.id), shared=True, topic="7")
    assert (second.chat_id, second.user_id, second.thread_id) == (group.id, mina.id, 7)


def test_bots_channels_pictures_and_anonymous_admins_say_nothing(world, mina):
    channel = {"id": -1001, "type": "channel", "title": "News"}
    other_bot = world.user("Robot", is_bot=True)

    updates = [
        world.say(other_bot, "/start"),
        world.say(mina, "/start", world.group(), sender_chat=channel),
        world.say(mina, ""),
        world.push("edited_message", {"message_id": 1, "date": 1, "chat": channel, "text": "x"}),
    ]

    assert [read(world.updates[update], ME) for update in updates] == [None] * 4


def test_updates_of_other_kinds_and_broken_ones_are_nothing():
    post = {"message_id": 1, "date": 1, "chat": {"id": -1, "type": "channel"}, "text": "/start"}

    assert read({"update_id": 1, "channel_post": post}, ME) is None
    assert read({"update_id": 2, "a_kind_of_next_year": {"x": 1}}, ME) is None
    assert read({"update_id": 3, "message": {"text": "no chat, no id"}}, ME) is None


@pytest.mark.parametrize(
    ("caption", "private", "shared"),
    [
        ("", True, False),
        ("내 목록이에요", True, False),
        ("/import", True, True),
        ("/가져오기", True, True),
        ("/import@WebtoonTestBot", True, True),
        ("/import@SomeoneElsesBot", False, False),
        ("/like 신의 탑", False, False),
        ("@WebtoonTestBot", True, False),
    ],
)
def test_a_file_is_a_list_in_private_and_in_a_group_with_the_command(
    world, mina, caption, private, shared
):
    heard = [
        said(world, world.send_file(mina, "a.csv", b"abc", chat, caption=caption))
        for chat in (None, world.group())
    ]

    sent = File("a.csv", None, 3, caption)
    assert heard == [sent if private else None, sent if shared else None]


def test_a_file_is_known_by_its_id_and_a_moving_picture_is_none(world, mina):
    file = read(world.updates[world.send_file(mina, "a.csv", b"abc")], ME)
    picture = {"file_id": "g", "file_unique_id": "g", "width": 1, "height": 1, "duration": 1}
    moving = world.say(mina, "", document={**world.files[file.file_id]}, animation=picture)

    assert file.file_id in world.files
    assert read(world.updates[moving], ME) is None


def test_a_press_carries_its_action_and_the_message_it_stands_on(world, mina):
    group = world.group()
    world.say(world.bot, "A card", group)
    card = world._messages[group.id, 1]
    query = world.press(mina, card, "like:7", known=False)
    (update,) = [u for u in world.updates.values() if "callback_query" in u]

    incoming = read(update, ME)

    assert incoming.event.said == Press("like:7", f"telegram:{group.id}:1")
    assert incoming.event.place == Place(str(group.id), shared=True)
    assert (incoming.query_id, incoming.message_id) == (query, 1)


def test_a_press_on_a_message_that_telegram_no_longer_shows_is_heard():
    user = {"id": 5, "is_bot": False, "first_name": "Mina"}
    gone = {"chat": {"id": 5, "type": "private"}, "message_id": 9, "date": 0}
    query = {"id": "q", "from": user, "chat_instance": "1", "data": "like:7", "message": gone}

    incoming = read({"update_id": 1, "callback_query": query}, ME)

    assert incoming.event.said == Press("like:7", "telegram:5:9")


def test_presses_without_message_or_action_still_want_an_answer():
    user = {"id": 5, "is_bot": False, "first_name": "Mina"}
    inline = {"id": "a", "from": user, "chat_instance": "1", "data": "like:7"}
    game = {"id": "b", "from": user, "chat_instance": "1", "game_short_name": "toon"}

    first = read({"update_id": 1, "callback_query": inline}, ME)
    second = read({"update_id": 2, "callback_query": game}, ME)

    assert (first.query_id, first.event.said) == ("a", Press("like:7", None))
    assert first.event.place == Place("5", shared=False)
    assert (second.query_id, second.event) == ("b", None)


def test_a_reaction_is_what_changed(world, mina):
    world.say(world.bot, "A card", chat := world._chats[mina.id])
    card = world._messages[chat.id, 1]

    update = world.react(mina, card, old=["👍", "🔥"], new=["🔥", "👎"])

    assert said(world, update) == Reaction(card.reference, added=("👎",), removed=("👍",))


def test_reactions_by_bots_hidden_admins_or_with_custom_emoji_are_nothing(world, mina):
    group = world.group()
    world.say(mina, "/help", group)
    message = world._messages[group.id, 1]
    robot = world.user("Robot", is_bot=True)
    custom = {"type": "custom_emoji", "custom_emoji_id": "1"}
    updates = [
        world.react(robot, message, new=["👍"]),
        world.react(None, message, new=["👍"]),
        world.react(mina, message, new=[]),
    ]
    world.updates[updates[2]]["message_reaction"]["new_reaction"] = [custom]

    assert [read(world.updates[update], ME) for update in updates] == [None] * 3


USER = {"id": 5, "is_bot": False, "first_name": "Mina", "language_code": "ko"}
MINA = Speaker(Platform.TELEGRAM, "5", "ko", "Mina")


@pytest.mark.parametrize(
    ("offset", "start"), [("", 0), ("20", 20), ("x", 0), ("-1", 0), ("2" * 9, 0)]
)
def test_what_is_being_typed_is_an_inquiry_and_nothing_to_keep(offset, start):
    query = {"id": "q", "from": USER, "query": "신의\0", "offset": offset, "chat_type": "group"}
    raw = {"update_id": 9, "inline_query": query}

    inquiry = Inquiry("신의", start, "https://t.me/WebtoonTestBot")
    assert asked(raw, ME) == Asked("9", "q", MINA, inquiry)
    assert read(raw, ME) is None


def test_what_is_no_inquiry_or_cannot_be_read_is_none(world, mina):
    said = world.updates[world.say(mina, "hi")]

    assert asked(said, ME) is None
    assert asked({"update_id": 1, "inline_query": {"id": "q"}}, ME) is None
    assert asked({"update_id": 1, "inline_query": None}, ME) is None


def test_a_press_on_what_somebody_put_into_a_chat_is_among_others():
    query = {"id": "a", "from": USER, "chat_instance": "1", "data": "like:7"}

    incoming = read({"update_id": 1, "callback_query": query | {"inline_message_id": "AAIn"}}, ME)

    assert incoming.event.said == Press("like:7", "telegram:inline:AAIn")
    assert incoming.event.place == Place("inline", shared=True)
    assert (incoming.query_id, incoming.chat_id, incoming.message_id) == ("a", 5, None)
    assert incoming.inline


@pytest.mark.parametrize("message", ["AAIn", None])
def test_what_was_chosen_names_its_work_and_place(message):
    result = {"result_id": result_id(12, 3), "from": USER, "query": "신의"}
    result |= {"inline_message_id": message} if message else {}

    incoming = read({"update_id": 1, "chosen_inline_result": result}, ME)

    shown = message and f"telegram:inline:{message}"
    assert incoming.event.said == Chosen(12, 3, shown)
    assert incoming.event.speaker == MINA
    assert incoming.event.place.shared


@pytest.mark.parametrize("named", ["", "12", "w_12", "w_12_", "w_x_1", "w_12_99999", "w_1_1_1"])
def test_a_choice_that_names_no_work_is_nothing(named):
    result = {"result_id": named, "from": USER, "query": ""}

    assert read({"update_id": 1, "chosen_inline_result": result}, ME) is None
