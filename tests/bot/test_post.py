"""Letters: each delivered once, by whichever bot has its lease."""

import asyncio
import threading
from contextlib import asynccontextmanager, closing, suppress
from datetime import timedelta

import pytest

from bot.bridge import Bridge
from bot.conversation.events import Platform
from bot.hearing import Hearing, Unavailable
from bot.post import Post, Undeliverable
from db import outbox
from tests.fakes.waiting import eventually_async, meanwhile
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
async def delivering(hearing, send, patience=5.0):
    """A post that runs, and whose every pause is short; in the end it was cancelled."""
    with closing(Bridge(hearing)) as bridge:
        post = Post(bridge, Platform.TELEGRAM, send, pause=0.01, patience=patience)
        async with meanwhile(post.run()) as running:
            yield running


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


class Slow:
    """Takes a letter at once, and says that it arrived when it is let go."""

    def __init__(self):
        self.sent, self.cut_short = [], 0
        self.taken, self.go = asyncio.Event(), asyncio.Event()

    async def __call__(self, user, text):
        self.sent.append(text)
        self.taken.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cut_short += 1
            raise


async def until(condition):
    """Waits for it, at most 5 s."""
    await eventually_async(condition, "what is waited for", seconds=5)


def settled(database):
    """(error) of each letter that is done with, as the database has it."""
    from sqlalchemy import select

    from db.tables import Outbox

    with database.read() as session:
        rows = session.execute(select(Outbox.text, Outbox.error, Outbox.done_at))
        return {row.text: row.error for row in rows if row.done_at}


async def test_a_platforms_letters_are_delivered_in_order(database, hearing, put):
    send = Sending()
    for text in ("one", "two", "three"):
        put(text)
    put("elsewhere", platform="discord")

    async with delivering(hearing, send):
        await until(lambda: len(settled(database)) == 3)

    assert send.sent == [("1", "one"), ("1", "two"), ("1", "three")]
    assert settled(database) == {"one": None, "two": None, "three": None}


async def test_of_two_bots_one_delivers_a_letter(database, hearing, put):
    send = Sending()
    for text in "abc":
        put(text)

    async with delivering(hearing, send), delivering(hearing, send):
        await until(lambda: len(settled(database)) == 3)

    assert sorted(send.sent) == [("1", "a"), ("1", "b"), ("1", "c")]


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


async def test_an_orderly_stop_lets_the_letter_on_its_way_arrive_and_begins_no_other(
    database, hearing, put
):
    send = Slow()
    put("on its way")
    put("not yet")

    async with delivering(hearing, send) as post:
        await send.taken.wait()
        post.cancel()
        await asyncio.sleep(0)  # it hears of that before the letter arrives
        send.go.set()

    assert send.sent == ["on its way"]
    assert settled(database) == {"on its way": None}


async def test_an_orderly_stop_sends_the_letter_that_is_being_taken(database, hearing, put):
    send, letters = Sending(), hearing.letters
    taken, go = threading.Event(), threading.Event()

    def slow(*arguments):
        found = letters(*arguments)
        taken.set()
        go.wait(5)
        return found

    hearing.letters = slow
    put("being taken")
    put("not yet")

    async with delivering(hearing, send) as post:
        await until(taken.is_set)
        post.cancel()
        await asyncio.sleep(0)  # it hears of that before it has the letter
        go.set()

    assert send.sent == [("1", "being taken")]
    assert settled(database) == {"being taken": None}


async def test_an_orderly_stop_tells_the_database_what_it_could_not_be_told_before(
    database, hearing, put
):
    send, posted, away = Sending(), hearing.posted, asyncio.Event()
    put("once")

    def unsure(letter, error=None):
        if not away.is_set():
            away.set()
            raise Unavailable
        posted(letter, error)

    hearing.posted = unsure
    bridge = Bridge(hearing)
    post = asyncio.create_task(Post(bridge, Platform.TELEGRAM, send, pause=60).run())
    await until(away.is_set)
    post.cancel()
    with suppress(asyncio.CancelledError):
        await post

    bridge.close()
    assert settled(database) == {"once": None}


async def test_an_orderly_stop_waits_no_longer_than_its_patience_lasts(database, hearing, put):
    send = Slow()
    put("never arrives")

    async with asyncio.timeout(5), delivering(hearing, send, patience=0.01):
        await send.taken.wait()

    assert send.cut_short == 1
    assert settled(database) == {}


async def test_who_cancels_twice_is_not_kept_waiting(hearing, put):
    send = Slow()
    put("never arrives")

    async with asyncio.timeout(5), delivering(hearing, send, patience=60) as post:
        await send.taken.wait()
        post.cancel()
        await asyncio.sleep(0)  # a turn for it to hear of the first
        post.cancel()

    assert send.cut_short == 1
