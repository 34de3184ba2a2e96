"""Verdicts: the current one per reader and work, beside the log of how it came to be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.tables import Feedback, FeedbackEvent, Reader, Verdict


@dataclass(frozen=True, slots=True)
class Current:
    """A verdict that stands, since when, and the event that made it so."""

    webtoon_id: int
    verdict: Verdict
    at: datetime
    event_id: int
    ignored: bool = False  # a like that the reader wants left out of account


def record(
    session: Session,
    reader_id: int,
    webtoon_id: int,
    verdict: Verdict | None,
    *,
    source: str,
    now: datetime,
    impression_id: int | None = None,
) -> int | None:
    """Makes `verdict` the current one (None takes it back); the event's id, None if it stood.

    A like that was left out of account is so again when `source` undoes what was said over it; but
    once it was taken back altogether, nothing remembers that, and it counts again.
    """
    current = session.get(Feedback, (reader_id, webtoon_id))
    previous = current.verdict if current else None
    if previous == verdict:
        return None
    event = FeedbackEvent(
        reader_id=reader_id,
        webtoon_id=webtoon_id,
        verdict=verdict,
        previous=previous,
        source=source,
        impression_id=impression_id,
        at=now,
    )
    session.add(event)
    session.flush()
    if verdict is None:
        session.delete(current)
    elif current is None:
        session.add(
            Feedback(
                reader_id=reader_id,
                webtoon_id=webtoon_id,
                verdict=verdict,
                at=now,
                event_id=event.id,
            )
        )
    else:
        current.verdict, current.at, current.event_id = verdict, now, event.id
        current.ignored = current.ignored and not _said_anew(verdict, source)
    session.flush()
    return event.id


def _said_anew(verdict: Verdict | None, source: str) -> bool:
    return verdict is Verdict.LIKE and source != "undo"


def ignore(session: Session, reader_id: int, webtoon_id: int, ignored: bool) -> None:
    """Leaves a verdict out of a reader's account, or takes it in again; it stands all the same.

    What models learn does not change: that somebody liked it is true.
    """
    session.execute(
        update(Feedback)
        .where(Feedback.reader_id == reader_id, Feedback.webtoon_id == webtoon_id)
        .values(ignored=ignored)
    )


def count_again(session: Session, reader_id: int, webtoon_ids: Sequence[int]) -> set[int]:
    """Takes those of these works into account again whose likes are left out of it; which."""
    query = (
        update(Feedback)
        .where(
            Feedback.reader_id == reader_id,
            Feedback.webtoon_id.in_(webtoon_ids),
            Feedback.verdict == Verdict.LIKE,
            Feedback.ignored,
        )
        .values(ignored=False)
    )
    return set(session.scalars(query.returning(Feedback.webtoon_id)))


@dataclass(frozen=True, slots=True)
class Told:
    """A verdict that was given or taken back (None), its event, and what stood before."""

    webtoon_id: int
    verdict: Verdict | None
    event_id: int
    previous: Verdict | None


def record_all(
    session: Session,
    reader_id: int,
    verdicts: Mapping[int, Verdict | None],
    *,
    source: str,
    now: datetime,
) -> list[Told]:
    """Makes these the current verdicts, by webtoon id; what changed, in their order.

    As `record` for each, in a few statements for all.
    """
    query = select(Feedback).where(Feedback.reader_id == reader_id)
    standing = {row.webtoon_id: row for row in session.scalars(query)}
    changes = []
    for webtoon_id, verdict in verdicts.items():
        row = standing.get(webtoon_id)
        previous = Verdict(row.verdict) if row else None
        if previous != verdict:
            changes.append((webtoon_id, verdict, previous))
    events = [
        FeedbackEvent(
            reader_id=reader_id,
            webtoon_id=webtoon_id,
            verdict=verdict,
            previous=previous,
            source=source,
            at=now,
        )
        for webtoon_id, verdict, previous in changes
    ]
    session.add_all(events)
    session.flush()
    for event, (webtoon_id, verdict, _) in zip(events, changes, strict=True):
        row = standing.get(webtoon_id)
        if verdict is None:
            session.delete(row)
        elif row is None:
            given = Feedback(
                reader_id=reader_id,
                webtoon_id=webtoon_id,
                verdict=verdict,
                at=now,
                event_id=event.id,
            )
            session.add(given)
        else:
            row.verdict, row.at, row.event_id = verdict, now, event.id
            row.ignored = row.ignored and not _said_anew(verdict, source)
    session.flush()
    return [
        Told(webtoon_id, verdict, event.id, previous)
        for event, (webtoon_id, verdict, previous) in zip(events, changes, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Logged:
    """An event of the log."""

    id: int
    reader_id: int
    webtoon_id: int
    verdict: Verdict | None
    previous: Verdict | None
    impression_id: int | None


def event(session: Session, event_id: int) -> Logged | None:
    """The event with this id."""
    row = session.get(FeedbackEvent, event_id)
    if row is None:
        return None
    return Logged(
        row.id,
        row.reader_id,
        row.webtoon_id,
        Verdict(row.verdict) if row.verdict else None,
        Verdict(row.previous) if row.previous else None,
        row.impression_id,
    )


def last_event(
    session: Session, reader_id: int, webtoon_id: int, *, before: int | None = None
) -> int | None:
    """The id of the latest event of this reader on this work; with `before`, that it followed."""
    query = select(func.max(FeedbackEvent.id)).where(
        FeedbackEvent.reader_id == reader_id, FeedbackEvent.webtoon_id == webtoon_id
    )
    return session.scalar(query if before is None else query.where(FeedbackEvent.id < before))


def restate(session: Session, said: Logged, previous: Verdict | None, now: datetime) -> None:
    """Logs a reaction's verdict anew, over `previous`: what it stood on was taken back."""
    event = FeedbackEvent(
        reader_id=said.reader_id,
        webtoon_id=said.webtoon_id,
        verdict=said.verdict,
        previous=previous,
        source="reaction",
        impression_id=said.impression_id,
        at=now,
    )
    session.add(event)
    session.flush()
    session.execute(
        update(Feedback)
        .where(Feedback.reader_id == said.reader_id, Feedback.webtoon_id == said.webtoon_id)
        .values(event_id=event.id)
    )


