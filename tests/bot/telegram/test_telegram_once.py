"""Every update is answered once, whatever is lost, repeated or cut short."""

import json
import threading
from dataclasses import replace

from bot.conversation.events import Command, Text
from bot.conversation.reply import Reply
from tests.bot.telegram.scripted import QUICK, SORRY
from tests.fakes.telegram_world import hang


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
    first.stop()
    hearing.answer = lambda event: Reply(f"answer to {event.said.text}")

    telegram.say(mina, "new")
    open_door()
    telegram.wait_for_message(mina, 2)
    release.set()  # only now may the thread that was left behind end

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
