"""One event in, one reply out, in one transaction: what every adapter talks to."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from bot.conversation import alerts, cards, inline, talk
from bot.conversation.commands import BY_NAME, Takes
from bot.conversation.context import HOME, Context, Kept, Noted
from bot.conversation.events import Event, Inquiry, Place, Platform, Reaction, Silent, Speaker
from bot.conversation.reply import STORED, Offer, Reply
from bot.conversation.texts import Language, language_of, say, term
from bot.mailroom import Mailroom, Sent
from bot.serving import Serving
from db import impressions, inbox, outbox, readers
from db.engine import Database
from db.errors import DatabaseError, Deadlocked
from db.outbox import Address, Letter
from db.readers import ReaderRow
from db.tables import Dial

log = structlog.get_logger()
_MAX_CHOICES = 25
LEASE = timedelta(seconds=60)  # of a letter: then any bot may deliver it


class Unavailable(Exception):
    """The database is locked or gone; nothing was written."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One autocomplete offer: what the reader sees, and what the command then receives."""

    label: str
    value: str


@dataclass(slots=True)
class Heard:
    """What came of one event, for whoever counts it: `noted` holds what was committed.

    `outcome` is answered, silent (nothing to say), repeated (it was heard before), unavailable or
    failed.
    """

    platform: Platform
    kind: str  # of Said: command, text, press, reaction, file, chosen; or inquiry
    outcome: str = "answered"
    seconds: float = 0.0
    noted: Noted = field(default_factory=Noted)


