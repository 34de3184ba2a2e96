"""The one place where async meets sync: a bounded thread pool, and each reader's turn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import ParamSpec, TypeVar

import structlog

from bot.conversation.events import Event, Inquiry, Platform, Speaker
from bot.conversation.reply import Offer, Picture, Reply
from bot.hearing import Choice, Hearing

log = structlog.get_logger()
P = ParamSpec("P")
T = TypeVar("T")
# Measures how long an answer takes, from taking the update until it is out.
Stopwatch = Callable[[Platform], AbstractContextManager[None]]


_DRAWING_SECONDS = 10.0  # a picture that takes longer, as many wait before it, is done without


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
        # Drawing takes a tenth of a second; Pillow lets go of the interpreter for most of it.
        self._drawing = ThreadPoolExecutor(1, thread_name_prefix="drawing")
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

    async def draw(self, picture: Picture) -> bytes | None:
        """The picture as a PNG, one at a time; None where it cannot be drawn, and why in the log.

        Then its `alt` is the answer: a picture that fails costs no more than itself.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_DRAWING_SECONDS):
                return await loop.run_in_executor(self._drawing, _drawn, picture)
        except Exception:
            log.exception("picture not drawn")
            return None

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
        for pool in (self._pool, self._offering, self._inquiring, self._drawing):
            pool.shutdown(wait=False, cancel_futures=True)


def _drawn(picture: Picture) -> bytes:
    from bot.pictures.drawing import png  # noqa: PLC0415 -- a bot that draws nothing loads nothing

    return png(picture)
