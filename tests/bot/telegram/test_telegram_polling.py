import json
import threading
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.conversation.events import Command, Text
from bot.conversation.reply import Button, Card, Reply
from bot.hearing import Unavailable
from bot.telegram.errors import BadAddress, BadToken
from tests.bot.telegram.scripted import QUICK, SORRY
from tests.fakes.telegram_world import bad, broken, flood, hang

CARD = Reply(cards=(Card("One", "", buttons=((Button("👍", "like:1"),),)),))


def test_a_message_is_kept_before_it_is_confirmed_and_blanked_once_answered(
    telegram, hearing, door
):
    mina, kept = telegram.user(), []
    keep = hearing.keep
    hearing.keep = lambda *update: kept.append(telegram.confirmed) or keep(*update)

    update = telegram.say(mina, "/help")
    telegram.wait_for_message(mina)
    telegram.wait_until_confirmed(update)

    assert kept == [0]
    telegram.wait_for(lambda: hearing.kept == {str(update): None}, what="a blanked update")


def test_an_update_delivered_twice_has_the_effect_of_one(telegram, hearing, door):
    mina = telegram.user()
    update = telegram.say(mina, "once")
    telegram.wait_for_message(mina)

    telegram.redeliver(update)
    telegram.redeliver(update)
    telegram.say(mina, "barrier")
    telegram.wait_for_message(mina, 2)

    assert hearing.said == [Text("once"), Text("barrier")]


def test_a_lost_confirmation_repeats_no_answer(telegram, hearing, door):
    mina = telegram.user()
    telegram.lose_confirmation()

    telegram.say(mina, "first")
    telegram.wait_for_message(mina)
    last = telegram.say(mina, "second")
    telegram.wait_until_confirmed(last)
    telegram.wait_for_message(mina, 2)

    assert hearing.said == [Text("first"), Text("second")]


def test_what_was_cut_short_is_answered_first_at_the_next_start(telegram, hearing, open_door):
    mina, release = telegram.user(), threading.Event()
    hearing.answer = lambda event: release.wait(5) and Reply("too late")
    first = open_door()
    update = telegram.say(mina, "cut short")
    telegram.wait_until_confirmed(update)
    telegram.wait_for(lambda: hearing.heard, what="the event to be heard")
    threading.Timer(QUICK.drain_seconds + 0.2, release.set).start()
    first.stop()
    hearing._known.clear()
    hearing.answer = lambda event: Reply(f"answer to {event.said.text}")

    telegram.say(mina, "new")
    open_door()
    telegram.wait_for_message(mina, 2)

    assert [m.text for m in telegram.in_chat(mina)] == ["answer to cut short", "answer to new"]
    assert [again for _, again in hearing.heard] == [False, True, False]


def test_kept_but_never_confirmed_is_handled_once(telegram, hearing, open_door):
    mina = telegram.user()
    update = telegram.say(mina, "kept")
    hearing.kept[str(update)] = json.dumps(telegram.updates[update])

    open_door()
    telegram.wait_until_confirmed(update)
    telegram.say(mina, "barrier")
    telegram.wait_for_message(mina, 2)

    assert [(e.said, again) for e, again in hearing.heard] == [
        (Text("kept"), True),
        (Text("barrier"), False),
    ]


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
    hearing.answer = lambda event: CARD
    telegram.say(mina, "/recommend")
    card = telegram.wait_for_message(mina)
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


def test_only_so_many_are_answered_at_once(telegram, hearing, open_door, monkeypatch):
    monkeypatch.setattr("bot.telegram.lanes.MAX_RUNNING", 2)
    guard, running, peaks = threading.Lock(), [], []

    def answer(event):
        with guard:
            running.append(event)
            peaks.append(len(running))
        meeting.wait(5)  # two must be here at once to go on
        with guard:
            running.remove(event)
        return Reply("done")

    meeting = threading.Barrier(2)
    hearing.answer = answer
    open_door()
    readers = [telegram.user(str(n)) for n in range(4)]
    for reader in readers:
        telegram.say(reader, "hello")
    for reader in readers:
        telegram.wait_for_message(reader)

    assert max(peaks) == 2


