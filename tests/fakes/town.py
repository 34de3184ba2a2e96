"""A town of readers who are written to, and a platform that takes their letters by script."""

import asyncio
from contextlib import asynccontextmanager, closing

from sqlalchemy import select

from bot.bridge import Bridge
from bot.conversation.events import Platform
from bot.hearing import Hearing
from bot.mailing import Mailing
from db import catalogue, readers
from db.reader_tables import News
from db.tables import Outbox
from tests.fakes.waiting import eventually_async, meanwhile
from tests.plugins.happenings import happens
from tests.plugins.library import NOON


class Town:
    """A hearing over a stocked database, without a library: news alone need none."""

    def __init__(self, database, clock):
        self.database, self.clock = database, clock
        self.hearing = Hearing(database, None, clock)
        with database.read() as session:
            self.works = [work.id for work in catalogue.works(session)]

    def readers(self, count, platform="telegram"):
        with self.database.write() as session:
            made = []
            for number in range(1, count + 1):
                made.append(readers.of_account(session, platform, str(number), NOON, "en").id)
                readers.spoke(session, platform, str(number), NOON)
        return made

    def happens(self, to, work=0, **what):
        happens(self.database, self.works[work], to, now=NOON, **what)

    def outbox(self):
        """(user, sent, error) of each letter that is done with."""
        with self.database.read() as session:
            rows = session.scalars(select(Outbox).order_by(Outbox.id))
            return [(row.user_id, row.error) for row in rows if row.done_at]

    def news(self):
        """(waits for a letter, in doubt) of each news."""
        with self.database.read() as session:
            rows = session.execute(select(News.letter_id, News.doubt).order_by(News.id))
            return [(row.letter_id is None, row.doubt) for row in rows]

    @asynccontextmanager
    async def mailing(self, send, platform=Platform.TELEGRAM, patience=5.0, at_once=16):
        with closing(Bridge(self.hearing)) as bridge:
            mailing = Mailing(
                bridge, platform, send, pause=0.01, patience=patience, at_once=at_once
            )
            async with meanwhile(mailing.run()) as running:
                yield running


class Platforms:
    """Takes letters, or does with them what it is told to: `how` is by user, then by turn."""

    def __init__(self, **how):
        self.how = {user.removeprefix("to_"): list(does) for user, does in how.items()}
        self.came = []  # (user, text) that arrived
        self.tried = []  # users
        self.most = self.now = 0  # on their way together
        self.ended = 0  # tries

    async def __call__(self, reply, claim):
        try:
            return await self.take(reply, claim)
        finally:
            self.ended += 1

    async def take(self, reply, claim):
        user = claim.letter.user_id
        self.tried.append(user)
        does = self.how.get(user, [])
        step = does.pop(0) if does else None
        if isinstance(step, BeforeGoing):
            raise step.error
        await claim.going()
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            if isinstance(step, asyncio.Event):
                await step.wait()
            if isinstance(step, Exception):
                raise step
            await asyncio.sleep(0)
        finally:
            self.now -= 1
        self.came.append((user, reply.text))
        return f"telegram:{user}:1"


class BeforeGoing:
    def __init__(self, error):
        self.error = error


async def until(condition):
    await eventually_async(condition, "what is waited for", seconds=10)
