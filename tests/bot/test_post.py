"""Letters: each delivered once, by whichever bot has its lease."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from bot.bridge import Bridge
from bot.conversation.events import Platform
from bot.hearing import Hearing, Unavailable
from bot.post import Post, Undeliverable
from db import outbox
from tests.plugins.library import NOON


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def hearing(database, clock):
    return Hearing(database, None, clock)


@pytest.fixture
def put(database, clock):
    def put(text, user="1", platform="telegram"):
        with database.write() as session:
            outbox.put(session, (platform, user), text, clock())

    return put


@asynccontextmanager
async def delivering(hearing, send):
    """A post that runs, and whose every pause is short."""
    bridge = Bridge(hearing)
    post = asyncio.create_task(Post(bridge, Platform.TELEGRAM, send, pause=0.01).run())
    try:
        yield
    finally:
        post.cancel()
        with suppress(asyncio.CancelledError):
            await post
        bridge.close()


class Sending:
    """Remembers what was sent; fails as often as it is told to."""

    def __init__(self, *failures):
        self.sent, self.failures = [], list(failures)
        self.tried = asyncio.Event()

    async def __call__(self, user, text):
        self.tried.set()
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((user, text))


async def until(condition):
    """Polls, at most 5 s."""
    async with asyncio.timeout(5):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.01)


def settled(database):
    """(error) of each letter that is done with, as the database has it."""
    from sqlalchemy import select

    from db.tables import Outbox

    with database.read() as session:
        rows = session.execute(select(Outbox.text, Outbox.error, Outbox.done_at))
        return {row.text: row.error for row in rows if row.done_at}


async def test_a_letter_is_delivered_once_and_in_order(database, hearing, put):
    send = Sending()
    for text in ("one", "two", "three"):
        put(text)
    put("elsewhere", platform="discord")

    async with delivering(hearing, send), delivering(hearing, send):
        await until(lambda: len(settled(database)) == 3)

    assert sorted(send.sent) == [("1", "one"), ("1", "three"), ("1", "two")]
    assert settled(database) == {"one": None, "two": None, "three": None}


async def test_a_closed_chat_is_given_up_and_the_next_letter_delivered(database, hearing, put):
    send = Sending(Undeliverable("blocked"))
    put("to a closed chat")
    put("to an open one")

    async with delivering(hearing, send):
        await until(lambda: len(settled(database)) == 2)

    assert settled(database) == {"to a closed chat": "blocked", "to an open one": None}


async def test_what_failed_in_passing_is_tried_again_after_its_lease(database, hearing, put, clock):
    send = Sending(OSError("a connection lost"))
    put("important")

    async with delivering(hearing, send):
        await send.tried.wait()
        put("barrier")
        await until(lambda: settled(database) == {"barrier": None})
        early = list(send.sent)
        clock.now += timedelta(seconds=60)
        await until(lambda: len(settled(database)) == 2)

    assert early == [("1", "barrier")]
    assert send.sent == [("1", "barrier"), ("1", "important")]


async def test_what_was_sent_is_not_sent_again_where_the_database_was_away(database, hearing, put):
    send, posted, away = Sending(), hearing.posted, [Unavailable(), Unavailable()]

    def unsure(letter, error=None):
        if away:
            raise away.pop()
        posted(letter, error)

    hearing.posted = unsure
    put("once")

    async with delivering(hearing, send):
        await until(lambda: settled(database))

    assert send.sent == [("1", "once")]
