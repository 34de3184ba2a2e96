"""The works: written by imports and crawls, read as a whole by everybody else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.locks import Alone, alone
from db.tables import Webtoon


@dataclass(frozen=True, slots=True)
class Work:
    """One work as the rest of the house sees it; `key` is "source:external id"."""

    id: int
    source: str
    external_id: str
    title: str
    title_en: str | None
    authors: tuple[str, ...]
    genres: tuple[str, ...]
    keywords: tuple[str, ...]
    weekdays: tuple[str, ...]
    finished: bool
    adult: bool
    url: str

    @property
    def key(self) -> str:
        """What names this work outside this database, in model artifacts and exports."""
        return f"{self.source}:{self.external_id}"

    @property
    def about(self) -> tuple[str, ...]:
        """Its genres, keywords and authors, each with its kind: "genre:…"."""
        kinds = (("genre", self.genres), ("keyword", self.keywords), ("author", self.authors))
        return tuple(f"{kind}:{name}" for kind, names in kinds for name in names)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a source says of a work; the fields of Work without our id."""

    source: str
    external_id: str
    title: str
    title_en: str | None = None
    authors: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()
    finished: bool = False
    adult: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Upserted:
    """How many works were new, changed, and already as told."""

    new: int
    changed: int
    same: int


_TICK = timedelta(microseconds=1)
_LISTS = ("authors", "genres", "keywords", "weekdays")
_PLAIN = ("title", "title_en", "finished", "adult", "url")


def upsert(session: Session, works: Iterable[Facts], now: datetime) -> Upserted:
    """Adds and changes works by (source, external id); writes nothing where nothing changed.

    What it writes is stamped `now`, or later where the catalogue has a later stamp already: a
    transaction that took long to commit is a change like any other.
    """
    alone(session, Alone.CATALOGUE)
    _, last = version(session)
    stamp = max(now, last + _TICK) if last else now
    known = {(w.source, w.external_id): w for w in session.scalars(select(Webtoon))}
    new = changed = same = 0
    for facts in works:
        told = {f: getattr(facts, f) for f in _PLAIN} | {f: list(getattr(facts, f)) for f in _LISTS}
        row = known.get((facts.source, facts.external_id))
        if row is None:
            row = Webtoon(
                source=facts.source, external_id=facts.external_id, updated_at=stamp, **told
            )
            session.add(row)
            known[facts.source, facts.external_id] = row
            new += 1
        elif any(getattr(row, field) != value for field, value in told.items()):
            for field, value in told.items():
                setattr(row, field, value)
            row.updated_at = stamp
            changed += 1
        else:
            same += 1
    session.flush()
    return Upserted(new, changed, same)


def works(session: Session) -> list[Work]:
    """Every work, by id."""
    return [_work(row) for row in session.scalars(select(Webtoon).order_by(Webtoon.id))]


def version(session: Session) -> tuple[int, datetime | None]:
    """Changes whenever the catalogue does: how many works, and when one last changed."""
    count, last = session.execute(
        select(func.count(Webtoon.id), func.max(Webtoon.updated_at))
    ).one()
    return count, last


def titles(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """The titles of these works."""
    rows = session.execute(select(Webtoon.id, Webtoon.title).where(Webtoon.id.in_(ids)))
    return dict(rows.all())


def _work(row: Webtoon) -> Work:
    return Work(
        id=row.id,
        source=row.source,
        external_id=row.external_id,
        title=row.title,
        title_en=row.title_en,
        authors=tuple(row.authors),
        genres=tuple(row.genres),
        keywords=tuple(row.keywords),
        weekdays=tuple(row.weekdays),
        finished=row.finished,
        adult=row.adult,
        url=row.url,
    )
