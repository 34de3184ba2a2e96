"""What is being typed behind our name: answered at once or not at all, beside all messages."""

import asyncio
from collections import deque

import structlog

from bot.bridge import Bridge
from bot.telegram.render import article
from bot.telegram.sending import Sender
from bot.telegram.updates import Asked, result_id

log = structlog.get_logger()

MAX_AT_ONCE = 8  # so that most connections to Telegram are left for messages
MAX_WAITING = 256  # who would wait behind more has typed on, or given up
_REMEMBERED = 1024  # keys: what is delivered twice comes soon after


class Inquiries:
    """Answers who asked first; of one reader only what they typed last is still worth it.

    Whoever types waits for nothing of what they typed before: it needs no turn of theirs.
    """

    def __init__(self, bridge: Bridge, sender: Sender) -> None:
        self._bridge, self._sender = bridge, sender
        self._waiting: dict[str, Asked] = {}  # by who asks, first come first
        self._answering: set[asyncio.Task[None]] = set()
        self._seen: deque[str] = deque(maxlen=_REMEMBERED)

    def take(self, asked: Asked) -> None:
        """Sees to it that this is answered, unless its reader types on meanwhile."""
        who, before = asked.speaker.user_id, self._waiting.get(asked.speaker.user_id)
        if asked.key in self._seen or (before and int(before.key) > int(asked.key)):
            return
        self._seen.append(asked.key)
        self._waiting[who] = asked
        if len(self._waiting) > MAX_WAITING:
            del self._waiting[next(iter(self._waiting))]
        if len(self._answering) < MAX_AT_ONCE:
            task = asyncio.create_task(self._answer_all())
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def close(self) -> None:
        """Answers nothing more."""
        self._waiting.clear()
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)

    async def _answer_all(self) -> None:
        while self._waiting:
            asked = self._waiting.pop(next(iter(self._waiting)))
            try:
                await self._answer(asked)
            except Exception:
                log.exception("telegram.inquiry_failed")

    async def _answer(self, asked: Asked) -> None:
        inquiry = asked.inquiry
        offer = await self._bridge.inquire(asked.speaker, inquiry)
        results = [
            article(card, result_id(card.work_id, place))
            for place, card in enumerate(offer.cards, start=inquiry.start)
            if card.work_id is not None
        ]
        await self._sender.offer(asked.query_id, results, str(offer.more or ""))
