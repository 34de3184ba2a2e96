"""How we hold the database: one engine, and the two kinds of transaction anybody opens."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import SQLITE_FULL, SQLITE_IOERR_SHMSIZE
from sqlite3 import Connection as SqliteConnection
from threading import Lock

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError
from sqlalchemy.exc import DatabaseError as DriverError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from db.errors import BadUrl, Deadlocked, Unreachable

READ_ONLY = "webtoonbot_read_only"
_HIGHEST_PORT = 65_535
_DEADLOCK = "40P01"
# SQLite raises the plain one for a file that is damaged, or no database at all.
_AWAY = (OperationalError, InterfaceError, DriverError)
# What an operator understands sooner than SQLite's own words. The latter comes where a file beside
# the database cannot grow; SQLite's own documentation says no more than that the disk may be full.
_IN_WORDS = {
    SQLITE_FULL: "the disk is full",
    SQLITE_IOERR_SHMSIZE: "disk I/O error; the disk may be full",
}
# A server whose machine is gone says nothing: its silence is noticed in seconds, not in hours.
_DEAD_PEER = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds
}


class Database:
    """An engine and its transactions. Only an event's or a job's composition root opens one."""

    def __init__(
        self, url: str, *, wait_seconds: float = 30.0, statement_seconds: float | None = None
    ) -> None:
        """Prepares, without connecting, the database at `url` (sqlite:///… or postgresql://…).

        A writer waits at most `wait_seconds` for another writer; PostgreSQL gives a statement up
        after `statement_seconds`. Makes the folder of a SQLite file. Raises BadUrl, also where it
        cannot.
        """
        self.engine = _engine(url, wait_seconds, statement_seconds)
        self._wait_seconds = wait_seconds
        # SQLite lets its writers in by chance: they sleep, longer and longer, and try again. Those
        # of one process can do better.
        self._writing = Lock() if self.engine.dialect.name == "sqlite" else None
        self._read_engine = self.engine.execution_options(**{READ_ONLY: True})

    @contextmanager
    def write(self, *, keep: bool = True) -> Iterator[Session]:
        """One transaction that commits at the end, or leaves nothing. Raises Unreachable.

        Unless `keep` it leaves nothing in any case: what it would do can be seen within it.
        """
        with (
            self._turn(),
            unreachable(),
            Session(self.engine) as session,
            session.begin() as transaction,
        ):
            yield session
            if not keep:
                transaction.rollback()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent snapshot that is never written. Raises Unreachable."""
        with unreachable(), Session(self._read_engine) as session, session.begin():
            yield session

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._writing is None:
            yield
            return
        if not self._writing.acquire(timeout=self._wait_seconds):
            message = "database is locked by another transaction of this process"
            raise Unreachable(message)
        try:
            yield
        finally:
            self._writing.release()

    def close(self) -> None:
        """Gives all connections back; one that is in use, when its transaction ends.

        A thread may still wait for the database when its process is told to end.
        """
        event.listen(self.engine, "checkin", _close)
        self.engine.dispose()


def _close(_: object, entry: ConnectionPoolEntry) -> None:
    entry.close()  # or it would wait in a pool from which nobody takes any more


@contextmanager
def unreachable() -> Iterator[None]:
    """Turns a driver's complaint into Unreachable."""
    try:
        yield
    except (DriverError, InterfaceError) as error:
        if type(error) not in _AWAY:  # a constraint, a type: our own fault
            raise
        said = _IN_WORDS.get(getattr(error.orig, "sqlite_errorcode", 0)) or str(error.orig)
        said = said.strip() or type(error.orig).__name__
        kind = Deadlocked if getattr(error.orig, "sqlstate", "") == _DEADLOCK else Unreachable
        raise kind(f"The database does not answer: {said.splitlines()[0]}") from error


def _engine(url: str, wait_seconds: float, statement_seconds: float | None) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
            return _sqlite(parsed.database, url, wait_seconds)
        if parsed.drivername in ("postgresql", "postgresql+psycopg"):
            _refuse_port_or_options(parsed)
            return _postgresql(url, wait_seconds, statement_seconds)
    except (ArgumentError, ValueError):  # a port or an option that is none is a ValueError
        pass
    # Not from what was found: it may quote the password.
    message = "DATABASE_URL must look like sqlite:///file.db or postgresql://user:password@host/db"
    raise BadUrl(message)


def _refuse_port_or_options(url: URL) -> None:
    """Raises ValueError for a port that is none, or an option that PostgreSQL does not know."""
    from psycopg import ProgrammingError, conninfo  # noqa: PLC0415 -- SQLite goes without

    if url.port is not None and not 0 < url.port <= _HIGHEST_PORT:
        raise ValueError(url.port)
    try:
        conninfo.make_conninfo(**url.query)  # type: ignore[arg-type]
    except ProgrammingError as unknown:
        raise ValueError(str(unknown)) from unknown


def _postgresql(url: str, wait_seconds: float, statement_seconds: float | None) -> Engine:
    limits = {"lock_timeout": wait_seconds}
    if statement_seconds is not None:
        limits["statement_timeout"] = statement_seconds
    engine = create_engine(
        url,
        hide_parameters=True,  # they may name somebody, and errors are kept
        pool_pre_ping=True,  # a restarted server is noticed before a reader is
        pool_size=5,
        max_overflow=5,
        connect_args={
            "connect_timeout": 5,
            "options": " ".join(f"-c {name}={int(s * 1000)}" for name, s in limits.items()),
            **_DEAD_PEER,
        },
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(READ_ONLY):
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))

    return engine


def _sqlite(path: str | None, url: str, wait_seconds: float) -> Engine:
    if path and path != ":memory:":
        folder, cannot_be = Path(path).parent, "made"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            cannot_be = "entered"
            is_folder = Path(path).is_dir()
        except OSError as error:
            # Not Unreachable, which would be waited for: this is for somebody to mend.
            reason = (error.strerror or str(error)).lower()
            message = f"DATABASE_URL is in a folder that cannot be {cannot_be}: {folder}: {reason}"
            raise BadUrl(message) from error
        if is_folder:
            message = f"DATABASE_URL is a folder, and should be a file in one: {path}"
            raise BadUrl(message)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": wait_seconds})

    @event.listens_for(engine, "connect")
    def connect(connection: SqliteConnection, _: object) -> None:
        # The driver must not begin transactions by itself: it would begin them deferred, and a
        # deferred transaction that turns to writing fails at once when another one writes.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(READ_ONLY)
        connection.exec_driver_sql("BEGIN DEFERRED" if read_only else "BEGIN IMMEDIATE")

    return engine
