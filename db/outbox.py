"""What the bots have to tell operators: each letter at least once, and normally once.

Letters to readers lie in the same table; `db.letters` has what is done with those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from db.tables import Outbox

Address = tuple[str, str]  # platform, platform user id
_OPERATORS = Outbox.once.is_(False)


@dataclass(frozen=True, slots=True)
class Letter:
    """A text for one user of a platform."""

    id: int
    user_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A letter that can never be delivered: to whom, why, and since when that is known."""

    id: int
    platform: str
    user_id: str
    reason: str
    at: datetime


def put(
    session: Session, to: Address, text: str, now: datetime, reader_id: int | None = None
) -> None:
    """Writes a letter; the bot of its platform will deliver it. One to a reader goes with them."""
    platform, user_id = to
    row = Outbox(platform=platform, user_id=user_id, text=text, created_at=now, reader_id=reader_id)
    session.add(row)
    session.flush()


def take(
    session: Session, platform: str, now: datetime, until: datetime, limit: int = 10
) -> list[Letter]:
    """Takes letters to deliver, oldest first; until then nobody else is given them."""
    free = (
        select(Outbox)
        .where(
            Outbox.platform == platform,
            _OPERATORS,
            Outbox.done_at.is_(None),
            or_(Outbox.taken_until.is_(None), Outbox.taken_until <= now),
        )
        .order_by(Outbox.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    letters = [Letter(row.id, row.user_id, row.text) for row in session.scalars(free)]
    _mark(session, [letter.id for letter in letters], taken_until=until)
    return letters


def done(session: Session, letter_id: int, now: datetime, error: str | None = None) -> None:
    """Notes that a letter was delivered or, with `error`, that it never can be."""
    _mark(session, [letter_id], done_at=now, error=error)


def waiting(session: Session) -> int:
    """How many letters to operators nobody has delivered yet."""
    query = select(func.count()).select_from(Outbox).where(_OPERATORS, Outbox.done_at.is_(None))
    return session.scalar(query) or 0


def lost(session: Session) -> tuple[int, Lost | None]:
    """How many letters could never be delivered, and the latest of them."""
    never = and_(_OPERATORS, Outbox.error.is_not(None))
    count = session.scalar(select(func.count()).select_from(Outbox).where(never)) or 0
    latest = session.scalar(select(Outbox).where(never).order_by(Outbox.id.desc()).limit(1))
    return count, _lost(latest) if latest else None


def refused(session: Session, to: Address) -> Lost | None:
    """The latest letter to this address that was done with, if it could not be delivered."""
    platform, user_id = to
    row = session.scalar(
        select(Outbox)
        .where(
            Outbox.platform == platform,
            Outbox.user_id == user_id,
            _OPERATORS,
            Outbox.done_at.is_not(None),
        )
        .order_by(Outbox.id.desc())
        .limit(1)
    )
    return _lost(row) if row and row.error is not None else None


def _lost(row: Outbox) -> Lost:
    return Lost(row.id, row.platform, row.user_id, row.error or "", row.done_at or row.created_at)


def prune(session: Session, before: datetime) -> int:
    """Deletes the letters written before then, also those nobody ever delivered; how many."""
    query = delete(Outbox).where(Outbox.created_at < before)
    return len(session.execute(query.returning(Outbox.id)).all())


def _mark(session: Session, ids: Sequence[int], **values: datetime | str | None) -> None:
    session.execute(update(Outbox).where(Outbox.id.in_(ids)).values(**values))
