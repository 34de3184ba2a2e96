"""Everything one answer may need, made anew for each event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.conversation.errors import StaleButton, UserError
from bot.conversation.events import Place, Speaker
from bot.conversation.library import Library
from bot.conversation.taste import Ranking, Taste, rank
from bot.conversation.texts import Language, language_of, say
from db import feedback, follows, impressions, links, readers
from db.catalogue import Work
from db.feedback import Told
from db.impressions import Shown
from db.readers import ReaderRow
from db.tables import Verdict

HOME = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True, slots=True)
class Noted:
    """What one answer stored, for whoever counts it once it is committed."""

    verdicts: list[tuple[Verdict | None, str]] = field(default_factory=list)  # and their source
    cards: list[Shown] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Kept:
    """For how many days cards are kept, and readers who do not speak; 0 of the latter: for ever."""

    days: int = 365
    reader_days: int = 730


@dataclass(frozen=True)
class Context:
    """One event's transaction, its reader, and the library as it stood when it came."""

    session: Session
    reader: ReaderRow
    speaker: Speaker
    place: Place
    library: Library
    now: datetime
    admin: bool = False  # one of those who run the bots
    zone: ZoneInfo = HOME  # of who chose none
    noted: Noted = field(default_factory=Noted)
    kept: Kept = Kept()

    @property
    def language(self) -> Language:
        """What the reader chose, else what their platform says."""
        return language_of(self.reader.language or self.reader.reported)

    @property
    def adult(self) -> bool:
        """May works for adults be shown: the reader asked, and nobody reads along."""
        return self.reader.adult and not self.place.shared

    @property
    def adult_elsewhere(self) -> bool:
        """Are works for adults hidden only because others read along."""
        return self.reader.adult and self.place.shared

    @cached_property
    def taste(self) -> Taste:
        """The reader's verdicts; read once, so take it after what changes them."""
        return Taste.of(feedback.current(self.session, self.reader.id))

    @cached_property
    def followed(self) -> frozenset[int]:
        """The works that the reader follows; read once, so take it after what changes them."""
        return follows.ids(self.session, self.reader.id)

    @cached_property
    def ranking(self) -> Ranking:
        """How all works rank for the reader's taste; worked out once, so take it after that."""
        return rank(self.library, self.taste)

    def record(
        self, work: Work, verdict: Verdict | None, source: str, impression_id: int | None = None
    ) -> int | None:
        """Makes this the reader's verdict on the work; as `feedback.record`."""
        event_id = feedback.record(
            self.session,
            self.reader.id,
            work.id,
            verdict,
            source=source,
            now=self.now,
            impression_id=impression_id,
        )
        if event_id is not None:
            self.noted.verdicts.append((verdict, source))
        return event_id

    def record_all(self, verdicts: Mapping[int, Verdict | None], source: str) -> list[Told]:
        """Makes these the reader's verdicts, by webtoon id; as `feedback.record_all`."""
        told = feedback.record_all(
            self.session, self.reader.id, verdicts, source=source, now=self.now
        )
        self.noted.verdicts.extend((each.verdict, source) for each in told)
        return told

    def show(self, slate: str, cards: Sequence[Shown]) -> list[int]:
        """Logs the cards of a slate; their impression ids, as `impressions.log`."""
        self.noted.cards.extend(cards)
        served = self.library.served
        return impressions.log(
            self.session,
            self.reader.id,
            slate,
            cards,
            model_id=served.id if served else None,
            now=self.now,
        )

    def say(self, key: str, /, **values: object) -> str:
        """The sentence `key` in the reader's language."""
        return say(self.language, key, **values)

    def work(self, webtoon_id: int) -> Work:
        """The work a button speaks of. Raises StaleButton, or UserError if it is for adults."""
        work = self.library.work(webtoon_id)
        if work is None:
            raise StaleButton
        self.require_showable(work)
        return work

    def require_showable(self, work: Work) -> None:
        """Raises UserError if the work is for adults and may not be shown here."""
        if work.adult and not self.adult:
            raise UserError("ask.adult_shared" if self.adult_elsewhere else "ask.adult_hidden")

    def refreshed(self) -> "Context":
        """The same with the reader's choices as they now are."""
        speaker = self.speaker
        reader = readers.of_account(
            self.session, speaker.platform, speaker.user_id, self.now, speaker.language
        )
        return replace(self, reader=reader)

    def require_owner(self, reader_id: int) -> None:
        """Raises UserError unless the button belongs to who pressed it.

        That is StaleButton if its owner is forgotten.
        """
        if reader_id == self.reader.id:
            return
        became = links.became(self.session, reader_id)  # by a link
        if became is None and not readers.present(self.session, [reader_id]):
            raise StaleButton
        if became != self.reader.id:
            raise UserError("trouble.foreign")
