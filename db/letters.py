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
from sqlalchemy.orm import InstrumentedAttribute, Session

from db import news, readers
from db.reader_tables import News, WorkEvent
from db.tables import Account, Outbox, Reader, Webtoon

IN_DOUBT: Final = "It may not have arrived."


@dataclass(frozen=True, slots=True)
class Item:
    """A news that is to be told; `kind` and the work are those of its event, if it has one.

    `doubt`: it was in a letter that may have arrived.
    """

    id: int
    key: str
    doubt: bool
    kind: str | None = None
    detail: str | None = None
    webtoon_id: int = 0
    title: str = ""
    authors: tuple[str, ...] = ()
    adult: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a letter goes: to a user of a platform or, with `to_chat`, into a chat."""

    platform: str
    user_id: str
    language: str | None  # the tag that the reader's platform told
    to_chat: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that is ours until `taken_until`; `again`: it may have arrived already."""

    id: int
    user_id: str
    to_chat: bool
    reply: str  # JSON
    taken_until: datetime
    again: bool


def due(
    session: Session, platform: str, now: datetime, limit: int, *, user_id: str | None = None
) -> list[int]:
    """Readers to whom a letter may be written from `platform`: they are held until the end.

    They have a due news, no open letter, and are told on this platform; who is being written to
    just now by another bot is left out. With `user_id` none but the reader behind that account.
    """
    with_news = select(News.reader_id).where(News.letter_id.is_(None), News.due_at <= now)
    open_letter = select(Outbox.id).where(Outbox.reader_id == Reader.id, *_OPEN)
    if user_id is not None:
        account = (Account.platform == platform, Account.user_id == user_id)
        with_news = with_news.join(Account, Account.reader_id == News.reader_id).where(*account)
    query = (
        select(Reader.id)
        .where(
            Reader.id.in_(with_news),
            ~open_letter.exists(),
            or_(
                Reader.alerts_to.startswith(f"{platform}:"),
                _own(Account.platform).where(Account.reader_id == Reader.id).scalar_subquery()
                == platform,
            ),
        )
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True, of=Reader)
    )
    return list(session.scalars(query))


def items(session: Session, reader_id: int, now: datetime) -> list[Item]:
    """All that this reader is to be told now, oldest first, and what is in doubt."""
    query = (
        select(News, WorkEvent, Webtoon)
        .outerjoin(WorkEvent, WorkEvent.id == News.event_id)
        .outerjoin(Webtoon, Webtoon.id == WorkEvent.webtoon_id)
        .where(
            News.reader_id == reader_id,
            or_(and_(News.letter_id.is_(None), News.due_at <= now), News.doubt.is_(True)),
        )
        .order_by(News.event_id.nulls_last(), News.id)
    )
    return [_item(*row) for row in session.execute(query)]


def own(session: Session, reader_id: int) -> Destination | None:
    """The account from which this reader spoke last, of those that take messages."""
    query = _own(Account.platform, Account.user_id, Account.language)
    row = session.execute(query.where(Account.reader_id == reader_id)).first()
    return Destination(*row) if row else None


def chosen(session: Session, reader_id: int) -> Destination | None:
    """The chat that this reader wants to be told in, if they chose one."""
    to = session.scalar(select(Reader.alerts_to).where(Reader.id == reader_id))
    if not to:
        return None
    platform, _, chat = to.partition(":")
    reported = session.scalar(_own(Account.language).where(Account.reader_id == reader_id))
    return Destination(platform, chat, reported, to_chat=True)


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
        once=True,
        created_at=now,
    )
    session.add(row)
    session.flush()
    ids = [item.id for item in said]
    session.execute(
        update(News).where(News.id.in_(ids)).values(letter_id=row.id, doubt=False),
        execution_options=_BLIND,
    )
    return row.id


