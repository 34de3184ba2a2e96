"""Many rows in one statement, whatever the database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from sqlalchemy import ARRAY, Table, bindparam, column, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.tables import Base

Row = Mapping[str, object]
Thing = TypeVar("Thing")

BATCH = 500  # well below the values that SQLite takes in one statement


def batches(things: Iterable[Thing], size: int = BATCH) -> Iterator[list[Thing]]:
    """These in order, as many at a time as a statement takes."""
    iterator = iter(things)
    while batch := list(islice(iterator, size)):
        yield batch


def upsert(
    session: Session,
    kind: type[Base],
    rows: Sequence[Row],
    *,
    keys: Sequence[str],
    set_: Sequence[str],
) -> None:
    """Adds rows of this kind; where a row with the same `keys` is there already, changes `set_`.

    Each has all columns, and no two of `rows` may have the same keys.
    """
    if not rows:
        return
    table = Base.metadata.tables[kind.__tablename__]
    if session.get_bind().dialect.name == "postgresql":
        _postgresql(session, table, rows, keys, set_)
        return
    statement = sqlite.insert(table)
    changed = {name: statement.excluded[name] for name in set_}
    statement = statement.on_conflict_do_update(index_elements=list(keys), set_=changed)
    session.execute(statement, list(rows))


def _postgresql(
    session: Session, table: Table, rows: Sequence[Row], keys: Sequence[str], set_: Sequence[str]
) -> None:
    # One array a column: a row at a time takes the driver twice as long.
    names = list(rows[0])
    arrays = [bindparam(name, type_=ARRAY(table.c[name].type)) for name in names]
    columns = [column(name, table.c[name].type) for name in names]
    told = func.unnest(*arrays).table_valued(*columns, name="told").render_derived()
    statement = postgresql.insert(table).from_select(
        names, select(*(told.c[name] for name in names)), include_defaults=False
    )
    changed = {name: statement.excluded[name] for name in set_}
    statement = statement.on_conflict_do_update(index_elements=list(keys), set_=changed)
    session.execute(statement, {name: [row[name] for row in rows] for name in names})
