"""Notices that a job did not run, whatever the reason: beat, broker, worker, or the machine.

Whoever lives looks, bots and beat alike.
"""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from db import alerts, duties, jobs, locks
from db.duties import DutyRow
from db.engine import Database
from db.jobs import Run
from db.outbox import Address


def look(database: Database, now: datetime, tell: Iterable[Address], zone: ZoneInfo) -> list[str]:
    """Opens an incident for each job that is late, and writes to `tell`; the jobs it is new for.

    Its next run closes the incident. Raises Unreachable.
    """
    missing = late(database, now)
    if not missing:  # as nearly always: then nobody need wait for the only writer
        return []
    addresses = tuple(tell)
    with database.write() as session:
        return [
            duty.name
            for duty in duties.late(session, now)  # what has run since is not
            if duty in missing
            and alerts.open_alert(session, missed(duty.name), _told(duty, zone), now, addresses)
        ]


def late(database: Database, now: datetime) -> list[DutyRow]:
    """The jobs that should have run by now and did not.

    One that is being done just takes its time, and one that ran and failed is another incident.
    """
    with database.read() as session:
        overdue = duties.late(session, now)
        last = jobs.last_runs(session) if overdue else {}
    return [
        duty
        for duty in overdue
        if not (_ended(last.get(duty.name), duty) or locks.taken(database, duty.name))
    ]


def missed(job: str) -> str:
    """The key of the incident that this job did not run."""
    return f"{job}.missed"


def _ended(run: Run | None, duty: DutyRow) -> bool:
    """Whether it ran since this duty, and to an end of its own: a killed one may be closed too."""
    if run is None or run.started_at < duty.due_at:
        return False
    return run.finished_at is not None and run.error != jobs.KILLED


def _told(duty: DutyRow, zone: ZoneInfo) -> str:
    due = duty.due_at.astimezone(zone)
    return (
        f"The job {duty.name} was due at {due:%Y-%m-%d %H:%M} ({zone.key}) and has not run: "
        "webtoonctl status shows what lives."
    )
