"""Letters to readers at a Telegram door: what its answers mean for them."""

import time

import pytest

from bot.conversation.reply import Button, Card, Reply
from tests.fakes.mailroom import letter
from tests.fakes.telegram_world import bad, blocked, broken, flood, lost

WEEK = Reply(
    "Picked for you",
    cards=tuple(
        Card(f"Work {n}", f"https://comic.naver.com/{n}", buttons=((Button("👍", f"l:{n}"),),),
             impression_id=n)
        for n in (1, 2, 3)
    ),
    buttons=((Button("🔕 No more", "z:1"),),),
    together=True,
)  # fmt: skip


@pytest.fixture
def post(telegram, hearing, door):
    """Puts a letter to a new person into the mailroom of the open door."""
    mina = telegram.user()
    telegram.welcome(mina)

    def post(reply="News.", number=1, user=mina, **where):
        hearing.mailroom.waiting.append(letter(number, user.id, reply, **where))
        return user

    return post


def settled(telegram, hearing, number=1):
    """What became of a letter, once that is known."""
    what = hearing.mailroom.what
    telegram.wait_for(lambda: {"going", "back"}.issuperset(what(number)) is False, 5, "its end")
    return [note for note in hearing.mailroom.notes if note[1] == number]


def test_a_letter_goes_after_it_was_noted_and_its_message_is_known(telegram, hearing, post):
    mina = post("R&B <b>")
    notes = settled(telegram, hearing)

    (message,) = telegram.in_chat(mina)
    assert message.text == "R&B <b>"
    assert notes == [("going", 1), ("arrived", 1, message.reference)]


def test_a_weeks_works_are_one_message(telegram, hearing, post):
    mina = post(WEEK)
    settled(telegram, hearing)

    (message,) = telegram.in_chat(mina)
    assert message.text == "Picked for you\n\n1. Work 1\n\n2. Work 2\n\n3. Work 3"
    assert message.buttons == ["1 👍", "2 👍", "3 👍", "🔕 No more"]


def test_what_does_not_fit_into_a_letters_message_follows_it(telegram, hearing, post):
    mina = post("news " * 1000)
    second = telegram.wait_for_message(mina, 2)

    first, _ = telegram.in_chat(mina)
    assert hearing.mailroom.notes == [("going", 1), ("arrived", 1, first.reference)]
    assert second.text.startswith("news")


@pytest.mark.parametrize("fault", [broken(500), broken(503)])
def test_what_telegram_says_that_it_did_not_take_is_taken_back(telegram, hearing, post, fault):
    telegram.fail("sendMessage", fault)
    post()
    telegram.wait_for(lambda: len(hearing.mailroom.notes) == 2, 5, "a note")

    assert hearing.mailroom.notes == [("going", 1), ("back", 1)]


@pytest.mark.parametrize("fault", [lost(), broken(502), broken(504)])
def test_what_telegram_may_have_taken_is_in_doubt(telegram, hearing, post, fault):
    telegram.fail("sendMessage", fault)
    post()

    assert settled(telegram, hearing) == [("going", 1), ("doubted", 1)]
    assert len(telegram.made("sendMessage")) == 1


def test_a_letter_that_finds_nobody_listening_is_taken_back(telegram, hearing, post):
    telegram.stop()
    post()
    telegram.wait_for(lambda: len(hearing.mailroom.notes) == 2, 5, "a note")

    assert hearing.mailroom.notes == [("going", 1), ("back", 1)]


def test_a_letter_that_came_too_early_is_taken_back_and_goes_again(telegram, hearing, post):
    telegram.fail("sendMessage", flood(1))
    mina = post()
    notes = settled(telegram, hearing)

    assert [what for what, *_ in notes] == ["going", "back", "going", "arrived"]
    assert len(telegram.in_chat(mina)) == 1


@pytest.mark.parametrize(
    "fault",
    [blocked(), bad("chat not found"), bad("user is deactivated"), bad("CHAT_WRITE_FORBIDDEN")],
)
def test_a_chat_that_is_closed_is_shut_out(telegram, hearing, post, fault):
    telegram.fail("sendMessage", fault)
    post()

    settled(telegram, hearing)
    assert hearing.mailroom.what(1) == ["going", "shut out"]


def test_a_letter_that_is_wrong_in_itself_is_refused_alone(telegram, hearing, post):
    telegram.fail("sendMessage", bad("can't parse entities"))
    post()

    assert settled(telegram, hearing) == [("going", 1), ("refused", 1, "Can't parse entities")]


def test_a_group_that_became_a_supergroup_has_moved(telegram, hearing, post):
    said = "Bad Request: group chat was upgraded to a supergroup chat"
    fault = bad(said)
    fault.parameters["migrate_to_chat_id"] = -1005
    telegram.fail("sendMessage", fault)
    post(user=telegram.group(), to_chat=True)

    assert settled(telegram, hearing) == [("going", 1), ("moved", 1, "-1005")]


def test_an_address_that_is_none_is_shut_out(telegram, hearing, door):
    hearing.mailroom.waiting.append(letter(1, "nobody"))

    ((what, *_),) = settled(telegram, hearing)
    assert what == "shut out"


def test_answers_go_before_letters(telegram, hearing, door):
    """Sixteen letters wait for their turn; who asks meanwhile waits for none of them but one."""
    people = [telegram.user() for _ in range(16)]
    asker = telegram.user("Jun")
    for number, person in enumerate(people):
        telegram.welcome(person)
        hearing.mailroom.waiting.append(letter(number, person.id))
    telegram.wait_for_calls("sendMessage", 2)
    said = time.monotonic()
    telegram.say(asker, "hello")
    telegram.wait_for_message(asker)

    before = [call for call in telegram.made("sendMessage") if call.at > said]
    place = [int(call.params["chat_id"]) for call in before].index(asker.id)
    telegram.wait_for(lambda: all(telegram.in_chat(person) for person in people), 5, "all")
    assert place < 8
