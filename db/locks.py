"""What only one may do at a time: one transaction, or one process for as long as a job takes."""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db.engine import Database, unreachable
from db.errors import Unreachable

_JOBS = 7_300  # the first half of PostgreSQL's names for the locks of jobs


class Alone(IntEnum):
    """What is done by one at a time; the numbers are PostgreSQL's names for these locks."""

    CATALOGUE = 7_301
    ACTIVE_MODEL = 7_302


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
        path = Path(url.database)
        with _file_lock(path.with_name(f"{path.name}.{job}.lock")) as mine:
            yield mine


def taken(database: Database, job: str) -> bool:
    """Whether a process is doing `job`. Raises Unreachable."""
    with held(database, job) as mine:
        return not mine


@contextmanager
def _session_lock(database: Database, job: str) -> Iterator[bool]:
    # A connection of its own, outside any transaction: a job that works for minutes must not
    # keep the server from cleaning up.
    names = {"first": _JOBS, "second": zlib.crc32(job.encode()) - 2**31}
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


@contextmanager
def _file_lock(path: Path) -> Iterator[bool]:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        message = f"The lock file {path} cannot be opened: {error.strerror}"
        raise Unreachable(message) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
