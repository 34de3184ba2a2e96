"""What happens to works: noticed as a source tells of them, kept until those who follow know.

A value that was unknown before makes nothing happen; nor does a fill of the catalogue, in which
everything is new, and of a first one nobody follows anything yet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db import bulk, follows
from db.reader_tables import WorkEvent
from db.tables import Webtoon

Changes = Mapping[str, tuple[object, object]]  # by name, what a value was and what it is

_EARLY = 10  # chapters: a work that has more is new to us, not to readers
_FILL = 20  # works: whoever tells of more at once fills the catalogue


class Kind(StrEnum):
    """What happened; the value is stored."""

    CHAPTER = "chapter"
    RETURNED = "returned"
    COMPLETED = "completed"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Happening:
    """That something happened to a work; `detail` is the title of a new chapter."""

    webtoon_id: int
    kind: Kind
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A work that the catalogue did not have, as far as that says whether it is news."""

    webtoon_id: int
    authors: Sequence[str]
    finished: bool
    latest_number: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that nobody was told of yet; `authors` are those of its work."""

    id: int
    webtoon_id: int
    kind: Kind
    at: datetime
    authors: tuple[str, ...]


def noticed(
    webtoon_id: int, changes: Changes, *, finished: bool, chapter: str | None
) -> Iterator[Happening]:
    """What these changes of a known work mean; `finished`: it now is; `chapter`: the latest."""
    was, now = changes.get("latest_number", (None, None))
    if isinstance(was, int) and isinstance(now, int) and now > was:
        yield Happening(webtoon_id, Kind.CHAPTER, chapter or None)
    if changes.get("finished") == (False, True):
        yield Happening(webtoon_id, Kind.COMPLETED)
    if changes.get("hiatus") == (True, False) and not finished:
        yield Happening(webtoon_id, Kind.RETURNED)


def debuts(session: Session, newcomers: Sequence[Newcomer]) -> list[Happening]:
    """Those of these works that begin, by an author of whom somebody follows a work."""
    begun = [
        work
        for work in newcomers
        if not work.finished and (work.latest_number is None or work.latest_number <= _EARLY)
    ]
    if not begun or len(newcomers) > _FILL:
        return []
    awaited = follows.authors(session)
    return [
        Happening(work.webtoon_id, Kind.NEW)
        for work in begun
        if not awaited.isdisjoint(follows.names(work.authors))
    ]


def keep(session: Session, happened: Sequence[Happening], now: datetime) -> None:
    """Stores what happened, unless it did before: sites put a chapter up again, or a mark back."""
    known = _known(session, sorted({happening.webtoon_id for happening in happened}))
    session.add_all(
        WorkEvent(webtoon_id=h.webtoon_id, kind=h.kind.value, detail=h.detail, at=now)
        for h in dict.fromkeys(happened)
        if h not in known or h.kind is Kind.RETURNED or (h.kind is Kind.CHAPTER and not h.detail)
    )
    session.flush()


def waiting(session: Session, limit: int) -> list[Waiting]:
    """What nobody was told of yet, oldest first, at most so many."""
    query = (
        select(WorkEvent, Webtoon.authors)
        .join(Webtoon, Webtoon.id == WorkEvent.webtoon_id)
        .where(WorkEvent.spread_at.is_(None))
        .order_by(WorkEvent.id)
        .limit(limit)
    )
    return [
        Waiting(row.id, row.webtoon_id, Kind(row.kind), row.at, tuple(authors))
        for row, authors in session.execute(query)
    ]


def spread(session: Session, event_ids: Iterable[int], now: datetime) -> None:
    """Notes that everybody whom these concern has them among their news."""
    session.execute(update(WorkEvent).where(WorkEvent.id.in_([*event_ids])).values(spread_at=now))


def prune(session: Session, before: datetime) -> int:
    """Deletes what happened before then; how many. The news of it go with it."""
    query = delete(WorkEvent).where(WorkEvent.at < before)
    return len(session.execute(query.returning(WorkEvent.id)).all())


def _known(session: Session, ids: Sequence[int]) -> set[Happening]:
    known: set[Happening] = set()
    for batch in bulk.batches(ids):
        query = select(WorkEvent.webtoon_id, WorkEvent.kind, WorkEvent.detail).where(
            WorkEvent.webtoon_id.in_(batch)
        )
        known |= {Happening(w, Kind(kind), detail) for w, kind, detail in session.execute(query)}
    return known
