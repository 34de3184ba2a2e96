"""Two readers becoming one, because one person is behind both; it can be undone for a while.

What one reader has goes over to the other as it is, row by row, so that nothing that points at it
breaks; `ReaderLink.before` keeps which rows those were, and what they replaced.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from db.reader_tables import ReaderLink
from db.tables import Account, Base, Feedback, FeedbackEvent, Reader, UtcDateTime, Verdict

UNDOABLE = timedelta(days=1)  # what undoes a link is kept for so long
_BATCH = 500  # ids a statement
_TABLES = Base.metadata.tables
# Rows that only name their reader: they go over, and back, by their ids.
_PLAIN = ("impression", "feedback_event", "import_batch", "outbox", "reader_link")
# Rows of which a reader has one for each of something: who has none of their own gets them.
_KEYED = {"follow": "webtoon_id", "party_member": "party_id"}
# Of two choices the surviving reader's counts, if they made one.
_CHOICES = ("language", "dial", "alerts", "alerts_to", "zone", "quiet_from", "quiet_until")

_CONSENTS = ("trains", "weekly")


@dataclass(frozen=True, slots=True)
class LinkRow:
    """That `former_id` became part of `reader_id`; `undoable` as long as what was is kept."""

    id: int
    reader_id: int
    former_id: int
    at: datetime
    undoable: bool


@dataclass(frozen=True, slots=True)
class Said:
    """The last that a reader said of a work; None: they took it back."""

    verdict: Verdict | None
    at: datetime
    event_id: int
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Union:
    """What two readers said, and what will stand once they are one: by webtoon id."""

    mine: Mapping[int, Said]
    theirs: Mapping[int, Said]
    changed: Mapping[int, Said]  # of what is mine, by what is theirs and later

    @property
    def standing(self) -> int:
        """How many verdicts will stand."""
        return sum(said.verdict is not None for said in {**self.mine, **self.changed}.values())

    @property
    def differing(self) -> dict[int, Verdict]:
        """The verdict that will stand on works on which both have one, and not the same."""
        return {
            work: self.changed.get(work, mine).verdict or mine.verdict
            for work, mine in self.mine.items()
            if (theirs := self.theirs.get(work))
            and mine.verdict
            and theirs.verdict
            and mine.verdict != theirs.verdict
        }


def hold(session: Session, *readers: int) -> None:
    """Lets nobody else do anything for these readers until the transaction ends."""
    for table, column in ((Account, Account.reader_id), (Reader, Reader.id)):
        query = select(table.id).where(column.in_(readers)).order_by(table.id)
        session.execute(query.with_for_update()).all()


def compare(session: Session, mine: int, theirs: int) -> Union:
    """What will stand if the reader `theirs` becomes part of `mine`: the later word counts."""
    ours, others = _said(session, mine), _said(session, theirs)
    changed = {
        work: said
        for work, said in others.items()
        if work not in ours or (said.at, said.event_id) > (ours[work].at, ours[work].event_id)
    }
    return Union(ours, others, changed)


def unite(session: Session, mine: int, theirs: int, now: datetime) -> tuple[int, Union]:
    """Makes the reader `theirs` part of `mine`; the link's id, and what both said.

    `theirs` is gone afterwards. What waits to be told keeps the hours that it was due at.
    """
    hold(session, mine, theirs)
    found = compare(session, mine, theirs)
    _forget_told(session, mine, theirs)
    survivor, former = session.get_one(Reader, mine), session.get_one(Reader, theirs)
    before: dict[str, Any] = {
        "reader": _columns(former),
        "survivor": _columns(survivor),
        "feedback": _standing(found.theirs),
        "replaced": _standing({w: s for w, s in found.mine.items() if w in found.changed}),
        "changed": list(found.changed),
        "until": session.scalar(select(func.max(FeedbackEvent.id))) or 0,
        "rows": {name: _ids(session, name, theirs) for name in ("account", "news", *_PLAIN)},
        "keyed": {name: _all(session, name, theirs) for name in _KEYED},
        "own": {
            name: [row[key] for row in _all(session, name, mine)] for name, key in _KEYED.items()
        },
    }
    for name in ("account", *_PLAIN):
        _hand_over(session, name, theirs, mine)
    _replace(session, mine, found.changed)
    for name, key in (("news", "key"), *_KEYED.items()):
        _bring(session, name, key, theirs, mine)
    _choose(survivor, former)
    link = ReaderLink(reader_id=mine, former_id=theirs, at=now, before=before)
    session.add(link)
    session.flush()
    session.execute(delete(Reader).where(Reader.id == theirs))
    session.expire_all()
    return link.id, found


def undo(session: Session, link_id: int, now: datetime) -> None:
    """Makes two readers of one again, each with what they had; what was said since stays.

    To be called with the latest link of a reader, while it is undoable.
    """
    link = session.get_one(ReaderLink, link_id)
    before: Any = link.before
    mine, theirs = link.reader_id, link.former_id
    hold(session, mine)
    session.execute(insert(Reader).values(id=theirs, **_told("reader", before["reader"])))
    for name, ids in before["rows"].items():
        _give_back(session, name, ids, mine, theirs)
    _restore(session, mine, before)
    _insert(session, "feedback", theirs, before["feedback"])
    for name, key in _KEYED.items():
        rows = before["keyed"][name]
        brought = [row for row in rows if row[key] not in before["own"][name]]
        _take_back(session, name, key, mine, brought)
        _insert(session, name, theirs, rows)
    link.undone_at, link.before = now, None
    session.flush()
    session.expire_all()


def last(session: Session, reader_id: int) -> LinkRow | None:
    """The latest link of a reader that was not undone."""
    query = (
        select(ReaderLink)
        .where(ReaderLink.reader_id == reader_id, ReaderLink.undone_at.is_(None))
        .order_by(ReaderLink.id.desc())
        .limit(1)
    )
    row = session.scalar(query)
    if row is None:
        return None
    return LinkRow(row.id, row.reader_id, row.former_id, row.at, row.before is not None)


def became(session: Session, former_id: int) -> int | None:
    """The reader whom one who is gone became part of, however many links ago; None if none."""
    found, seen = former_id, {former_id}
    while True:
        query = select(ReaderLink.reader_id).where(
            ReaderLink.former_id == found, ReaderLink.undone_at.is_(None)
        )
        following = session.scalar(query.order_by(ReaderLink.id.desc()).limit(1))
        if following is None or following in seen:
            return found if found != former_id else None
        found = following
        seen.add(found)


def prune(session: Session, *, undoable: datetime, before: datetime) -> int:
    """Ends the undoing of links made before `undoable`, and deletes those made before `before`.

    How many were deleted: buttons of the reader who was work no longer.
    """
    session.execute(
        update(ReaderLink)
        .where(ReaderLink.at < undoable, ReaderLink.before.is_not(None))
        .values(before=None)
    )
    old = delete(ReaderLink).where(ReaderLink.at < before).returning(ReaderLink.id)
    return len(session.execute(old).all())


def _said(session: Session, reader_id: int) -> dict[int, Said]:
    """The last that a reader said of each work, taking it back included."""
    taken_back = session.execute(
        select(FeedbackEvent.webtoon_id, func.max(FeedbackEvent.at), func.max(FeedbackEvent.id))
        .where(FeedbackEvent.reader_id == reader_id, FeedbackEvent.verdict.is_(None))
        .group_by(FeedbackEvent.webtoon_id)
    )
    standing = session.execute(
        select(
            Feedback.webtoon_id,
            Feedback.verdict,
            Feedback.at,
            Feedback.event_id,
            Feedback.ignored,
        ).where(Feedback.reader_id == reader_id)
    )
    said = {work: Said(None, at, event_id) for work, at, event_id in taken_back}
    return said | {row.webtoon_id: Said(Verdict(row.verdict), *row[2:]) for row in standing}


def _replace(session: Session, reader_id: int, said: Mapping[int, Said]) -> None:
    """Makes this what a reader says of these works."""
    for few in _batches(said):
        session.execute(
            delete(Feedback).where(Feedback.reader_id == reader_id, Feedback.webtoon_id.in_(few))
        )
    _insert(session, "feedback", reader_id, _standing(said))


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    every = list(ids)
    return (every[start : start + _BATCH] for start in range(0, len(every), _BATCH))


def _restore(session: Session, mine: int, before: Mapping[str, Any]) -> None:
    """Gives the surviving reader their verdicts and choices back where nothing changed since."""
    since = select(FeedbackEvent.webtoon_id).where(
        FeedbackEvent.reader_id == mine, FeedbackEvent.id > before["until"]
    )
    untouched = set(before["changed"]) - set(session.scalars(since))
    own = {row["webtoon_id"]: row["verdict"] for row in before["replaced"]}
    for work in set(before["changed"]) - untouched:
        # What was said first since then took the place of what is the other reader's again.
        first = select(func.min(FeedbackEvent.id)).where(
            FeedbackEvent.reader_id == mine,
            FeedbackEvent.webtoon_id == work,
            FeedbackEvent.id > before["until"],
        )
        session.execute(
            update(FeedbackEvent)
            .where(FeedbackEvent.id == first.scalar_subquery())
            .values(previous=own.get(work))
        )
    for few in _batches(untouched):
        session.execute(
            delete(Feedback).where(Feedback.reader_id == mine, Feedback.webtoon_id.in_(few))
        )
    _insert(
        session,
        "feedback",
        mine,
        [row for row in before["replaced"] if row["webtoon_id"] in untouched],
    )
    survivor = session.get_one(Reader, mine)
    was, other = before["survivor"], before["reader"]
    for name in _CHOICES:
        if was[name] is None and getattr(survivor, name) == other[name]:
            setattr(survivor, name, None)
    for name in _CONSENTS:
        if was[name] and not other[name]:
            setattr(survivor, name, True)


def _choose(survivor: Reader, former: Reader) -> None:
    for name in _CHOICES:
        if getattr(survivor, name) is None:
            setattr(survivor, name, getattr(former, name))
    for name in _CONSENTS:  # whoever said no once, on either account, is left alone
        if not getattr(former, name):
            setattr(survivor, name, False)


def _hand_over(session: Session, name: str, theirs: int, mine: int) -> None:
    table = _TABLES[name]
    session.execute(update(table).where(table.c.reader_id == theirs).values(reader_id=mine))


def _give_back(session: Session, name: str, ids: Iterable[int], mine: int, theirs: int) -> None:
    table = _TABLES[name]
    for few in _batches(ids):
        session.execute(
            update(table)
            .where(table.c.id.in_(few), table.c.reader_id == mine)
            .values(reader_id=theirs)
        )


def _bring(session: Session, name: str, key: str, theirs: int, mine: int) -> None:
    """Hands over what the other reader has not of their own; the rest goes with its reader."""
    table = _TABLES[name]
    own = select(table.c[key]).where(table.c.reader_id == mine)
    session.execute(
        update(table)
        .where(table.c.reader_id == theirs, table.c[key].not_in(own))
        .values(reader_id=mine)
    )


def _take_back(
    session: Session, name: str, key: str, mine: int, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Deletes what was brought: rows that are still as they were, moment and all."""
    table = _TABLES[name]
    moment = next(c for c in table.columns if isinstance(c.type, UtcDateTime))
    for row in rows:
        at = datetime.fromisoformat(row[moment.name])
        same = (table.c.reader_id == mine, table.c[key] == row[key], moment == at)
        session.execute(delete(table).where(*same))


