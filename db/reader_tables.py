"""The tables of what readers do beyond verdicts: link accounts, follow works, import, gather."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from db.tables import NEVER_REUSED, Base


class LinkCode(Base):
    """A code that a reader was given to link another account; only its SHA-256 is kept."""

    __tablename__ = "link_code"
    __table_args__ = (Index("uq_link_code_digest", "digest", unique=True), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("reader.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    taken_by: Mapped[int | None] = mapped_column(  # who entered it; nobody else may
        ForeignKey("reader.id", ondelete="CASCADE"), index=True
    )
    used_at: Mapped[datetime | None]


class LinkTry(Base):
    """A code that was entered and was none: so many are let pass, then somebody guesses."""

    __tablename__ = "link_try"
    __table_args__ = (Index("ix_link_try_reader_id_at", "reader_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("reader.id", ondelete="CASCADE"))
    at: Mapped[datetime]


class ReaderLink(Base):
    """That one reader became part of another; `before` is what undoing it needs, as long as kept.

    The reader who was (`former_id`) is gone; their buttons, which carry that id, are not.
    """

    __tablename__ = "reader_link"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("reader.id", ondelete="CASCADE"), index=True)
    former_id: Mapped[int] = mapped_column(index=True)
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class Follow(Base):
    """A reader wants to be told of a work."""

    __tablename__ = "follow"

    reader_id: Mapped[int] = mapped_column(
        ForeignKey("reader.id", ondelete="CASCADE"), primary_key=True
    )
    webtoon_id: Mapped[int] = mapped_column(ForeignKey("webtoon.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class WorkEvent(Base):
    """What happened to a work: chapter, returned, completed, or that it is new.

    `spread_at`: everybody who follows has it among their news.
    """

    __tablename__ = "work_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    webtoon_id: Mapped[int] = mapped_column(ForeignKey("webtoon.id"), index=True)
    kind: Mapped[str]
    detail: Mapped[str | None]  # the chapter's title
    at: Mapped[datetime]
    spread_at: Mapped[datetime | None] = mapped_column(index=True)


class News(Base):
    """Something that a reader is to be told, once: `key` is "event:12" or "weekly:2026-W48".

    `letter_id`: the letter that says it. `doubt`: that letter may not have arrived.
    """

    __tablename__ = "news"
    __table_args__ = (
        Index("uq_news_reader_id_key", "reader_id", "key", unique=True),
        Index("ix_news_letter_id_due_at", "letter_id", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("reader.id", ondelete="CASCADE"))
    key: Mapped[str]
    event_id: Mapped[int | None] = mapped_column(
        ForeignKey("work_event.id", ondelete="CASCADE"), index=True
    )
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    letter_id: Mapped[int | None]
    doubt: Mapped[bool] = mapped_column(default=False, server_default=false())


class ImportBatch(Base):
    """A list of works that a reader sent: [webtoon id, verdict] each, until confirmed or undone."""

    __tablename__ = "import_batch"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("reader.id", ondelete="CASCADE"), index=True)
    made_at: Mapped[datetime]
    rows: Mapped[list[Any]] = mapped_column(JSON)
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]


class Party(Base):
    """A round of people in one chat who look for something to read together."""

    __tablename__ = "party"
    __table_args__ = (Index("ix_party_platform_chat_id", "platform", "chat_id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    chat_id: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class PartyMember(Base):
    """Who joined a round, and what the chat calls them, for as long as the round is kept."""

    __tablename__ = "party_member"

    party_id: Mapped[int] = mapped_column(
        ForeignKey("party.id", ondelete="CASCADE"), primary_key=True
    )
    reader_id: Mapped[int] = mapped_column(
        ForeignKey("reader.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    name: Mapped[str]
    joined_at: Mapped[datetime]
