"""The Celery application: `celery -A tasks.app worker` does the jobs, `… beat` starts them.

Nothing is read or connected when this module is imported: the settings are read when Celery first
asks for its configuration, in the process that needs it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import structlog
from celery import Celery, Task
from celery.exceptions import Retry
from celery.signals import beat_init, setup_logging, worker_process_init, worker_ready
from kombu.exceptions import OperationalError

from db.errors import Unreachable
from db.settings import DatabaseSettings, load
from tasks.configuration import LONGEST_CRAWL, PATIENT, configuration
from tasks.errors import AlreadyDone, Busy
from tasks.schedule import (
    BACKUP,
    CRAWL_CATALOGUE,
    CRAWL_RATINGS,
    PRUNE,
    REFRESH_POPULARITY,
    RETRAIN,
    SPREAD_NEWS,
    schedules,
)
from tasks.settings import TaskSettings

AnyTask: TypeAlias = "Task[Any, Any]"

if TYPE_CHECKING:
    from db.engine import Database
    from tasks.records import Ended, Recording

NICENESS = 19  # whoever chats on the same machine goes first
BUSY_SECONDS = 30  # until a task looks again whether its job is free

app = Celery("webtoonbot")
log = structlog.get_logger()


app.add_defaults(configuration)


@setup_logging.connect
def _prepare_process(**_: object) -> None:
    """Sent in a worker and in beat, before they begin; not in processes that just send tasks."""
    from tasks.logs import configure  # noqa: PLC0415 -- senders have logs of their own

    settings = load(TaskSettings)
    configure(settings, load(DatabaseSettings).database_url.get_secret_value())


@worker_ready.connect
def _resume(**_: object) -> None:
    """What was under way when a process was killed begins again with the first worker there is."""
    from db.errors import DatabaseError  # noqa: PLC0415
    from tasks import resuming  # noqa: PLC0415

    try:
        with _opened() as database:
            for run in resuming.killed(database, _clock(), load(TaskSettings).admins):
                resuming.again(app, run)
                log.warning("sent again: its process was killed", job=run.name)
    except (DatabaseError, OperationalError) as error:
        log.warning("killed runs are left to beat", reason=str(error))


@worker_process_init.connect
def _make_way(**_: object) -> None:
    """A job may take all the cores that nobody else wants, and may wait for Redis."""
    os.nice(NICENESS)
    app.conf.task_publish_retry_policy = PATIENT


@beat_init.connect
def _show_figures(**_: object) -> None:
    """Beat is the one process of its kind: it serves what is true of all of them together."""
    from tasks import metrics  # noqa: PLC0415 -- only here is there something to show

    metrics.serve(load(TaskSettings), load(DatabaseSettings).database_url.get_secret_value())


# A task is what beat, Flower and `celery call` know a job by. `by_schedule` says that it is for
# the latest slot of the job's schedule, which is done once; else it is for itself, as often as it
# is sent, and once however often it is delivered.
_JOB: dict[str, Any] = {
    "bind": True,
    "autoretry_for": (Unreachable,),
    "retry_backoff": 5,  # seconds, doubled each time
    "retry_backoff_max": 300,
    "max_retries": 8,
}


@app.task(name="tasks.retrain", **_JOB)
def retrain(self: AnyTask, by_schedule: bool = False) -> dict[str, Any]:
    """Trains a model and, if it is no worse than the active one, makes it active."""
    from tasks import jobs  # noqa: PLC0415 -- whoever sends a task need not load these

    def work(recording: "Recording") -> "Ended":
        return jobs.retrain(recording, load(TaskSettings).model_dir).ended

    return _done(self, RETRAIN, by_schedule, work)


@app.task(name="tasks.refresh_popularity", **_JOB)
def refresh_popularity(self: AnyTask, by_schedule: bool = False) -> dict[str, Any]:
    """Counts anew how popular works are."""
    from tasks import jobs  # noqa: PLC0415

    return _done(self, REFRESH_POPULARITY, by_schedule, jobs.refresh_popularity)


@app.task(name="tasks.spread_news", **_JOB)
def spread_news(self: AnyTask, by_schedule: bool = False) -> dict[str, Any]:
    """Tells readers of what happened to the works they follow."""
    from tasks import jobs  # noqa: PLC0415

    def work(recording: "Recording") -> "Ended":
        return jobs.spread_news(recording, load(TaskSettings).timezone)

    return _done(self, SPREAD_NEWS, by_schedule, work)


@app.task(name="tasks.prune", **_JOB)
def prune(self: AnyTask, by_schedule: bool = False) -> dict[str, Any]:
    """Deletes what is older than it is kept."""
    from tasks import jobs  # noqa: PLC0415
    from tasks.pruning import Retention  # noqa: PLC0415

    def work(recording: "Recording") -> "Ended":
        settings = load(TaskSettings)
        kept = Retention.of(settings)
        return jobs.prune(recording, settings.model_dir, kept)

    return _done(self, PRUNE, by_schedule, work)


@app.task(name="tasks.backup", **_JOB)
def backup(self: AnyTask, by_schedule: bool = False) -> dict[str, Any]:
    """Writes everything into one file, and deletes the oldest of these files."""
    from tasks import jobs  # noqa: PLC0415
    from tasks.backup import Shelf  # noqa: PLC0415

    def work(recording: "Recording") -> "Ended":
        settings = load(TaskSettings)
        shelf = Shelf(settings.backup_dir, settings.keep_backups)
        return jobs.backup(recording, settings.model_dir, shelf)

    return _done(self, BACKUP, by_schedule, work)


_CRAWL = _JOB | {
    "time_limit": int(LONGEST_CRAWL.total_seconds()),
    "soft_time_limit": int((LONGEST_CRAWL - timedelta(minutes=5)).total_seconds()),
}


@app.task(name="tasks.crawl_catalogue", **_CRAWL)
def crawl_catalogue(self: AnyTask, by_schedule: bool = False) -> dict[str, Any]:
    """Reads Naver's lists and what changed of its works; when scheduled, in the night only."""
    return _crawled(self, CRAWL_CATALOGUE, "naver", by_schedule)


