"""Listening: fetch, keep durably, only then confirm, and handle many readers at once."""

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import stamina
import structlog
from telegram.error import Conflict, RetryAfter
from telegram.request import HTTPXRequest, RequestData
from telegram.request._requestparameter import RequestParameter  # what RequestData is made of

from bot.bridge import Bridge
from bot.conversation.events import Platform, Reaction
from bot.hearing import Unavailable
from bot.telegram.handling import Handler
from bot.telegram.lanes import Lanes
from bot.telegram.pace import Pace
from bot.telegram.sending import patience
from bot.telegram.updates import ALLOWED_UPDATES, Incoming, Me, read

log = structlog.get_logger()

RawUpdate = dict[str, Any]


class Poller:
    """Takes updates from Telegram so that none is lost, whenever the process dies.

    An update is confirmed, by asking for the one after it, only once the database has it. What
    a crash left kept but unanswered is handled first at the next start.
    """

    def __init__(
        self,
        base_url: str,
        request: HTTPXRequest,
        *,
        bridge: Bridge,
        handler: Handler,
        me: Me,
        pace: Pace,
    ) -> None:
        self._url = f"{base_url}/getUpdates"
        self._request = request
        self._bridge = bridge
        self._handler = handler
        self._me = me
        self._pace = pace
        self._offset = 0
        self._recovered = False
        self._told: set[str] = set()  # apologised for, not kept: not to be handled later on
        self._owed: set[str] = set()  # answered, but the database could not be told
        self._lanes = Lanes()

    async def run(self) -> None:
        """Listens until cancelled. Raises InvalidToken when Telegram no longer knows the token."""
        try:
            await self._recover()
        except Unavailable as error:
            log.error("telegram.database_away", reason=str(error))
        while True:
            await self._take(await self._fetch())

    async def drain(self) -> None:
        """Gives what is running `pace.drain_seconds` to finish; the rest is kept for next time."""
        await self._lanes.drain(self._pace.drain_seconds)

    async def _fetch(self) -> list[RawUpdate]:
        """The next updates, raw.

        Bot.get_updates reads a batch as a whole: one update that the library cannot read would
        come back for ever and keep all others out.
        """
        asked = {
            "offset": self._offset,
            "timeout": self._pace.poll_seconds,
            "allowed_updates": list(ALLOWED_UPDATES),
        }
        body = RequestData([RequestParameter.from_input(*pair) for pair in asked.items()])
        async for attempt in stamina.retry_context(
            on=_patience,
            attempts=None,
            timeout=None,
            **self._pace.retries(),
        ):
            with attempt:
                return cast(list[RawUpdate], await self._request.post(self._url, body))
        raise AssertionError("unreachable")

    async def _take(self, batch: Sequence[RawUpdate]) -> None:
        """Keeps a batch and begins to handle it; leaves it unconfirmed if it cannot be kept."""
        fresh: dict[str, tuple[Incoming, str]] = {}
        for raw in batch:
            incoming = read(raw, self._me)
            if incoming is not None:
                fresh[incoming.key] = (incoming, json.dumps(raw))
        kept: Sequence[str] = ()
        try:
            await self._recover()
            if fresh:
                updates = [(key, payload) for key, (_, payload) in fresh.items()]
                kept = await self._bridge.run(self._bridge.hearing.keep, Platform.TELEGRAM, updates)
        except Unavailable as error:
            log.error("telegram.database_away", updates=len(fresh), reason=str(error))
            await self._apologise([incoming for incoming, _ in fresh.values()])
            await asyncio.sleep(self._pace.database_seconds)
            return
        if batch:
            self._offset = max(raw["update_id"] for raw in batch) + 1
        self._owed |= self._told & fresh.keys()
        for key in sorted(kept, key=int):
            if key not in self._told:
                await self._start(fresh[key][0])
        self._told -= fresh.keys()
        for key in tuple(self._owed):
            await self._settle(key)

    async def _recover(self) -> None:
        """Handles, once, what was kept before this start and never answered."""
        if self._recovered:
            return
        hearing = self._bridge.hearing
        waiting = await self._bridge.run(hearing.waiting, Platform.TELEGRAM)
        self._recovered = True
        if waiting:
            log.info("telegram.catching_up", updates=len(waiting))
        for key, payload in waiting:
            incoming = read(json.loads(payload), self._me)
            if incoming is None:
                await self._settle(key)
            else:
                await self._start(incoming, again=True)

    async def _apologise(self, batch: Sequence[Incoming]) -> None:
        """Asks each reader once to try again; a reaction is silent and waits for better times."""
        for incoming in batch:
            silent = incoming.event is not None and isinstance(incoming.event.said, Reaction)
            if not silent and incoming.key not in self._told:
                self._told.add(incoming.key)
                work = partial(self._handler.apologise, incoming)
                await self._lanes.start(incoming.chat_id, work)

    async def _start(self, incoming: Incoming, *, again: bool = False) -> None:
        await self._lanes.start(incoming.chat_id, partial(self._handle, incoming, again=again))

    async def _handle(self, incoming: Incoming, *, again: bool = False) -> None:
        if await self._handler.handle(incoming, again=again):
            await self._settle(incoming.key)

    async def _settle(self, key: str) -> None:
        hearing = self._bridge.hearing
        try:
            await self._bridge.run(hearing.answered, Platform.TELEGRAM, key)
        except Unavailable:
            self._owed.add(key)
        else:
            self._owed.discard(key)


def _patience(error: Exception) -> bool | float:
    if isinstance(error, Conflict):
        log.error(
            "telegram.second_poller",
            hint="another process or a webhook takes this bot's updates: let only one run",
            error=error.message,
        )
    elif isinstance(error, RetryAfter):
        log.warning("telegram.slowed_down", error=error.message)
    return patience(error)
