"""From what readers said to a model that is registered and active."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from db import models
from db.engine import Database
from db.models import ModelRow
from db.tables import ModelState
from recommender import default_model, questions
from recommender.errors import TooFewInteractions
from recommender.interactions import Step
from tasks import gate, publishing
from tasks.errors import NothingToDo
from tasks.features import features_of, never_asked
from tasks.material import prepare, read
from tasks.records import Ended

STAGES = ("reading", "cleaning", "fitting", "measuring", "publishing")

Progress = Callable[[str], None]
Conclude = Callable[[Session, Ended], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What became of a training: a model, which is active unless it was rejected, or none."""

    model: ModelRow | None
    skipped: str | None = None
    steps: tuple[Step, ...] = ()  # what each step of the cleaning left
    rejected: str | None = None
    beside: str | None = None  # the model that was active before

    @property
    def ended(self) -> Ended:
        """The same as a job's record has it."""
        model = self.model
        if model is None:
            return Ended("skipped", reason=self.skipped)
        counts: dict[str, object] = {
            "readers": model.readers,
            "items": model.items,
            "rows": model.rows,
            "demo": model.demo,
            "active_before": self.beside,
        }
        if self.rejected:
            reason = f"The new model {model.id} does not serve. {self.rejected}"
            return Ended("rejected", counts, reason, model.id)
        if model.note:
            counts["note"] = model.note
        return Ended("ok", counts, model_id=model.id)


def train(
    database: Database,
    model_dir: Path,
    *,
    now: datetime,
    seed: int = 0,
    progress: Progress | None = None,
    conclude: Conclude | None = None,
) -> Trained:
    """Fits, measures and writes a model, and activates it unless it is worse than the active one.

    Skips when there is nothing to learn from. `progress` is told each of STAGES as it begins;
    `conclude` how it ended, in the transaction that publishes: what it raises undoes that.

    A model takes 4 bytes x works² on disk in `model_dir`. No other training may be under way.
    Raises Unreachable, ArtifactNotWritten and CatalogueTooLarge, having left the active model as it
    was and nothing behind; what an unreachable database keeps from being removed, a later one
    sweeps.
    """
    tell = progress or (lambda _: None)
    tell("reading")
    snapshot = read(database)
    tell("cleaning")
    try:
        material = prepare(snapshot)
        tell("fitting")
        model = default_model.fit(material.fit.matrix, features_of(material.works), seed=seed)
        model.questions = questions.plan(
            model, material.fit.matrix, never_asked(material.works), seed=seed
        )
    except NothingToDo as nothing:
        return Trained(None, str(nothing))
    except TooFewInteractions as few:
        return Trained(None, f"There is nothing to learn from: {few}.")
    tell("measuring")
    with database.read() as session:
        active = models.active(session)
    judged = gate.judge(model, material, active, model_dir, seed)
    tell("publishing")
    row = ModelRow(
        id=f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        state=ModelState.CANDIDATE,
        created_at=now,
        readers=len(material.fit.readers),
        items=int((~model.cold).sum()),
        rows=int(material.fit.matrix.nnz),
        metrics=judged.metrics,
        demo=material.demo,
        digest="",
        note=judged.rejected or judged.note,
    )
    facts = {"id": row.id, "created_at": now.astimezone(UTC).isoformat(), "seed": seed}
    facts |= {"items": row.items, "demo": row.demo, "metrics": dict(row.metrics)}
    publishing.sweep(database, model_dir, now - publishing.WRITTEN_WITHIN)
    with publishing.reserved(database, model_dir, row):
        digest = model.save(model_dir / row.id, ids=material.fit.items, extra=facts)
        with database.write() as session:
            published = publishing.publish(session, replace(row, digest=digest), judged, now)
            rejected = published.note if published.state is ModelState.REJECTED else None
            trained = Trained(published, None, material.steps, rejected, judged.beside)
            if conclude is not None:
                conclude(session, trained.ended)
    return trained
