"""Rounds of people in one chat who look for something to read together, and who is in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db.locks import Alone, alone
from db.reader_tables import Party, PartyMember


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A round: where it is, and since when; `closed` where another took its place."""

    id: int
    platform: str
    chat_id: str
    opened_at: datetime
    closed: bool


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is in, what the chat calls them, and since when."""

    reader_id: int
    name: str
    joined_at: datetime


def opened(
    session: Session, platform: str, chat_id: str, *, now: datetime, since: datetime
) -> PartyRow:
    """The round of a chat that was opened after `since`, or a new one, which ends all before."""
    alone(session, Alone.PARTY)  # there is one a chat, whoever asks at once
    here = (Party.platform == platform, Party.chat_id == chat_id, Party.closed_at.is_(None))
    party = session.scalar(select(Party).where(*here, Party.opened_at > since).limit(1))
    if party is None:
        session.execute(update(Party).where(*here).values(closed_at=now))
        party = Party(platform=platform, chat_id=chat_id, opened_at=now)
        session.add(party)
        session.flush()
    return _row(party)


def held(session: Session, party_id: int) -> PartyRow | None:
    """The round with this id, in which nobody else does anything until the transaction ends."""
    query = select(Party).where(Party.id == party_id).with_for_update()
    party = session.scalar(query)
    return _row(party) if party else None


def members(session: Session, party_id: int) -> list[Member]:
    """Who is in, in the order in which they joined."""
    query = (
        select(PartyMember.reader_id, PartyMember.name, PartyMember.joined_at)
        .where(PartyMember.party_id == party_id)
        .order_by(PartyMember.joined_at, PartyMember.reader_id)
    )
    return [Member(*row) for row in session.execute(query)]


def join(session: Session, party_id: int, reader_id: int, name: str, now: datetime) -> None:
    """Takes a reader into a round that is `held`, in which they are not yet."""
    session.add(PartyMember(party_id=party_id, reader_id=reader_id, name=name, joined_at=now))
    session.flush()


def leave(session: Session, party_id: int, reader_id: int) -> None:
    """Takes a reader out of a round, and their name with them."""
    session.execute(
        delete(PartyMember).where(
            PartyMember.party_id == party_id, PartyMember.reader_id == reader_id
        )
    )


def prune(session: Session, before: datetime) -> int:
    """Deletes rounds opened before then, and all names in them; how many."""
    query = delete(Party).where(Party.opened_at < before)
    return len(session.execute(query.returning(Party.id)).all())


def _row(party: Party) -> PartyRow:
    closed = party.closed_at is not None
    return PartyRow(party.id, party.platform, party.chat_id, party.opened_at, closed)
