"""All tables as plain rows, out of one database and into another, whatever their kinds.

What reads takes a Session, as everywhere; what puts rows back takes the Connection of `replacing`,
in whose one transaction whole tables come and go.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    Connection,
    DateTime,
    MetaData,
    Table,
    column,
    delete,
    func,
    insert,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session

from db import bulk, crawl_tables, reader_tables, schema  # noqa: F401 -- the former for their tables
from db.engine import Database, unreachable
from db.errors import DanglingKeys
from db.tables import Base, Duty, JobRun, Model, ModelState, Pulse

Row: TypeAlias = dict[str, Any]

# They say how processes are, not what anybody said: a database that has only these is empty.
_NO_DATA = {"duty", "pulse"}


def names() -> list[str]:
    """All tables, each after those that it points at."""
    return [table.name for table in Base.metadata.sorted_tables]


def rows(session: Session, name: str) -> Iterator[Row]:
    """The rows of a table by their key, in what JSON can hold: moments as ISO 8601 in UTC.

    They come in batches, so that memory is bounded.
    """
    source = Base.metadata.tables[name]
    query = select(source).order_by(*source.primary_key).execution_options(yield_per=bulk.BATCH)
    for row in session.execute(query).mappings():
        plain = {field: _plain(value) for field, value in row.items()}
        if plain.get("personal"):
            plain["address"] = None  # it is kept until a visit is done, and backups for longer
        yield plain


def revision(session: Session) -> str:
    """The revision of the schema in this session's snapshot."""
    found: str = session.scalars(text("SELECT version_num FROM alembic_version")).one()
    return found


def counters(connection: Connection) -> dict[str, int]:
    """The highest id each table ever gave out, where the database remembers it."""
    present = _present(connection)
    if connection.dialect.name == "sqlite":
        if not inspect(connection).has_table("sqlite_sequence"):
            return {}
        found = connection.execute(text("SELECT name, seq FROM sqlite_sequence"))
        return {name: last for name, last in found if name in present}
    asked = text("SELECT pg_sequence_last_value(CAST(:sequence AS regclass))")
    sequences = {name: _sequence(connection, name) for name in present}
    values = {
        name: connection.scalar(asked, {"sequence": sequence})
        for name, sequence in sequences.items()
        if sequence is not None
    }
    return {name: last for name, last in values.items() if last is not None}


def holds_data(connection: Connection) -> bool:
    """Whether any table has a row that somebody could miss."""
    return any(
        connection.scalar(select(select(text("1")).select_from(table(name)).exists()))
        for name in _present(connection)
        if name not in _NO_DATA
    )


@contextmanager
def replacing(database: Database) -> Iterator[Connection]:
    """One transaction to replace all rows in, which commits at the end or leaves all as it was.

    Nobody else writes meanwhile; readers see what was there before. Raises Unreachable, and
    DanglingKeys if a row points at one that is not there.
    """
    with (
        unreachable(),
        database.engine.connect() as connection,
        schema.keys_off(connection),
        connection.begin(),
    ):
        present = _present(connection)
        if present and connection.dialect.name == "postgresql":
            quoted = ", ".join(f'"{name}"' for name in present)
            connection.execute(text(f"LOCK TABLE {quoted} IN EXCLUSIVE MODE"))
        yield connection
        # PostgreSQL looked at each row as it came.
        if connection.dialect.name == "sqlite":
            broken = connection.execute(text("PRAGMA foreign_key_check")).first()
            if broken is not None:
                message = f"A row of the table {broken[0]} points at one that is not there."
                raise DanglingKeys(message)


def clear(connection: Connection, found: str | None, wanted: str) -> None:
    """Deletes all rows and brings the tables from the revision `found` to `wanted`."""
    if found == wanted:
        for name in reversed(_present(connection)):
            connection.execute(delete(table(name)))
        return
    if found is not None:
        schema.downgrade_on(connection)
    schema.upgrade_on(connection, wanted)


def load(connection: Connection, name: str, told: Iterable[Row]) -> int:
    """Puts rows as `rows` gives them into a table, whatever its revision; how many."""
    # Reflected: the tables may be older than this code.
    target = Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
    moments = [field.name for field in target.columns if isinstance(field.type, DateTime)]
    written = 0
    for batch in bulk.batches(told):
        for row in batch:
            for field in moments:
                if row.get(field) is not None:
                    row[field] = datetime.fromisoformat(row[field])
        connection.execute(insert(target), batch)
        written += len(batch)
    return written


def settle(connection: Connection, last: Mapping[str, int]) -> None:
    """Sees to it that no id up to `last`, or of a row, is given out again.

    Runs that were under way are dropped, and models that were being made: nobody will ever say how
    they ended. So is what processes said of themselves and when jobs were due: those that live say
    it anew.
    """
    connection.execute(delete(JobRun).where(JobRun.finished_at.is_(None)))
    connection.execute(delete(Model).where(Model.state == ModelState.CANDIDATE))
    connection.execute(delete(Duty))
    connection.execute(delete(Pulse))
    if connection.dialect.name == "sqlite":
        _settle_sqlite(connection, last)
        return
    for name in _present(connection):
        sequence = _sequence(connection, name)
        if sequence is None:
            continue
        highest = connection.scalar(select(func.max(column("id"))).select_from(table(name))) or 0
        # Never back: a sequence keeps its value also if this transaction comes to nothing.
        if value := max(highest, last.get(name, 0)):
            connection.execute(select(func.setval(sequence, value)))


def model_ids(connection: Connection) -> set[str]:
    """The registered models, whatever the tables' revision."""
    if "model" not in _present(connection):
        return set()
    return set(connection.scalars(select(column("id")).select_from(table("model"))))


def _settle_sqlite(connection: Connection, last: Mapping[str, int]) -> None:
    # Only these remember; the others go on after their highest row, as they always do.
    remembering = connection.scalars(
        text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'")
    ).all()
    raise_ = text("UPDATE sqlite_sequence SET seq = max(seq, :last) WHERE name = :name")
    begin = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)")
    for name in remembering:
        value = {"name": name, "last": last.get(name, 0)}
        if value["last"] and not connection.execute(raise_, value).rowcount:
            connection.execute(begin, value)


def _present(connection: Connection) -> list[str]:
    found = set(inspect(connection).get_table_names())
    return [name for name in names() if name in found]


def _sequence(connection: Connection, name: str) -> str | None:
    """What gives out the ids of a table of PostgreSQL's, if anything does."""
    fields = {field["name"] for field in inspect(connection).get_columns(name)}
    if "id" not in fields:
        return None
    asked = text("SELECT pg_get_serial_sequence(:name, 'id')")
    found: str | None = connection.scalar(asked, {"name": name})
    return found


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
