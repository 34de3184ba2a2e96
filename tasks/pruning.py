"""What is kept for how long, and the deleting of the rest."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from db import alerts, impressions, inbox, jobs, models, outbox, pulses
from db.engine import Database
from db.models import ModelRow
from db.tables import ModelState
from recommender import artifact
from tasks.records import Ended
from tasks.training import WRITTEN_WITHIN

DELIVERED_WITHIN = timedelta(days=7)  # no platform delivers anything again after this long
TOLD_WITHIN = timedelta(days=30)
DEAD_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long rows are kept, and how many models beside the active one."""

    days: int
    models: int


def prune(database: Database, model_dir: Path, retention: Retention, now: datetime) -> Ended:
    """Deletes old rows and models. Raises Unreachable.

    Verdicts, the log of them, and ratings are kept: they are what a model learns from.
    """
    before = now - timedelta(days=retention.days)
    with database.write() as session:
        counts: dict[str, object] = {
            "inbox": inbox.prune(session, now - DELIVERED_WITHIN),
            "impressions": impressions.prune(session, before),
            "runs": jobs.prune(session, before),
            "alerts": alerts.prune(session, before),
            "letters": outbox.prune(session, now - TOLD_WITHIN),
            "pulses": pulses.prune(session, now - DEAD_AFTER),
        }
        old = _beyond(models.every(session), retention.models)
        models.delete(session, old)
    # Only once the registry has let go of them: nobody may find a row without its folder.
    for model_id in old:
        shutil.rmtree(model_dir / model_id, ignore_errors=True)
    artifact.sweep(model_dir, now - WRITTEN_WITHIN)
    return Ended(counts=counts | {"models": len(old)})


def _beyond(newest_first: Sequence[ModelRow], kept: int) -> list[str]:
    """The models to delete: all but the active one, the newest, and the one to go back to."""
    others = [row for row in newest_first if row.state is not ModelState.ACTIVE]
    back = next((row for row in others if row.state is ModelState.RETIRED), None)
    return [row.id for row in others[kept:] if row is not back]
