"""The incidents that an operator should know of: opened once, told once, closed when mended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db import outbox
from db.outbox import Address
from db.tables import OPEN, Alert


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that is wrong since `opened_at`."""

    key: str
    message: str
    opened_at: datetime


def open_alert(
    session: Session, key: str, message: str, now: datetime, tell: Iterable[Address] = ()
) -> bool:
    """Opens an incident unless it is open already, and writes to `tell`; True when it is new."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(Alert)
        .values(key=key, message=message, opened_at=now)
        .on_conflict_do_nothing(index_elements=["key"], index_where=OPEN)
        .returning(Alert.id)
    )
    if session.scalar(statement) is None:
        return False
    for address in tell:
        outbox.put(session, address, message, now)
    return True


def close_alerts(session: Session, prefix: str, now: datetime) -> None:
    """Closes the open incidents whose key begins so: it is mended."""
    session.execute(
        update(Alert)
        .where(Alert.key.startswith(prefix, autoescape=True), Alert.closed_at.is_(None))
        .values(closed_at=now)
    )


def open_alerts(session: Session) -> list[Incident]:
    """The incidents that are open, oldest first."""
    query = select(Alert).where(Alert.closed_at.is_(None)).order_by(Alert.opened_at, Alert.id)
    return [Incident(row.key, row.message, row.opened_at) for row in session.scalars(query)]


def prune(session: Session, before: datetime) -> int:
    """Deletes the incidents that were closed before then; how many."""
    query = delete(Alert).where(Alert.closed_at < before)
    return len(session.execute(query.returning(Alert.id)).all())
