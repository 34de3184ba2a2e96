"""While the database is away: an apology at once, and the rest when it is back."""

from bot.conversation.events import Text
from bot.hearing import Unavailable
from tests.bot.telegram.conftest import shown
from tests.bot.telegram.scripted import SORRY


def test_while_the_database_is_away_each_message_gets_one_apology_and_no_effect(
    telegram, hearing, door
):
    mina, jun = telegram.user(), telegram.user("Jun")
    hearing.away = True

    first = telegram.say(mina, "/like 신의 탑")
    telegram.say(jun, "/help")
    telegram.wait_for_message(mina)
    telegram.wait_for_message(jun)
    telegram.wait_for_calls("getUpdates", len(telegram.made("getUpdates")) + 3)
    confirmed = telegram.confirmed
    hearing.away = False
    telegram.wait_until_confirmed(first)
    telegram.say(mina, "back")
    telegram.wait_for_message(mina, 2)

    assert confirmed == 0
    assert [m.text for m in telegram.in_chat(mina)] == [SORRY.text, "heard back"]
    assert len(telegram.in_chat(jun)) == 1
    assert hearing.said == [Text("back")]
    telegram.wait_for(lambda: not any(hearing.kept.values()), what="all marked answered")


def test_a_press_while_the_database_is_away_is_answered_with_the_apology(telegram, hearing, door):
    mina = telegram.user()
    card = shown(telegram, hearing, mina)
    hearing.away = True

    query = telegram.press(mina, card, "👍")

    assert telegram.wait_for_answer(query) == "Try again"
    hearing.away = False


def test_a_reaction_while_the_database_is_away_counts_once_it_is_back(telegram, hearing, door):
    mina = telegram.user()
    telegram.say(mina, "hello")
    card = telegram.wait_for_message(mina)
    hearing.away = True

    update = telegram.react(mina, card, new=["👍"])
    telegram.wait_for_calls("getUpdates", len(telegram.made("getUpdates")) + 3)
    hearing.away = False
    telegram.wait_until_confirmed(update)

    telegram.wait_for(lambda: len(hearing.heard) == 2, what="the reaction to be heard")
    assert hearing.said[-1].added == ("👍",)
    assert hearing.apologies == 0


def test_a_reaction_that_is_kept_but_not_heard_is_tried_until_it_is(telegram, hearing, door):
    mina, tries = telegram.user(), []
    telegram.say(mina, "hello")
    card = telegram.wait_for_message(mina)

    def answer(event):
        tries.append(event)
        if len(tries) < 4:
            raise Unavailable

    hearing.answer = answer
    telegram.react(mina, card, new=["👍"])

    telegram.wait_for(lambda: len(tries) == 4, what="four tries")
    assert hearing.apologies == 0


def test_a_database_away_at_the_start_is_waited_for(telegram, hearing, open_door):
    mina = telegram.user()
    hearing.away = True
    open_door()
    telegram.wait_for_calls("getUpdates")

    telegram.say(mina, "early")
    telegram.wait_for_message(mina)
    hearing.away = False
    telegram.wait_for(lambda: telegram.confirmed, what="a confirmation")
    telegram.say(mina, "later")

    assert telegram.wait_for_message(mina, 2).text == "heard later"


def test_an_answer_that_cannot_be_marked_is_marked_when_the_database_is_back(
    telegram, hearing, door
):
    mina = telegram.user()
    answered, failures = hearing.answered, []

    def unmarked(platform, key):
        if not failures:
            failures.append(key)
            raise Unavailable
        answered(platform, key)

    hearing.answered = unmarked
    telegram.say(mina, "one")
    telegram.wait_for(lambda: failures, what="a mark that fails")
    telegram.say(mina, "two")

    telegram.wait_for(
        lambda: len(hearing.kept) == 2 and not any(hearing.kept.values()), what="both marked"
    )
    assert hearing.said == [Text("one"), Text("two")]
