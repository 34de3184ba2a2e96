"""One event in, one reply out, in one transaction: what every adapter talks to."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog
from pydantic import TypeAdapter

from bot.conversation import cards, talk
from bot.conversation.commands import BY_NAME, Takes
from bot.conversation.context import Context
from bot.conversation.events import Event, Platform, Reaction, Speaker
from bot.conversation.reply import Reply
from bot.conversation.texts import Language, language_of, say, term
from bot.serving import Serving
from db import impressions, inbox, readers
from db.engine import Database
from db.errors import DatabaseError

log = structlog.get_logger()
_REPLY = TypeAdapter(Reply)
_MAX_CHOICES = 25


class Unavailable(Exception):
    """The database is locked or gone; nothing was written."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One autocomplete offer: what the reader sees, and what the command then receives."""

    label: str
    value: str


class Hearing:
    """The synchronous core as the adapters see it; safe to call from several threads."""

    def __init__(self, database: Database, serving: Serving, clock: Callable[[], datetime]) -> None:
        self._database, self._serving, self._clock = database, serving, clock

    def hear(self, event: Event, *, again: bool = False) -> Reply | None:
        """The answer to `event`; None when there is nothing to say or it was heard before.

        `again` is for an event replayed after a crash: its stored answer is given once more.
        Raises Unavailable only for a reaction, which nobody could be told to try again.
        """
        try:
            return self._hear(event, again)
        except DatabaseError as error:
            log.error("event not handled", key=event.key, reason=str(error))
            if isinstance(event.said, Reaction):
                raise Unavailable(str(error)) from error
            return self.apology(event.speaker)
        except Exception:  # a bug must cost one answer, not the bot
            log.exception("event failed", key=event.key, platform=event.speaker.platform.value)
            if isinstance(event.said, Reaction):
                return None
            return self._sorry(event.speaker, "trouble.broken")

    def apology(self, speaker: Speaker) -> Reply:
        """What to say while the database is away: try again in a moment."""
        return self._sorry(speaker, "trouble.busy")

    def keep(self, platform: Platform, updates: Sequence[tuple[str, str]]) -> list[str]:
        """Stores raw updates (key, payload) durably; the keys that were not known before.

        Raises Unavailable.
        """
        with self._available(), self._database.write() as session:
            return inbox.keep(session, platform, updates, self._clock())

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

    def complete(self, speaker: Speaker, command: str, typed: str) -> list[Choice]:
        """At most 25 autocomplete offers for the argument of `command`; none while in trouble."""
        spec = BY_NAME.get(command)
        if spec is None or spec.takes is Takes.NOTHING:
            return []
        if spec.takes is Takes.LANGUAGE:
            return [Choice(name, name) for name in ("한국어", "English")]
        if spec.takes is Takes.FILTER:
            return self._filters(language_of(speaker.language), typed)
        library = self._serving.library
        works = (library.work(i) for i in library.index.complete(typed, 2 * _MAX_CHOICES))
        offered = [work for work in works if work is not None and not work.adult]
        return [Choice(cards.title(work), f"#{work.id}") for work in offered[:_MAX_CHOICES]]

    def _hear(self, event: Event, again: bool) -> Reply | None:
        library, now = self._serving.library, self._clock()
        platform = event.speaker.platform
        with self._database.write() as session:
            if isinstance(event.said, Reaction) and not impressions.on_message(
                session, event.said.message
            ):
                return None  # a word to somebody else: of them nothing is stored
            known = inbox.claim(session, platform, event.key, now)
            if known is not None:
                return _REPLY.validate_json(known.reply) if again and known.reply else None
            reader = readers.of_account(
                session, platform, event.speaker.user_id, now, event.speaker.language
            )
            ctx = Context(session, reader, event.speaker, event.place, library, now)
            reply = talk.answer(ctx, event.said)
            stored = _REPLY.dump_json(reply).decode() if reply and platform.replays else None
            inbox.handled(session, platform, event.key, stored, now)
        return reply

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
    def _available(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            raise Unavailable(str(error)) from error
