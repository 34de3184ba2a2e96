"""What readers are to be told, each thing once, and when each of them wants to be told."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Row, and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db import bulk, impressions
from db.reader_tables import News, WorkEvent
from db.tables import Outbox, Reader, Webtoon

AT_ONCE: Final = "at_once"
DIGEST: Final = "digest"
OFF: Final = "off"
WEEKLY: Final = (
    "weekly:"  # how the keys of what is picked for a week begin, and their slates' names
)
QUIET_FROM, QUIET_UNTIL = 22 * 60, 8 * 60  # minutes since midnight, for who chose nothing
_DIGEST = time(19)
_MOMENT = timedelta(microseconds=1)
_BATCH = 1_000
OPEN: Final = (Outbox.once.is_(True), Outbox.done_at.is_(None))  # a letter to a reader
_CHOICES = (Reader.id, Reader.alerts, Reader.zone, Reader.quiet_from, Reader.quiet_until)
_Choices = Row[int, str | None, str | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class Item:
    """A news that is to be told; `kind` and the work are those of its event, if it has one.

    `doubt`: it was in a letter that may have arrived.
    """

    id: int
    key: str
    doubt: bool
    kind: str | None = None
    detail: str | None = None
    webtoon_id: int = 0
    title: str = ""
    authors: tuple[str, ...] = ()
    adult: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """When a reader wants to be told: `alerts` is at_once, digest or off.

    Not between the minutes `quiet_from` and `quiet_until` since local midnight; equal ones mean
    that nothing is quiet.
    """

    alerts: str
    zone: ZoneInfo
    quiet_from: int
    quiet_until: int


def hours_of(session: Session, reader_id: int, default_zone: ZoneInfo) -> Hours:
    """What this reader chose; at once, in `default_zone`, quiet from 22 to 8 where they did not."""
    query = select(*_CHOICES).where(Reader.id == reader_id)
    return _hours(session.execute(query).one(), default_zone)


def next_moment(hours: Hours, now: datetime) -> datetime:
    """When something that came up now may be told, in UTC: the digest goes out at 19:00."""
    if hours.alerts == DIGEST:
        now = min(moment for moment in _at(hours.zone, _DIGEST, now) if moment >= now)
    return waking(hours, now)


def waking(hours: Hours, now: datetime) -> datetime:
    """`now`, or the end of the quiet hours that it falls into, in UTC."""
    now = now.astimezone(UTC)
    if not _quiet(hours, now):
        return now
    end = time(*divmod(hours.quiet_until, 60))
    # Where clocks are put back an end comes twice, and the first may be within what is quiet.
    ends = (moment for moment in _at(hours.zone, end, now) if moment >= now)
    return min(moment for moment in ends if not _quiet(hours, moment))


def add(
    session: Session,
    readers: Iterable[int],
    key: str,
    *,
    event_id: int | None,
    now: datetime,
    default_zone: ZoneInfo,
) -> int:
    """Adds a news for each of these readers who wants any and has none of this key; how many."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(News)
        .on_conflict_do_nothing(index_elements=["reader_id", "key"])
        .returning(News.id)
    )
    due: dict[Hours, datetime] = {}
    new = 0
    for batch in bulk.batches(sorted(set(readers)), _BATCH):
        rows = []
        for row in _present(session, batch):
            hours = _hours(row, default_zone)
            if hours.alerts == OFF:
                continue
            if hours not in due:
                due[hours] = next_moment(hours, now)
            rows.append(
                {
                    "reader_id": row[0],
                    "key": key,
                    "event_id": event_id,
                    "made_at": now,
                    "due_at": due[hours],
                }
            )
        if rows:
            new += len(session.scalars(statement, rows).all())
    return new


def items(session: Session, reader_id: int, now: datetime) -> list[Item]:
    """All that this reader is to be told now, oldest first, and what is in doubt."""
    on_its_way = select(Outbox.id).where(Outbox.id == News.letter_id, *OPEN).exists()
    query = (
        select(News, WorkEvent, Webtoon)
        .outerjoin(WorkEvent, WorkEvent.id == News.event_id)
        .outerjoin(Webtoon, Webtoon.id == WorkEvent.webtoon_id)
        .where(
            News.reader_id == reader_id,
            or_(
                and_(News.letter_id.is_(None), News.due_at <= now),
                and_(News.doubt.is_(True), ~on_its_way),
            ),
        )
        .order_by(News.event_id.nulls_last(), News.id)
    )
    return [_item(*row) for row in session.execute(query)]


def discard(session: Session, unsaid: Collection[Item]) -> None:
    """Deletes news that are never to be told."""
    ids = [item.id for item in unsaid]
    if not ids:
        return
    session.execute(delete(News).where(News.id.in_(ids)))


def reschedule(session: Session, reader_id: int, now: datetime, default_zone: ZoneInfo) -> None:
    """Fits what waits for this reader to their hours as they now are; deletes it if they want none.

    A letter that is written and not yet on its way is taken apart again.
    """
    _unwrite_those(session, Outbox.reader_id == reader_id)
    hours = hours_of(session, reader_id, default_zone)
    waits = (News.reader_id == reader_id, News.letter_id.is_(None))
    if hours.alerts == OFF:
        session.execute(delete(News).where(*waits))
        return
    due: dict[datetime, list[int]] = {}
    for news_id, due_at in session.execute(select(News.id, News.due_at).where(*waits)).all():
        # What was due already stays so if it would have been by these hours: today's digest.
        since = now if due_at > now else due_at - _MOMENT
        due.setdefault(waking(hours, max(now, next_moment(hours, since))), []).append(news_id)
    for moment, ids in due.items():
        for few in bulk.batches(ids):
            session.execute(update(News).where(News.id.in_(few)).values(due_at=moment))


