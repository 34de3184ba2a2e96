"""What polling and webhook share: an update is kept, handled once, and marked as answered."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import structlog

from bot.bridge import Bridge
from bot.conversation.events import Platform
from bot.hearing import Unavailable
from bot.telegram.handling import Handler
from bot.telegram.inquiries import Inquiries
from bot.telegram.lanes import Lanes
from bot.telegram.updates import Incoming, Me, asked, read

log = structlog.get_logger()

T = TypeVar("T")
RawUpdate = Mapping[str, Any]
Fresh = dict[str, tuple[Incoming, str]]


class Intake:
    """Takes updates in so that none is lost, whenever the process dies.

    Without a lease it is the only one at the inbox. With one, several processes share it: each
    holds what it works at, and what another held too long, for it died, is taken over.
    """

    def __init__(
        self,
        bridge: Bridge,
        handler: Handler,
        me: Me,
        inquiries: Inquiries,
        lease: timedelta | None = None,
    ) -> None:
        self._bridge = bridge
        self._handler = handler
        self._inquiries = inquiries
        self._me = me
        self._lease = lease
        self._ours: set[str] = set()  # kept here, and not yet known to be answered
        self._owed: set[str] = set()  # answered, but the database could not be told
        self._lanes = Lanes()

    def read(self, batch: Iterable[RawUpdate]) -> Fresh:
        """What of a batch is worth keeping, by key: its meaning, and what to keep."""
        readable = ((read(raw, self._me), raw) for raw in batch)
        return {said.key: (said, json.dumps(raw)) for said, raw in readable if said is not None}

    def inquired(self, raw: RawUpdate) -> bool:
        """Whether `raw` is only being typed: then it is answered beside all else, and not kept."""
        if (words := asked(raw, self._me)) is not None:
            self._inquiries.take(words)
        return "inline_query" in raw

    async def keep(self, fresh: Fresh) -> list[str]:
        """Stores updates durably; the keys that are new, in the updates' order.

        Raises Unavailable.
        """
        if not fresh:
            return []
        updates = [(key, payload) for key, (_, payload) in fresh.items()]
        kept = await self._run(self._bridge.hearing.keep, updates, self._lease)
        self._ours.update(kept)
        return sorted(kept, key=int)

    async def start(self, incoming: Incoming, *, again: bool = False) -> None:
        """Begins to handle what was kept, once there is room for it."""
        await self._lanes.start(incoming.chat_id, partial(self._handle, incoming, again=again))

    async def aside(self, incoming: Incoming, work: Callable[[], Awaitable[None]]) -> None:
        """Begins something else that is said in the same chat."""
        await self._lanes.start(incoming.chat_id, work)

    async def recover(self) -> None:
        """Handles what was kept before and is nobody's now. Raises Unavailable."""
        hearing = self._bridge.hearing
        if self._lease is None:
            await self._resume(await self._run(hearing.waiting))
            return
        while rows := await self._run(hearing.take, self._lease):
            await self._resume(rows)

    async def renew(self) -> None:
        """Holds on to what is being worked at, and pays what is owed. Raises Unavailable."""
        if self._ours and self._lease:
            await self._run(self._bridge.hearing.hold, sorted(self._ours), self._lease)
        await self.pay()

    def owe(self, keys: Iterable[str]) -> None:
        """These are done with; the database is told by the next `pay`."""
        self._owed.update(keys)

    async def pay(self) -> None:
        """Tells the database what it could not be told before."""
        for key in tuple(self._owed):
            await self._settle(key)

    async def drain(self, seconds: float) -> None:
        """Gives what is running so many seconds to finish; the rest is kept for next time."""
        await self._inquiries.close()  # nobody would see an answer after this
        await self._lanes.drain(seconds)
        left = sorted(self._ours - self._owed)
        if left and self._lease:
            try:
                await self._run(self._bridge.hearing.hold, left, None)
            except Unavailable as error:  # then their lease has to run out
                log.warning("telegram.updates_not_given_back", reason=str(error))

    async def _resume(self, rows: Sequence[tuple[str, str]]) -> None:
        # What we are at ourselves comes back if the database was away for longer than a lease.
        rows = [row for row in rows if row[0] not in self._ours]
        self._ours.update(key for key, _ in rows)
        if rows:
            log.info("telegram.catching_up", updates=len(rows))
        for key, payload in rows:
            incoming = read(json.loads(payload), self._me)
            if incoming is None:
                await self._settle(key)
            else:
                await self.start(incoming, again=True)

    async def _handle(self, incoming: Incoming, *, again: bool) -> None:
        try:
            done = await self._handler.handle(incoming, again=again)
        except Exception:  # a fault of ours would not mend itself: it must not come for ever
            log.exception("telegram.update_failed", key=incoming.key)
            done = True
        if done:
            await self._settle(incoming.key)
        else:  # where there is a lease, it runs out, and the next tries again
            self._ours.discard(incoming.key)

    async def _settle(self, key: str) -> None:
        try:
            await self._run(self._bridge.hearing.answered, key)
        except Unavailable:
            self._owed.add(key)
        else:
            self._owed.discard(key)
            self._ours.discard(key)

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        return await self._bridge.run(work, Platform.TELEGRAM, *arguments)


async def every(
    seconds: float, work: Callable[[], Awaitable[None]], *, at_once: bool = False
) -> None:
    """Does `work` again and again until cancelled; a database that is away does not end it."""
    if not at_once:
        await asyncio.sleep(seconds)
    while True:
        try:
            await work()
        except Unavailable as error:
            log.error("telegram.database_away", reason=str(error))
        except Exception:
            log.exception("telegram.upkeep_failed")
        await asyncio.sleep(seconds)
