"""What only one transaction may do at a time, where the database lets several write at once."""

from enum import IntEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session


class Alone(IntEnum):
    """What is done by one at a time; the numbers are PostgreSQL's names for these locks."""

    CATALOGUE = 7_301
    ACTIVE_MODEL = 7_302


def alone(session: Session, what: Alone) -> None:
    """Waits until no other transaction does `what`; nobody else does until this one ends."""
    # SQLite has one writer at a time anyway.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(int(what))))
