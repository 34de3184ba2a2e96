"""Letters on their way while the database is away or slow, or the bot is told to end."""

import asyncio
import threading
from datetime import timedelta

from sqlalchemy import select

from bot import mailing
from bot.hearing import Unavailable
from bot.mailing import NotTaken
from db.tables import Outbox
from tests.fakes.mailroom import letter
from tests.fakes.town import Platforms, until
from tests.plugins.chat import ON_SQLITE

pytestmark = ON_SQLITE


def marks(town):
    """(when it was about to go, until when it is somebody's) of each open letter."""
    with town.database.read() as session:
        rows = session.scalars(select(Outbox).where(Outbox.done_at.is_(None)))
        return [(row.sending_at, row.taken_until) for row in rows]


def away(town, name, times=1):
    """Has the database be away when this is to be noted; how often it was asked."""
    work, asked = getattr(town.hearing.mailroom, name), []

    def unsure(*told, **how):
        asked.append(told)
        if len(asked) <= times:
            raise Unavailable
        return work(*told, **how)

    setattr(town.hearing.mailroom, name, unsure)
    return asked


class TooEarly(Platforms):
    """Says of the first request that it came too early, as Telegram's limiter hears it."""

    async def take(self, reply, claim):
        await claim.going()
        await claim.back()
        return await super().take(reply, claim)


async def test_what_came_too_early_goes_again_though_the_database_was_away_meanwhile(town):
    send = TooEarly()
    asked = away(town, "back")
    town.happens(town.readers(1))

    async with town.mailing(send):
        await until(lambda: town.outbox() == [("1", None)])

    assert len(send.came) == 1
    assert len(asked) == 2


async def test_what_was_not_taken_is_not_in_doubt_though_the_database_was_away_meanwhile(town):
    class Refusing(Platforms):
        async def take(self, reply, claim):
            await claim.going()
            await claim.back()
            raise NotTaken("a 429")

    asked = away(town, "back", times=2)
    town.happens(town.readers(1))

    async with town.mailing(Refusing()):
        await until(lambda: len(asked) == 3)
        await until(lambda: [sending for sending, _ in marks(town)] == [None])

    assert town.news() == [(False, False)]


async def test_what_a_slow_database_notes_too_late_is_taken_back(town, monkeypatch):
    """Nobody waits for the thread any more when it notes that the letter is about to go."""
    monkeypatch.setattr(mailing, "_SEND_SECONDS", 0.05)
    slow, going = threading.Event(), town.hearing.mailroom.going

    def late(*told):
        assert slow.wait(5)
        return going(*told)

    town.hearing.mailroom.going = late
    send = Platforms()
    town.happens(town.readers(1))

    async with town.mailing(send):
        await until(lambda: send.tried)
        await asyncio.sleep(0.1)  # its time is over
        slow.set()
        await until(lambda: send.ended == 1)
        await until(lambda: [sending for sending, _ in marks(town)] == [None])

    assert send.came == []
    assert town.news() == [(False, False)]


async def test_what_came_too_early_is_given_back_when_the_bot_ends(town):
    ending = asyncio.Event()

    class Ending(Platforms):
        async def take(self, reply, claim):
            town.clock.pass_(seconds=1)  # since it was taken
            await claim.going()
            await claim.back()
            running.cancel()
            await ending.wait()
            await claim.going()

    town.happens(town.readers(1))
    async with town.mailing(Ending()) as running:
        await until(running.cancelling)
        await asyncio.sleep(0.05)
        ending.set()

    assert marks(town) == [(None, None)]


async def test_a_letter_arrived_before_what_did_not_fit_into_it_is_sent(town):
    arrived = []

    class Long(Platforms):
        async def take(self, reply, claim):
            async def rest():
                arrived.extend(town.outbox())
                message = "the connection broke"
                raise OSError(message)

            claim.rest = rest
            return await super().take(reply, claim)

    town.happens(town.readers(1))
    async with town.mailing(Long()):
        await until(lambda: arrived)

    assert arrived == [("1", None)]
    assert town.outbox() == [("1", None)]


async def test_letters_that_wait_to_be_noted_leave_threads_for_answers(town):
    """Of four threads: each note waits for a database that is locked until the test is done."""
    locked, noting = threading.Event(), []

    def wait(*_):
        noting.append(1)
        locked.wait(10)

    town.hearing.mailroom.arrived = wait
    town.happens(town.readers(8))

    async with town.mailing(send := Platforms()):
        await until(lambda: len(send.came) == 8)
        await until(lambda: noting)
        await asyncio.sleep(0.05)
        at_once = len(noting)
        locked.set()

    assert at_once == 1


def test_a_group_is_told_no_more_than_ten_times_a_minute():
    assert mailing._apart(letter(1, -5, to_chat=True)) == timedelta(seconds=6).total_seconds()
