"""Letters to readers: written once for all that is due, sent once as far as anybody can know.

A letter is open until it is done with, and each reader has one open letter at most. When it is
about to go, that is noted first (`going`); found like this later, it may have arrived or not.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from db import news, readers
from db.locks import Alone, alone
from db.news import OPEN, Item
from db.reader_tables import News, WorkEvent
from db.tables import Account, Outbox, Reader, Webtoon

IN_DOUBT: Final = "It may not have arrived."


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a letter goes: to a user of a platform or, with `to_chat`, into a chat or its topic."""

    platform: str
    user_id: str
    language: str | None  # the tag that the reader's platform told
    to_chat: bool = False
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that is ours until `taken_until`; `again`: it may have arrived already."""

    id: int
    user_id: str
    to_chat: bool
    reply: str  # JSON
    taken_until: datetime
    again: bool
    topic: str = ""


def address(platform: str, chat_id: str, topic: str = "") -> str:
    """A chat, or a topic of one, as `Reader.alerts_to` has it."""
    return f"{platform}:{chat_id}/{topic}" if topic else f"{platform}:{chat_id}"


def due(
    session: Session, platform: str, now: datetime, limit: int, *, user_id: str | None = None
) -> list[int]:
    """Readers to whom a letter may be written from `platform`: they are held until the end.

    They have no open letter and a due news that is told on this platform: what is for all in the
    chat that they chose, else in their own. Who is being written to just now by another bot is left
    out. With `user_id` none but the reader behind that account.
    """
    with_news = (
        select(News.reader_id)
        .outerjoin(WorkEvent, WorkEvent.id == News.event_id)
        .outerjoin(Webtoon, Webtoon.id == WorkEvent.webtoon_id)
        .where(News.letter_id.is_(None), News.doubt.is_(False), News.due_at <= now)
    )
    open_letter = select(Outbox.id).where(Outbox.reader_id == Reader.id, *OPEN)
    if user_id is not None:
        account = (Account.platform == platform, Account.user_id == user_id)
        with_news = with_news.join(Account, Account.reader_id == News.reader_id).where(*account)
    private = or_(News.event_id.is_(None), Webtoon.adult)
    home = _own(Account.platform).where(Account.reader_id == Reader.id).scalar_subquery()
    query = (
        select(Reader.id)
        .where(
            Reader.id.in_(with_news),
            ~open_letter.exists(),
            or_(
                and_(
                    Reader.alerts_to.startswith(f"{platform}:"),
                    or_(Reader.id.in_(with_news.where(~private)), home.is_(None)),
                ),
                and_(
                    home == platform,
                    or_(Reader.alerts_to.is_(None), Reader.id.in_(with_news.where(private))),
                ),
            ),
        )
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True, of=Reader)
    )
    return list(session.scalars(query))


def own(session: Session, reader_id: int) -> Destination | None:
    """The account from which this reader spoke last, of those that take messages.

    A terminal takes some only while somebody sits there, so it comes after all others.
    """
    query = _own(Account.platform, Account.user_id, Account.language)
    row = session.execute(query.where(Account.reader_id == reader_id)).first()
    return Destination(*row) if row else None


def chosen(session: Session, reader_id: int) -> Destination | None:
    """The chat that this reader wants to be told in, if they chose one."""
    to = session.scalar(select(Reader.alerts_to).where(Reader.id == reader_id))
    if not to:
        return None
    platform, _, where = to.partition(":")
    chat, _, topic = where.partition("/")
    reported = session.scalar(_own(Account.language).where(Account.reader_id == reader_id))
    return Destination(platform, chat, reported, to_chat=True, topic=topic)


def untold(session: Session, chat: Destination, items: Collection[Item]) -> list[Item]:
    """Those of these news that no reader's letter says to this chat.

    The others are said with that letter from here on, and share what becomes of it. To be asked
    before a letter to a chat is written: nobody else writes any until the transaction ends.
    """
    alone(session, Alone.LETTERS)
    mine, theirs = aliased(News), aliased(News)
    query = (
        select(mine.id, Outbox.id, Outbox.done_at)
        .join(theirs, theirs.event_id == mine.event_id)
        .join(Outbox, Outbox.id == theirs.letter_id)
        .where(
            mine.id.in_([item.id for item in items]),
            Outbox.platform == chat.platform,
            Outbox.user_id == chat.user_id,
            Outbox.topic == chat.topic,
            Outbox.to_chat.is_(True),
            Outbox.error.is_(None),
        )
        # Whoever takes such a letter apart waits, and then releases these too.
        .with_for_update(of=Outbox)
    )
    told = {news_id: said for news_id, *said in session.execute(query)}
    for news_id, (letter_id, arrived_at) in told.items():
        settled = {} if arrived_at is None else {"doubt": False}
        statement = update(News).where(News.id == news_id).values(letter_id=letter_id, **settled)
        session.execute(statement, execution_options=_BLIND)
    return [item for item in items if item.id not in told]


def write(
    session: Session,
    reader_id: int,
    to: Destination,
    reply: str,
    said: Collection[Item],
    *,
    now: datetime,
) -> int:
    """Writes the letter that says these news, now no longer to be told; its id."""
    row = Outbox(
        platform=to.platform,
        user_id=to.user_id,
        text="",
        reader_id=reader_id,
        reply=reply,
        to_chat=to.to_chat,
        topic=to.topic,
        once=True,
        created_at=now,
    )
    session.add(row)
    session.flush()
    ids = [item.id for item in said]
    session.execute(
        update(News).where(News.id.in_(ids)).values(letter_id=row.id),
        execution_options=_BLIND,
    )
    return row.id


def take(
    session: Session,
    platform: str,
    now: datetime,
    until: datetime,
    limit: int,
    *,
    only: str | None = None,
    but: Collection[str] = (),
    anew: timedelta = timedelta(0),
) -> list[Letter]:
    """Letters to send, oldest first, and ours until then: one to each chat, none to `but`.

    None to a chat to which somebody else's is under way. To the chat `only`, if one is given.
    What somebody was about to send and never noted is taken if that is less than `anew` ago, for
    platforms that know a message again; else it is in doubt from here on.
    """
    free = (
        Outbox.platform == platform,
        *OPEN,
        or_(Outbox.taken_until.is_(None), Outbox.taken_until <= now),
    )
    lost = Outbox.sending_at <= now - anew
    query = select(Outbox.id).where(*free, lost).with_for_update(skip_locked=True)
    for letter_id in session.scalars(query).all():
        doubted(session, letter_id, now)
    sendable = (*free, or_(Outbox.sending_at.is_(None), ~lost))
    chats = Outbox.user_id.not_in(but) if only is None else Outbox.user_id == only
    under_way = select(Outbox.user_id).where(
        Outbox.platform == platform, *OPEN, Outbox.taken_until > now
    )
    idle = Outbox.user_id.not_in(under_way.correlate(None))
    first = select(func.min(Outbox.id)).where(*sendable, chats, idle)
    first = first.group_by(Outbox.user_id).order_by(func.min(Outbox.id)).limit(limit)
    rows = session.scalars(
        select(Outbox)
        .where(Outbox.id.in_(first), *sendable)
        .order_by(Outbox.id)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.taken_until = until
    session.flush()
    return [_letter(row, until) for row in rows]


def going(
    session: Session,
    letter: Letter,
    now: datetime,
    until: datetime,
    default_zone: ZoneInfo,
    *,
    anew: timedelta = timedelta(0),
) -> Letter | None:
    """Notes that a letter is about to go, and holds it until then; None if it must not.

    It is another's by now, or nobody's, or its reader has quiet hours: then its news wait again.
    Or it went, and that is longer ago than `anew`.
    """
    row = session.scalar(select(Outbox).where(*_held(letter)).with_for_update())
    if row is None:
        return None
    if row.sending_at is not None and letter.again and row.sending_at <= now - anew:
        doubted(session, letter.id, now)
        return None
    if row.sending_at is None:
        hours = news.hours_of(session, row.reader_id or 0, default_zone)
        if (wakes := news.waking(hours, now)) > now:
            news.unwrite(session, [letter.id], wakes)
            return None
        row.sending_at = now
    row.taken_until = until
    session.flush()
    return replace(letter, taken_until=until)


def back(session: Session, letter: Letter) -> None:
    """Notes that a letter did not go after all."""
    if not letter.again:  # else an earlier attempt may have arrived
        session.execute(
            update(Outbox).where(*_held(letter)).values(sending_at=None), execution_options=_BLIND
        )


def leave(session: Session, letters: Collection[Letter]) -> None:
    """Lets others have letters that we took and did not send."""
    for letter in letters:
        session.execute(
            update(Outbox).where(*_held(letter)).values(taken_until=None), execution_options=_BLIND
        )


def arrived(session: Session, letter_id: int, now: datetime) -> None:
    """Notes that a letter was taken by its platform, whatever was thought of it before."""
    _close(session, letter_id, None, now)
    _doubt(session, letter_id, doubt=False)


def doubted(session: Session, letter_id: int, now: datetime) -> None:
    """Closes a letter that may have arrived; its news come once more below the next one's."""
    _close(session, letter_id, IN_DOUBT, now)
    _doubt(session, letter_id, doubt=True)


