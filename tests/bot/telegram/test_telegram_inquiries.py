"""Who is answered, and who is not, where more is typed than can be answered at once."""

import asyncio

import pytest

from bot.conversation.events import Inquiry, Platform, Speaker
from bot.conversation.reply import Card, Offer
from bot.telegram import inquiries
from bot.telegram.inquiries import Inquiries
from bot.telegram.updates import Asked


class Telegram:
    """Bridge and sender in one: finds a work for each word, and sends when it may."""

    def __init__(self):
        self.go, self.sent, self.failing = asyncio.Event(), [], ()

    async def inquire(self, speaker, inquiry):
        await self.go.wait()
        if inquiry.query in self.failing:
            raise ZeroDivisionError
        return Offer((Card(inquiry.query, "", work_id=1),))

    async def offer(self, query_id, results, more):
        self.sent.append(results[0].title)


@pytest.fixture
async def telegram():
    return Telegram()


def asked(key, who, words):
    return Asked(str(key), f"q{key}", Speaker(Platform.TELEGRAM, str(who)), Inquiry(words))


async def answered(telegram, desk):
    telegram.go.set()
    await asyncio.wait_for(asyncio.gather(*desk._answering), 5)
    return [title for title in telegram.sent if title != "other"]


async def busy(desk):
    """Everybody who could answer is at it."""
    for number in range(inquiries.MAX_AT_ONCE):
        desk.take(asked(number, f"other {number}", "other"))
    await asyncio.sleep(0)


async def test_of_what_waits_only_what_a_reader_typed_last_is_answered_in_their_first_place(
    telegram,
):
    desk = Inquiries(telegram, telegram)
    await busy(desk)

    for key, who, words in ((100, 1, "신"), (101, 2, "덴"), (102, 1, "신의"), (103, 2, "덴마")):
        desk.take(asked(key, who, words))

    assert await answered(telegram, desk) == ["신의", "덴마"]


async def test_what_was_typed_earlier_and_comes_later_does_not_count(telegram):
    desk = Inquiries(telegram, telegram)
    await busy(desk)

    desk.take(asked(102, 1, "신의"))
    desk.take(asked(101, 1, "신"))

    assert await answered(telegram, desk) == ["신의"]


async def test_of_too_many_the_oldest_are_let_go(telegram, monkeypatch):
    desk = Inquiries(telegram, telegram)
    await busy(desk)
    monkeypatch.setattr(inquiries, "MAX_WAITING", 2)

    for key in (101, 102, 103):
        desk.take(asked(key, key, str(key)))

    assert await answered(telegram, desk) == ["102", "103"]


async def test_a_failure_costs_one_answer(telegram):
    desk = Inquiries(telegram, telegram)
    telegram.failing = ("other",)
    await busy(desk)

    desk.take(asked(101, 1, "신의"))

    assert await answered(telegram, desk) == ["신의"]


async def test_once_closed_nothing_that_waits_is_answered(telegram):
    desk = Inquiries(telegram, telegram)
    await busy(desk)
    desk.take(asked(101, 1, "신의"))

    await desk.close()
    telegram.go.set()
    await asyncio.sleep(0)

    assert telegram.sent == []
