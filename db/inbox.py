"""What platforms delivered: kept before it is confirmed, one effect per key, then blanked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.tables import Inbox

DELIVERED_WITHIN = timedelta(days=7)  # no platform delivers anything again after this long
# Nobody awaits an answer any longer: their platform's bot was off. What they wrote is not kept on.
ANSWERED_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a key that came before; `reply` until it is known to be answered."""

    handled: bool
    answered: bool
    reply: str | None


def keep(
    session: Session,
    platform: str,
    updates: Sequence[tuple[str, str]],
    now: datetime,
    until: datetime | None = None,
) -> list[str]:
    """Stores (key, payload) pairs; the keys that were not known before, in order.

    With `until` these are taken: before then, `take` gives them to nobody else.
    """
    return [
        key
        for key, payload in updates
        if _insert(session, platform, key, payload, now, until=until)
    ]


def claim(session: Session, platform: str, key: str, now: datetime) -> Heard | None:
    """None when the key is new or only kept, and now is ours to handle; else what is known."""
    if _insert(session, platform, key, None, now):
        return None
    row = session.execute(
        select(Inbox.handled_at, Inbox.answered_at, Inbox.reply)
        .where(Inbox.platform == platform, Inbox.key == key)
        .with_for_update()
    ).one()
    if row.handled_at is None and row.answered_at is None:
        return None
    return Heard(row.handled_at is not None, row.answered_at is not None, row.reply)


def handled(session: Session, platform: str, key: str, reply: str | None, now: datetime) -> None:
    """Marks a key's effect as done; the reply stays until it is answered, if it was kept."""
    session.execute(
        update(Inbox)
        .where(Inbox.platform == platform, Inbox.key == key)
        .values(handled_at=now, reply=reply)
    )


def answered(session: Session, platform: str, key: str, now: datetime) -> None:
    """Marks a key as answered and blanks what it contained."""
    session.execute(
        update(Inbox)
        .where(Inbox.platform == platform, Inbox.key == key)
        .values(answered_at=now, payload=None, reply=None)
    )


def waiting(session: Session, platform: str) -> list[tuple[str, str]]:
    """Kept (key, payload) pairs that are not known to be answered, oldest first."""
    query = (
        select(Inbox.key, Inbox.payload)
        .where(Inbox.platform == platform, Inbox.answered_at.is_(None), Inbox.payload.is_not(None))
        .order_by(Inbox.id)
    )
    return [(key, payload) for key, payload in session.execute(query) if payload]


def unanswered(session: Session, platform: str) -> int:
    """How many kept updates are not known to be answered."""
    query = select(func.count()).where(
        Inbox.platform == platform, Inbox.answered_at.is_(None), Inbox.payload.is_not(None)
    )
    return session.scalar(query) or 0


def take(
    session: Session, platform: str, now: datetime, until: datetime, limit: int = 100
) -> list[tuple[str, str]]:
    """Takes kept (key, payload) pairs that nobody is at, oldest first; ours until then."""
    free = (
        select(Inbox)
        .where(
            Inbox.platform == platform,
            Inbox.answered_at.is_(None),
            Inbox.payload.is_not(None),
            or_(Inbox.taken_until.is_(None), Inbox.taken_until <= now),
        )
        .order_by(Inbox.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = [(row.key, row.payload) for row in session.scalars(free)]
    hold(session, platform, [key for key, _ in rows], until)
    return [(key, payload) for key, payload in rows if payload]


def hold(session: Session, platform: str, keys: Sequence[str], until: datetime | None) -> None:
    """Keeps what was taken until a later time; with None it is given back."""
    session.execute(
        update(Inbox)
        .where(Inbox.platform == platform, Inbox.key.in_(keys), Inbox.answered_at.is_(None))
        .values(taken_until=until)
    )


def prune(session: Session, now: datetime) -> int:
    """Deletes what is done and comes no second time, and what waited too long; how many."""
    done = func.coalesce(Inbox.answered_at, Inbox.handled_at)
    known = and_(done.is_not(None), Inbox.received_at < now - DELIVERED_WITHIN)
    query = delete(Inbox).where(or_(known, Inbox.received_at < now - ANSWERED_WITHIN))
    return len(session.execute(query.returning(Inbox.id)).all())


def _insert(
    session: Session,
    platform: str,
    key: str,
    payload: str | None,
    now: datetime,
    *,
    until: datetime | None = None,
) -> bool:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(Inbox)
        .values(platform=platform, key=key, payload=payload, received_at=now, taken_until=until)
        .on_conflict_do_nothing(index_elements=["platform", "key"])
        .returning(Inbox.id)
    )
    return session.scalar(statement) is not None