def refused(session: Session, letter: Letter, reason: str, now: datetime) -> None:
    """Closes a letter that its platform does not take; its news come below the next one's.

    Nothing is known against its reader.
    """
    news.unshow(session, [letter.id])
    _close(session, letter.id, reason, now)
    _doubt(session, letter.id, doubt=True)


def shut_out(session: Session, platform: str, letter: Letter, reason: str, now: datetime) -> None:
    """Closes a letter to somebody who takes none any more.

    Its news go to the reader's own account if it was a chat that they had chosen, else to another
    account of theirs that takes messages; with none left, nothing waits for them.
    """
    reader_id = session.scalar(select(Outbox.reader_id).where(Outbox.id == letter.id))
    if reader_id is None:
        return
    # As all do who need both: the accounts before their letters.
    accounts = select(Account.id).where(Account.reader_id == reader_id).order_by(Account.id)
    session.execute(accounts.with_for_update())
    news.unshow(session, [letter.id])
    _close(session, letter.id, reason, now)
    if letter.to_chat:
        chat = address(platform, letter.user_id, letter.topic)
        there = (Reader.id == reader_id, Reader.alerts_to == chat)
        session.execute(update(Reader).where(*there).values(alerts_to=None))
    else:
        readers.closed(session, platform, letter.user_id, now)
    if own(session, reader_id) is None:
        lost: ColumnElement[bool] = News.letter_id == letter.id
        if letter.to_chat or chosen(session, reader_id) is None:
            lost = or_(lost, News.letter_id.is_(None), News.doubt.is_(True))
        session.execute(delete(News).where(News.reader_id == reader_id, lost))
    news.release(session, [letter.id])  # in a chat also what it said for others


