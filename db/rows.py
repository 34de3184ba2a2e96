"""Rows that say whose they are, of any table: given to another reader, kept as JSON, put back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from db import bulk
from db.tables import Base, UtcDateTime

Kept = dict[str, Any]  # a row as JSON can hold it, but for its id and whose it is
_TABLES = Base.metadata.tables


def kept(row: Base) -> Kept:
    """This row."""
    columns = _TABLES[row.__tablename__].columns
    return _plain({c.name: getattr(row, c.name) for c in columns})


def of_reader(session: Session, name: str, reader_id: int) -> list[Kept]:
    """A reader's rows of a table."""
    table = _TABLES[name]
    found = session.execute(select(table).where(table.c.reader_id == reader_id)).mappings()
    return [_plain(row) for row in found]


def put(session: Session, name: str, reader_id: int, rows: Iterable[Kept]) -> None:
    """Adds rows that were kept, as this reader's."""
    table = _TABLES[name]
    told = [{"reader_id": reader_id} | values(name, row) for row in rows]
    if told:
        session.execute(insert(table), told)


def values(name: str, row: Kept) -> dict[str, Any]:
    """What a kept row of this table has in its columns."""
    moments = {c.name for c in _TABLES[name].columns if isinstance(c.type, UtcDateTime)}
    return {
        field: datetime.fromisoformat(value) if value and field in moments else value
        for field, value in row.items()
    }


def hand_over(
    session: Session, name: str, theirs: int, mine: int, *, but: str | None = None
) -> list[int]:
    """Gives the rows of the reader `theirs` to `mine`; the ids of those, if the table has any.

    `but` names a column: the rows stay of which `mine` has one with the same there.
    """
    table = _TABLES[name]
    chosen = [table.c.reader_id == theirs]
    if but:
        own = select(table.c[but]).where(table.c.reader_id == mine)
        chosen.append(table.c[but].not_in(own))
    statement = update(table).where(*chosen).values(reader_id=mine)
    if "id" not in table.c:
        session.execute(statement)
        return []
    return list(session.scalars(statement.returning(table.c.id)))


def give_back(session: Session, name: str, chosen: Iterable[int], mine: int, theirs: int) -> None:
    """Gives the rows with these ids back to the reader `theirs`, as far as they are still here."""
    table = _TABLES[name]
    for few in bulk.batches(chosen):
        session.execute(
            update(table)
            .where(table.c.id.in_(few), table.c.reader_id == mine)
            .values(reader_id=theirs)
        )


def drop(session: Session, name: str, key: str, reader_id: int, rows: Iterable[Kept]) -> None:
    """Deletes those of a reader's rows that are as they were kept, moment and all."""
    table = _TABLES[name]
    moment = next(c for c in table.columns if isinstance(c.type, UtcDateTime))
    for row in rows:
        at = datetime.fromisoformat(row[moment.name])
        same = (table.c.reader_id == reader_id, table.c[key] == row[key], moment == at)
        session.execute(delete(table).where(*same))


def _plain(row: Mapping[Any, Any]) -> Kept:
    return {
        str(name): value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in ("id", "reader_id")
    }
