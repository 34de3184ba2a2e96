"""The registry of models as an operator sees it: what there is, and going back to the last one."""

from dataclasses import dataclass
from pathlib import Path

from db import models
from db.engine import Database
from db.models import ModelRow
from db.tables import ModelState
from recommender.default import DefaultModel
from recommender.errors import ArtifactError
from tasks.errors import NoModel, UnreadableModel


@dataclass(frozen=True, slots=True)
class Rollback:
    """The model that was active, and the older one that now is."""

    left: ModelRow
    back: ModelRow


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
