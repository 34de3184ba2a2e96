"""The registry of models as an operator sees it: what there is, and which one is to serve."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from db import alerts, models
from db.engine import Database
from db.models import ModelRow
from db.tables import ModelState
from recommender.default import DefaultModel
from recommender.errors import ArtifactError
from tasks.errors import NoModel, NothingToDo, UnreadableModel

REJECTED = "retrain.rejected"  # the incident that a new model was not let serve


@dataclass(frozen=True, slots=True)
class Rollback:
    """The model that was active, and the older one that now is."""

    left: ModelRow
    back: ModelRow


@dataclass(frozen=True, slots=True)
class Folder:
    """What is on disk of a model: the bytes of its files by name, and what is wrong with them."""

    path: Path
    files: dict[str, int]
    damage: str | None


def get(database: Database, model_id: str) -> ModelRow:
    """The row of the model with this id. Raises NoModel."""
    with database.read() as session:
        row = models.get(session, model_id)
    if row is None:
        raise NoModel(_unknown(model_id))
    return row


def folder(model_dir: Path, row: ModelRow) -> Folder:
    """The files of this row's model, their digests verified."""
    path = model_dir / row.id
    files = {file.name: file.stat().st_size for file in sorted(path.glob("*"))}
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
        row = models.get(session, model_id)
        if row is None:
            raise NoModel(_unknown(model_id))
        if row.state is ModelState.ACTIVE:
            raise NothingToDo(f"{row.id} is the active model already.")
        models.activate(session, row.id)
        if row.state is ModelState.REJECTED:
            models.remark(session, row.id, f"Promoted by hand. Before: {row.note or 'rejected.'}")
        alerts.close_alerts(session, REJECTED, now)
    return left


def rollback(database: Database, model_dir: Path) -> Rollback:
    """Makes the latest older model whose folder is sound the active one again.

    The one it leaves is rejected, so that no later rollback comes back to it.
    Raises NoModel if there is no older one, UnreadableModel if the folders of all are damaged.
    """
    with database.write() as session:
        left = models.active(session)
        if left is None:
            raise NoModel("There is no active model: run webtoonctl train.")
        older = models.retired_before(session, left)
        if not older:
            raise NoModel(f"There is no earlier model than {left.id} to go back to.")
        back = _first_sound(model_dir, older)
        models.activate(session, back.id, left=ModelState.REJECTED)
        models.remark(session, left.id, f"Left by hand for {back.id}.")
    return Rollback(left, back)


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


def _unknown(model_id: str) -> str:
    return f"There is no model {model_id}: webtoonctl models list shows all."


def _first_sound(model_dir: Path, rows: list[ModelRow]) -> ModelRow:
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
