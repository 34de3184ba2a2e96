"""Which works a reader follows, and who is to be told of a work."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, delete, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.crawl_tables import WebtoonDetail
from db.reader_tables import Follow
from db.tables import Account, Reader, Webtoon

MOST = 200  # works that one reader follows


@dataclass(frozen=True, slots=True)
class Followed:
    """A work that a reader follows, and since when; `resting`: it is on hiatus, says its site."""

    webtoon_id: int
    title: str
    external_id: str
    resting: bool
    at: datetime


def follow(session: Session, reader_id: int, webtoon_id: int, now: datetime) -> bool:
    """Has the reader follow a work; False if they did. How many they may is the caller's to see."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(Follow)
        .values(reader_id=reader_id, webtoon_id=webtoon_id, at=now)
        .on_conflict_do_nothing(index_elements=["reader_id", "webtoon_id"])
        .returning(Follow.webtoon_id)
    )
    return session.scalar(statement) is not None


def unfollow(session: Session, reader_id: int, webtoon_id: int) -> bool:
    """Has the reader follow a work no more; False if they did not."""
    query = delete(Follow).where(Follow.reader_id == reader_id, Follow.webtoon_id == webtoon_id)
    return session.scalar(query.returning(Follow.webtoon_id)) is not None


def count(session: Session, reader_id: int) -> int:
    """How many works the reader follows."""
    query = select(func.count()).select_from(Follow).where(Follow.reader_id == reader_id)
    return session.scalar(query) or 0


def ids(session: Session, reader_id: int) -> frozenset[int]:
    """The works that the reader follows."""
    query = select(Follow.webtoon_id).where(Follow.reader_id == reader_id)
    return frozenset(session.scalars(query))


def of_reader(session: Session, reader_id: int) -> list[Followed]:
    """The works that the reader follows, those followed latest first."""
    query = (
        select(
            Webtoon.id,
            Webtoon.title,
            Webtoon.external_id,
            func.coalesce(WebtoonDetail.hiatus, False),
            Follow.at,
        )
        .join(Webtoon, Webtoon.id == Follow.webtoon_id)
        .outerjoin(WebtoonDetail, WebtoonDetail.webtoon_id == Webtoon.id)
        .where(Follow.reader_id == reader_id)
        .order_by(Follow.at.desc(), Follow.webtoon_id.desc())
    )
    return [Followed(*row) for row in session.execute(query)]


def followers(session: Session, webtoon_id: int) -> list[int]:
    """The readers who follow a work and can be told of it, by id."""
    query = (
        select(Follow.reader_id)
        .where(Follow.webtoon_id == webtoon_id, _told(Follow.reader_id))
        .order_by(Follow.reader_id)
    )
    return list(session.scalars(query))


def followers_of_others(session: Session, webtoon_id: int, authors: Iterable[str]) -> list[int]:
    """The readers who follow a work by one of these authors, and not this one, by id.

    Only those who can be told of it.
    """
    wanted = names(authors)
    works = [
        other
        for other, theirs in _followed(session)
        if other != webtoon_id and not wanted.isdisjoint(names(theirs))
    ]
    if not works:
        return []
    itself = select(Follow.reader_id).where(Follow.webtoon_id == webtoon_id)
    query = (
        select(Follow.reader_id)
        .distinct()
        .where(
            Follow.webtoon_id.in_(works),
            Follow.reader_id.not_in(itself),
            _told(Follow.reader_id),
        )
        .order_by(Follow.reader_id)
    )
    return list(session.scalars(query))


def authors(session: Session) -> frozenset[str]:
    """Everybody who wrote a work that somebody follows."""
    return frozenset(name for _, theirs in _followed(session) for name in names(theirs))


def names(authors: Iterable[str]) -> frozenset[str]:
    """Authors as they can be compared."""
    return frozenset(filter(None, (name.strip() for name in authors)))


def reachable(reader_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """The condition that a reader has an account that takes messages."""
    return exists().where(Account.reader_id == reader_id, Account.closed_at.is_(None))


def _told(reader_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """The condition that a reader can be told of works: in private, or in a chat they chose."""
    chose = exists().where(Reader.id == reader_id, Reader.alerts_to.is_not(None))
    return or_(reachable(reader_id), chose)


def _followed(session: Session) -> Collection[tuple[int, list[str]]]:
    # What is in a JSON list each database would be asked in a way of its own.
    query = select(Webtoon.id, Webtoon.authors).where(
        exists().where(Follow.webtoon_id == Webtoon.id)
    )
    return [(webtoon_id, theirs) for webtoon_id, theirs in session.execute(query)]
