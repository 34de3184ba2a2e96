"""Which processes live: each says so once a minute, with what it knows of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db import bulk
from db.tables import Pulse


@dataclass(frozen=True, slots=True)
class PulseRow:
    """A process as it last said of itself."""

    name: str
    at: datetime
    facts: Mapping[str, object]


def beat(session: Session, name: str, now: datetime, facts: Mapping[str, object]) -> None:
    """Notes that this process lives; another of its name may say so at the same time."""
    row = {"name": name, "at": now, "facts": dict(facts)}
    bulk.upsert(session, Pulse, [row], keys=("name",), set_=("at", "facts"))


def still(session: Session, name: str) -> None:
    """Notes that this process ended as it should."""
    session.execute(delete(Pulse).where(Pulse.name == name))


def every(session: Session) -> list[PulseRow]:
    """All processes that were heard of, by name."""
    rows = session.scalars(select(Pulse).order_by(Pulse.name))
    return [PulseRow(row.name, row.at, row.facts) for row in rows]


def prune(session: Session, before: datetime) -> int:
    """Forgets the processes last heard of before then; how many."""
    query = delete(Pulse).where(Pulse.at < before)
    return len(session.execute(query.returning(Pulse.name)).all())
