"""Everything there is, written into one file from which any of our databases can be made again."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from db import dump, models
from db.engine import Database
from recommender import artifact
from recommender.errors import ArtifactError
from tasks.archive import Packing
from tasks.errors import IncompleteBackup, NotWritten
from tasks.records import Ended
from tasks.writing import sweep, whole

NAME = re.compile(r"webtoonbot-\d{8}-\d{6}\.tar\.gz")
# A name of its own, or nights of these would push out the backups from which all can be restored.
INCOMPLETE = re.compile(r"webtoonbot-\d{8}-\d{6}-incomplete\.tar\.gz")
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
    """What a backup holds: its rows, and the digests of its models by their ids.

    `lacks` says what is wrong with the models that it does not hold; `without` is the active one
    if it is among them.
    """

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
    model cannot be read, having written the rest, and deleted no complete one.
    """
    target = to or shelf.folder / f"webtoonbot-{now.astimezone(UTC):%Y%m%d-%H%M%S}.tar.gz"
    if to is None:
        with _tidying(shelf.folder):
            # One backup at a time: whoever began these is gone.
            sweep(shelf.folder, "webtoonbot-*.tar.gz")
    written = write(database, model_dir, target, now, progress)
    if written.without:
        kept = "" if to else ", and older backups were kept"
        target = to or _set_apart(shelf, target)
        raise IncompleteBackup(
            f"The backup lacks the active model {written.without}, all tables are in {target}"
            f"{kept}: {written.lacks[written.without]}."
        )
    counts = {
        "rows": written.rows,
        "models": len(written.models),
        "left_out": list(written.lacks),
        "bytes": target.stat().st_size,
        "file": str(target),
        "deleted": _delete_oldest(shelf) if to is None else 0,
    }
    return Ended(counts=counts)


def write(
    database: Database, model_dir: Path, path: Path, now: datetime, progress: Progress | None = None
) -> Written:
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
        digests, lacks = _pack_models(packing, session, model_dir)
        active = models.active(session)
        counters = dump.counters(session.connection())
        contents = packing.finish(now, dump.revision(session), counters, digests)
    without = active.id if active and active.id in lacks else None
    return Written(contents.rows, contents.models, lacks, without)


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


def _set_apart(shelf: Shelf, target: Path) -> Path:
    """Names a backup for what it lacks; its path then. As many of these are kept as of others."""
    name = f"{target.name.removesuffix('.tar.gz')}-incomplete.tar.gz"
    with _tidying(shelf.folder):
        apart = target.replace(target.with_name(name))
        _delete(_named(shelf, INCOMPLETE)[: -shelf.keep])
    return apart


def _delete_oldest(shelf: Shelf) -> int:
    """Deletes all complete backups but the newest, and the incomplete ones from before these."""
    with _tidying(shelf.folder):
        complete = _named(shelf, NAME)
        kept = complete[-shelf.keep :]
        passed = [path for path in _named(shelf, INCOMPLETE) if path.name < kept[0].name]
        return _delete([*complete[: -shelf.keep], *passed])


def _named(shelf: Shelf, name: re.Pattern[str]) -> list[Path]:
    """Those of our files, oldest first."""
    return sorted(path for path in shelf.folder.iterdir() if name.fullmatch(path.name))


def _delete(old: list[Path]) -> int:
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


@contextmanager
def _tidying(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        message = f"The backups in {folder} cannot be tidied up: {why}."
        raise NotWritten(message) from error
