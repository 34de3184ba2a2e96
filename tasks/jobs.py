"""The jobs as they are recorded; each is called by its task and by its command alike."""

from pathlib import Path
from zoneinfo import ZoneInfo

from tasks import counting, pruning, spreading
from tasks.backup import Shelf, back_up
from tasks.pruning import Retention
from tasks.records import Ended, Recording, recorded
from tasks.schedule import BACKUP, PRUNE, REFRESH_POPULARITY, RETRAIN, SPREAD_NEWS
from tasks.training import Progress, Trained, train


def retrain(
    recording: Recording, model_dir: Path, *, seed: int = 0, progress: Progress | None = None
) -> Trained:
    """Trains a model. Raises Busy, AlreadyDone, and what training raises."""
    with recorded(RETRAIN, recording) as record:
        trained = train(
            recording.database,
            model_dir,
            now=record.began,
            seed=seed,
            progress=progress,
            conclude=record.end,
        )
        record.ended = trained.ended
    return trained


def refresh_popularity(recording: Recording) -> Ended:
    """Counts anew how popular works are. Raises Busy, AlreadyDone and Unreachable."""
    with recorded(REFRESH_POPULARITY, recording) as record:
        record.ended = counting.refresh(recording.database, record.began)
    return record.ended


def spread_news(recording: Recording, zone: ZoneInfo) -> Ended:
    """Tells readers of what happened to what they follow, and once a week of three works.

    `zone` is where readers are who chose none. Raises Busy, AlreadyDone and Unreachable.
    """
    with recorded(SPREAD_NEWS, recording) as record:
        record.ended = spreading.spread(recording.database, zone, record.began)
    return record.ended


def prune(recording: Recording, model_dir: Path, retention: Retention) -> Ended:
    """Deletes what is older than it is kept. Raises Busy, AlreadyDone and Unreachable."""
    with recorded(PRUNE, recording) as record:
        record.ended = pruning.prune(recording.database, model_dir, retention, record.began)
    return record.ended


def backup(
    recording: Recording,
    model_dir: Path,
    shelf: Shelf,
    *,
    to: Path | None = None,
    progress: Progress | None = None,
) -> Ended:
    """Writes a backup of everything.

    Raises Busy, AlreadyDone, NotWritten, IncompleteBackup, NotDeleted and Unreachable.
    """
    with recorded(BACKUP, recording) as record:
        record.ended = back_up(
            recording.database, model_dir, shelf, record.began, to=to, progress=progress
        )
    return record.ended