def drop(session: Session, unsaid: Collection[Item]) -> None:
    """Deletes news that are never to be told."""
    ids = [item.id for item in unsaid]
    if not ids:
        return
    session.execute(delete(News).where(News.id.in_(ids)), execution_options=_BLIND)


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
    """Letters to send, oldest first, one to each chat and none to `but`; ours until then.

    To the chat `only`, if one is given.
    What somebody was about to send and never noted is taken if that is less than `anew` ago, for
    platforms that know a message again; else it is in doubt from here on.
    """
    free = (
        Outbox.platform == platform,
        *_OPEN,
        or_(Outbox.taken_until.is_(None), Outbox.taken_until <= now),
    )
    lost = Outbox.sending_at <= now - anew
    query = select(Outbox.id).where(*free, lost).with_for_update(skip_locked=True)
    for letter_id in session.scalars(query).all():
        doubted(session, letter_id, now)
    sendable = (*free, or_(Outbox.sending_at.is_(None), ~lost))
    chats = Outbox.user_id.not_in(but) if only is None else Outbox.user_id == only
    first = select(func.min(Outbox.id)).where(*sendable, chats)
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
            session.delete(row)
            news.release(session, [letter.id], wakes)
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
    """Closes a letter that its platform does not take; nothing is known against its reader."""
    _close(session, letter.id, reason, now)


def shut_out(session: Session, platform: str, letter: Letter, reason: str, now: datetime) -> None:
    """Closes a letter to somebody who takes none any more.

    Its news go to the reader's own account if it was a chat that they had chosen, else to another
    account of theirs that takes messages; with none left, nothing waits for them.
    """
    _close(session, letter.id, reason, now)
    reader_id = session.scalar(select(Outbox.reader_id).where(Outbox.id == letter.id))
    if reader_id is None:
        return
    address = f"{platform}:{letter.user_id}"
    if letter.to_chat:
        lost = (Reader.id == reader_id, Reader.alerts_to == address)
        session.execute(update(Reader).where(*lost).values(alerts_to=None))
    else:
        readers.closed(session, platform, letter.user_id, now)
    if own(session, reader_id) is not None:
        news.release(session, [letter.id])
        return
    untold: ColumnElement[bool] = News.letter_id == letter.id
    if letter.to_chat or chosen(session, reader_id) is None:
        untold = or_(untold, News.letter_id.is_(None), News.doubt.is_(True))
    session.execute(delete(News).where(News.reader_id == reader_id, untold))


def moved(session: Session, platform: str, letter: Letter, chat_id: str) -> None:
    """Notes that a chat has another id from now on, and sends its letter there."""
    old, new = f"{platform}:{letter.user_id}", f"{platform}:{chat_id}"
    session.execute(update(Reader).where(Reader.alerts_to == old).values(alerts_to=new))
    session.execute(
        update(Outbox)
        .where(*_held(letter))
        .values(user_id=chat_id, sending_at=None, taken_until=None)
    )


_OPEN = (Outbox.once.is_(True), Outbox.done_at.is_(None))
# What is changed by a statement is not looked at again in its transaction.
_BLIND = {"synchronize_session": False}


def _own(*columns: InstrumentedAttribute[Any]) -> Select[Any]:
    """Of accounts that take messages, the one that spoke last."""
    return (
        select(*columns)
        .where(Account.closed_at.is_(None))
        .order_by(Account.seen_at.desc().nulls_last(), Account.id.desc())
        .limit(1)
    )


def _held(letter: Letter) -> Sequence[ColumnElement[bool]]:
    # Whoever took it after us holds it until another moment.
    return (Outbox.id == letter.id, *_OPEN, Outbox.taken_until == letter.taken_until)


def _close(session: Session, letter_id: int, error: str | None, now: datetime) -> None:
    closed = update(Outbox).where(Outbox.id == letter_id).values(done_at=now, error=error)
    session.execute(closed, execution_options=_BLIND)


def _doubt(session: Session, letter_id: int, *, doubt: bool) -> None:
    said = update(News).where(News.letter_id == letter_id).values(doubt=doubt)
    session.execute(said, execution_options=_BLIND)


def _item(row: News, event: WorkEvent | None, work: Webtoon | None) -> Item:
    if event is None or work is None:
        return Item(row.id, row.key, row.doubt)
    return Item(
        row.id,
        row.key,
        row.doubt,
        event.kind,
        event.detail,
        work.id,
        work.title,
        tuple(work.authors),
        work.adult,
        work.gone_at is not None,
    )


def _letter(row: Outbox, until: datetime) -> Letter:
    again = row.sending_at is not None
    return Letter(row.id, row.user_id, row.to_chat, row.reply or "", until, again)
