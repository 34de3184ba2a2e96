"""The works: written by imports and crawls, read as a whole by everybody else."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from db import bulk, happenings
from db.crawl_tables import WebtoonDetail
from db.happenings import Changes, Happening, Newcomer
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
    gone: bool = False  # its site has it no more

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
    """What a source says of a work: the fields of Work, and those of WebtoonDetail.

    None means that nothing was said, which leaves alone what is known; "" of `title_en` that there
    is no English title.
    """

    source: str
    external_id: str
    title: str
    title_en: str | None = None
    authors: tuple[str, ...] | None = None
    genres: tuple[str, ...] | None = None
    keywords: tuple[str, ...] | None = None
    weekdays: tuple[str, ...] | None = None
    finished: bool | None = None
    adult: bool | None = None
    url: str | None = None
    synopsis: str | None = None
    age: int | None = None
    hiatus: bool | None = None
    up: bool | None = None
    latest_number: int | None = None
    latest_title: str | None = None
    thumbnail_url: str | None = None
    gated: bool | None = None
    rough: tuple[str, ...] = ()  # names of fields that fill what is empty, and change nothing


@dataclass(frozen=True, slots=True)
class Upserted:
    """How many works were new, changed, and already as told."""

    new: int
    changed: int
    same: int


@dataclass(frozen=True, slots=True)
class Detail:
    """What files say of a work beyond its card; None where nobody told."""

    synopsis: str | None = None
    age: int | None = None
    hiatus: bool | None = None
    thumbnail_url: str | None = None


_TICK = timedelta(microseconds=1)
_LISTS = ("authors", "genres", "keywords", "weekdays")
_CARD = ("title", "title_en", "finished", "adult", "url", *_LISTS)
_UNTOLD = {"title_en": None, "finished": False, "adult": False, "url": ""}
_DETAILS = (
    "synopsis",
    "age",
    "hiatus",
    "up",
    "latest_number",
    "latest_title",
    "thumbnail_url",
    "gated",
)


def upsert(session: Session, works: Iterable[Facts], now: datetime) -> Upserted:
    """Adds and changes works by (source, external id); writes nothing where nothing changed.

    Works that were gone are back. What it writes is stamped `now`, or later where the catalogue
    has a later stamp already: a transaction that took long to commit is a change like any other.
    What this says happened to works is kept for those who follow.
    """
    alone(session, Alone.CATALOGUE)
    stamp = _stamp(session, now)
    outcomes: Counter[str] = Counter()
    happened: list[Happening] = []
    newcomers: list[Newcomer] = []
    for batch in bulk.batches(works):
        outcomes.update(_upsert(session, batch, stamp, happened, newcomers))
    if newcomers:
        happened += happenings.debuts(session, newcomers)
    if happened:
        happenings.keep(session, happened, now)
    return Upserted(outcomes["new"], outcomes["changed"], outcomes["same"])


def saw(session: Session, keys: Iterable[tuple[str, str]], now: datetime) -> None:
    """Notes that a site lists the works with these (source, external id)."""
    for source, ids in _by_source(keys).items():
        for batch in bulk.batches(ids):
            chosen = select(Webtoon.id).where(
                Webtoon.source == source, Webtoon.external_id.in_(batch)
            )
            session.execute(
                update(WebtoonDetail)
                .where(WebtoonDetail.webtoon_id.in_(chosen))
                .values(seen_at=now)
                .execution_options(synchronize_session=False)
            )


def was_read(session: Session, source: str, external_id: str, now: datetime) -> None:
    """Notes that the work's own page was read."""
    row = _row(session, source, external_id)
    if row is not None:
        _detail(session, row.id).read_at = now


def gate(session: Session, source: str, external_id: str, now: datetime) -> None:
    """Notes that the work's own page wants an adult's login."""
    row = _row(session, source, external_id)
    if row is not None:
        detail = _detail(session, row.id)
        detail.gated, detail.read_at = True, now


def unseen(session: Session, source: str, since: datetime) -> list[str]:
    """The external ids of works that are not gone and that no list had since then."""
    query = (
        select(Webtoon.external_id)
        .outerjoin(WebtoonDetail, WebtoonDetail.webtoon_id == Webtoon.id)
        .where(
            Webtoon.source == source,
            Webtoon.gone_at.is_(None),
            or_(WebtoonDetail.seen_at.is_(None), WebtoonDetail.seen_at < since),
        )
        .order_by(Webtoon.id)
    )
    return list(session.scalars(query))


def is_unseen(session: Session, source: str, external_id: str, since: datetime) -> bool:
    """Whether no list had this work since then, as far as is known."""
    row = _row(session, source, external_id)
    detail = session.get(WebtoonDetail, row.id) if row is not None else None
    return detail is None or detail.seen_at is None or detail.seen_at < since


def bury(session: Session, source: str, external_id: str, now: datetime) -> bool:
    """Notes that the site has this work no more; False if that is known, or the work is not.

    Nothing that anybody said of it is lost, and `upsert` brings it back.
    """
    alone(session, Alone.CATALOGUE)
    row = _row(session, source, external_id)
    if row is None or row.gone_at is not None:
        return False
    row.gone_at, row.updated_at = now, _stamp(session, now)
    session.flush()
    return True


def works(session: Session) -> list[Work]:
    """Every work, by id."""
    return [_work(row) for row in session.scalars(select(Webtoon).order_by(Webtoon.id))]


