"""What Celery is told, by the settings and by what was measured."""

import sys
from datetime import timedelta
from typing import Any

from celery.schedules import crontab
from kombu import Queue

from db.engine import Database
from db.errors import DatabaseError
from db.settings import DatabaseSettings, InvalidSettings, load
from tasks import redis_url
from tasks.broker import CRAWL, QUEUES, TRAIN
from tasks.schedule import schedules
from tasks.settings import TaskSettings

MISUSED = 2
LONGEST_JOB = timedelta(hours=3)  # killed after that
LONGEST_CRAWL = timedelta(hours=5, minutes=30)
# A job that is not done by then is handed to another worker, so it must be longer than any job.
REDELIVERED_AFTER = timedelta(hours=6)
RESULTS_KEPT = timedelta(days=7)
# Beat that was down at 03:00 catches up when it is back within this time.
STILL_WORTH_RUNNING = timedelta(hours=12)
# How often a sender tries again, and seconds between: whoever sends a task wants to know at once
# that Redis is away. What a worker has to say of a task that it did can wait for Redis.
IMPATIENT = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
PATIENT = {"max_retries": 120, "interval_start": 0, "interval_step": 0.5, "interval_max": 1}


def configuration() -> dict[str, Any]:
    """What Celery is told; ends the process with 2 and one sentence if a setting is wrong."""
    try:
        settings = load(TaskSettings)
        # Only made, and not asked: what is just away will be back.
        Database(load(DatabaseSettings).database_url.get_secret_value()).close()
    except (InvalidSettings, DatabaseError) as invalid:
        sys.stderr.write(f"{invalid}\n")
        raise SystemExit(MISUSED) from None
    broker_url = redis_url.for_celery(settings.redis_url.get_secret_value())
    connection = {
        "visibility_timeout": int(REDELIVERED_AFTER.total_seconds()),
        # A server whose machine is gone says nothing. A live one never keeps an idle worker
        # waiting for more than a second.
        "socket_timeout": 30,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
    }
    return {
        "broker_url": broker_url,
        "result_backend": broker_url,
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
        "task_queues": [Queue(name, routing_key=name) for name in QUEUES],
        "task_default_queue": TRAIN,
        "task_routes": {"tasks.crawl_*": {"queue": CRAWL}},
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