def give_up(session: Session, platforms: Collection[str], now: datetime, before: datetime) -> None:
    """Takes letters apart that nobody took since then, so that another place can have their news.

    What was about to go when its bot was last seen is in doubt.
    """
    query = select(Outbox.id, Outbox.sending_at).where(
        Outbox.platform.in_(platforms),
        *OPEN,
        func.coalesce(Outbox.taken_until, Outbox.created_at) <= before,
    )
    left = session.execute(query.with_for_update(skip_locked=True)).all()
    for letter_id, sending_at in left:
        if sending_at is not None:
            doubted(session, letter_id, now)
    news.unwrite(session, [letter_id for letter_id, sending_at in left if sending_at is None])


def moved(session: Session, platform: str, letter: Letter, chat_id: str) -> None:
    """Notes that a chat has another id from now on, and sends its letter there.

    What was told there under the old one counts as told.
    """
    old, new = address(platform, letter.user_id), address(platform, chat_id)
    session.execute(update(Reader).where(Reader.alerts_to == old).values(alerts_to=new))
    session.execute(
        update(Outbox)
        .where(*_held(letter))
        .values(user_id=chat_id, sending_at=None, taken_until=None)
    )
    session.execute(
        update(Outbox)
        .where(
            Outbox.platform == platform,
            Outbox.user_id == letter.user_id,
            Outbox.to_chat.is_(True),
            Outbox.done_at.is_not(None),
        )
        .values(user_id=chat_id)
    )


# What is changed by a statement is not looked at again in its transaction.
_BLIND = {"synchronize_session": False}


def _own(*columns: InstrumentedAttribute[Any]) -> Select[Any]:
    """Of accounts that take messages, the one that spoke last; see `own`."""
    return (
        select(*columns)
        .where(Account.closed_at.is_(None))
        .order_by(
            Account.platform == "terminal", Account.seen_at.desc().nulls_last(), Account.id.desc()
        )
        .limit(1)
    )


def _held(letter: Letter) -> Sequence[ColumnElement[bool]]:
    # Whoever took it after us holds it until another moment.
    return (Outbox.id == letter.id, *OPEN, Outbox.taken_until == letter.taken_until)


def _close(session: Session, letter_id: int, error: str | None, now: datetime) -> None:
    # What it said is the reader's own, and nobody's concern any more.
    closed = update(Outbox).where(Outbox.id == letter_id)
    closed = closed.values(done_at=now, error=error, reply=None)
    session.execute(closed, execution_options=_BLIND)


def _doubt(session: Session, letter_id: int, *, doubt: bool) -> None:
    said = update(News).where(News.letter_id == letter_id).values(doubt=doubt)
    session.execute(said, execution_options=_BLIND)


def _letter(row: Outbox, until: datetime) -> Letter:
    again = row.sending_at is not None
    return Letter(row.id, row.user_id, row.to_chat, row.reply or "", until, again, row.topic)
