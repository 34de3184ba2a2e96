"""Everything there is, written into one file from which any of our databases can be made again."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from db import dump, models
from db.engine import Database
from recommender import artifact
from recommender.errors import ArtifactError
from tasks.archive import Contents, Packing
from tasks.errors import NotWritten
from tasks.records import Ended
from tasks.writing import sweep, whole

NAME = re.compile(r"webtoonbot-\d{8}-\d{6}\.tar\.gz")
MODELS = "models"  # the stage after the tables

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder of the nightly backups, and how many of them are kept."""

    folder: Path
    keep: int


def stages() -> list[str]:
    """What `progress` is told, in order."""
    return [*dump.names(), MODELS]


def back_up(
    database: Database,
    model_dir: Path,
    shelf: Shelf,
    now: datetime,
    *,
    to: Path | None = None,
    progress: Progress | None = None,
) -> Ended:
    """Writes a backup onto the shelf and deletes the oldest beyond those kept; or one to `to`.

    Raises Unreachable, and NotWritten, having left no half file.
    """
    target = to or shelf.folder / f"webtoonbot-{now.astimezone(UTC):%Y%m%d-%H%M%S}.tar.gz"
    if to is None:
        # One backup at a time: whoever began these is gone.
        sweep(shelf.folder, "webtoonbot-*.tar.gz")
    contents = write(database, model_dir, target, now, progress)
    counts = {
        "rows": contents.rows,
        "models": len(contents.models),
        "bytes": target.stat().st_size,
        "file": str(target),
        "deleted": _delete_oldest(shelf) if to is None else 0,
    }
    return Ended(counts=counts)


def write(
    database: Database, model_dir: Path, path: Path, now: datetime, progress: Progress | None = None
) -> Contents:
    """Writes one moment of the database, and the models that are whole, as the file `path`.

    Raises Unreachable, and NotWritten, having left what was at `path`.
    """
    tell = progress or (lambda _: None)
    with whole(path) as file, database.read() as session:
        packing = Packing(file, path.parent)
        for name in dump.names():
            tell(name)
            packing.table(name, dump.rows(session, name))
        tell(MODELS)
        digests = _pack_models(packing, session, model_dir)
        counters = dump.counters(session.connection())
        return packing.finish(now, dump.revision(session), counters, digests)


def _pack_models(packing: Packing, session: Session, model_dir: Path) -> dict[str, str]:
    """Adds the folders of the registered models; the digests of those that are sound."""
    digests = {}
    for row in models.every(session):
        folder = model_dir / row.id
        with ExitStack() as opened:
            try:
                arrays = artifact.read(folder, row.digest).arrays
                names = (artifact.MANIFEST, *(f"{name}.npy" for name in arrays))
                # All of them, before the first is packed: a pruning may come in between.
                files = [opened.enter_context((folder / name).open("rb")) for name in names]
            except (ArtifactError, OSError):
                continue  # nothing could serve it here, and nothing could where it is restored
            for name, file in zip(names, files, strict=True):
                packing.model_file(row.id, name, file)
            digests[row.id] = row.digest
    return digests


def _delete_oldest(shelf: Shelf) -> int:
    ours = sorted(path for path in shelf.folder.iterdir() if NAME.fullmatch(path.name))
    old = ours[: -shelf.keep]
    try:
        for path in old:
            path.unlink(missing_ok=True)
    except OSError as error:
        message = f"The old backup {path} was not deleted: {(error.strerror or '').lower()}."
        raise NotWritten(message) from error
    return len(old)