@app.task(name="tasks.crawl_ratings", **_CRAWL)
def crawl_ratings(self: AnyTask, by_schedule: bool = False) -> dict[str, Any]:
    """Visits Watcha's users whose last visit is a week ago; when scheduled, in the night only."""
    return _crawled(self, CRAWL_RATINGS, "watcha", by_schedule)


def _crawled(task: AnyTask, job: str, source: str, by_schedule: bool) -> dict[str, Any]:
    def work(recording: "Recording") -> "Ended":
        from tasks import crawl_nights  # noqa: PLC0415 -- loads Selenium

        return crawl_nights.crawl(recording, source, load(TaskSettings))

    return _done(task, job, by_schedule, work)


def _done(
    task: AnyTask, job: str, by_schedule: bool, work: "Callable[[Recording], Ended]"
) -> dict[str, Any]:
    """The result of a job done for this task, or done before for the same slot or task."""
    from tasks.records import Occasion, Recording, earlier  # noqa: PLC0415

    settings = load(TaskSettings)
    slots = schedules(settings).get(job)
    occasion = Occasion.task(str(task.request.id))
    if by_schedule and slots is not None:
        occasion = Occasion.slot(slots.last_until(_clock()))
    with _opened() as database:
        try:
            ended = work(Recording(database, _clock, occasion, slots, settings.admins))
        except AlreadyDone as before:
            ended = earlier(before.run)
        except Busy as busy:
            raise _again_later(task, busy) from None
    say = log.error if ended.outcome == "rejected" else log.info
    say("job ended", job=job, outcome=ended.outcome, reason=ended.reason)
    return {name: value for name, value in asdict(ended).items() if value is not None}


def _again_later(task: AnyTask, busy: Busy) -> Retry:
    """Sends the task once more, as often as it takes: waiting is not one of its few retries."""
    then, retries = _clock() + timedelta(seconds=BUSY_SECONDS), task.request.retries
    task.signature_from_request(countdown=None, eta=then, retries=retries).apply_async()
    return Retry(exc=busy, when=then)


@contextmanager
def _opened() -> "Iterator[Database]":
    from db.engine import Database  # noqa: PLC0415

    database = Database(load(DatabaseSettings).database_url.get_secret_value())
    try:
        yield database
    finally:
        database.close()


def _clock() -> datetime:
    return datetime.now(UTC)
