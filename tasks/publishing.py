"""A model's way into the registry: reserved, written, published, or given up with its folder.

Its row is there before its folder is. So whatever ends the process in between, the registry knows
of each folder that is its own; one that it does not know may be another database's.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from db import models
from db.engine import Database
from db.models import ModelRow
from db.tables import ModelState
from recommender import artifact
from tasks.errors import Superseded
from tasks.gate import Judgement
from tasks.schedule import RETRAIN

WRITTEN_WITHIN = timedelta(hours=1)  # what is older and unfinished was left by a killed process

log = structlog.get_logger()


@contextmanager
def reserved(database: Database, model_dir: Path, candidate: ModelRow) -> Iterator[None]:
    """Registers a candidate, whose folder may be written inside; what fails there gives it up.

    Raises Unreachable.
    """
    try:
        with database.write() as session:
            models.register(session, candidate)
        yield
    except BaseException:
        _give_up(database, model_dir, candidate.id)
        raise


def publish(session: Session, row: ModelRow, judged: Judgement, now: datetime) -> ModelRow:
    """Makes a candidate whose folder is written the active model, or a rejected one; its row.

    Raises Superseded if another training gave it up, which only one that has our lock does.
    """
    row = _after(judged, row, models.active(session, kept=True))
    if not models.finish(session, row):
        raise Superseded(RETRAIN)
    if row.state is not ModelState.REJECTED:
        models.activate(session, row.id, now)
    return models.get(session, row.id) or row


def sweep(database: Database, model_dir: Path, before: datetime) -> int:
    """Removes what killed trainings began before then; how many candidates. Raises Unreachable.

    No training that began before then may be under way.
    """
    artifact.sweep(model_dir, before)
    with database.read() as session:
        left = models.candidates(session, before)
    for model_id in left:
        _remove(database, model_dir, model_id)
    return len(left)


def _give_up(database: Database, model_dir: Path, model_id: str) -> None:
    """Removes a candidate, unless it was published: what failed may be the word of that alone."""
    try:
        _remove(database, model_dir, model_id)
    except Exception as error:  # what must be told is why the model was given up
        log.warning("candidate left to be swept", model=model_id, reason=str(error))


def _remove(database: Database, model_dir: Path, model_id: str) -> None:
    with database.write() as session:
        if models.give_up(session, model_id):
            # Before the row is gone for good, as long as that keeps others from publishing it.
            shutil.rmtree(model_dir / model_id, ignore_errors=True)


def _after(judged: Judgement, row: ModelRow, active: ModelRow | None) -> ModelRow:
    """The row as the judgement has it, unless somebody moved the active mark since."""
    if judged.rejected:
        return replace(row, state=ModelState.REJECTED)
    if active is not None and active.id != judged.beside:
        note = (
            f"While it was made {active.id} became the active model; it was not compared with it."
        )
        return replace(row, state=ModelState.REJECTED, note=note)
    return row
