"""Codes by which a reader links another account: short-lived, used once, and not to be guessed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from db.reader_tables import LinkCode, LinkTry


@dataclass(frozen=True, slots=True)
class Code:
    """A code: whose, until when, who entered it, and whether it was used."""

    id: int
    reader_id: int
    expires_at: datetime
    taken_by: int | None
    used: bool


def put(
    session: Session, reader_id: int, digest: str, *, now: datetime, expires_at: datetime
) -> None:
    """Stores a new code of a reader, whose earlier ones end."""
    session.execute(
        update(LinkCode)
        .where(LinkCode.reader_id == reader_id, LinkCode.expires_at > now)
        .values(expires_at=now)
    )
    session.add(LinkCode(reader_id=reader_id, digest=digest, made_at=now, expires_at=expires_at))
    session.flush()


def given_since(session: Session, reader_id: int, since: datetime) -> list[datetime]:
    """When a reader was given codes since then, oldest first."""
    query = select(LinkCode.made_at).where(
        LinkCode.reader_id == reader_id, LinkCode.made_at > since
    )
    return sorted(session.scalars(query))


def of(session: Session, digest: str) -> Code | None:
    """The code with this digest, held until the transaction ends."""
    return _code(session.scalar(_held().where(LinkCode.digest == digest)))


def get(session: Session, code_id: int) -> Code | None:
    """The code with this id, held until the transaction ends."""
    return _code(session.scalar(_held().where(LinkCode.id == code_id)))


def take(session: Session, code: Code, reader_id: int, expires_at: datetime) -> None:
    """Notes who entered a code; from now on it is theirs alone, until then at the latest."""
    if code.taken_by is None:
        _mark(session, code.id, taken_by=reader_id, expires_at=expires_at)


def end(session: Session, code_id: int, now: datetime) -> None:
    """Notes that whoever entered a code does not want it."""
    _mark(session, code_id, expires_at=now)


def use(session: Session, code_id: int, now: datetime) -> None:
    """Notes that a code did what it was for; it never will again."""
    # Whoever entered it is about to be gone, and would take it along.
    _mark(session, code_id, used_at=now, taken_by=None)


def missed(session: Session, reader_id: int, now: datetime) -> None:
    """Notes that a reader entered what is no code."""
    session.add(LinkTry(reader_id=reader_id, at=now))
    session.flush()


def missed_since(session: Session, reader_id: int, since: datetime) -> list[datetime]:
    """When a reader entered what is no code since then, oldest first."""
    query = select(LinkTry.at).where(LinkTry.reader_id == reader_id, LinkTry.at > since)
    return sorted(session.scalars(query))


def prune(session: Session, before: datetime) -> int:
    """Deletes codes that ended, and tries made, before then; how many."""
    codes = delete(LinkCode).where(LinkCode.expires_at < before).returning(LinkCode.id)
    tries = delete(LinkTry).where(LinkTry.at < before).returning(LinkTry.id)
    return sum(len(session.execute(query).all()) for query in (codes, tries))


def _held() -> Select[LinkCode]:
    return select(LinkCode).with_for_update()


def _code(row: LinkCode | None) -> Code | None:
    if row is None:
        return None
    return Code(row.id, row.reader_id, row.expires_at, row.taken_by, row.used_at is not None)


def _mark(session: Session, code_id: int, **values: object) -> None:
    session.execute(update(LinkCode).where(LinkCode.id == code_id).values(**values))
