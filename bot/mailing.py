"""Letters to readers, sent by the bot of the platform where they read: several at once, each once.

Letters to operators are of another kind: `bot/post.py` delivers those.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import ParamSpec

import stamina
import structlog

from bot.bridge import Bridge
from bot.conversation.events import Platform
from bot.conversation.reply import Reply
from bot.hearing import Unavailable
from bot.mailroom import said
from bot.post import Undeliverable, until_told
from db.letters import Letter

log = structlog.get_logger()
P = ParamSpec("P")

AT_ONCE = 16  # letters on their way: enough for 28 a second where a round trip takes half of one
_COMPOSED = 8  # letters a transaction: on SQLite everybody else waits for it
_PAUSE_SECONDS = 5.0  # between two looks, where there was nothing to do
_SEND_SECONDS = 40.0  # well within a letter's lease (mailroom.LEASE)
_PATIENCE_SECONDS = 3.0  # with letters on their way when the bot is told to end
_LONGEST_CALM_SECONDS = 60.0  # between two tries while a platform takes nothing
# Telegram wants a second between two messages to a person, and no more than 20 a minute in a group,
# where half of them and more are left for answers.
_APART_SECONDS, _APART_IN_CHAT_SECONDS = 1.0, 6.0


class Shut(Undeliverable):
    """Nor can this chat be told anything else."""


class NotTaken(Exception):
    """The platform did not take the letter now, and that is certain: it can go once more."""


class Moved(Exception):
    """The chat has another id, `chat_id`: the letter was not taken."""

    def __init__(self, chat_id: str) -> None:
        super().__init__(f"moved to {chat_id}")
        self.chat_id = chat_id


class NotOurs(Exception):
    """The letter must not go: it is another bot's, or its reader's quiet hours have begun."""


class Claim:
    """A letter on its way. Who sends it says when it goes, as the last thing before it does."""

    def __init__(
        self, bridge: Bridge, platform: Platform, letter: Letter, ending: asyncio.Event
    ) -> None:
        self._bridge, self._platform, self._ending = bridge, platform, ending
        self.letter = letter
        self.gone = False  # it may have arrived
        self.owing = False  # it did not go, and the database has yet to be told
        self.rest: Rest | None = None

    async def going(self) -> None:
        """Notes that the request goes out now. Raises NotOurs if it must not, or Unavailable."""
        if self._ending.is_set():
            raise NotOurs
        await self._settle()
        going = self._bridge.hearing.mailroom.going
        noting = asyncio.ensure_future(self._bridge.run(going, self._platform, self.letter))
        try:
            held = await asyncio.shield(noting)
        except asyncio.CancelledError:
            # The thread goes on: what it notes would put a letter in doubt that never went.
            with suppress(Unavailable):
                if (held := await noting) is not None:
                    self.letter = held
                    await self.back()
            raise
        if held is None:
            raise NotOurs
        self.letter, self.gone = held, True

    async def back(self) -> None:
        """Notes that the platform did not take it; as long as the database is away, owes that."""
        self.gone, self.owing = False, True
        with suppress(Unavailable):
            await self._settle()

    async def _settle(self) -> None:
        if self.owing:
            await self._bridge.run(self._bridge.hearing.mailroom.back, self.letter)
            self.owing = False


# Sends what did not fit into the message of a letter: once that is noted, and without promising it.
Rest = Callable[[], Awaitable[None]]
# Sends a reply to the chat of a letter; the name of the message that now shows it. What did not fit
# is left as the claim's `rest`. Raises Shut or Undeliverable for what will never be taken, Moved,
# or NotTaken; of anything else nobody knows whether it arrived, if the claim is `gone`.
Send = Callable[[Reply, Claim], Awaitable[str]]


class Mailing:
    """Writes and sends a platform's letters to readers until it is cancelled."""

    def __init__(
        self,
        bridge: Bridge,
        platform: Platform,
        send: Send,
        *,
        at_once: int = AT_ONCE,
        pause: float = _PAUSE_SECONDS,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        self._bridge, self._platform, self._send = bridge, platform, send
        self._mailroom = bridge.hearing.mailroom
        self._at_once, self._pause, self._patience = at_once, pause, patience
        self._ending = asyncio.Event()
        self._noting = asyncio.Lock()
        self._under_way: dict[asyncio.Task[None], Letter] = {}
        self._told: dict[str, float] = {}  # chat -> when it may be told more
        self._failed = False  # since it was last looked at
        self._troubles = 0  # how often in a row

    async def run(self) -> None:
        """Looks for what is due again and again.

        Cancelled, it begins nothing more; what waits for its turn to be sent is given back, and
        what is on its way arrives and is noted, as far as it does in `patience` seconds.
        """
        await until_told(self._go_round(), self._ending, self._patience)

    async def _go_round(self) -> None:
        away = False
        try:
            while not self._ending.is_set():
                busy = False
                try:
                    busy = await self._look()
                    away = False
                except Unavailable as error:
                    (log.debug if away else log.warning)("mailing.database_away", reason=str(error))
                    away = True
                except Exception:  # of all that a bot does, the mail must not be what ends it
                    log.exception("mailing.failed")
                if not busy:
                    await self._rest(self._pause)
            if self._under_way:
                await asyncio.wait(self._under_way)
        finally:
            for task in self._under_way:
                task.cancel()

    async def _look(self) -> bool:
        """Takes and begins to send what there is; whether there was anything to do."""
        room = await self._room()
        if not room:
            return True
        now = time.monotonic()
        self._told = {chat: moment for chat, moment in self._told.items() if moment > now}
        but = {*self._told, *(letter.user_id for letter in self._under_way.values())}
        letters = await self._bridge.run(self._mailroom.take, self._platform, room, but)
        for letter in letters:
            task = asyncio.create_task(self._deliver(letter))
            self._under_way[task] = letter
            task.add_done_callback(self._under_way.pop)
        if len(letters) == room:
            return True
        more = 1 if self._troubles else _COMPOSED  # what cannot be sent need not be written
        written = await self._bridge.run(self._mailroom.compose, self._platform, more)
        return bool(letters or written)

    async def _room(self) -> int:
        """How many letters may be begun: one, after a while, where the last ones failed."""
        while len(self._under_way) >= (1 if self._failed else self._at_once):
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        if not self._failed:
            return self._at_once - len(self._under_way)
        self._failed = False
        self._troubles += 1
        await self._rest(min(self._pause * 2 ** (self._troubles - 1), _LONGEST_CALM_SECONDS))
        return 0 if self._ending.is_set() else 1

    async def _deliver(self, letter: Letter) -> None:
        claim = Claim(self._bridge, self._platform, letter, self._ending)
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                message = await self._send(said(letter), claim)
        except NotOurs:
            if claim.owing:
                await self._note(self._mailroom.back, claim.letter)
            if self._ending.is_set():
                await self._note(self._mailroom.leave, [claim.letter])
        except Undeliverable as error:
            # Somebody who blocked the bot is nothing that an operator could mend.
            shut = isinstance(error, Shut)
            level = log.info if shut else log.warning
            level("mailing.undeliverable", letter=letter.id, reason=str(error))
            await self._note(
                self._mailroom.refused, self._platform, claim.letter, str(error), shut=shut
            )
        except Moved as moved:
            await self._note(self._mailroom.moved, self._platform, claim.letter, moved.chat_id)
        except Exception as error:
            await self._trouble(claim, error)
        else:
            self._troubles = 0
            await self._note(self._mailroom.arrived, self._platform, claim.letter, message)
            await self._follow(claim)
            self._told[letter.user_id] = time.monotonic() + _apart(letter)

    async def _follow(self, claim: Claim) -> None:
        if claim.rest is None:
            return
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await claim.rest()
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            log.warning("mailing.cut_short", letter=claim.letter.id, reason=reason)

    async def _trouble(self, claim: Claim, error: Exception) -> None:
        """What was not taken goes again after its lease, as do all that never went."""
        self._failed = True
        log.warning(
            "mailing.delayed", letter=claim.letter.id, reason=f"{type(error).__name__}: {error}"
        )
        if claim.gone and not isinstance(error, NotTaken):
            await self._note(self._mailroom.doubted, self._platform, claim.letter)
        elif claim.gone or claim.owing:
            await self._note(self._mailroom.back, claim.letter)

    async def _note(self, work: Callable[P, None], /, *told: P.args, **how: P.kwargs) -> None:
        """Tells the database, however long it is away."""
        async for attempt in stamina.retry_context(
            Unavailable, attempts=None, timeout=None, wait_max=5.0, wait_jitter=0.1
        ):
            with attempt:
                async with self._noting:  # a locked database must not take all threads
                    await self._bridge.run(work, *told, **how)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)


def _apart(letter: Letter) -> float:
    return _APART_IN_CHAT_SECONDS if letter.to_chat else _APART_SECONDS
