"""Letters to readers, as the adapters see them: written, taken, sent and noted, one step each.

Each step is a transaction of its own, so that a bot can be killed between any two of them.
"""

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from bot.conversation import letter as wording
from bot.conversation.context import Context
from bot.conversation.events import Place, Platform, Speaker
from bot.conversation.library import Library
from bot.conversation.reply import STORED, Reply
from bot.conversation.texts import language_of
from db import impressions, letters, news, readers
from db.engine import unreachable
from db.errors import DatabaseError
from db.impressions import Shown
from db.letters import Destination, Letter
from db.news import Item
from db.readers import ReaderRow

LEASE = timedelta(seconds=60)  # of a letter: then any bot may have it
# For so long Discord knows a message again that is sent once more with the same nonce. It says "a
# few minutes", so this is on the safe side.
_ANEW = {Platform.DISCORD: timedelta(minutes=2)}

# A letter that no bot took for so long is for another place: its platform's bot does not run.
_UNTAKEN = timedelta(hours=1)
_PUT_OFF = timedelta(hours=1)  # what could not be written

log = structlog.get_logger()
Write = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a letter to a reader: written, arrived, doubted, refused or shut_out."""

    platform: str
    outcome: str
    cards: tuple[Shown, ...] = ()


class Mailroom:
    """Safe to call from several threads, and beside other bots; every method may be Unavailable."""

    def __init__(
        self,
        write: Write,
        library: Callable[[], Library],
        clock: Callable[[], datetime],
        zone: ZoneInfo,
        count: Callable[[Sent], None] | None = None,
    ) -> None:
        """`write` opens a transaction; `zone` is where readers are who chose none."""
        self._write, self._library, self._clock, self._zone = write, library, clock, zone
        self._count = count

    def compose(self, platform: Platform, limit: int) -> int:
        """Writes letters to at most `limit` readers who have something due; to how many.

        What is due for somebody to whom none can be written is put off, and nobody else's is.
        """
        now = self._clock()
        with self._write() as session:
            letters.give_up(session, tuple(Platform), now, now - _UNTAKEN)
            due = letters.due(session, platform, now, limit)
            written = [self._compose(session, platform, reader_id, now) for reader_id in due]
        self._tell(*filter(None, written))
        return len(due)

    def take(self, platform: Platform, limit: int, but: Collection[str] = ()) -> list[Letter]:
        """At most `limit` letters to send, ours for LEASE, as `letters.take`.

        Of a chat it is one, and none where another is under way, or that is among `but`.
        """
        now = self._clock()
        with self._write() as session:
            return letters.take(
                session, platform, now, now + LEASE, limit, but=but, anew=_anew(platform)
            )

    def hand_over(self, platform: Platform, user_id: str) -> Letter | None:
        """The next letter to one user, who is there to take it: it is on its way with this."""
        now = self._clock()
        with self._write() as session:
            for reader_id in letters.due(session, platform, now, 1, user_id=user_id):
                self._compose(session, platform, reader_id, now)
            taken = letters.take(session, platform, now, now + LEASE, 1, only=user_id)
            return self._going(session, platform, taken[0]) if taken else None

    def going(self, platform: Platform, letter: Letter) -> Letter | None:
        """Notes that it is about to go, ours for another LEASE; None if it must not."""
        with self._write() as session:
            return self._going(session, platform, letter)

    def back(self, letter: Letter) -> None:
        """Notes that it did not go after all: the platform said that it did not take it."""
        with self._write() as session:
            letters.back(session, letter)

    def leave(self, taken: Collection[Letter]) -> None:
        """Lets others have these."""
        with self._write() as session:
            letters.leave(session, taken)

    def arrived(self, platform: Platform, letter: Letter, message: str | None = None) -> None:
        """Notes that the platform took it, in a message of this name if that has one."""
        shown = said(letter).impressions
        with self._write() as session:
            letters.arrived(session, letter.id, self._clock())
            if message is not None and shown:
                impressions.delivered(session, shown, message)
        self._tell(Sent(platform, "arrived"))

    def doubted(self, platform: Platform, letter: Letter) -> None:
        """Notes that it may have arrived; it is left to be sent anew where that is safe."""
        if platform in _ANEW:
            return
        with self._write() as session:
            letters.doubted(session, letter.id, self._clock())
        self._tell(Sent(platform, "doubted"))

    def refused(self, platform: Platform, letter: Letter, reason: str, *, shut: bool) -> None:
        """Notes that the platform does not take it, and `shut`: nor anything else to this chat.

        A chat that its reader chose is left for their own in either case: the news go there. Where
        it was their own, they come with the next letter, or not at all if it is shut.
        """
        shut = shut or letter.to_chat
        with self._write() as session:
            if shut:
                letters.shut_out(session, platform, letter, reason, self._clock())
            else:
                letters.refused(session, letter, reason, self._clock())
        self._tell(Sent(platform, "shut_out" if shut else "refused"))

    def moved(self, platform: Platform, letter: Letter, chat_id: str) -> None:
        """Notes that its chat has another id from now on, where it will be sent."""
        with self._write() as session:
            letters.moved(session, platform, letter, chat_id)

    def _going(self, session: Session, platform: Platform, letter: Letter) -> Letter | None:
        now = self._clock()
        return letters.going(session, letter, now, now + LEASE, self._zone, anew=_anew(platform))

    def _compose(
        self, session: Session, platform: Platform, reader_id: int, now: datetime
    ) -> Sent | None:
        """As `_composed`; a fault in one reader's letter keeps no other from being written."""
        try:
            with unreachable(), session.begin_nested():
                return self._composed(session, platform, reader_id, now)
        except DatabaseError:
            raise
        except Exception:
            log.exception("letter not written", reader=reader_id)
            news.put_off(session, reader_id, now, now + _PUT_OFF)
            return None

    def _composed(
        self, session: Session, platform: Platform, reader_id: int, now: datetime
    ) -> Sent | None:
        """Writes the next letter to this reader that goes out from `platform`.

        None where nothing of what was due is for them, or their chat has been told it already.
        """
        home, chat = letters.own(session, reader_id), letters.chosen(session, reader_id)
        there = home or chat
        reader = readers.get(session, reader_id, there.language if there else None)
        items = news.items(session, reader_id, now)
        unwanted = [item for item in items if not _wanted(item, reader, home)]
        news.discard(session, unwanted)
        told = [item for item in items if item not in unwanted and (item.kind or item.doubt)]
        weeks = [item for item in items if item not in unwanted and item not in told]
        public = [item for item in told if item.kind and not item.adult]
        language = language_of(reader.language or reader.reported)
        if chat is not None and _fresh(public):  # what is not for all is told in another letter
            told = [item for item in told if item not in public]
            public = letters.untold(session, chat, public) if chat.platform == platform else []
            if public:  # be it in doubt: others' letters to the chat may go first each time
                reply = wording.news(language, public)
                return _write(session, reader, chat, reply, public, now=now)
        if home is None or home.platform != platform:
            return None
        if _fresh(told):
            reply = wording.news(language, told, reader.id)
            return _write(session, reader, home, reply, told, now=now)
        if not weeks:
            return None
        ctx = self._context(session, reader, home, now)
        picked = wording.weekly(ctx, told)
        if picked is None:
            news.discard(session, weeks)
            return None
        said, cards = [*weeks, *told], ctx.noted.cards
        return _write(session, reader, home, picked, said, now=now, cards=cards)

    def _context(
        self, session: Session, reader: ReaderRow, home: Destination, now: datetime
    ) -> Context:
        speaker = Speaker(Platform(home.platform), home.user_id, home.language)
        place, library = Place(home.user_id), self._library()
        return Context(session, reader, speaker, place, library, now, zone=self._zone)

    def _tell(self, *sent: Sent) -> None:
        if self._count is not None:
            for one in sent:
                self._count(one)


def said(letter: Letter) -> Reply:
    """What a letter says."""
    return STORED.validate_json(letter.reply)


def _wanted(item: Item, reader: ReaderRow, home: Destination | None) -> bool:
    """Whether there is a place where this may be said."""
    if item.kind is None:
        return reader.weekly and home is not None
    return not item.gone and (not item.adult or (reader.adult and home is not None))


def _write(
    session: Session,
    reader: ReaderRow,
    to: Destination,
    reply: Reply,
    told: Collection[Item],
    *,
    now: datetime,
    cards: Iterable[Shown] = (),
) -> Sent:
    stored = STORED.dump_json(reply).decode()
    letters.write(session, reader.id, to, stored, told, now=now)
    return Sent(to.platform, "written", tuple(cards))


def _fresh(items: list[Item]) -> bool:
    return any(not item.doubt for item in items)


def _anew(platform: Platform) -> timedelta:
    return _ANEW.get(platform, timedelta(0))
