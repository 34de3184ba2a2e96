"""Messages that several people change by their presses: one change at a time, the latest last."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from bot.conversation.reply import Reply


class Boards:
    """Keeps a message that is everybody's as the last word on it has it.

    What presses bring is heard in one order and may be sent in another: a slow one would put an
    older state over a newer one.
    """

    def __init__(self) -> None:
        self._latest: dict[str, Reply] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def heard(self, message: str | None, reply: Reply | None) -> None:
        """Notes what is to be shown on `message`; to be called in the order of hearing."""
        if message and reply and reply.for_all and reply.replaces:
            self._latest[message] = reply

    @asynccontextmanager
    async def turn(self, message: str | None, reply: Reply) -> AsyncIterator[bool]:
        """Holds `message` to change it; whether `reply` is still the latest, else let it be.

        A message that is one person's needs no holding: their answers come one after the other.
        """
        if not message or not reply.for_all:
            yield True
            return
        lock = self._locks.setdefault(message, asyncio.Lock())
        async with lock:
            try:
                yield self._latest.get(message) is reply
            finally:
                if self._latest.get(message) is reply:
                    del self._latest[message]