def test_a_busy_group_does_not_keep_others_waiting(telegram, hearing, open_door, monkeypatch):
    monkeypatch.setattr("bot.telegram.lanes.MAX_RUNNING", 3)
    monkeypatch.setattr("bot.telegram.lanes.MAX_IN_CHAT", 2)
    group, jun, release = telegram.group(), telegram.user("Jun"), threading.Event()
    hearing.answer = lambda event: (not event.place.shared or release.wait(5)) and Reply("done")
    open_door()
    for n in range(5):
        last = telegram.say(telegram.user(str(n)), "/help", group)
    telegram.wait_until_confirmed(last)

    telegram.say(jun, "hello")
    telegram.wait_for_message(jun)
    before = telegram.in_chat(group)
    release.set()
    telegram.wait_for_message(group, 5)

    assert before == []


def test_one_readers_events_keep_their_order_while_others_go_on(telegram, hearing, door):
    mina, jun, release = telegram.user(), telegram.user("Jun"), threading.Event()

    def answer(event):
        if event.said == Text("slow"):
            release.wait(5)
        return Reply(event.said.text)

    hearing.answer = answer
    telegram.say(mina, "slow")
    telegram.say(mina, "quick")
    telegram.say(jun, "other")
    telegram.wait_for_message(jun)
    before = telegram.in_chat(mina)
    release.set()
    telegram.wait_for_message(mina, 2)

    assert before == []
    assert [m.text for m in telegram.in_chat(mina)] == ["slow", "quick"]


@pytest.mark.parametrize("fault", [broken(500), broken(502), flood(1), bad("strange")])
def test_a_failed_poll_is_repeated(telegram, hearing, open_door, fault):
    mina = telegram.user()
    telegram.fail("getUpdates", fault, times=1 if fault.parameters else 3)
    open_door()

    telegram.say(mina, "hello")

    assert telegram.wait_for_message(mina).text == "heard hello"


def test_a_poll_told_to_wait_waits_as_long(telegram, open_door):
    telegram.fail("getUpdates", flood(1))
    open_door()

    first, second, *_ = telegram.wait_for_calls("getUpdates", 2)

    assert second.at - first.at >= 1.0


def test_a_poll_that_hangs_is_given_up(telegram, hearing, open_door):
    mina = telegram.user()
    telegram.fail("getUpdates", hang())
    open_door(pace=replace(QUICK, poll_seconds=0, call_seconds=0.3))

    telegram.say(mina, "hello")

    assert telegram.wait_for_message(mina).text == "heard hello"


def test_telegram_away_at_the_start_is_waited_for(telegram, hearing, open_door):
    mina = telegram.user()
    telegram.fail("getMe", broken(502), times=2)
    telegram.fail("deleteWebhook", broken(500))
    open_door()

    telegram.say(mina, "hello")

    assert telegram.wait_for_message(mina).text == "heard hello"


def test_a_connection_lost_for_a_while_is_made_again(telegram, hearing, door):
    mina = telegram.user()
    telegram.stop()
    telegram.say(mina, "into the dark")

    telegram.start()

    assert telegram.wait_for_message(mina).text == "heard into the dark"


def test_a_second_poller_is_said_clearly_and_waited_out(telegram, hearing, open_door):
    mina = telegram.user()
    with capture_logs() as logs:
        one, two = open_door(), open_door()
        telegram.wait_for(
            lambda: any(call.status == 409 for call in telegram.calls), what="a conflict"
        )
        telegram.wait_for(
            lambda: any(entry["event"] == "telegram.second_poller" for entry in logs),
            what="a word about it",
        )
        two.stop()
        telegram.say(mina, "hello")
        telegram.wait_for_message(mina)

    said = next(entry for entry in logs if entry["event"] == "telegram.second_poller")
    assert said["log_level"] == "error"
    assert "let only one run" in said["hint"]
    assert one.stop() is None


