"""What a crawl is sent for and what it brings back, and places as the frontier keeps them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from crawler.source import KnownWork, Source, Spot, Subject
from db import catalogue, foreign
from db.frontier import Place
from tasks.importing import rater_id


@dataclass(frozen=True, slots=True)
class Errand:
    """One run: when it and its round began, and what bounds it.

    A round begins with a run after one that was through; what was visited in a round is not
    visited again in it. `since`: what was visited later is fresh, whatever its kind.
    """

    began: datetime
    round_began: datetime
    key: bytes  # of the hash that stands for a person
    since: datetime | None = None
    limit: int | None = None  # pages of the frontier
    deadline: datetime | None = None


@dataclass(slots=True)
class Report:
    """What a run did. `ended` says in a sentence why it is not through; None where it is."""

    visits: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    gone: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    ended: str | None = None
    closed: bool = False  # by the site, or by what we may ask of it
    blocked: bool = False
    remaining: dict[str, int] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    pages: int = 0
    waited_seconds: float = 0.0
    disallowed: int = 0

    def counts(self) -> dict[str, object]:
        """The same as a job's record has it."""
        words = ("incomplete", "gated", "login_required", "failed", "refused", "drift")
        return {
            "pages": self.pages,
            "visits": self.visits,
            "new": self.new,
            "changed": self.changed,
            "same": self.same,
            "gone": self.gone,
            **{word: self.outcomes[word] for word in words},
            "disallowed": self.disallowed,
            "waited_seconds": round(self.waited_seconds, 1),
            "remaining": sum(self.remaining.values()),
            "through": self.ended is None,
        }


def known_works(session: Session, source: str) -> list[KnownWork]:
    """The catalogue as this source sees it."""
    codes: dict[int, list[str]] = {}
    for row in foreign.every(session, source):
        if row.webtoon_id is not None and not row.gone:
            codes.setdefault(row.webtoon_id, []).append(row.code)
    return [
        KnownWork(work.source, work.external_id, work.title, tuple(codes.get(work.id, ())))
        for work in catalogue.works(session)
        if not work.gone
    ]


def places(source: Source, errand: Errand, spots: Iterable[Spot]) -> list[Place]:
    """Spots as the frontier keeps them: persons by their hash, and from when on they are stale."""
    found = []
    for spot in spots:
        person = source.subjects.get(spot.kind) is Subject.PERSON
        key = rater_id(source.name, spot.key, errand.key) if person else spot.key
        stale = errand.since or errand.began - spot.fresh_for
        # What was visited in this round is fresh, however it ended.
        stale = min(stale, errand.round_began)
        place = Place(
            spot.kind,
            key,
            spot.address,
            stale,
            spot.version,
            personal=person,
            again_after=spot.fresh_for if errand.since is None else None,
            horizon=errand.deadline,
        )
        found.append(place)
    return found
