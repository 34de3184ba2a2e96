"""Records of job runs: what ran when, for which occasion, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from db.tables import JobRun

DONE = ("ok", "skipped", "rejected")
KILLED = "Its process was killed."


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job; `outcome` is ok, skipped, failed or rejected, None while it runs.

    `key` names the occasion, a slot of the schedule or a task; None for a run started by hand.
    """

    name: str
    key: str | None
    scheduled_for: datetime | None
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    counts: Mapping[str, object]
    error: str | None
    model_id: str | None


def begin(
    session: Session,
    name: str,
    now: datetime,
    *,
    key: str | None = None,
    scheduled_for: datetime | None = None,
) -> int:
    """Notes that a job began; the run's id. To be called under the job's lock.

    Earlier runs that never said how they ended are closed: whoever has the lock knows that their
    process is gone.
    """
    close_dead(session, name, now)
    run = JobRun(name=name, key=key, scheduled_for=scheduled_for, started_at=now, counts={})
    session.add(run)
    session.flush()
    return run.id


def close_dead(session: Session, name: str, now: datetime) -> None:
    """Closes the runs that never ended, as failed. To be called under the job's lock."""
    session.execute(
        update(JobRun)
        .where(JobRun.name == name, JobRun.finished_at.is_(None))
        .values(outcome="failed", finished_at=now, error=KILLED)
    )


def done(session: Session, name: str, key: str) -> Run | None:
    """The run that did this occasion's work: it ended, and not by failing."""
    query = (
        select(JobRun)
        .where(JobRun.name == name, JobRun.key == key, JobRun.outcome.in_(DONE))
        .order_by(JobRun.id.desc())
        .limit(1)
    )
    row = session.scalar(query)
    return _run(row) if row else None


def last_slot(session: Session, name: str) -> datetime | None:
    """The latest moment for which a scheduled run of this job did its work."""
    query = select(func.max(JobRun.scheduled_for)).where(
        JobRun.name == name, JobRun.outcome.in_(DONE)
    )
    return session.scalar(query)


def last_begun(session: Session, name: str) -> datetime | None:
    """When the latest run of this job that did its work began."""
    query = (
        select(JobRun.started_at)
        .where(JobRun.name == name, JobRun.outcome.in_(DONE))
        .order_by(JobRun.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def unfinished(session: Session) -> list[Run]:
    """The runs that did not say yet how they ended, oldest first."""
    query = select(JobRun).where(JobRun.finished_at.is_(None)).order_by(JobRun.id)
    return [_run(row) for row in session.scalars(query)]


def killed(session: Session, name: str, key: str) -> int:
    """How many closed runs for this occasion had their process killed."""
    query = select(func.count()).where(
        JobRun.name == name, JobRun.key == key, JobRun.error == KILLED
    )
    return session.scalar(query) or 0


def finish(
    session: Session,
    run_id: int,
    outcome: str,
    now: datetime,
    *,
    counts: Mapping[str, object] | None = None,
    error: str | None = None,
    model_id: str | None = None,
) -> bool:
    """Notes how a run ended; False, and nothing is noted, if it was taken for dead before.

    Whoever has the job's lock then does its work. What was noted before stays as it is.
    """
    ended = session.execute(
        update(JobRun)
        .where(JobRun.id == run_id, JobRun.finished_at.is_(None))
        .values(
            outcome=outcome,
            finished_at=now,
            counts=dict(counts or {}),
            error=error,
            model_id=model_id,
        )
        .returning(JobRun.id)
    )
    if ended.scalar() is not None:
        return True
    return session.scalar(select(JobRun.error).where(JobRun.id == run_id)) != KILLED


def last_runs(session: Session) -> dict[str, Run]:
    """The latest run of each job, by name."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.name)
    rows = session.scalars(select(JobRun).where(JobRun.id.in_(newest)).order_by(JobRun.name))
    return {row.name: _run(row) for row in rows}


def since(session: Session, then: datetime) -> list[Run]:
    """The runs that began since then, newest first."""
    query = select(JobRun).where(JobRun.started_at >= then).order_by(JobRun.id.desc())
    return [_run(row) for row in session.scalars(query)]


def prune(session: Session, before: datetime, name: str | None = None) -> int:
    """Deletes the ended runs that began before then, each job's latest excepted; how many.

    Those of one job, if it is named.
    """
    newest = select(func.max(JobRun.id)).group_by(JobRun.name)
    query = delete(JobRun).where(
        JobRun.started_at < before, JobRun.finished_at.is_not(None), JobRun.id.not_in(newest)
    )
    if name is not None:
        query = query.where(JobRun.name == name)
    return len(session.execute(query.returning(JobRun.id)).all())


def _run(row: JobRun) -> Run:
    return Run(
        row.name,
        row.key,
        row.scheduled_for,
        row.started_at,
        row.finished_at,
        row.outcome,
        row.counts,
        row.error,
        row.model_id,
    )