def test_a_webhook_left_behind_is_taken_back(telegram, hearing, open_door):
    mina = telegram.user()
    telegram.webhook = "https://elsewhere.example/hook"
    open_door()

    telegram.say(mina, "hello")

    assert telegram.wait_for_message(mina).text == "heard hello"


def test_a_token_nobody_knows_ends_it_with_a_sentence_that_does_not_show_it(telegram, open_door):
    door = open_door(token="4242:wrong-one")

    error = door.ended()

    assert isinstance(error, BadToken)
    assert "TELEGRAM_TOKEN" in str(error)
    assert "wrong-one" not in str(error)
    assert error.__suppress_context__  # the library's own error has the token in it


def test_a_token_revoked_while_it_runs_ends_it(telegram, door):
    telegram.token = "4242:another"

    telegram.fail("getUpdates", broken(500))
    telegram.say(telegram.user(), "end this poll")

    assert isinstance(door.ended(), BadToken)


@pytest.mark.parametrize("token", [" ", "42:a b", "42:a/b", "42:가"])
def test_a_token_that_cannot_be_one_is_refused_without_asking(telegram, open_door, token):
    error = open_door(token=token).ended()

    assert isinstance(error, BadToken)
    assert telegram.calls == []


def test_an_address_that_is_none_is_refused(telegram, hearing):
    from bot.telegram.sending import make_bot

    for address in ("api.telegram.org", "ftp://x", "http://", ""):
        with pytest.raises(BadAddress, match="TELEGRAM_API_URL"):
            make_bot("4242:x", address, QUICK)


def test_no_log_line_shows_the_token(telegram, hearing, open_door, caplog, capfd):
    caplog.set_level("DEBUG")
    mina = telegram.user()
    telegram.fail("sendMessage", broken(502))
    telegram.fail("getUpdates", broken(500))
    open_door()
    telegram.say(mina, "hello")
    telegram.wait_for_message(mina)

    out, err = capfd.readouterr()
    secret = telegram.token.split(":")[1]
    assert secret not in caplog.text + out + err


def test_being_told_to_stop_lets_what_is_running_finish(telegram, hearing, open_door):
    mina, release = telegram.user(), threading.Event()
    hearing.answer = lambda event: release.wait(5) and Reply("in time")
    door = open_door(pace=replace(QUICK, drain_seconds=3.0))
    telegram.say(mina, "last words")
    telegram.wait_for(lambda: hearing.heard, what="the event to be heard")

    threading.Timer(0.2, release.set).start()
    error = door.stop()

    assert error is None
    assert [m.text for m in telegram.in_chat(mina)] == ["in time"]
    assert not any(hearing.kept.values())


def test_being_told_to_stop_waits_for_no_answer_that_hangs(telegram, hearing, door):
    mina = telegram.user()
    telegram.fail("sendMessage", hang(), times=9)
    update = telegram.say(mina, "hello")
    telegram.wait_for_calls("sendMessage")

    error = door.stop(timeout=QUICK.drain_seconds + 1.0)

    assert error is None
    assert hearing.kept[str(update)]  # not answered: the next start will


def test_a_fault_of_ours_stops_neither_the_reader_nor_the_bot(telegram, hearing, door):
    mina = telegram.user()

    def answer(event):
        if event.said == Command("help"):
            raise ZeroDivisionError
        return Reply("fine")

    hearing.answer = answer
    telegram.say(mina, "/help")
    telegram.say(mina, "next")
    telegram.wait_for_message(mina, 2)

    assert [m.text for m in telegram.in_chat(mina)] == [SORRY.text, "fine"]
    telegram.wait_for(lambda: not any(hearing.kept.values()), what="both marked answered")
