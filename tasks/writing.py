"""A file that appears whole or not at all, and is nobody's to read but its owner's."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tasks.errors import NotWritten

PART = ".part"


@contextmanager
def whole(path: Path, named: Callable[[], Path] | None = None) -> Iterator[IO[bytes]]:
    """A file to write to, which becomes `path` at the end, or what it is `named` then, beside that.

    Raises NotWritten, having left what was at `path` as it was, and nothing beside it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not replaceable(path):
            with path.open("wb") as file:
                yield file
            return
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
        try:
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            aside.replace(named() if named else path)
            sync_folder(path.parent)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise NotWritten(f"The file {path} was not written: {why}.") from error


def replaceable(path: Path) -> bool:
    """Whether a file can take this place: it is no device and no pipe."""
    return path.is_file() or not path.exists()


def sweep(folder: Path, name: str) -> None:
    """Removes what killed writers of files called `name` (a glob) left; nobody may write now."""
    for path in folder.glob(f".{name}.*{PART}"):
        path.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Sees to it that a rename in this folder has reached the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
