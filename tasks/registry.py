"""The registry of models as an operator sees it: what there is, and which one is to serve."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from db import alerts, models
from db.engine import Database
from db.models import ModelRow
from db.tables import ModelState
from recommender.default import DefaultModel
from recommender.errors import ArtifactError
from tasks.errors import Moved, NoModel, NothingToDo, UnreadableModel
from tasks.records import rejected
from tasks.schedule import RETRAIN

TRIES = 3  # of a rollback, beneath which the active mark moves


@dataclass(frozen=True, slots=True)
class Rollback:
    """The model that was active, and the one before it that now is."""

    left: ModelRow
    back: ModelRow


@dataclass(frozen=True, slots=True)
class Folder:
    """What is on disk of a model: the bytes of its files by name, and what is wrong with them."""

    path: Path
    files: dict[str, int]
    damage: str | None


def get(database: Database, model_id: str) -> ModelRow:
    """The row of the model with this id. Raises NoModel, also while it is being made."""
    with database.read() as session:
        return _finished(models.get(session, model_id), model_id)


def folder(model_dir: Path, row: ModelRow) -> Folder:
    """The files of this row's model, their digests verified."""
    path = model_dir / row.id
    files: dict[str, int] = {}
    with suppress(OSError):  # what cannot be read is said by `loaded`
        for file in sorted(path.glob("*")):
            files[file.name] = file.stat().st_size
    try:
        loaded(model_dir, row)
    except UnreadableModel as error:
        return Folder(path, files, str(error))
    return Folder(path, files, None)


def promote(database: Database, model_dir: Path, model_id: str, now: datetime) -> ModelRow | None:
    """Makes this model the active one, whatever was held against it; the one that was before.

    Its files are verified first. Raises NoModel if it is unknown, NothingToDo if it is active,
    UnreadableModel if it is damaged.
    """
    # Not within the transaction: reading a large model takes longer than bots wait for a writer.
    loaded(model_dir, get(database, model_id))
    with database.write() as session:
        left = models.active(session, kept=True)
        row = _finished(models.get(session, model_id), model_id)
        if row.state is ModelState.ACTIVE:
            raise NothingToDo(f"{row.id} is the active model already.")
        models.activate(session, row.id, now)
        if row.state is ModelState.REJECTED:
            models.remark(session, row.id, f"Promoted by hand. Before: {row.note or 'rejected.'}")
        alerts.close_alerts(session, rejected(RETRAIN), now)
    return left


def rollback(database: Database, model_dir: Path, now: datetime) -> Rollback:
    """Makes the model that served before the active one active again, the last that is sound.

    However the active one came to serve: by training or by hand. It is rejected, so that no later
    rollback comes back to it. Raises NoModel if none served before it, UnreadableModel if all of
    those are damaged, and Moved.
    """
    for _ in range(TRIES):
        with database.read() as session:
            left, before = models.active(session), models.served_before(session)
        if left is None:
            raise NoModel("There is no active model: run webtoonctl train.")
        if not before:
            raise NoModel(f"There is no earlier model than {left.id} to go back to.")
        # Not within the transaction, for the same reason as above.
        back = first_sound(model_dir, before)
        with database.write() as session:
            active = models.active(session, kept=True)
            there = {row.id for row in models.served_before(session)}
            if active is None or active.id != left.id or back.id not in there:
                continue  # a training published, or somebody else went back
            models.activate(session, back.id, now, left=ModelState.REJECTED)
            models.remark(session, left.id, f"Left by hand for {back.id}.")
        return Rollback(left, back)
    raise Moved


def first_sound(model_dir: Path, rows: Sequence[ModelRow]) -> ModelRow:
    """The first of these models whose folder is sound. Raises UnreadableModel if none is."""
    damage: UnreadableModel | None = None
    for row in rows:
        try:
            loaded(model_dir, row)
        except UnreadableModel as error:
            damage = damage or error
        else:
            return row
    message = f"None of the {len(rows)} earlier models can be used. {damage}"
    raise UnreadableModel(message)


def loaded(model_dir: Path, row: ModelRow) -> DefaultModel:
    """The model of this row, its digest verified, memory-mapped. Raises UnreadableModel."""
    try:
        return DefaultModel.load(model_dir / row.id, row.digest)
    except ArtifactError as error:
        message = f"The model {row.id} cannot be used: {error}."
        raise UnreadableModel(message) from error


def active(database: Database) -> ModelRow:
    """The active model's row. Raises NoModel."""
    with database.read() as session:
        row = models.active(session)
    if row is None:
        raise NoModel("There is no model yet: run webtoonctl train.")
    return row


def _finished(row: ModelRow | None, model_id: str) -> ModelRow:
    if row is None:
        raise NoModel(f"There is no model {model_id}: webtoonctl models list shows all.")
    if row.state is ModelState.CANDIDATE:
        raise NoModel(f"The model {model_id} is still being made, or its training was killed.")
    return row
