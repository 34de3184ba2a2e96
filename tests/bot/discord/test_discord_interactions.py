from dataclasses import replace

from bot.conversation.events import Command, Event, Place, Platform, Press, Speaker
from bot.conversation.reply import Button, Document, Reply
from tests.bot.discord.conftest import SLATE, card


async def done(server, interaction, messages):
    """Waits until the bot has said so many messages in answer; gives them."""
    return await server.until(
        lambda: len(interaction.messages) >= messages and interaction.messages
    )


async def test_a_slate_is_a_text_and_one_message_for_each_card_that_anyone_may_react_to(
    town, hearing
):
    hearing.script["recommend"] = SLATE
    mina = town.user("mina", locale="ko")

    given = town.slash(mina, "추천", filter="로맨스")

    shown = await done(town, given, 6)
    assert [m.content for m in shown] == ["Five for you", "", "", "", "", ""]
    assert [m.embeds[0]["title"] for m in shown[1:]] == [f"Work {n}" for n in range(1, 6)]
    assert [m.ephemeral for m in shown] == [False] * 6
    assert hearing.heard == [
        Event(
            str(given.id),
            Speaker(Platform.DISCORD, str(mina.id), "ko", "mina"),
            Place(str(town.channel.id), shared=True),
            Command("recommend", "로맨스"),
        )
    ]


async def test_every_shown_card_is_remembered_with_its_message(town, hearing):
    hearing.script["recommend"] = SLATE

    given = town.slash(town.user("mina"), "recommend")

    shown = await done(town, given, 6)
    await town.until(lambda: len(hearing.delivered_cards) == 5)
    assert hearing.delivered_cards == [
        ((100 + n,), message.ref) for n, message in enumerate(shown[1:], 1)
    ]


async def test_a_private_slate_is_seen_by_its_reader_alone(town, hearing):
    hearing.script["similar"] = SLATE
    mina = town.user("mina")

    given = town.slash(mina, "similar", title="신의 탑", private=True)

    shown = await done(town, given, 6)
    assert [m.seen_by for m in shown] == [mina] * 6
    assert hearing.heard[0].said == Command("similar", "신의 탑", private=True)
    assert hearing.heard[0].place == Place(str(town.channel.id), shared=False, common=True)


async def test_a_personal_command_is_answered_to_its_reader_alone(town, hearing):
    hearing.script["list"] = Reply("You like three works.")
    mina = town.user("mina")

    given = town.slash(mina, "list")

    (shown,) = await done(town, given, 1)
    assert (shown.content, shown.seen_by) == ("You like three works.", mina)
    assert hearing.heard[0].place.shared is False


async def test_a_command_is_acknowledged_before_the_conversation_has_answered(town, hearing, gate):
    hearing.blocked, hearing.script["list"] = gate, Reply("Here.")

    given = town.slash(town.user("mina"), "list")

    await town.until(lambda: given.response)
    assert given.messages == []
    gate.set()
    await done(town, given, 1)
    assert given.seconds < 1


async def test_a_private_answer_to_a_public_command_leaves_nothing_for_others(town, hearing):
    hearing.script["recommend"] = Reply("No such genre.", private=True)
    mina = town.user("mina")

    given = town.slash(mina, "recommend", filter="???")

    (shown,) = await done(town, given, 1)
    assert (shown.content, shown.seen_by) == ("No such genre.", mina)
    assert town.posted(town.channel) == []
    assert given.original.deleted


async def test_nothing_to_say_takes_the_thinking_line_away(town, hearing):
    hearing.script["list"] = None

    given = town.slash(town.user("mina"), "list")

    await town.until(lambda: given.original and given.original.deleted)
    assert given.messages == []


async def test_the_same_interaction_delivered_twice_is_answered_once(town, hearing):
    hearing.script["list"] = Reply("You like three works.")
    given = town.slash(town.user("mina"), "list")
    await done(town, given, 1)

    town.redeliver(given)

    await town.until(lambda: hearing.tries == 2)
    other = town.slash(town.user("jun"), "list")
    await done(town, other, 1)
    assert [m.content for m in given.messages] == ["You like three works."]
    assert len(hearing.heard) == 2


async def test_in_the_direct_messages_with_the_bot_nobody_reads_along(town, hearing):
    hearing.script["recommend"] = SLATE
    mina = town.user("mina")

    town.slash(mina, "recommend", town.dm(mina))

    await town.until(lambda: hearing.heard)
    assert hearing.heard[0].place == Place(str(town.dm(mina).id), shared=False)


async def test_in_other_peoples_direct_messages_somebody_reads_along(town, hearing):
    hearing.script["recommend"] = SLATE

    given = town.slash(town.user("mina"), "recommend", town.group())

    await done(town, given, 6)
    assert hearing.heard[0].place.shared is True


