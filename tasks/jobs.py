"""The jobs as they are recorded: when one began, and how it ended, also when it failed."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import stamina

from db import jobs
from db.engine import Database
from db.errors import DatabaseError, Unreachable
from tasks.training import Progress, Trained, train

RETRAIN = "retrain"
FAILED = "retrain.failed"

Clock = Callable[[], datetime]


def retrain(
    database: Database,
    model_dir: Path,
    *,
    clock: Clock,
    scheduled_for: datetime | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Trained:
    """Trains and records the run, whatever comes of it. Raises what training raises."""
    began = clock()
    with database.write() as session:
        run = jobs.begin(session, RETRAIN, began, scheduled_for)
    try:
        trained = train(database, model_dir, now=began, seed=seed, progress=progress)
    except BaseException as error:
        _failed(database, run, error, clock())
        raise
    _finished(database, run, trained, clock)
    return trained


# The model is published by now: a lock that somebody holds must not leave its run unfinished.
@stamina.retry(on=Unreachable, attempts=5, timeout=120)
def _finished(database: Database, run: int, trained: Trained, clock: Clock) -> None:
    model = trained.model
    counts = (
        {"readers": model.readers, "items": model.items, "rows": model.rows, "demo": model.demo}
        if model
        else {"reason": trained.skipped}
    )
    with database.write() as session:
        jobs.finish(
            session,
            run,
            "ok" if model else "skipped",
            clock(),
            counts=counts,
            model_id=model.id if model else None,
        )
        if model:
            jobs.close_alerts(session, FAILED, clock())


def _failed(database: Database, run: int, error: BaseException, now: datetime) -> None:
    sentence = f"{type(error).__name__}: {error}"
    try:
        with database.write() as session:
            jobs.finish(session, run, "failed", now, error=sentence)
            jobs.open_alert(session, FAILED, f"Training failed: {sentence}", now)
    except DatabaseError:
        # The database is what failed; the first error says so better than this one.
        return
