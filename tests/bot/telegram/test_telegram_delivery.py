"""Sending through trouble: what is tried again, how long, and what is let go."""

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from telegram.error import RetryAfter

from bot.telegram.sending import Sender
from tests.bot.telegram.scripted import QUICK
from tests.fakes.telegram_world import bad, blocked, broken, flood, hang, lost


def test_a_reader_who_blocked_the_bot_is_no_trouble(telegram, hearing, door):
    mina, jun = telegram.user(), telegram.user("Jun")
    telegram.fail("sendMessage", blocked())

    update = telegram.say(mina, "hello")
    telegram.wait_for(lambda: hearing.kept.get(str(update), "") is None, what="an answered update")
    telegram.say(jun, "hello")

    assert telegram.wait_for_message(jun).text == "heard hello"
    assert telegram.in_chat(mina) == []


@pytest.mark.parametrize("fault", [broken(500), broken(502), hang(), lost()])
def test_sending_goes_on_after_trouble_that_passes(telegram, hearing, door, fault):
    mina = telegram.user()
    telegram.fail("sendMessage", fault)

    telegram.say(mina, "hello")
    telegram.wait_for_calls("sendMessage", 2)

    assert telegram.wait_for_message(mina).text == "heard hello"


def test_a_flood_warning_is_waited_out(telegram, hearing, door):
    mina = telegram.user()
    telegram.fail("sendMessage", flood(1))

    telegram.say(mina, "hello")
    telegram.wait_for_message(mina)
    first, second = telegram.made("sendMessage")

    assert second.at - first.at >= 1.0


async def test_floods_are_waited_out_however_many_come_in_a_row(monkeypatch):
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # as make_bot does
    floods = [RetryAfter(timedelta(milliseconds=10)) for _ in range(6)]

    async def send():
        if floods:
            raise floods.pop()
        return "sent"

    assert await Sender(None, QUICK).call(send) == "sent"


def test_an_answer_is_tried_far_longer_than_what_only_helps_at_once(telegram, hearing, open_door):
    mina = telegram.user()
    open_door(pace=replace(QUICK, send_seconds=0.05, answer_seconds=5.0))
    telegram.fail("sendMessage", broken(502), times=10)

    update = telegram.say(mina, "hello")

    assert telegram.wait_for_message(mina).text == "heard hello"
    telegram.wait_for(lambda: hearing.kept[str(update)] is None, what="an answered update")


def test_a_message_that_is_refused_is_not_tried_again(telegram, hearing, door):
    mina = telegram.user()
    telegram.fail("sendMessage", bad("something is wrong with it"))

    update = telegram.say(mina, "hello")
    telegram.wait_for(lambda: hearing.kept.get(str(update), "") is None, what="an answered update")

    assert len(telegram.made("sendMessage")) == 1


def test_an_answer_the_network_never_takes_is_left_for_the_next_start(telegram, hearing, open_door):
    mina = telegram.user()
    door = open_door(pace=replace(QUICK, answer_seconds=0.2))
    telegram.fail("sendMessage", broken(500), times=1000)
    with capture_logs() as logs:
        update = telegram.say(mina, "hello")
        telegram.wait_for(
            lambda: any(entry["event"] == "telegram.answer_delayed" for entry in logs),
            what="the answer to be given up",
        )
    door.stop()
    telegram.mend()

    open_door()

    assert telegram.wait_for_message(mina).text == "heard hello"
    telegram.wait_for(lambda: hearing.kept[str(update)] is None, what="an answered update")


def test_a_group_that_moved_is_answered_where_it_is_now(telegram, hearing, door):
    mina, old, new = telegram.user(), telegram.group(kind="group"), telegram.group()
    moved = bad("group chat was upgraded to a supergroup chat")
    moved.parameters["migrate_to_chat_id"] = new.id
    telegram.fail("sendMessage", moved)

    telegram.say(mina, "/help", old)

    assert telegram.wait_for_message(new).text.startswith("heard Command")