async def test_a_user_installed_command_works_where_the_bot_is_not_a_member(town, hearing):
    hearing.script["recommend"] = SLATE
    far = town.guild("elsewhere", joined=False).channels[0]

    given = town.slash(town.user("mina"), "recommend", far)

    shown = await done(town, given, 6)  # five followups are all that Discord allows there
    assert [m.channel for m in shown] == [far] * 6
    await town.until(lambda: len(hearing.delivered_cards) == 5)
    assert hearing.delivered_cards[0] == ((101,), shown[1].ref)


async def test_a_file_comes_with_the_text(town, hearing):
    document = Document("taste.json", "application/json", '{"reader": "가"}')
    hearing.script["export"] = Reply("All that I know.", document=document)

    given = town.slash(town.user("mina"), "export")

    (shown,) = await done(town, given, 1)
    assert shown.content == "All that I know."
    assert shown.files == {"taste.json": '{"reader": "가"}'.encode()}


async def test_a_tap_on_a_public_card_is_that_persons_and_leaves_the_card_as_it_is(town, hearing):
    hearing.script |= {
        "recommend": SLATE,
        "v:l:2": Reply(cards=(card(2, mark="👍"),), notice="Noted, you like it.", replaces=True),
    }
    given = town.slash(town.user("mina"), "recommend")
    slate = await done(town, given, 6)
    jun = town.user("jun", locale="de")

    pressed = town.press(jun, slate[2], "👍 Like")

    (shown,) = await done(town, pressed, 1)
    assert (shown.content, shown.embeds, shown.seen_by) == ("Noted, you like it.", [], jun)
    assert (slate[2].edits, slate[2].embeds[0].get("footer")) == (0, None)
    assert hearing.heard[1] == Event(
        str(pressed.id),
        Speaker(Platform.DISCORD, str(jun.id), "de", "jun"),
        Place(str(town.channel.id), shared=True),
        Press("v:l:2", slate[2].ref),
    )


async def test_a_tap_on_a_private_card_marks_it_without_another_message(town, hearing):
    hearing.script |= {
        "recommend": SLATE,
        "v:l:2": Reply(cards=(card(2, mark="👍 You like this"),), notice="Noted.", replaces=True),
    }
    mina = town.user("mina")
    given = town.slash(mina, "recommend", private=True)
    slate = await done(town, given, 6)

    pressed = town.press(mina, slate[2], "👍 Like")

    await town.until(lambda: slate[2].edits)
    assert slate[2].embeds[0]["footer"] == {"text": "👍 You like this"}
    assert hearing.heard[1].place.shared is False
    await town.until(lambda: hearing.delivered_cards.count(((102,), slate[2].ref)) == 2)
    assert pressed.messages == []


async def test_a_page_turned_takes_the_place_of_the_page_before(town, hearing):
    turn = ((Button("▶️ Next", "p:2"),),)
    hearing.script |= {
        "list": Reply("Page one", buttons=turn),
        "p:2": Reply("Page two", replaces=True),
    }
    mina = town.user("mina")
    given = town.slash(mina, "list")
    (page,) = await done(town, given, 1)

    town.press(mina, page, "▶️ Next")

    await town.until(lambda: page.edits)
    assert (page.content, page.buttons) == ("Page two", {})


async def test_what_a_press_asks_for_anew_is_said_beside_the_card(town, hearing):
    hearing.script |= {
        "recommend": Reply("One", cards=(card(1),)),
        "v:d:1": Reply("Because of Work 0."),
    }
    mina = town.user("mina")
    given = town.slash(mina, "recommend", town.dm(mina))
    shown = await done(town, given, 2)

    pressed = town.press(mina, shown[1], "v:d:1")

    (answer,) = await done(town, pressed, 1)
    assert (answer.content, answer.ephemeral) == ("Because of Work 0.", False)


async def test_a_notice_alone_is_for_the_presser_alone_also_in_direct_messages(town, hearing):
    hearing.script |= {"recommend": Reply("One", cards=(card(1),)), "v:d:1": Reply(notice="Old.")}
    mina = town.user("mina")
    given = town.slash(mina, "recommend", town.dm(mina))
    shown = await done(town, given, 2)

    pressed = town.press(mina, shown[1], "v:d:1")

    (answer,) = await done(town, pressed, 1)
    assert (answer.content, answer.ephemeral) == ("Old.", True)


async def test_a_press_that_says_nothing_leaves_no_trace(town, hearing):
    hearing.script |= {"recommend": Reply("One", cards=(card(1),)), "v:l:1": None}
    mina = town.user("mina")
    given = town.slash(mina, "recommend")
    shown = await done(town, given, 2)

    pressed = town.press(mina, shown[1], "v:l:1")

    await town.until(lambda: len(hearing.heard) == 2)
    await done(town, town.slash(mina, "recommend"), 2)
    assert (pressed.response, pressed.messages, shown[1].deleted) == (6, [], False)


