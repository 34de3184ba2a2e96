"""Verdicts from a file into the log, as if their readers had given them then."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from crawler.items import FeedbackItem, Rejected
from db import catalogue, exports, feedback, readers
from db.catalogue import Work
from db.engine import Database
from db.tables import Verdict
from tasks.importing import matched
from tasks.lookup import Lookup

SOURCE = "import"


@dataclass(frozen=True, slots=True)
class ImportedFeedback:
    """What an import of verdicts wrote (or would have), and which rows do not count and why.

    `same` rows say what stands already, or what their reader has said otherwise since.
    """

    rows: int
    verdicts: int
    same: int
    readers: int
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    item: FeedbackItem
    work: Work
    at: datetime


def import_feedback(
    database: Database,
    items: Iterable[FeedbackItem | Rejected],
    *,
    now: datetime,
    dry_run: bool = False,
) -> ImportedFeedback:
    """Records verdicts for the readers behind their accounts, who are made where they are new.

    All of them or, if anything fails, none. They are recorded in the order of their times, `now`
    where a row has none, and nothing is recorded that its reader said otherwise later.
    Raises Unreachable, and what `items` raises.
    """
    with database.read() as session:
        lookup = Lookup(catalogue.works(session))
    rejected: list[Rejected] = []
    said = [
        _Said(item, work, item.at or now) for item, work in matched(lookup, items, SOURCE, rejected)
    ]
    rows = len(said) + len(rejected)
    said.sort(key=lambda row: row.at)
    with database.write(keep=not dry_run) as session:
        written, spoke = _record(session, said)
    return ImportedFeedback(rows, written, len(said) - written, spoke, tuple(rejected))


def _record(session: Session, said: Iterable[_Said]) -> tuple[int, int]:
    """How many verdicts were written, and how many readers the rows are of."""
    known: dict[tuple[str, str], int] = {}
    last: dict[int, dict[int, datetime]] = {}
    written = 0
    for row in said:
        account = (row.item.platform, row.item.user_id)
        if account not in known:
            reader_id = readers.of_account(session, *account, row.at).id
            known[account] = reader_id
            last[reader_id] = exports.last_said(session, reader_id)
        reader_id, work_id = known[account], row.work.id
        latest = last[reader_id].get(work_id)
        if latest is not None and latest > row.at:
            continue
        event = feedback.record(
            session, reader_id, work_id, Verdict(row.item.verdict), source=SOURCE, now=row.at
        )
        if event is not None:
            written += 1
            last[reader_id][work_id] = row.at
    return written, len(set(known.values()))
