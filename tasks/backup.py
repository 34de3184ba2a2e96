"""Everything there is, written into one file from which any of our databases can be made again."""

import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from db import dump, models
from db.engine import Database
from recommender import artifact
from recommender.errors import ArtifactError
from tasks.archive import Packing
from tasks.errors import IncompleteBackup, NotDeleted
from tasks.records import Ended
from tasks.writing import replaceable, sweep, whole

# A name of its own, or nights of these would push out the backups from which all can be restored.
INCOMPLETE = "-incomplete.tar.gz"
OURS = re.compile(r"webtoonbot-\d{8}-\d{6}(-incomplete)?\.tar\.gz")
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


@dataclass(frozen=True, slots=True)
class Written:
    """Where a backup is and what it holds: its rows, and the digests of its models by their ids.

    `lacks` says what is wrong with the models that it does not hold; `without` is the active one
    if it is among them.
    """

    path: Path
    rows: int
    models: Mapping[str, str]
    lacks: Mapping[str, str]
    without: str | None


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

    Raises Unreachable, and NotWritten, having left no half file; IncompleteBackup if the active
    model cannot be read, having written the rest, and replaced or deleted no complete one; and
    NotDeleted, having written all.
    """
    path = to or shelf.folder / f"webtoonbot-{now.astimezone(UTC):%Y%m%d-%H%M%S}.tar.gz"
    if to is None:
        # For the room that these take; what cannot be removed is told once there is a backup.
        with suppress(OSError):
            _sweep(shelf)
    written = write(database, model_dir, path, now, progress)
    deleted, trouble = 0, ""
    if to is None:
        try:
            deleted = _tidy(shelf, written)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            trouble = f"older files in {shelf.folder} cannot be deleted: {why}"
    if written.without:
        kept = "" if to else ", and complete ones were kept"
        also = f"; and {trouble}" if trouble else ""
        raise IncompleteBackup(
            f"The backup lacks the active model {written.without}, all tables are in "
            f"{written.path}{kept}: {written.lacks[written.without]}{also}."
        )
    if trouble:
        message = f"The backup {written.path} was written, but {trouble}."
        raise NotDeleted(message)
    counts = {
        "rows": written.rows,
        "models": len(written.models),
        "left_out": list(written.lacks),
        "bytes": written.path.stat().st_size,
        "file": str(written.path),
        "deleted": deleted,
    }
    return Ended(counts=counts)


def write(
    database: Database, model_dir: Path, path: Path, now: datetime, progress: Progress | None = None
) -> Written:
    """Writes one moment of the database, and the models that are whole, as the file `path`.

    Without the active model it is a file beside `path`, named for that.
    Raises Unreachable, and NotWritten, having left what was at `path`.
    """
    tell = progress or (lambda _: None)
    without: str | None = None

    def named() -> Path:
        if without is None or not replaceable(path):
            return path
        return path.with_name(path.name.removesuffix(".tar.gz") + INCOMPLETE)

    with whole(path, named) as file, database.read() as session:
        packing = Packing(file, path.parent)
        for name in dump.names():
            tell(name)
            packing.table(name, dump.rows(session, name))
        tell(MODELS)
        digests, lacks = _pack_models(packing, session, model_dir)
        active = models.active(session)
        counters = dump.counters(session.connection())
        contents = packing.finish(now, dump.revision(session), counters, digests)
        without = active.id if active and active.id in lacks else None
    return Written(named(), contents.rows, contents.models, lacks, without)


def _pack_models(
    packing: Packing, session: Session, model_dir: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """Adds the folders of the registered models.

    The digests of those that are sound, and what is wrong with the others.
    """
    digests, lacks = {}, {}
    for row in models.every(session):
        folder = model_dir / row.id
        with ExitStack() as opened:
            try:
                arrays = artifact.read(folder, row.digest).arrays
                names = (artifact.MANIFEST, *(f"{name}.npy" for name in arrays))
                # All of them, before the first is packed: a pruning may come in between.
                files = [opened.enter_context((folder / name).open("rb")) for name in names]
            except (ArtifactError, OSError) as error:
                lacks[row.id] = str(error)
                continue
            for name, file in zip(names, files, strict=True):
                packing.model_file(row.id, name, file)
            digests[row.id] = row.digest
    return digests, lacks


def _sweep(shelf: Shelf) -> None:
    """Removes half files. One backup is written at a time: whoever began these is gone."""
    sweep(shelf.folder, "webtoonbot-*.tar.gz")


def _tidy(shelf: Shelf, written: Written) -> int:
    """Deletes what the backup just written makes needless; how many files. Raises OSError.

    A complete one: all but the newest complete ones, and the incomplete ones from before these. An
    incomplete one: the other incomplete ones, as a job that fails is repeated.
    """
    latest = written.path
    # Oldest first, the latest last: a name beyond its own is from before the clock was put back.
    ours = sorted(
        (path for path in shelf.folder.iterdir() if OURS.fullmatch(path.name)),
        key=lambda path: (path.name <= latest.name, path.name),
    )
    complete = [path for path in ours if not path.name.endswith(INCOMPLETE)]
    if written.without:
        needless = [path for path in ours if path not in (*complete, latest)]
    else:
        needless = ours[: ours.index(complete[-shelf.keep :][0])]
    for path in needless:
        path.unlink(missing_ok=True)
    _sweep(shelf)
    return len(needless)
