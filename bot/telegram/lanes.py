"""Room for work: so much at once in all, and so much for one chat."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()

Work = Callable[[], Awaitable[None]]

MAX_RUNNING = 256  # with more than this running, whoever brings work waits
# A group takes 20 messages a minute: what is said there beyond this must not keep others waiting.
MAX_IN_CHAT = 8


@dataclass(slots=True)
class _Lane:
    waiting: deque[Work] = field(default_factory=deque)
    open: int = 0


class Lanes:
    """Does work beside all else; what is for one chat begins in the order in which it came."""

    def __init__(self) -> None:
        self._lanes: dict[int, _Lane] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(MAX_RUNNING)

    async def start(self, chat_id: int, work: Work) -> None:
        """Begins `work` once there is room; behind others of a busy chat it waits by itself."""
        lane = self._lanes.setdefault(chat_id, _Lane())
        lane.waiting.append(work)
        if lane.open == MAX_IN_CHAT:
            return
        lane.open += 1
        await self._room.acquire()
        task = asyncio.create_task(self._walk(chat_id, lane))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def drain(self, seconds: float) -> None:
        """Begins nothing more, and gives what is running `seconds` to finish."""
        for lane in self._lanes.values():
            lane.waiting.clear()
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _walk(self, chat_id: int, lane: _Lane) -> None:
        try:
            while lane.waiting:
                work = lane.waiting.popleft()
                try:
                    await work()
                except Exception:
                    log.exception("telegram.update_failed")
        finally:
            lane.open -= 1
            if not lane.open:
                del self._lanes[chat_id]
            self._room.release()
