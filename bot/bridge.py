"""The one place where async meets sync: a bounded thread pool, and each reader's turn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import ParamSpec, TypeVar

from bot.conversation.events import Event, Inquiry, Platform, Speaker
from bot.conversation.reply import Offer, Reply
from bot.hearing import Choice, Hearing

P = ParamSpec("P")
T = TypeVar("T")
# Measures how long an answer takes, from taking the update until it is out.
Stopwatch = Callable[[Platform], AbstractContextManager[None]]


def _unmeasured(_platform: Platform) -> AbstractContextManager[None]:
    return nullcontext()


class Bridge:
    """Runs the synchronous core for an adapter, without ever blocking its event loop."""

    def __init__(
        self, hearing: Hearing, threads: int = 4, *, answering: Stopwatch = _unmeasured
    ) -> None:
        self.hearing = hearing
        self.answering = answering
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hearing")
        # Offers need no database, so they need not wait behind those who wait for it.
        self._offering = ThreadPoolExecutor(1, thread_name_prefix="offering")
        # What comes with every keystroke must not keep those waiting who said something.
        self._inquiring = ThreadPoolExecutor(2, thread_name_prefix="inquiring")
        self._turns: dict[tuple[str, str], tuple[asyncio.Lock, int]] = {}

    async def hear(self, event: Event, *, again: bool = False) -> Reply | None:
        """The answer to `event`; None when there is nothing to say or it was heard before.

        `again` is for an event replayed after a crash: its stored answer is given once more.
        """
        return await self.run(self.hearing.hear, event, again=again)

    async def run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `work`, run in the pool."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: work(*args, **kwargs))

    async def complete(self, speaker: Speaker, command: str, typed: str) -> list[Choice]:
        """The offers for an argument that is being typed, however busy the pool is."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._offering, self.hearing.complete, speaker, command, typed
        )

    async def inquire(self, speaker: Speaker, inquiry: Inquiry) -> Offer:
        """The works for what is being typed, however busy the pool is."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._inquiring, self.hearing.inquire, speaker, inquiry)

    @asynccontextmanager
    async def turn(self, speaker: Speaker) -> AsyncIterator[None]:
        """Holds the speaker's turn: one person's events in order, different people's at once."""
        key = (speaker.platform.value, speaker.user_id)
        lock, waiting = self._turns.get(key, (asyncio.Lock(), 0))
        self._turns[key] = (lock, waiting + 1)
        try:
            async with lock:  # asyncio.Lock wakes waiters first come, first served
                yield
        finally:
            lock, waiting = self._turns[key]
            if waiting == 1:
                del self._turns[key]
            else:
                self._turns[key] = (lock, waiting - 1)

    def close(self) -> None:
        """Begins nothing more; does not wait for a thread that waits for the database.

        The interpreter does wait for it when it ends.
        """
        for pool in (self._pool, self._offering, self._inquiring):
            pool.shutdown(wait=False, cancel_futures=True)
