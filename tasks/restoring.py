"""A database and its models made anew from a backup: all of it, or nothing is changed."""

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from crawler import sources
from db import dump, locks, schema
from db.engine import Database
from db.errors import DanglingKeys
from db.probe import newest
from recommender import artifact
from tasks import archive
from tasks.archive import Contents
from tasks.errors import Busy, NotRestored, NotWritten, UnreadableBackup
from tasks.schedule import (
    BACKUP,
    PRUNE,
    REFRESH_POPULARITY,
    RETRAIN,
    SPREAD_NEWS,
)
from tasks.writing import sync_folder

MODELS = "models"
_JOBS = (RETRAIN, PRUNE, BACKUP, REFRESH_POPULARITY, SPREAD_NEWS)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """How many rows and models there are now."""

    rows: int
    models: int


def checked(path: Path) -> Contents:
    """What a backup holds, every byte of it verified. Raises UnreadableBackup."""
    contents = archive.verified(path)
    if contents.revision > newest():
        raise UnreadableBackup(
            f"The backup {path} is of a newer version (schema {contents.revision}, "
            f"this one knows {newest()}): update first."
        )
    return contents


def holds_data(database: Database) -> bool:
    """Whether a restore would replace anything. Raises Unreachable."""
    with database.read() as session:
        return dump.holds_data(session.connection())


def restore(
    database: Database,
    model_dir: Path,
    path: Path,
    contents: Contents,
    *,
    replace: bool = False,
    progress: Progress | None = None,
) -> Restored:
    """Puts a backup that was `checked` into the database and MODEL_DIR.

    What the database held goes, if `replace`. Ids that were given out, here or there, are not
    given out again. Raises Busy, Unreachable, NotRestored, NotWritten, UnreadableBackup and
    WrongSchema, having changed nothing.
    """
    tell = progress or (lambda _: None)
    try:
        with (
            _alone(database),
            _folders(model_dir) as folders,
            dump.replacing(database) as connection,
        ):
            if not replace and dump.holds_data(connection):
                raise NotRestored("The database is not empty: --replace replaces what it holds.")
            found = schema.known_revision(database)
            before, last = dump.model_ids(connection), dump.counters(connection)
            dump.clear(connection, found, contents.revision)
            rows = 0
            for name, chunks in archive.unpacked(path, contents):
                if table := archive.table_of(name):
                    tell(table)
                    told = (json.loads(line) for line in archive.lines(chunks))
                    rows += dump.load(connection, table, told)
                elif file := archive.model_file_of(name):
                    folders.write(*file, chunks)
            tell(MODELS)
            folders.place()
            schema.upgrade_on(connection)
            dump.settle(connection, _highest(last, contents.counters))
            folders.drop = before - dump.model_ids(connection)
    except DanglingKeys as dangling:
        raise NotRestored(f"The backup cannot be restored: {dangling}") from dangling
    except DBAPIError as refused:  # a constraint, a character that this database cannot hold
        said = str(refused.orig).strip().splitlines()[0]
        raise NotRestored(f"The database does not take the backup: {said}") from refused
    return Restored(rows, len(contents.models))


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Keeps the jobs that a restore must not run beside from beginning. Raises Busy."""
    with ExitStack() as held:
        crawls = (sources.load(name).job for name in sources.names())
        for job in dict.fromkeys((*_JOBS, *crawls)):
            if not held.enter_context(locks.held(database, job)):
                raise Busy(job)
        yield


def _highest(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in {*one, *other}}


class _Folders:
    """The models' folders while they are exchanged: written aside, placed, and kept or undone."""

    def __init__(self, model_dir: Path) -> None:
        self.drop: set[str] = set()  # models that are registered no more
        self._model_dir = model_dir
        self._mark = secrets.token_hex(4)
        self._asides: dict[str, Path] = {}
        self._placed: dict[Path, Path | None] = {}  # each with where the one before is now

    def write(self, model_id: str, name: str, chunks: Iterable[bytes]) -> None:
        """Writes a file of a model's folder, aside."""
        aside = self._asides.get(model_id)
        if aside is None:
            aside = self._asides[model_id] = self._aside(model_id)
            aside.mkdir(parents=True)
        with (aside / name).open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    def place(self) -> None:
        """Moves the folders to where the bots look for them."""
        for model_id, aside in self._asides.items():
            target, older = self._model_dir / model_id, None
            sync_folder(aside)
            if target.exists():
                older = self._aside(f"{model_id}-older")
                target.replace(older)
            self._placed[target] = older
            aside.replace(target)
        if self._asides:
            sync_folder(self._model_dir)

    def keep(self) -> None:
        """Removes what was there before."""
        gone = [self._model_dir / model_id for model_id in self.drop]
        for path in (*filter(None, self._placed.values()), *gone):
            shutil.rmtree(path, ignore_errors=True)

    def undo(self) -> None:
        """Puts everything back as it was."""
        for target, older in self._placed.items():
            shutil.rmtree(target, ignore_errors=True)
            if older is not None:
                older.replace(target)
        for aside in self._asides.values():
            shutil.rmtree(aside, ignore_errors=True)

    def _aside(self, name: str) -> Path:
        # A name that pruning sweeps, should this process be killed.
        return self._model_dir / f"{artifact.ASIDE}{name}-{self._mark}"


@contextmanager
def _folders(model_dir: Path) -> Iterator[_Folders]:
    """The models' folders: as they are set up inside, or as they were if that fails."""
    folders = _Folders(model_dir)
    try:
        yield folders
    except OSError as error:
        folders.undo()
        message = f"The models were not written to {model_dir}: {(error.strerror or '').lower()}."
        raise NotWritten(message) from error
    except BaseException:
        folders.undo()
        raise
    folders.keep()
