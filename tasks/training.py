"""From what readers said to a model that is registered and active."""

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db import models
from db.engine import Database
from db.models import ModelRow
from db.tables import ModelState
from recommender import artifact, default_model
from recommender.interactions import Step
from tasks import measuring
from tasks.errors import NothingToDo
from tasks.features import features_of
from tasks.material import prepare, read
from tasks.records import Ended

WRITTEN_WITHIN = timedelta(hours=1)  # what is older and unfinished was left by a killed process
STAGES = ("reading", "cleaning", "fitting", "measuring", "publishing")

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What became of a training: the model that is now active, or why there is none."""

    model: ModelRow | None
    skipped: str | None = None
    steps: tuple[Step, ...] = ()  # what each step of the cleaning left

    @property
    def ended(self) -> Ended:
        """The same as a job's record has it."""
        model = self.model
        if model is None:
            return Ended("skipped", reason=self.skipped)
        counts = {"readers": model.readers, "items": model.items, "rows": model.rows}
        return Ended("ok", counts | {"demo": model.demo}, model_id=model.id)


def train(
    database: Database,
    model_dir: Path,
    *,
    now: datetime,
    seed: int = 0,
    progress: Progress | None = None,
) -> Trained:
    """Fits, measures, writes and activates a model; skips when there is nothing to learn from.

    `progress` is told each of STAGES as it begins. A model takes 4 bytes x works² on disk in
    `model_dir`. Raises Unreachable, ArtifactNotWritten and CatalogueTooLarge, having left the
    active model as it was and nothing behind.
    """
    tell = progress or (lambda _: None)
    tell("reading")
    snapshot = read(database)
    tell("cleaning")
    try:
        material = prepare(snapshot)
    except NothingToDo as nothing:
        return Trained(None, str(nothing))
    tell("fitting")
    model = default_model.fit(material.fit.matrix, features_of(material.works), seed=seed)
    tell("measuring")
    metrics = measuring.figures(measuring.compare(model, material, seed))
    tell("publishing")
    row = ModelRow(
        id=f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        state=ModelState.CANDIDATE,
        created_at=now,
        readers=len(material.fit.readers),
        items=int((~model.cold).sum()),
        rows=int(material.fit.matrix.nnz),
        metrics=metrics,
        demo=material.demo,
        digest="",
    )
    facts = {"id": row.id, "created_at": now.astimezone(UTC).isoformat(), "seed": seed}
    facts |= {"items": row.items, "demo": row.demo, "metrics": metrics}
    artifact.sweep(model_dir, now - WRITTEN_WITHIN)
    digest = model.save(model_dir / row.id, ids=material.fit.items, extra=facts)
    published = _publish(database, model_dir, replace(row, digest=digest))
    return Trained(published, steps=material.steps)


def _publish(database: Database, model_dir: Path, row: ModelRow) -> ModelRow:
    try:
        with database.write() as session:
            models.register(session, row)
            models.activate(session, row.id)
    except BaseException:
        # Without its row nobody would ever load the folder, or delete it.
        shutil.rmtree(model_dir / row.id, ignore_errors=True)
        raise
    return replace(row, state=ModelState.ACTIVE)
