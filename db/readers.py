"""Readers and the platform accounts behind which they speak."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db import bulk, links
from db.reader_tables import News, ReaderLink
from db.tables import Account, Dial, Outbox, Reader


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """A reader's id and choices; `reported` is the language tag their platform last told."""

    id: int
    language: str | None
    reported: str | None
    adult: bool
    trains: bool
    dial: Dial = Dial.BALANCED
    weekly: bool = True  # wants works picked for each week


def of_account(
    session: Session, platform: str, user_id: str, now: datetime, reported: str | None = None
) -> ReaderRow:
    """The reader behind this account, made on first sight and held until the transaction ends.

    `reported` is the platform's language tag; where it tells none (a reaction), the last counts.
    """
    query = select(Account).where(Account.platform == platform, Account.user_id == user_id)
    account = session.scalar(query.with_for_update())
    if account is None:
        reader = Reader(created_at=now, adult=False, trains=True)
        session.add(reader)
        session.flush()
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        made = (
            dialect.insert(Account)
            .values(platform=platform, user_id=user_id, reader_id=reader.id)
            .on_conflict_do_nothing(index_elements=["platform", "user_id"])
            .returning(Account.id)
        )
        if session.scalar(made) is None:  # somebody with their first two words at once
            session.delete(reader)
        account = session.scalars(query.with_for_update()).one()
    if reported:
        account.language = reported
    session.flush()
    return _row(session.get_one(Reader, account.reader_id), account.language)


def get(session: Session, reader_id: int, reported: str | None = None) -> ReaderRow:
    """This reader, whose platform told the language tag `reported`."""
    return _row(session.get_one(Reader, reader_id), reported)


def known(session: Session, platform: str, user_id: str) -> ReaderRow | None:
    """The reader behind this account, if they ever spoke; nothing is written or held."""
    query = (
        select(Reader, Account.language)
        .join(Account, Account.reader_id == Reader.id)
        .where(Account.platform == platform, Account.user_id == user_id)
    )
    found = session.execute(query).one_or_none()
    return _row(*found) if found else None


def spoke(session: Session, platform: str, user_id: str, now: datetime) -> None:
    """Notes that somebody spoke from this account, which so takes messages again."""
    account = session.scalar(
        select(Account).where(Account.platform == platform, Account.user_id == user_id)
    )
    if account is not None:
        account.seen_at, account.closed_at = now, None
        session.get_one(Reader, account.reader_id).seen_at = now
        session.flush()


def closed(session: Session, platform: str, user_id: str, now: datetime) -> None:
    """Notes that an account takes no messages: it blocked us, or is gone."""
    session.execute(
        update(Account)
        .where(Account.platform == platform, Account.user_id == user_id)
        .values(closed_at=now)
    )


def choose(session: Session, reader_id: int, **choices: str | int | bool | None) -> None:
    """Sets a reader's choices: language, adult, trains, dial, and when and where to be told."""
    session.execute(update(Reader).where(Reader.id == reader_id).values(**choices))
    links.chose(session, reader_id, choices)


def accounts(session: Session, reader_id: int) -> list[tuple[str, str]]:
    """The (platform, user id) pairs of a reader, by platform."""
    query = (
        select(Account.platform, Account.user_id)
        .where(Account.reader_id == reader_id)
        .order_by(Account.platform, Account.user_id)
    )
    return list(session.execute(query))


def present(session: Session, ids: Sequence[int]) -> set[int]:
    """Those of these readers who are there."""
    found: set[int] = set()
    for few in bulk.batches(ids):
        found.update(session.scalars(select(Reader.id).where(Reader.id.in_(few))))
    return found


def forget(session: Session, *reader_ids: int) -> None:
    """Deletes readers and, by the tables' cascades, all that was stored of them.

    What a letter of theirs was to tell a chat for other readers, too, waits for one of those again,
    or is in doubt if that letter is on its way.
    """
    for few in bulk.batches(reader_ids):
        # Nobody adds to what these say from here on.
        session.execute(select(Outbox.id).where(Outbox.reader_id.in_(few)).with_for_update()).all()
        unsent = select(Outbox.id).where(Outbox.reader_id.in_(few), Outbox.done_at.is_(None))
        going, waiting = Outbox.sending_at.is_not(None), Outbox.sending_at.is_(None)
        for letters, left in ((going, {"doubt": True}), (waiting, {"letter_id": None})):
            others = (News.letter_id.in_(unsent.where(letters)), News.reader_id.not_in(few))
            session.execute(
                update(News).where(*others).values(left),
                execution_options={"synchronize_session": False},
            )
        session.execute(delete(ReaderLink).where(ReaderLink.former_id.in_(few)))
        session.execute(delete(Reader).where(Reader.id.in_(few)))


def count(session: Session) -> int:
    """How many readers there are."""
    return session.scalar(select(func.count(Reader.id))) or 0


@dataclass(frozen=True, slots=True)
class Telling:
    """When and where a reader chose to be told of news; None where they chose nothing."""

    alerts: str | None
    alerts_to: str | None
    zone: str | None
    quiet_from: int | None
    quiet_until: int | None
    weekly: bool


def telling(session: Session, reader_id: int) -> Telling:
    """When and where this reader chose to be told."""
    row = session.get_one(Reader, reader_id, populate_existing=True)
    return Telling(row.alerts, row.alerts_to, row.zone, row.quiet_from, row.quiet_until, row.weekly)


def _row(reader: Reader, reported: str | None) -> ReaderRow:
    return ReaderRow(
        reader.id,
        reader.language,
        reported,
        reader.adult,
        reader.trains,
        Dial(reader.dial) if reader.dial in set(Dial) else Dial.BALANCED,
        reader.weekly,
    )
