"""Much to write while others write too: in short transactions, with time for them in between."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy.orm import Session

from db.engine import Database

Row = TypeVar("Row")
Wrote = TypeVar("Wrote")

AIM_SECONDS = 0.03  # a transaction; where others use the processor too it takes a few times that
FIRST_ROWS, LEAST_ROWS, MOST_ROWS = 100, 20, 10_000
# At most, from one batch to the next: one that was slow, or quick, says little of the others.
SHRINKING, GROWTH = 0.5, 1.5


def in_batches(
    database: Database,
    rows: Sequence[Row],
    write: Callable[[Session, Sequence[Row]], Wrote],
    *,
    keep: bool = True,
    clock: Callable[[], float] = time.perf_counter,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Wrote]:
    """What `write` returns for each batch of `rows`, in order, each in a transaction of its own.

    A batch has as many rows as the one before lets expect in AIM_SECONDS; after each, SQLite's
    other writers have as long. What was written stays whatever comes after; nothing is written
    unless `keep`. Raises Unreachable.
    """
    fair = database.engine.dialect.name != "sqlite"  # which lets one writer in, by chance
    start, size = 0, FIRST_ROWS
    while start < len(rows):
        batch = rows[start : start + size]
        wrote, seconds = _write(database, batch, write, keep, clock)
        yield wrote
        start += len(batch)
        if start < len(rows) and not fair:
            pause(seconds)
        change = max(SHRINKING, min(AIM_SECONDS / max(seconds, 1e-9), GROWTH))
        size = max(LEAST_ROWS, min(round(size * change), MOST_ROWS))


def _write(
    database: Database,
    batch: Sequence[Row],
    write: Callable[[Session, Sequence[Row]], Wrote],
    keep: bool,
    clock: Callable[[], float],
) -> tuple[Wrote, float]:
    """What `write` returned, and for how many seconds it kept others from writing."""
    with database.write(keep=keep) as session:
        session.connection()  # begins: SQLite waits here for its turn
        began = clock()
        wrote = write(session, batch)
    return wrote, clock() - began