def works_by_id(session: Session, ids: Iterable[int]) -> dict[int, Work]:
    """These works, as they are this moment."""
    rows = session.scalars(select(Webtoon).where(Webtoon.id.in_(ids)))
    return {row.id: _work(row) for row in rows}


def details(session: Session) -> dict[tuple[str, str], Detail]:
    """What is known beyond their cards, by (source, external id); only of works that have any."""
    query = select(Webtoon.source, Webtoon.external_id, WebtoonDetail).join(
        WebtoonDetail, WebtoonDetail.webtoon_id == Webtoon.id
    )
    return {
        (source, external_id): Detail(row.synopsis, row.age, row.hiatus, row.thumbnail_url)
        for source, external_id, row in session.execute(query)
    }


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


def thumbnails(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Where the sites have the pictures of these works; only of works that have one."""
    rows = session.execute(
        select(WebtoonDetail.webtoon_id, WebtoonDetail.thumbnail_url).where(
            WebtoonDetail.webtoon_id.in_(ids)
        )
    )
    return {webtoon_id: url for webtoon_id, url in rows if url}


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
        gone=row.gone_at is not None,
    )


def _stamp(session: Session, now: datetime) -> datetime:
    _, last = version(session)
    return max(now, last + _TICK) if last else now


def _row(session: Session, source: str, external_id: str) -> Webtoon | None:
    query = select(Webtoon).where(Webtoon.source == source, Webtoon.external_id == external_id)
    return session.scalar(query)


def _known(session: Session, works: Sequence[Facts]) -> dict[tuple[str, str], Webtoon]:
    found: dict[tuple[str, str], Webtoon] = {}
    for source, ids in _by_source((f.source, f.external_id) for f in works).items():
        query = select(Webtoon).where(Webtoon.source == source, Webtoon.external_id.in_(ids))
        found |= {(row.source, row.external_id): row for row in session.scalars(query)}
    return found


def _by_source(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source, external_id in keys:
        found.setdefault(source, []).append(external_id)
    return found


def _upsert(
    session: Session,
    batch: Sequence[Facts],
    stamp: datetime,
    happened: list[Happening],
    newcomers: list[Newcomer],
) -> list[str]:
    """What became of each: new, changed, or same."""
    known = _known(session, batch)
    rows, outcomes, changes = [], [], list[Changes | None]()
    for facts in batch:
        key = (facts.source, facts.external_id)
        row, told = known.get(key), _told(facts, _CARD)
        if row is None:
            blank: dict[str, object] = {**_UNTOLD, **{name: [] for name in _LISTS}}
            row = Webtoon(source=key[0], external_id=key[1], updated_at=stamp, **(blank | told))
            session.add(row)
            known[key] = row
            outcomes.append("new")
            changes.append(None)
        else:
            told = {n: v for n, v in told.items() if n not in facts.rough or not getattr(row, n)}
            told["gone_at"] = None
            changes.append(_set(row, told))
            outcomes.append("changed" if changes[-1] else "same")
            if outcomes[-1] == "changed":
                row.updated_at = stamp
        rows.append(row)
    session.flush()
    for number, more in enumerate(_upsert_details(session, rows, batch, stamp)):
        row, facts, changed = rows[number], batch[number], changes[number]
        if changed is None:
            newcomers.append(Newcomer(row.id, row.authors, row.finished, facts.latest_number))
        elif changed or more:
            happened += _happened(row, facts, {**changed, **more})
            outcomes[number] = "changed"
    session.flush()
    return outcomes


def _happened(row: Webtoon, facts: Facts, changes: Changes) -> Iterator[Happening]:
    sure = {name: change for name, change in changes.items() if name not in facts.rough}
    return happenings.noticed(row.id, sure, finished=row.finished, chapter=facts.latest_title)


def _upsert_details(
    session: Session, rows: Sequence[Webtoon], batch: Sequence[Facts], stamp: datetime
) -> Iterator[Changes]:
    """What changed of each."""
    query = select(WebtoonDetail).where(WebtoonDetail.webtoon_id.in_([row.id for row in rows]))
    known = {detail.webtoon_id: detail for detail in session.scalars(query)}
    for row, facts in zip(rows, batch, strict=True):
        told, detail = _told(facts, _DETAILS), known.get(row.id)
        if detail is None:
            detail = known[row.id] = WebtoonDetail(webtoon_id=row.id)
            session.add(detail)
        changed = _set(detail, told)
        if "latest_number" in changed:
            detail.latest_at = stamp
        yield changed


def _told(facts: Facts, names: Sequence[str]) -> dict[str, object]:
    """What the source said of these, as the tables have it."""
    told = {name: getattr(facts, name) for name in names if getattr(facts, name) is not None}
    if told.get("title_en") == "":
        told["title_en"] = None
    return {name: list(value) if name in _LISTS else value for name, value in told.items()}


def _set(row: Webtoon | WebtoonDetail, told: Mapping[str, object]) -> Changes:
    """What this changed."""
    changed = {n: (was, value) for n, value in told.items() if (was := getattr(row, n)) != value}
    for name, (_, value) in changed.items():
        setattr(row, name, value)
    return changed


def _detail(session: Session, webtoon_id: int) -> WebtoonDetail:
    row = session.get(WebtoonDetail, webtoon_id)
    if row is None:
        row = WebtoonDetail(webtoon_id=webtoon_id)
        session.add(row)
    return row
