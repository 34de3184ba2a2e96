"""The schema and its migrations; Alembic owns both."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from db.engine import Database, unreachable
from db.errors import WrongSchema
from db.probe import newest

if TYPE_CHECKING:  # Alembic takes 0.4 s to load, and a bot that starts only wants to read a number
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"


def upgrade(database: Database, revision: str = "head") -> None:
    """Brings the tables up to `revision`.

    Raises Unreachable, and WrongSchema if they are newer than this code.
    """
    from alembic import command  # noqa: PLC0415

    known_revision(database)
    with _config(database) as config:
        command.upgrade(config, revision)


def downgrade(database: Database, revision: str = "base") -> None:
    """Takes the tables down to `revision`, and what they held with them.

    Raises Unreachable, and WrongSchema if they are newer than this code.
    """
    from alembic import command  # noqa: PLC0415

    known_revision(database)
    with _config(database) as config:
        command.downgrade(config, revision)


def upgrade_on(connection: Connection, revision: str = "head") -> None:
    """As `upgrade`, within the transaction of a connection whose foreign keys are off."""
    from alembic import command  # noqa: PLC0415

    command.upgrade(_config_on(connection), revision)


def downgrade_on(connection: Connection, revision: str = "base") -> None:
    """As `downgrade`, within the transaction of a connection whose foreign keys are off."""
    from alembic import command  # noqa: PLC0415

    command.downgrade(_config_on(connection), revision)


def revision(database: Database) -> str | None:
    """The revision the tables are at; None for an empty database. Raises Unreachable."""
    with database.read() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        found: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def known_revision(database: Database) -> str | None:
    """As `revision`. Raises WrongSchema if the tables are newer than this code, and Unreachable."""
    found = revision(database)
    if found is not None and found > newest():
        message = (
            f"The database is at schema {found}, newer than the {newest()} that this version "
            "knows: update it first."
        )
        raise WrongSchema(message)
    return found


def require_head(database: Database) -> None:
    """Raises WrongSchema unless the tables are those this code is written for."""
    found = known_revision(database)
    if found != newest():
        message = (
            f"The database is at schema {found or 'nothing'}, this version needs {newest()}: "
            "run webtoonctl db upgrade"
        )
        raise WrongSchema(message)


@contextmanager
def _config(database: Database) -> "Iterator[Config]":
    with unreachable(), database.engine.connect() as connection:
        config = _config_on(connection)
        with keys_off(connection), connection.begin():
            yield config


def _config_on(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


@contextmanager
def keys_off(connection: Connection) -> Iterator[None]:
    """No foreign keys on this connection, which must not be in a transaction; only for SQLite."""
    # SQLite alters a table by copying and dropping it; with foreign keys on, the drop would
    # cascade into other tables' rows. The pragma only works outside a transaction.
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 -- a checked-out connection has one
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
