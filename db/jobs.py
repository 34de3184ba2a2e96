"""Records of job runs, and the incidents an operator should know of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.tables import Alert, JobRun


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job; `outcome` is ok, skipped, failed or rejected, None while it runs."""

    name: str
    scheduled_for: datetime | None
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    counts: Mapping[str, object]
    error: str | None
    model_id: str | None


def begin(session: Session, name: str, now: datetime, scheduled_for: datetime | None = None) -> int:
    """Notes that a job began; the run's id.

    Earlier runs that never said how they ended are closed: their process was killed, or lost the
    database. One that goes on in another process says so itself when it ends.
    """
    session.execute(
        update(JobRun)
        .where(JobRun.name == name, JobRun.finished_at.is_(None))
        .values(outcome="failed", finished_at=now, error="It never said how it ended.")
    )
    run = JobRun(name=name, scheduled_for=scheduled_for, started_at=now, counts={})
    session.add(run)
    session.flush()
    return run.id


def finish(
    session: Session,
    run_id: int,
    outcome: str,
    now: datetime,
    *,
    counts: Mapping[str, object] | None = None,
    error: str | None = None,
    model_id: str | None = None,
) -> None:
    """Notes how a run ended."""
    session.execute(
        update(JobRun)
        .where(JobRun.id == run_id)
        .values(
            outcome=outcome,
            finished_at=now,
            counts=dict(counts or {}),
            error=error,
            model_id=model_id,
        )
    )


def last_runs(session: Session) -> dict[str, Run]:
    """The latest run of each job, by name."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.name)
    rows = session.scalars(select(JobRun).where(JobRun.id.in_(newest)).order_by(JobRun.name))
    return {
        row.name: Run(
            row.name,
            row.scheduled_for,
            row.started_at,
            row.finished_at,
            row.outcome,
            row.counts,
            row.error,
            row.model_id,
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that is wrong since `opened_at`."""

    key: str
    message: str
    opened_at: datetime


def open_alert(session: Session, key: str, message: str, now: datetime) -> bool:
    """Opens an incident unless it is open already; True when it is new."""
    if session.scalar(select(Alert.id).where(Alert.key == key, Alert.closed_at.is_(None))):
        return False
    session.add(Alert(key=key, message=message, opened_at=now))
    session.flush()
    return True


def close_alerts(session: Session, prefix: str, now: datetime) -> None:
    """Closes the open incidents whose key begins so: it is mended."""
    session.execute(
        update(Alert)
        .where(Alert.key.startswith(prefix, autoescape=True), Alert.closed_at.is_(None))
        .values(closed_at=now)
    )


def open_alerts(session: Session) -> list[Incident]:
    """The incidents that are open, oldest first."""
    query = select(Alert).where(Alert.closed_at.is_(None)).order_by(Alert.id)
    return [Incident(row.key, row.message, row.opened_at) for row in session.scalars(query)]
