"""Telegram's limits on what is sent: so many messages a second in all, so many to a group."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from time import monotonic
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import AIORateLimiter

# Telegram takes 30. A little less, so that no second has more of them where the network's delays
# push them together.
MESSAGES_PER_SECOND = 28

# Who types quickly may be refused often: no message is to wait for that.
_AT_ONCE = frozenset({"answerInlineQuery"})

Answer = bool | dict[str, Any] | list[dict[str, Any]]


class Flow:
    """Lets one pass at a time, evenly spaced: whoever came first, by `rank`, goes first.

    A bucket that fills while nobody comes would let a burst through of twice its rate.
    """

    def __init__(
        self,
        per_second: float = MESSAGES_PER_SECOND,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._gap, self._clock, self._sleep = 1 / per_second, clock, sleep
        self._open = 0.0  # when the next may pass
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._letting: asyncio.Task[None] | None = None

    async def turn(self, rank: int = 0) -> None:
        """Returns when it is the caller's turn to send; the lowest rank that waits is next."""
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._numbers), turn))
        if self._letting is None or self._letting.done():
            self._letting = asyncio.create_task(self._let_pass())
        await turn

    def pause(self, seconds: float) -> None:
        """Lets nobody pass for so long."""
        self._open = max(self._open, self._clock() + seconds)

    async def _let_pass(self) -> None:
        while self._waiting:
            if (wait := self._open - self._clock()) > 0:
                await self._sleep(wait)
                continue
            *_, turn = heapq.heappop(self._waiting)
            if not turn.done():  # else whoever waited has gone
                turn.set_result(None)
                # From now, not from when it was due: a loop that was held up catches nothing up.
                self._open = self._clock() + self._gap
                await asyncio.sleep(0)  # the one who may pass does so before the next is chosen


@dataclass(frozen=True, slots=True)
class Turn:
    """A call's place in the flow, and what is to be done as the last thing before it goes out.

    `back` is done when Telegram answers that it came too early, and before it goes once more.
    """

    rank: int
    going: Callable[[], Awaitable[None]] | None = None
    back: Callable[[], Awaitable[None]] | None = None


class Limiter(AIORateLimiter):
    """The library's limits for groups and its patience with 429, over an even flow.

    A call's `rate_limit_args` is its rank in the flow, or its Turn.
    """

    def __init__(self, flow: Flow) -> None:
        super().__init__(overall_max_rate=0, max_retries=3)
        self._flow = flow
        self._one = asyncio.Lock()

    async def process_request(  # noqa: PLR0917 -- the library's signature
        self,
        callback: Callable[..., Coroutine[Any, Any, Answer]],
        args: Iterable[object],
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | Turn | None,
    ) -> Answer:
        """Calls back when this call may go out; a call that names no chat may at once.

        One that was refused makes all others wait, but for those that are worth nothing later on.
        """
        if endpoint in _AT_ONCE:
            return await callback(*args, **kwargs)
        turn = rate_limit_args if isinstance(rate_limit_args, Turn) else Turn(rate_limit_args or 0)

        async def paced(*args: object, **kwargs: object) -> Answer:
            if "chat_id" in data:
                await self._pass(turn)
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as error:
                self._flow.pause(seconds(error))
                if turn.back is not None:
                    await turn.back()
                raise

        return await super().process_request(paced, args, kwargs, endpoint, data, None)

    async def _pass(self, turn: Turn) -> None:
        if turn.going is None:
            await self._flow.turn(turn.rank)
            return
        # One at a time: what is done before they go may take a while, and several that had their
        # turn meanwhile would go out together.
        async with self._one:
            await self._flow.turn(turn.rank)
            await turn.going()


def seconds(error: RetryAfter) -> float:
    """How long Telegram asks us to wait."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
