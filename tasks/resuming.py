"""Runs whose process was killed: nobody holds their job's lock, and they never said how they ended.

They are sent again. Who does them closes the record of the killed run as it begins; the same work
sent twice is done once.
"""

from datetime import datetime, timedelta

from celery import Celery
from kombu.exceptions import OperationalError

from db import alerts, jobs, locks
from db.engine import Database
from db.jobs import Run
from db.outbox import Address
from tasks import records

# Nobody wants what was under way so long ago, in a backup that was restored for instance.
WORTH_RESUMING = timedelta(days=1)


def killed(database: Database, now: datetime, tell: tuple[Address, ...] = ()) -> list[Run]:
    """The killed runs that are to be sent again.

    A run started by hand is closed as failed: whoever started it saw it die. So is one of long ago,
    and one that was killed too often, of which an incident tells. Raises Unreachable.
    """
    with database.read() as session:
        names = sorted({run.name for run in jobs.unfinished(session)})
    return [run for name in names for run in _killed(database, name, now, tell)]


def send(app: Celery, job: str, task_id: str | None = None) -> None:
    """Sends a job for the latest slot of its schedule or, with `task_id`, for that task once more.

    Tries once. Raises OperationalError when the broker is away.
    """
    kwargs = {} if task_id else {"by_schedule": True}
    try:
        app.send_task(
            f"tasks.{job}",
            kwargs=kwargs,
            task_id=task_id,
            ignore_result=task_id is None,  # nobody waits for it; whoever sent a task may
            retry=False,
        )
    except RuntimeError as error:  # how Celery says that it cannot subscribe to the result
        message = "the place for results does not answer"
        raise OperationalError(message) from error


def again(app: Celery, run: Run) -> None:
    """Sends a killed run's job once more, for the same occasion. Raises OperationalError."""
    key = run.key or ""
    send(app, run.name, key.removeprefix(records.TASK) if key.startswith(records.TASK) else None)


def _killed(database: Database, name: str, now: datetime, tell: tuple[Address, ...]) -> list[Run]:
    with locks.held(database, name) as mine:
        if not mine:
            return []  # it lives
        with database.write() as session:
            # Read again: it may have ended before we had its lock.
            runs = [run for run in jobs.unfinished(session) if run.name == name]
            kept = [run for run in runs if run.key and now - run.started_at <= WORTH_RESUMING]
            hopeful = [
                run for run in kept if jobs.killed(session, name, run.key or "") + 1 < records.TRIES
            ]
            if runs and not hopeful:
                jobs.close_dead(session, name, now)
            if kept and not hopeful:
                message = records.deadly(name)
                alerts.open_alert(session, records.failed(name), message, now, tell)
            return hopeful
