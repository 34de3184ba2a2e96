"""The Celery application: `celery -A tasks.app worker` does the jobs, `… beat` starts them.

Nothing is read or connected when this module is imported: the settings are read when Celery first
asks for its configuration, in the process that needs it.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import structlog
from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import beat_init, setup_logging, worker_process_init, worker_ready
from kombu import Queue
from kombu.exceptions import OperationalError

from db.errors import Unreachable
from db.settings import DatabaseSettings, InvalidSettings, OperatorSettings, load
from tasks.errors import AlreadyDone, Busy
from tasks.schedule import schedules
from tasks.settings import TaskSettings

AnyTask: TypeAlias = "Task[Any, Any]"

if TYPE_CHECKING:
    from db.engine import Database
    from tasks.records import Ended

MISUSED = 2
LONGEST_JOB = timedelta(hours=3)  # killed after that
# A job that is not done by then is handed to another worker, so it must be longer than any job.
REDELIVERED_AFTER = timedelta(hours=6)
RESULTS_KEPT = timedelta(days=7)
# Beat that was down at 03:00 catches up when it is back within this time.
STILL_WORTH_RUNNING = timedelta(hours=12)
TRAIN, CRAWL = "train", "crawl"  # queues; a crawl of hours must not keep the training waiting
# How often a sender tries again, and seconds between: whoever sends a task wants to know at once
# that Redis is away. What a worker has to say of a task that it did can wait for Redis.
IMPATIENT = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
PATIENT = {"max_retries": 120, "interval_start": 0, "interval_step": 0.5, "interval_max": 1}
NICENESS = 10  # whoever chats on the same machine goes first
BUSY_SECONDS = 30  # until a task looks again whether its job is free

app = Celery("webtoonbot")
log = structlog.get_logger()


def configuration() -> dict[str, Any]:
    """What Celery is told; ends the process with 2 and one sentence if a setting is wrong."""
    try:
        settings = load(TaskSettings)
        load(DatabaseSettings)
        load(OperatorSettings)
    except InvalidSettings as invalid:
        sys.stderr.write(f"{invalid}\n")
        raise SystemExit(MISUSED) from None
    redis_url = settings.redis_url.get_secret_value()
    connection = {
        "visibility_timeout": int(REDELIVERED_AFTER.total_seconds()),
        # A server whose machine is gone says nothing. A live one never keeps an idle worker
        # waiting for more than a second.
        "socket_timeout": 30,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
    }
    return {
        "broker_url": redis_url,
        "result_backend": redis_url,
        "broker_transport_options": connection | IMPATIENT,
        "result_backend_transport_options": connection | {"retry_policy": IMPATIENT},
        # Else a job that was done while Redis was away would count as failed.
        "result_backend_always_retry": True,
        "result_backend_max_retries": PATIENT["max_retries"],
        "result_backend_max_sleep_between_retries_ms": 1000,
        "task_publish_retry_policy": IMPATIENT,
        "redis_socket_connect_timeout": 2,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "timezone": settings.timezone.key,
        "beat_schedule": beat_schedule(settings),
        "beat_scheduler": "tasks.beat:Scheduler",
        "task_queues": [Queue(name, routing_key=name) for name in (TRAIN, CRAWL)],
        "task_default_queue": TRAIN,
        "task_routes": {"tasks.crawl_*": {"queue": CRAWL}},
        "beat_cron_starting_deadline": int(STILL_WORTH_RUNNING.total_seconds()),
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "result_expires": RESULTS_KEPT,
        "result_extended": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "task_time_limit": int(LONGEST_JOB.total_seconds()),
        "task_soft_time_limit": int((LONGEST_JOB - timedelta(minutes=5)).total_seconds()),
        "task_track_started": True,
        "worker_send_task_events": True,
        "task_send_sent_event": True,
    }


def beat_schedule(settings: TaskSettings) -> dict[str, dict[str, Any]]:
    """What beat starts, and when; times of day are in TIMEZONE."""
    return {
        job: {
            "task": f"tasks.{job}",
            "schedule": crontab(**slots.fields()),
            "kwargs": {"by_schedule": True},
        }
        for job, slots in schedules(settings).items()
    }


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
            for run in resuming.killed(database, _clock(), load(OperatorSettings).admins):
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

    def work(database: "Database", **recording: Any) -> "Ended":  # noqa: ANN401
        return jobs.retrain(database, load(TaskSettings).model_dir, **recording).ended

    return _done(self, jobs.RETRAIN, by_schedule, work)


@app.task(name="tasks.refresh_popularity", **_JOB)
def refresh_popularity(self: AnyTask, by_schedule: bool = False) -> dict[str, Any]:
    """Counts anew how popular works are."""
    from tasks import jobs  # noqa: PLC0415

    return _done(self, jobs.REFRESH_POPULARITY, by_schedule, jobs.refresh_popularity)


@app.task(name="tasks.prune", **_JOB)
def prune(self: AnyTask, by_schedule: bool = False) -> dict[str, Any]:
    """Deletes what is older than it is kept."""
    from tasks import jobs  # noqa: PLC0415
    from tasks.pruning import Retention  # noqa: PLC0415

    def work(database: "Database", **recording: Any) -> "Ended":  # noqa: ANN401
        settings = load(TaskSettings)
        kept = Retention(days=settings.keep_days, models=settings.keep_models)
        return jobs.prune(database, settings.model_dir, kept, **recording)

    return _done(self, jobs.PRUNE, by_schedule, work)


@app.task(name="tasks.backup", **_JOB)
def backup(self: AnyTask, by_schedule: bool = False) -> dict[str, Any]:
    """Writes everything into one file, and deletes the oldest of these files."""
    from tasks import jobs  # noqa: PLC0415
    from tasks.backup import Shelf  # noqa: PLC0415

    def work(database: "Database", **recording: Any) -> "Ended":  # noqa: ANN401
        settings = load(TaskSettings)
        shelf = Shelf(settings.backup_dir, settings.keep_backups)
        return jobs.backup(database, settings.model_dir, shelf, **recording)

    return _done(self, jobs.BACKUP, by_schedule, work)


def _done(
    task: AnyTask, job: str, by_schedule: bool, work: "Callable[..., Ended]"
) -> dict[str, Any]:
    """The result of a job done for this task, or done before for the same slot or task."""
    from tasks.records import Occasion, earlier  # noqa: PLC0415

    slots = schedules(load(TaskSettings)).get(job)
    occasion = Occasion.task(str(task.request.id))
    if by_schedule and slots is not None:
        occasion = Occasion.slot(slots.last_until(_clock()))
    with _opened() as database:
        try:
            ended = work(
                database,
                clock=_clock,
                occasion=occasion,
                slots=slots,
                tell=load(OperatorSettings).admins,
            )
        except AlreadyDone as before:
            ended = earlier(before.run)
        except Busy as busy:
            raise task.retry(exc=busy, countdown=BUSY_SECONDS, max_retries=None) from None
    say = log.error if ended.outcome == "rejected" else log.info
    say("job ended", job=job, outcome=ended.outcome, reason=ended.reason)
    return {name: value for name, value in asdict(ended).items() if value is not None}


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
