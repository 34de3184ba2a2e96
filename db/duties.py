"""When each job is next due: what a watchdog needs to notice that one did not run."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db import bulk
from db.tables import Duty


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A job is due at `due_at`; if it did not run by `late_at`, something is wrong."""

    name: str
    due_at: datetime
    late_at: datetime


def expect(session: Session, name: str, due_at: datetime, late_at: datetime) -> None:
    """Notes when a job is next due; two beats may do so at the same time."""
    row = {"name": name, "due_at": due_at, "late_at": late_at}
    bulk.upsert(session, Duty, [row], keys=("name",), set_=("due_at", "late_at"))


def put_off(session: Session, name: str, due_at: datetime, late_at: datetime) -> None:
    """Notes when a job is next due, if it is expected at all: nobody may be there to send it."""
    session.execute(update(Duty).where(Duty.name == name).values(due_at=due_at, late_at=late_at))


def every(session: Session) -> list[DutyRow]:
    """All jobs that are expected to run, by name."""
    rows = session.scalars(select(Duty).order_by(Duty.name))
    return [DutyRow(row.name, row.due_at, row.late_at) for row in rows]


def late(session: Session, now: datetime) -> list[DutyRow]:
    """The jobs that should have run by now, by name."""
    return [duty for duty in every(session) if duty.late_at <= now]


def drop(session: Session, name: str) -> None:
    """A job of this name is expected no more."""
    session.execute(delete(Duty).where(Duty.name == name))