def last_reaction(
    session: Session, reader_id: int, impression_id: int, verdict: Verdict
) -> Logged | None:
    """The latest event by which a reaction on this impression gave this verdict."""
    row = session.scalar(
        select(FeedbackEvent)
        .where(
            FeedbackEvent.reader_id == reader_id,
            FeedbackEvent.impression_id == impression_id,
            FeedbackEvent.source == "reaction",
            FeedbackEvent.verdict == verdict,
        )
        .order_by(FeedbackEvent.id.desc())
        .limit(1)
    )
    return event(session, row.id) if row else None


def current(session: Session, reader_id: int) -> list[Current]:
    """All verdicts that stand for a reader, latest first."""
    return current_of(session, [reader_id])[reader_id]


def current_of(session: Session, reader_ids: Sequence[int]) -> dict[int, list[Current]]:
    """All verdicts that stand for each of these readers, latest first."""
    query = (
        select(
            Feedback.reader_id,
            Feedback.webtoon_id,
            Feedback.verdict,
            Feedback.at,
            Feedback.event_id,
            Feedback.ignored,
        )
        .where(Feedback.reader_id.in_(reader_ids))
        .order_by(Feedback.event_id.desc())
    )
    found: dict[int, list[Current]] = {reader_id: [] for reader_id in reader_ids}
    for row in session.execute(query):
        verdict = Verdict(row.verdict)
        left_out = row.ignored and verdict is Verdict.LIKE
        given = Current(row.webtoon_id, verdict, row.at, row.event_id, left_out)
        found[row.reader_id].append(given)
    return found


def for_training(session: Session) -> Iterable[tuple[int, int, Verdict]]:
    """(reader id, webtoon id, verdict) of all readers who let the model learn from them."""
    query = (
        select(Feedback.reader_id, Feedback.webtoon_id, Feedback.verdict)
        .join(Reader, Reader.id == Feedback.reader_id)
        .where(Reader.trains)
        .order_by(Feedback.reader_id, Feedback.webtoon_id)
    )
    return [(r, w, Verdict(v)) for r, w, v in session.execute(query)]


def like_counts(session: Session) -> dict[int, int]:
    """How many readers like each work."""
    query = (
        select(Feedback.webtoon_id, func.count())
        .where(Feedback.verdict == Verdict.LIKE)
        .group_by(Feedback.webtoon_id)
    )
    return dict(session.execute(query).all())


def count(session: Session) -> int:
    """How many verdicts stand."""
    return session.scalar(select(func.count()).select_from(Feedback)) or 0
