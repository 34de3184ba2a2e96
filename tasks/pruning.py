"""What is kept for how long, and the deleting of the rest."""

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy.orm import Session

from db import (
    alerts,
    frontier,
    happenings,
    holdings,
    imports,
    impressions,
    inbox,
    jobs,
    link_codes,
    links,
    locks,
    models,
    news,
    outbox,
    parties,
    pulses,
)
from db.engine import Database
from db.models import ModelRow
from db.tables import ModelState
from tasks import publishing, registry
from tasks.errors import UnreadableModel
from tasks.records import Ended
from tasks.schedule import RETRAIN, SPREAD_NEWS
from tasks.settings import TaskSettings

TOLD_WITHIN = timedelta(days=30)
RAN_OFTEN = timedelta(days=3)  # a job that runs every few minutes leaves many records
DEAD_AFTER = timedelta(days=1)
OVER_AFTER = timedelta(days=1)  # a round of /together, which nobody can use any more by then
FOUND_WITHIN = timedelta(days=60)  # people on a site of ratings who were not visited by then


@dataclass(frozen=True, slots=True)
class Retention:
    """How long rows are kept, and readers who do not speak (0: for ever); how many models beside
    the active one.
    """

    days: int
    models: int
    reader_days: int = 0

    @classmethod
    def of(cls, settings: TaskSettings) -> Self:
        """What an operator has set."""
        return cls(settings.keep_days, settings.keep_models, settings.keep_readers_days)


def prune(database: Database, model_dir: Path, retention: Retention, now: datetime) -> Ended:
    """Deletes old rows and models. Raises Unreachable.

    Verdicts that stand, and ratings, are kept: they are what a model learns from.
    """
    before = now - timedelta(days=retention.days)
    with database.write() as session:
        counts: dict[str, object] = {
            "inbox": inbox.prune(session, now),
            "readers": _forget_silent(session, retention, now),
            "impressions": impressions.prune(session, before),
            "changes": holdings.forget_changes(session, before),
            "codes": link_codes.prune(session, now - links.UNDOABLE),
            "links": links.prune(session, undoable=now - links.UNDOABLE, before=before),
            "runs": jobs.prune(session, before) + jobs.prune(session, now - RAN_OFTEN, SPREAD_NEWS),
            "alerts": alerts.prune(session, before),
            "letters": outbox.prune(session, now - TOLD_WITHIN),
            "lists": imports.prune(session, now - imports.OPEN_FOR),
            "news": news.prune(session, now - TOLD_WITHIN),
            "happenings": happenings.prune(session, now - TOLD_WITHIN),
            "pulses": pulses.prune(session, now - DEAD_AFTER),
            "rounds": parties.prune(session, now - OVER_AFTER),
            "addresses": frontier.forget_people(session, now - FOUND_WITHIN),
        }
    begun = 0
    if not locks.taken(database, RETRAIN):
        begun = publishing.sweep(database, model_dir, now - publishing.WRITTEN_WITHIN)
    return Ended(counts=counts | {"models": begun + _prune_models(database, model_dir, retention)})


def _forget_silent(session: Session, retention: Retention, now: datetime) -> int:
    if not retention.reader_days:
        return 0
    before = now - timedelta(days=retention.reader_days)
    return holdings.forget_silent(session, now, before)


def _prune_models(database: Database, model_dir: Path, retention: Retention) -> int:
    with database.read() as session:
        before = models.served_before(session)
        if not _beyond(models.every(session), retention.models, ()):
            return 0
    # Reading models takes longer than others wait for a writer.
    back = _back(model_dir, before)
    with database.write() as session:
        models.active(session, kept=True)
        # Should the mark have moved since, the last to have served is the one to go back to.
        back = {*back, *(row.id for row in models.served_before(session)[:1])}
        old = _beyond(models.every(session), retention.models, back)
        models.delete(session, old)
    # Only once the registry has let go of them: nobody may find a row without its folder.
    for model_id in old:
        shutil.rmtree(model_dir / model_id, ignore_errors=True)
    return len(old)


def _back(model_dir: Path, before: Sequence[ModelRow]) -> set[str]:
    """The model that a rollback goes back to, if there is one."""
    try:
        return {registry.first_sound(model_dir, before).id}
    except UnreadableModel:
        return set()


def _beyond(newest_first: Sequence[ModelRow], kept: int, back: Collection[str]) -> list[str]:
    """The models to delete: all but the active one, the newest, and those to go `back` to."""
    others = [row for row in newest_first if row.state is not ModelState.ACTIVE]
    return [row.id for row in others[kept:] if row.id not in back]