def _forget_told(session: Session, mine: int, theirs: int) -> None:
    """Deletes waiting news of one that the other was told already, or is being told."""
    news = _TABLES["news"]
    for one, other in ((mine, theirs), (theirs, mine)):
        told = select(news.c.key).where(news.c.reader_id == other, news.c.letter_id.is_not(None))
        waiting = (news.c.reader_id == one, news.c.letter_id.is_(None), news.c.key.in_(told))
        session.execute(delete(news).where(*waiting))


def _all(session: Session, name: str, reader_id: int) -> list[dict[str, Any]]:
    """A reader's rows as JSON can hold them, but for whose they are."""
    table = _TABLES[name]
    rows = session.execute(select(table).where(table.c.reader_id == reader_id)).mappings()
    return [_plain(row) for row in rows]


def _ids(session: Session, name: str, reader_id: int) -> list[int]:
    table = _TABLES[name]
    return list(session.scalars(select(table.c.id).where(table.c.reader_id == reader_id)))


def _standing(said: Mapping[int, Said]) -> list[dict[str, Any]]:
    """The verdicts that stand, as JSON can hold them."""
    return [
        {
            "webtoon_id": work,
            "verdict": last.verdict,
            "at": last.at.isoformat(),
            "event_id": last.event_id,
            "ignored": last.ignored,
        }
        for work, last in said.items()
        if last.verdict is not None
    ]


def _columns(row: Base) -> dict[str, Any]:
    """A row as JSON can hold it, but for whose it is."""
    columns = _TABLES[row.__tablename__].columns
    return _plain({c.name: getattr(row, c.name) for c in columns})


def _plain(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(name): value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if name not in ("id", "reader_id")
    }


def _told(name: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The reverse of `_columns`."""
    moments = {c.name for c in _TABLES[name].columns if isinstance(c.type, UtcDateTime)}
    return {
        field: datetime.fromisoformat(value) if value and field in moments else value
        for field, value in kept.items()
    }


def _insert(session: Session, name: str, reader_id: int, kept: Iterable[Mapping[str, Any]]) -> None:
    rows = [{"reader_id": reader_id} | _told(name, row) for row in kept]
    if rows:
        session.execute(insert(_TABLES[name]), rows)
