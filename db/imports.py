"""Lists of works that readers sent: kept until they are confirmed, and until that is undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db.feedback import Told
from db.reader_tables import ImportBatch
from db.tables import Verdict

OPEN_FOR = timedelta(days=1)  # then a list can be neither added nor taken back, and is not kept

Row = tuple[int, Verdict]


@dataclass(frozen=True, slots=True)
class Batch:
    """A list as it was sent: what it says of which work, and what became of it.

    Undone but never applied is what its reader did not want. `told` is what applying it changed.
    """

    id: int
    reader_id: int
    made_at: datetime
    rows: tuple[Row, ...]
    told: tuple[Told, ...]
    applied_at: datetime | None
    undone_at: datetime | None


def keep(session: Session, reader_id: int, rows: Sequence[Row], now: datetime) -> int:
    """Keeps a list until its reader says what becomes of it; its id."""
    batch = ImportBatch(
        reader_id=reader_id, made_at=now, rows=[[work, verdict.value] for work, verdict in rows]
    )
    session.add(batch)
    session.flush()
    return batch.id


def get(session: Session, batch_id: int) -> Batch | None:
    """The list with this id, held until the transaction ends."""
    row = session.scalar(select(ImportBatch).where(ImportBatch.id == batch_id).with_for_update())
    if row is None:
        return None
    return Batch(
        row.id,
        row.reader_id,
        row.made_at,
        tuple((entry[0], Verdict(entry[1])) for entry in row.rows),
        tuple(
            Told(work, Verdict(verdict), event_id, Verdict(previous) if previous else None)
            for work, verdict, event_id, previous in (e for e in row.rows if len(e) > 2)
        ),
        row.applied_at,
        row.undone_at,
    )


def applied(session: Session, batch_id: int, told: Sequence[Told], now: datetime) -> None:
    """Notes that a list was added, and what that changed."""
    rows = [[t.webtoon_id, t.verdict, t.event_id, t.previous] for t in told]
    session.execute(
        update(ImportBatch).where(ImportBatch.id == batch_id).values(rows=rows, applied_at=now)
    )


def undone(session: Session, batch_id: int, now: datetime) -> None:
    """Notes that a list was taken back, or not wanted; what it said is not kept."""
    session.execute(
        update(ImportBatch).where(ImportBatch.id == batch_id).values(rows=[], undone_at=now)
    )


def prune(session: Session, before: datetime) -> int:
    """Deletes the lists sent before then; how many. The verdicts that they brought stay."""
    query = delete(ImportBatch).where(ImportBatch.made_at < before)
    return len(session.execute(query.returning(ImportBatch.id)).all())
