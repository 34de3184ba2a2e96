"""What only one may do at a time: one transaction, or one process for as long as a job takes."""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db.engine import Database, unreachable
from db.errors import Unreachable

_JOBS = 7_300  # the first half of PostgreSQL's names for the locks of jobs
_TAKEN = text("""
    SELECT EXISTS (
        SELECT 1 FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND objsubid = 2
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND CAST(classid AS bigint) = :first AND CAST(objid AS bigint) = :second
    )
""")
# A look at a file's lock keeps others from it for microseconds, a job for seconds.
_LOOK_SECONDS = 0.1
_AGAIN_SECONDS = 0.01


class Alone(IntEnum):
    """What is done by one at a time; the numbers are PostgreSQL's names for these locks."""

    CATALOGUE = 7_301
    ACTIVE_MODEL = 7_302
    PARTY = 7_303
    LETTERS = 7_304  # to chats of several readers


def alone(session: Session, what: Alone) -> None:
    """Waits until no other transaction does `what`; nobody else does until this one ends."""
    # SQLite has one writer at a time anyway.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(int(what))))


@contextmanager
def held(database: Database, job: str) -> Iterator[bool]:
    """Whether this process now is the only one to do `job`, for as long as the context lasts.

    Nobody waits: False means that somebody else is at it. The lock ends with its process, however
    that ends. Raises Unreachable.
    """
    url = database.engine.url
    if url.get_backend_name() == "postgresql":
        with _session_lock(database, job) as mine:
            yield mine
    elif not url.database or url.database == ":memory:":
        yield True
    else:
        with _file_lock(Path(url.database), job) as mine:
            yield mine


def taken(database: Database, job: str) -> bool:
    """Whether a process is doing `job`; whoever begins it meanwhile may. Raises Unreachable."""
    url = database.engine.url
    if url.get_backend_name() == "postgresql":
        first, second = _names(job)
        # pg_locks knows the second half, which may be negative, as a number that may not.
        with database.read() as session:
            found = session.scalar(_TAKEN, {"first": first, "second": second % 2**32})
        return bool(found)
    if not url.database or url.database == ":memory:":
        return False
    return _seen(Path(url.database), job)


@contextmanager
def _session_lock(database: Database, job: str) -> Iterator[bool]:
    # A connection of its own, outside any transaction: a job that works for minutes must not
    # keep the server from cleaning up.
    first, second = _names(job)
    names = {"first": first, "second": second}
    with unreachable():
        connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        mine = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:first, :second)"), names))
    try:
        yield mine
    finally:
        # A server that restarted has forgotten the lock by itself.
        with suppress(DBAPIError):
            connection.execute(text("SELECT pg_advisory_unlock_all()"))
        connection.close()


def _names(job: str) -> tuple[int, int]:
    return _JOBS, zlib.crc32(job.encode()) - 2**31


@contextmanager
def _file_lock(database: Path, job: str) -> Iterator[bool]:
    path = _beside(database, job)
    try:
        handle = _opened(path, database)
    except OSError as error:
        raise _unopened(path, error) from error
    try:
        yield _locked(handle)
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    end = monotonic() + _LOOK_SECONDS
    while not _free(handle, fcntl.LOCK_EX):
        if monotonic() >= end:
            return False
        sleep(_AGAIN_SECONDS)
    return True


def _seen(database: Path, job: str) -> bool:
    path = _beside(database, job)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # nobody ever did it, and a file made by a look would be the looker's
        return False
    except OSError as error:
        raise _unopened(path, error) from error
    try:
        return not _free(handle, fcntl.LOCK_SH)  # which others who look may have too
    finally:
        os.close(handle)


def _free(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _beside(database: Path, job: str) -> Path:
    return database.with_name(f"{database.name}.{job}.lock")


def _opened(path: Path, database: Path) -> int:
    flags = os.O_RDWR | os.O_CLOEXEC
    with suppress(FileNotFoundError):
        return os.open(path, flags)
    handle = os.open(path, flags | os.O_CREAT, 0o600)
    # As SQLite does with its own files: root, at work once, must not keep others from their jobs.
    with suppress(OSError):
        whose = database.stat()
        os.fchmod(handle, whose.st_mode & 0o666)
        os.fchown(handle, whose.st_uid, whose.st_gid)
    return handle


def _unopened(path: Path, error: OSError) -> Unreachable:
    return Unreachable(f"The lock file {path} cannot be opened: {error.strerror}")
