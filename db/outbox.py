"""What the bots have to tell somebody, each letter once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from db.tables import Outbox

Address = tuple[str, str]  # platform, platform user id


@dataclass(frozen=True, slots=True)
class Letter:
    """A text for one user of a platform."""

    id: int
    user_id: str
    text: str


def put(session: Session, to: Address, text: str, now: datetime) -> None:
    """Writes a letter; the bot of its platform will deliver it."""
    platform, user_id = to
    session.add(Outbox(platform=platform, user_id=user_id, text=text, created_at=now))
    session.flush()


def take(
    session: Session, platform: str, now: datetime, until: datetime, limit: int = 10
) -> list[Letter]:
    """Takes letters to deliver, oldest first; until then nobody else is given them."""
    free = (
        select(Outbox)
        .where(
            Outbox.platform == platform,
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
    """How many letters nobody has delivered yet."""
    query = select(func.count()).select_from(Outbox).where(Outbox.done_at.is_(None))
    return session.scalar(query) or 0


def prune(session: Session, before: datetime) -> int:
    """Deletes the letters written before then, also those nobody ever delivered; how many."""
    query = delete(Outbox).where(Outbox.created_at < before)
    return len(session.execute(query.returning(Outbox.id)).all())


def _mark(session: Session, ids: Sequence[int], **values: datetime | str | None) -> None:
    session.execute(update(Outbox).where(Outbox.id.in_(ids)).values(**values))
