"""How we hold the database: one engine, and the two kinds of transaction anybody opens."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import DatabaseError as DriverError
from sqlalchemy.orm import Session

from db.errors import BadUrl, Unreachable

READ_ONLY = "webtoonbot_read_only"
# SQLite raises the plain one for a file that is damaged, or no database at all.
_AWAY = (OperationalError, InterfaceError, DriverError)


class Database:
    """An engine and its transactions. Only an event's or a job's composition root opens one."""

    def __init__(self, url: str, *, wait_seconds: float = 30.0) -> None:
        """Prepares, without connecting, the database at `url` (sqlite:///… or postgresql://…).

        A writer waits at most `wait_seconds` for another writer. Raises BadUrl, and Unreachable
        where the folder of a SQLite file cannot be made.
        """
        self.engine = _engine(url, wait_seconds)
        self._read_engine = self.engine.execution_options(**{READ_ONLY: True})

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction that commits at the end, or leaves nothing. Raises Unreachable."""
        with unreachable(), Session(self.engine) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent snapshot that is never written. Raises Unreachable."""
        with unreachable(), Session(self._read_engine) as session, session.begin():
            yield session

    def ping(self) -> None:
        """Raises Unreachable unless the database answers."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()


@contextmanager
def unreachable() -> Iterator[None]:
    """Turns a driver's complaint into Unreachable."""
    try:
        yield
    except (DriverError, InterfaceError) as error:
        if type(error) not in _AWAY:  # a constraint, a type: our own fault
            raise
        message = f"The database does not answer: {str(error.orig).strip().splitlines()[0]}"
        raise Unreachable(message) from error


def _engine(url: str, wait_seconds: float) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed.database, url, wait_seconds)
        if parsed.get_backend_name() == "postgresql":
            return _postgresql(url, wait_seconds)
    except (ArgumentError, NoSuchModuleError):
        pass
    message = "DATABASE_URL must look like sqlite:///file.db or postgresql://user:password@host/db"
    raise BadUrl(message)


def _postgresql(url: str, wait_seconds: float) -> Engine:
    engine = create_engine(
        url,
        pool_pre_ping=True,  # a restarted server is noticed before a reader is
        pool_size=5,
        max_overflow=5,
        connect_args={
            "connect_timeout": 5,
            "options": f"-c lock_timeout={int(wait_seconds * 1000)}",
        },
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(READ_ONLY):
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))

    return engine


def _sqlite(path: str | None, url: str, wait_seconds: float) -> Engine:
    if path and path != ":memory:":
        folder = Path(path).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"The folder {folder} of the database cannot be made: {error.strerror}"
            raise Unreachable(message) from error
    engine = create_engine(url, connect_args={"timeout": wait_seconds})

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