class Hearing:
    """The synchronous core as the adapters see it; safe to call from several threads."""

    def __init__(
        self,
        database: Database,
        serving: Serving,
        clock: Callable[[], datetime],
        *,
        admins: Collection[Address] = (),
        zone: ZoneInfo = HOME,
        count: Callable[[Heard], None] | None = None,
        kept: Kept = Kept(),  # noqa: B008 -- it is frozen
        sent: Callable[[Sent], None] | None = None,
    ) -> None:
        """`admins` are the accounts of those who run the bots; `count` is told of each event.

        `zone` is where readers are who chose none. `kept` is for how long things are kept, which
        readers are told. `sent` is told what became of each letter to a reader.
        """
        self._database, self._serving, self._clock = database, serving, clock
        self._admins, self._zone, self._count = frozenset(admins), zone, count
        self._kept = kept
        self.mailroom = Mailroom(self._write, lambda: serving.library, clock, zone, sent)

    def admins(self, platform: Platform) -> bool:
        """Whether any of those who run the bots is on this platform."""
        return any(there == platform for there, _ in self._admins)

    def hear(self, event: Event, *, again: bool = False) -> Reply | None:
        """The answer to `event`; None when there is nothing to say or it was heard before.

        `again` is for an event replayed after a crash: its stored answer is given once more.
        Raises Unavailable only for what is Silent, which nobody could be told to try again.
        """
        with self._counted(event.speaker, type(event.said).__name__.lower()) as heard:
            return self._heard(event, again, heard)

    def inquire(self, speaker: Speaker, inquiry: Inquiry) -> Offer:
        """The works for what is being typed; none while in trouble. Nothing is written."""
        with self._counted(speaker, "inquiry") as heard:
            try:
                return self._inquire(speaker, inquiry)
            except DatabaseError as error:
                heard.outcome = "unavailable"
                log.warning("inquiry not answered", reason=str(error))
            except Exception:
                heard.outcome = "failed"
                log.exception("inquiry failed", platform=speaker.platform.value)
            return Offer()

    def _heard(self, event: Event, again: bool, heard: Heard) -> Reply | None:
        try:
            # Somebody's other account said something at once; what it held is free by now.
            with suppress(Deadlocked):
                return self._hear(event, again, heard)
            return self._hear(event, again, heard)
        except DatabaseError as error:
            heard.outcome = "unavailable"
            log.error("event not handled", key=event.key, reason=str(error))
            if isinstance(event.said, Silent):
                raise Unavailable(str(error)) from error
            return self.apology(event.speaker)
        except Exception:  # a bug must cost one answer, not the bot
            heard.outcome = "failed"
            log.exception("event failed", key=event.key, platform=event.speaker.platform.value)
            if isinstance(event.said, Silent):
                return None
            return self._sorry(event.speaker, "trouble.broken")

    def apology(self, speaker: Speaker) -> Reply:
        """What to say while the database is away: try again in a moment."""
        return self._sorry(speaker, "trouble.busy")

    def keep(
        self,
        platform: Platform,
        updates: Sequence[tuple[str, str]],
        lease: timedelta | None = None,
    ) -> list[str]:
        """Stores raw updates (key, payload) durably; the keys that were not known before.

        With a lease these are ours for so long, where several bots take from one inbox. Raises
        Unavailable.
        """
        now = self._clock()
        with self._available(), self._database.write() as session:
            return inbox.keep(session, platform, updates, now, now + lease if lease else None)

    def take(self, platform: Platform, lease: timedelta) -> list[tuple[str, str]]:
        """Kept updates that nobody is at, oldest first; now ours. Raises Unavailable."""
        now = self._clock()
        with self._available(), self._database.write() as session:
            return inbox.take(session, platform, now, now + lease)

    def hold(self, platform: Platform, keys: Sequence[str], lease: timedelta | None) -> None:
        """Keeps updates ours for another `lease`; None gives them back. Raises Unavailable."""
        until = self._clock() + lease if lease else None
        with self._available(), self._database.write() as session:
            inbox.hold(session, platform, keys, until)

    def unanswered(self, platform: Platform) -> int:
        """How many kept updates wait for their answer. Raises Unavailable."""
        with self._available(), self._database.read() as session:
            return inbox.unanswered(session, platform)

    def waiting(self, platform: Platform) -> list[tuple[str, str]]:
        """Kept updates (key, payload) not known to be answered, oldest first.

        Raises Unavailable.
        """
        with self._available(), self._database.read() as session:
            return inbox.waiting(session, platform)

    def answered(self, platform: Platform, key: str) -> None:
        """Marks an update as answered and blanks what was kept of it. Raises Unavailable."""
        with self._available(), self._database.write() as session:
            inbox.answered(session, platform, key, self._clock())

    def delivered(self, shown: Sequence[int], message: str) -> None:
        """Remembers the message ("telegram:<chat>:<id>") that shows these impressions.

        Raises Unavailable.
        """
        with self._available(), self._database.write() as session:
            impressions.delivered(session, shown, message)

    def letters(self, platform: Platform, limit: int = 10) -> list[Letter]:
        """Letters to deliver on `platform`, ours for LEASE. Raises Unavailable."""
        now = self._clock()
        with self._available(), self._database.write() as session:
            return outbox.take(session, platform, now, now + LEASE, limit)

    def posted(self, letter_id: int, error: str | None = None) -> None:
        """Notes that a letter was delivered or, with `error`, never can be. Raises Unavailable."""
        with self._available(), self._database.write() as session:
            outbox.done(session, letter_id, self._clock(), error)

    def complete(self, speaker: Speaker, command: str, typed: str) -> list[Choice]:
        """At most 25 autocomplete offers for the argument of `command`; none while in trouble."""
        spec = BY_NAME.get(command)
        if spec is None or spec.takes in (Takes.NOTHING, Takes.CODE, Takes.LIST):
            return []
        if spec.takes is Takes.LANGUAGE:
            return [Choice(name, name) for name in ("한국어", "English")]
        if spec.takes is Takes.DIAL:
            language = language_of(speaker.language)
            return [Choice(say(language, f"button.dial_{dial}"), dial.value) for dial in Dial]
        if spec.takes is Takes.ALERTS:
            offers = alerts.offers(language_of(speaker.language), typed)
            return [Choice(label, value) for label, value in offers[:_MAX_CHOICES]]
        if spec.takes is Takes.FILTER:
            return self._filters(language_of(speaker.language), typed)
        library = self._serving.library
        works = (library.work(i) for i in library.index.complete(typed, 2 * _MAX_CHOICES))
        offered = [work for work in works if work is not None and not work.adult]
        return [Choice(cards.title(work), f"#{work.id}") for work in offered[:_MAX_CHOICES]]

    def _hear(self, event: Event, again: bool, heard: Heard) -> Reply | None:
        library, now = self._serving.library, self._clock()
        platform = event.speaker.platform
        with self._database.write() as session:
            if isinstance(event.said, Reaction) and not impressions.on_message(
                session, event.said.message
            ):
                heard.outcome = "silent"
                return None  # a word to somebody else: of them nothing is stored
            known = inbox.claim(session, platform, event.key, now)
            if known is not None:
                heard.outcome = "repeated"
                return STORED.validate_json(known.reply) if again and known.reply else None
            reader = readers.of_account(
                session, platform, event.speaker.user_id, now, event.speaker.language
            )
            readers.spoke(session, platform, event.speaker.user_id, now)
            admin = (platform, event.speaker.user_id) in self._admins
            ctx = Context(
                session,
                reader,
                event.speaker,
                event.place,
                library,
                now,
                admin,
                zone=self._zone,
                kept=self._kept,
            )
            reply = talk.answer(ctx, event.said)
            stored = STORED.dump_json(reply).decode() if reply and platform.replays else None
            inbox.handled(session, platform, event.key, stored, now)
        heard.noted = ctx.noted  # committed by now
        if reply is None:
            heard.outcome = "silent"
        return reply

    def _inquire(self, speaker: Speaker, inquiry: Inquiry) -> Offer:
        platform, everywhere = speaker.platform, Place("", shared=True)
        with self._database.read() as session:
            reader = readers.known(session, platform, speaker.user_id)
            # 0 is nobody's id: whoever just types is not made a reader by it.
            stranger = ReaderRow(0, None, speaker.language, adult=False, trains=False)
            ctx = Context(
                session,
                reader or stranger,
                speaker,
                everywhere,
                self._serving.library,
                self._clock(),
            )
            return inline.inquire(ctx, inquiry)

    def _filters(self, language: Language, typed: str) -> list[Choice]:
        library = self._serving.library
        names = dict.fromkeys((*library.genres, *library.keywords))  # one name may be both
        offers = [(say(language, f"recommend.{name}"), name) for name in ("finished", "ongoing")]
        offers += [(term(language, name), name) for name in names]
        sought = typed.strip().lower()
        return [
            Choice(label, name)
            for label, name in offers
            if sought in label.lower() or sought in name.lower()
        ][:_MAX_CHOICES]

    def _sorry(self, speaker: Speaker, key: str) -> Reply:
        sentence = say(language_of(speaker.language), key)
        return Reply(sentence, private=True)

    @contextmanager
    def _counted(self, speaker: Speaker, kind: str) -> Iterator[Heard]:
        heard = Heard(speaker.platform, kind)
        began = time.perf_counter()
        try:
            yield heard
        finally:
            heard.seconds = time.perf_counter() - began
            if self._count is not None:
                self._count(heard)

    @contextmanager
    def _write(self) -> Iterator[Session]:
        with self._available(), self._database.write() as session:
            yield session

    @contextmanager
    def _available(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            raise Unavailable(str(error)) from error
