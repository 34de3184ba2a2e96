"""What happens to works, and that readers are to be told of it."""

from sqlalchemy import select

from bot.conversation.context import HOME
from bot.mailroom import said
from db import news, readers
from db.reader_tables import WorkEvent
from db.tables import Account, Outbox


def reader_of(database, platform, user):
    """The id of the reader behind an account."""
    with database.read() as session:
        query = select(Account.reader_id).where(
            Account.platform == platform, Account.user_id == str(user)
        )
        return session.scalars(query).one()


def happens(database, work, to, kind="chapter", detail="3화", *, now):
    """Something happens to a work, by its id, of which these readers are to be told."""
    with database.write() as session:
        event = WorkEvent(webtoon_id=work, kind=kind, detail=detail, at=now, spread_at=now)
        session.add(event)
        session.flush()
        key = f"event:{event.id}"
        news.add(session, to, key, event_id=event.id, now=now, default_zone=HOME)


def a_week_begins(database, to, *, now, week="2026-W19"):
    """Works are to be picked for the week of these readers."""
    with database.write() as session:
        news.add(session, to, f"weekly:{week}", event_id=None, now=now, default_zone=HOME)


def choose(database, reader, **choices):
    with database.write() as session:
        readers.choose(session, reader, **choices)


def written(database):
    """(address, what it says) of each letter to a reader that is not done with, in order."""
    with database.read() as session:
        rows = session.scalars(
            select(Outbox)
            .where(Outbox.once.is_(True), Outbox.done_at.is_(None))
            .order_by(Outbox.id)
        )
        return [(f"{row.platform}:{row.user_id}", said(row)) for row in rows]