def unwrite(session: Session, letters: Sequence[int], due_at: datetime | None = None) -> None:
    """Takes letters apart that are not sent: their news wait again, as `release` has it.

    They are held by now, so that nobody adds to what they say (`letters.untold`).
    """
    if letters:
        unshow(session, letters)
        release(session, letters, due_at)
        session.execute(delete(Outbox).where(Outbox.id.in_(letters)))


def release(session: Session, letters: Iterable[int], due_at: datetime | None = None) -> None:
    """Lets the news of letters that will not be sent wait again.

    Those of who a letter is to until `due_at`, if it is given; what it says for others in a chat
    has hours of its own. What is in doubt stays so.
    """
    said = News.letter_id.in_([*letters])
    if due_at is not None:
        owner = select(Outbox.reader_id).where(Outbox.id == News.letter_id).scalar_subquery()
        session.execute(update(News).where(said, News.reader_id == owner).values(due_at=due_at))
    session.execute(update(News).where(said).values(letter_id=None))


def unshow(session: Session, letters: Iterable[int]) -> None:
    """Deletes what was logged as shown by letters that nobody saw."""
    query = select(Outbox.reader_id, Outbox.created_at).where(Outbox.id.in_([*letters]))
    for reader_id, written_at in session.execute(query).all():
        if reader_id is not None:
            impressions.withdraw(session, reader_id, written_at, WEEKLY)


def put_off(session: Session, reader_id: int, now: datetime, until: datetime) -> None:
    """Has all that is due for this reader wait until then."""
    due = (News.reader_id == reader_id, News.letter_id.is_(None), News.due_at <= now)
    session.execute(update(News).where(*due).values(due_at=until))


def drop(session: Session, reader_id: int, webtoon_id: int) -> None:
    """Deletes what waits to be told of this work to a reader who no longer follows it."""
    of_it = select(WorkEvent.id).where(WorkEvent.webtoon_id == webtoon_id)
    drop_those(session, News.reader_id == reader_id, News.event_id.in_(of_it))


def drop_those(session: Session, *which: ColumnElement[bool]) -> None:
    """Deletes the news of which this holds and that are not on their way.

    A letter that is written and says one of them is taken apart.
    """
    _unwrite_those(session, Outbox.id.in_(select(News.letter_id).where(*which)))
    session.execute(delete(News).where(*which, News.letter_id.is_(None)))


def prune(session: Session, before: datetime) -> int:
    """Deletes what came up before then, told or not; how many."""
    query = delete(News).where(News.made_at < before)
    return len(session.execute(query.returning(News.id)).all())


def _unwrite_those(session: Session, which: ColumnElement[bool]) -> None:
    """Takes those letters apart that are written and not yet on their way."""
    written = select(Outbox.id).where(which, *OPEN, Outbox.sending_at.is_(None))
    unwrite(session, session.scalars(written.with_for_update()).all())


def _item(row: News, event: WorkEvent | None, work: Webtoon | None) -> Item:
    if event is None or work is None:
        return Item(row.id, row.key, row.doubt)
    return Item(
        row.id,
        row.key,
        row.doubt,
        event.kind,
        event.detail,
        work.id,
        work.title,
        tuple(work.authors),
        work.adult,
        work.gone_at is not None,
    )


def _present(session: Session, ids: Sequence[int]) -> Iterable[_Choices]:
    """Those of these readers who are there, and who cannot go until the transaction ends."""
    query = select(*_CHOICES).where(Reader.id.in_(ids)).order_by(Reader.id)
    return session.execute(query.with_for_update(read=True, key_share=True))


def _hours(row: _Choices, default_zone: ZoneInfo) -> Hours:
    _, alerts, zone, quiet_from, quiet_until = row
    return Hours(
        alerts or AT_ONCE,
        zone_named(zone) or default_zone,
        QUIET_FROM if quiet_from is None else quiet_from,
        QUIET_UNTIL if quiet_until is None else quiet_until,
    )


def zone_named(name: str | None) -> ZoneInfo | None:
    """The zone of this name; None where this machine does not know it."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _quiet(hours: Hours, moment: datetime) -> bool:
    local = moment.astimezone(hours.zone)
    minute = 60 * local.hour + local.minute
    begin, end = hours.quiet_from, hours.quiet_until
    return begin <= minute < end if begin <= end else not end <= minute < begin


def _at(zone: ZoneInfo, clock: time, near: datetime) -> Iterator[datetime]:
    """The moments, in UTC, when clocks there show `clock`, from the local day of `near` on.

    Both where clocks are put back over it; the one after it where they are put forward over it.
    """
    today = near.astimezone(zone).date()
    for day in (today, today + timedelta(days=1), today + timedelta(days=2)):
        first, second = (
            datetime.combine(day, clock, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)
        )
        yield first
        if second > first:
            yield second
