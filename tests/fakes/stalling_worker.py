"""The Celery application for a worker that stands still in one phase of a retraining.

STALL_IN names a folder. While it holds a file `phase`, the next retraining that comes to the phase
named in it puts its process's number into `stalled`, takes `phase` away, and waits at the pipe
`gate` until somebody opens that for writing: what comes after it passes.
"""

import inspect
import os
from functools import wraps
from pathlib import Path

import redis.connection

import tasks.app
from db import models
from recommender import artifact
from tasks import jobs
from tasks.app import app
from tasks.training import STAGES

__all__ = ["PHASES", "app"]

# Every stage as it begins; half a model on disk; within the transaction that publishes; and with
# all of it done, but the broker not told.
PHASES = (*STAGES, "writing", "registering", "acknowledging")


def stall(phase):
    folder = Path(os.environ["STALL_IN"])
    wanted = folder / "phase"
    if not wanted.exists() or wanted.read_text() != phase:
        return
    wanted.unlink()
    aside = folder / "stalled.tmp"
    aside.write_text(str(os.getpid()))
    aside.replace(folder / "stalled")
    with (folder / "gate").open("rb"):
        pass


def before(phase, work):
    @wraps(work)
    def stalling(*arguments, **options):
        stall(phase)
        return work(*arguments, **options)

    return stalling


if "STALL_IN" in os.environ:
    retrain = jobs.retrain

    @wraps(retrain)
    def retraining(*arguments, **options):
        trained = retrain(*arguments, progress=stall, **options)
        stall("acknowledging")
        return trained

    jobs.retrain = retraining
    artifact._move = before("writing", artifact._move)
    models.activate = before("registering", models.activate)
    # What takes half a minute, or ten seconds, takes a moment.
    tasks.app.BUSY_SECONDS = 1
    app.conf.worker_lost_wait = 0.3

if "SOCKET_SECONDS" in os.environ:
    # How long redis-py by itself, and we, wait for a server that is silent.
    seconds = float(os.environ["SOCKET_SECONDS"])
    connecting = inspect.unwrap(redis.connection.AbstractConnection.__init__)
    own = redis.connection.DEFAULT_SOCKET_TIMEOUT
    defaults = connecting.__defaults__
    assert own in defaults
    connecting.__defaults__ = tuple(seconds if value is own else value for value in defaults)
    app.conf.broker_transport_options["socket_timeout"] = seconds
