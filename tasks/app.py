"""The Celery application: `celery -A tasks.app worker` does the jobs, `… beat` starts them.

Nothing is read or connected when this module is imported: the settings are read when Celery first
asks for its configuration, in the process that needs it.
"""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging

from db.settings import DatabaseSettings, InvalidSettings, load
from tasks.schedule import Daily
from tasks.settings import TaskSettings

MISUSED = 2
LONGEST_JOB = timedelta(hours=3)  # killed after that
# A job that is not done by then is handed to another worker, so it must be longer than any job.
REDELIVERED_AFTER = timedelta(hours=6)
RESULTS_KEPT = timedelta(days=7)
# Beat that was down at 03:00 catches up when it is back within this time.
STILL_WORTH_RUNNING = timedelta(hours=12)

app = Celery("webtoonbot")


def configuration() -> dict[str, Any]:
    """What Celery is told; ends the process with 2 and one sentence if a setting is wrong."""
    try:
        settings = load(TaskSettings)
        load(DatabaseSettings)
    except InvalidSettings as invalid:
        sys.stderr.write(f"{invalid}\n")
        raise SystemExit(MISUSED) from None
    redis_url = settings.redis_url.get_secret_value()
    timeouts = {"visibility_timeout": int(REDELIVERED_AFTER.total_seconds())}
    return {
        "broker_url": redis_url,
        "result_backend": redis_url,
        "broker_transport_options": timeouts,
        "result_backend_transport_options": timeouts,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "timezone": settings.timezone.key,
        "beat_schedule": beat_schedule(settings),
        "beat_schedule_filename": str(settings.model_dir.parent / "beat-schedule"),
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
        "task_track_started": True,
        "worker_send_task_events": True,
        "task_send_sent_event": True,
    }


def beat_schedule(settings: TaskSettings) -> dict[str, dict[str, Any]]:
    """What beat starts, and when; times of day are in TIMEZONE."""
    at = settings.retrain_at
    return {
        "retrain": {
            "task": "tasks.retrain",
            "schedule": crontab(hour=str(at.hour), minute=str(at.minute)),
            "kwargs": {"by_schedule": True},
        }
    }


app.add_defaults(configuration)


@setup_logging.connect
def _prepare_process(**_: object) -> None:
    """Sent in a worker and in beat, before they begin; not in processes that just send tasks."""
    from tasks.logs import configure  # noqa: PLC0415 -- senders have logs of their own

    settings = load(TaskSettings)
    configure(settings, load(DatabaseSettings).database_url.get_secret_value())
    # Beat keeps its schedule beside the models, and does not make the folder itself.
    settings.model_dir.parent.mkdir(parents=True, exist_ok=True)


@app.task(name="tasks.retrain")
def retrain(by_schedule: bool = False) -> dict[str, str | None]:
    """Trains a model; the outcome, the model's id, and the reason where none was made."""
    from db.engine import Database  # noqa: PLC0415 -- whoever sends a task need not load these
    from tasks import jobs  # noqa: PLC0415

    settings = load(TaskSettings)
    daily = Daily(settings.retrain_at, settings.timezone)
    database = Database(load(DatabaseSettings).database_url.get_secret_value())
    try:
        trained = jobs.retrain(
            database,
            settings.model_dir,
            clock=_clock,
            scheduled_for=daily.last_until(_clock()) if by_schedule else None,
        )
    finally:
        database.close()
    if trained.model is None:
        return {"outcome": "skipped", "model": None, "reason": trained.skipped}
    return {"outcome": "ok", "model": trained.model.id, "reason": None}


def _clock() -> datetime:
    return datetime.now(UTC)
