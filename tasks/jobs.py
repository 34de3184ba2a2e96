"""The jobs as they are recorded; each is called by its task and by its command alike."""

from pathlib import Path

from db.engine import Database
from db.outbox import Address
from tasks import counting, pruning
from tasks.backup import Shelf, back_up
from tasks.pruning import Retention
from tasks.records import BY_HAND, Clock, Ended, Occasion, recorded
from tasks.schedule import Slots
from tasks.training import Progress, Trained, train

RETRAIN = "retrain"
REFRESH_POPULARITY = "refresh_popularity"
PRUNE = "prune"
BACKUP = "backup"


def retrain(
    database: Database,
    model_dir: Path,
    *,
    clock: Clock,
    occasion: Occasion = BY_HAND,
    slots: Slots | None = None,
    tell: tuple[Address, ...] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> Trained:
    """Trains a model. Raises Busy, AlreadyDone, and what training raises."""
    with recorded(
        database, RETRAIN, clock=clock, occasion=occasion, slots=slots, tell=tell
    ) as record:
        trained = train(database, model_dir, now=record.began, seed=seed, progress=progress)
        record.ended = trained.ended
    return trained


def refresh_popularity(
    database: Database,
    *,
    clock: Clock,
    occasion: Occasion = BY_HAND,
    slots: Slots | None = None,
    tell: tuple[Address, ...] = (),
) -> Ended:
    """Counts anew how popular works are. Raises Busy, AlreadyDone and Unreachable."""
    with recorded(
        database, REFRESH_POPULARITY, clock=clock, occasion=occasion, slots=slots, tell=tell
    ) as record:
        record.ended = counting.refresh(database, record.began)
    return record.ended


def prune(
    database: Database,
    model_dir: Path,
    retention: Retention,
    *,
    clock: Clock,
    occasion: Occasion = BY_HAND,
    slots: Slots | None = None,
    tell: tuple[Address, ...] = (),
) -> Ended:
    """Deletes what is older than it is kept. Raises Busy, AlreadyDone and Unreachable."""
    with recorded(
        database, PRUNE, clock=clock, occasion=occasion, slots=slots, tell=tell
    ) as record:
        record.ended = pruning.prune(database, model_dir, retention, record.began)
    return record.ended


def backup(
    database: Database,
    model_dir: Path,
    shelf: Shelf,
    *,
    clock: Clock,
    occasion: Occasion = BY_HAND,
    slots: Slots | None = None,
    tell: tuple[Address, ...] = (),
    to: Path | None = None,
    progress: Progress | None = None,
) -> Ended:
    """Writes a backup of everything. Raises Busy, AlreadyDone, NotWritten and Unreachable."""
    with recorded(
        database, BACKUP, clock=clock, occasion=occasion, slots=slots, tell=tell
    ) as record:
        record.ended = back_up(database, model_dir, shelf, record.began, to=to, progress=progress)
    return record.ended