async def test_one_readers_commands_are_heard_in_order_and_others_do_not_wait(town, hearing):
    hearing.script |= {"list": Reply("List."), "help": Reply("Help.")}
    mina, jun = town.user("mina"), town.user("jun")

    given = [town.slash(mina, name) for name in ("list", "help", "list", "help")]
    other = town.slash(jun, "list")

    await done(town, other, 1)
    for each in given:
        await done(town, each, 1)
    keys = [event.key for event in hearing.heard if event.speaker.user_id == str(mina.id)]
    assert keys == [str(each.id) for each in given]


async def test_what_goes_wrong_in_the_conversation_is_apologised_for(town, hearing):
    hearing.script["list"] = RuntimeError("a bug")

    given = town.slash(town.user("mina"), "list")

    (shown,) = await done(town, given, 1)
    assert shown.content == "Something is away. Try again in a moment."


async def test_a_long_answer_comes_in_pieces_with_its_buttons_under_the_last(town, hearing):
    text = "\n".join(f"line {n} " + "x" * 90 for n in range(45))
    hearing.script["privacy"] = Reply(text, buttons=((Button("Go", "go"),),))

    given = town.slash(town.user("mina"), "privacy")

    shown = await done(town, given, 3)
    assert "\n".join(m.content for m in shown) == text
    assert [list(m.buttons) for m in shown] == [[], [], ["Go"]]


async def test_a_title_can_neither_ping_nor_format(town, hearing):
    hearing.script["search"] = Reply("@everyone likes **A<b** R&B <@1>")

    given = town.slash(town.user("mina"), "search", title="A<b")

    (shown,) = await done(town, given, 1)
    assert shown.content == r"\@everyone likes \*\*A\<b\*\* R&B \<@1>"
    (call,) = town.called("PATCH", "/webhooks/*/messages/@original")
    assert call.body["allowed_mentions"] == {"parse": []}


BOARD = Reply("Who is in?", buttons=((Button("✋ I'm in", "t:j:1:en"),),), for_all=True)


async def test_a_board_changes_for_everybody_and_the_notice_is_the_pressers(town, hearing):
    changed = replace(BOARD, text="In: *jun*", notice="You're in.", replaces=True)
    hearing.script |= {"together": BOARD, "t:j:1:en": changed}
    (board,) = await done(town, town.slash(town.user("mina"), "together"), 1)
    jun = town.user("jun")

    pressed = town.press(jun, board, "✋ I'm in")

    (said,) = await done(town, pressed, 1)
    assert (said.content, said.seen_by) == ("You're in.", jun)
    assert (board.content, board.ephemeral, board.edits) == (r"In: \*jun\*", False, 1)
    assert list(board.buttons) == ["✋ I'm in"]
    assert town.posted(town.channel) == [board]


async def test_what_a_press_brings_for_all_is_there_for_all(town, hearing):
    slate = replace(SLATE, for_all=True)
    hearing.script |= {"together": BOARD, "t:j:1:en": slate}
    (board,) = await done(town, town.slash(town.user("mina"), "together"), 1)

    pressed = town.press(town.user("jun"), board, "✋ I'm in")

    shown = await done(town, pressed, 6)
    assert not any(message.ephemeral for message in shown)
    assert board.edits == 0
    await town.until(lambda: len(hearing.delivered_cards) == 5)


async def test_a_board_that_was_deleted_is_said_anew(town, hearing):
    changed = replace(BOARD, text="In: jun", notice="You're in.", replaces=True)
    hearing.script |= {"together": BOARD, "t:j:1:en": changed}
    (board,) = await done(town, town.slash(town.user("mina"), "together"), 1)
    town.fail("PATCH", "/webhooks/*/messages/@original", 404, code=10008)

    pressed = town.press(town.user("jun"), board, "✋ I'm in")

    anew, said = await done(town, pressed, 2)
    assert (anew.content, anew.ephemeral) == ("In: jun", False)
    assert (said.content, said.ephemeral) == ("You're in.", True)


async def test_a_board_shows_the_latest_word_even_if_an_older_one_is_slow(town, hearing):
    said = [
        replace(BOARD, text=f"In: {n}", notice="You're in.", replaces=True) for n in range(1, 4)
    ]
    hearing.script |= {"together": BOARD}
    (board,) = await done(town, town.slash(town.user("mina"), "together"), 1)
    town.fail("PATCH", "/webhooks/*/messages/@original", 500)

    taps = []
    for number, reply in enumerate(said, 2):
        hearing.script["t:j:1:en"] = reply
        taps.append(town.press(town.user(f"p{number}"), board, "✋ I'm in"))
        await town.until(lambda number=number: len(hearing.heard) == number)

    for tap in taps:
        await done(town, tap, 1)
    assert board.content == "In: 3"
