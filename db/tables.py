"""Every table. A webtoon's key is (source, external id); half-stars are integers 1..10."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    MetaData,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, always UTC in the database, whatever the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 -- SQLAlchemy's signature
    ) -> datetime | None:
        """Refuses naive times: they would silently be somebody's local time."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a time needs a time zone"
            raise ValueError(message)
        return value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 -- SQLAlchemy's signature
    ) -> datetime | None:
        """SQLite forgets the zone; it was UTC."""
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value


class Base(DeclarativeBase):
    """Constraint names are fixed so that migrations can name them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 -- declared so by SQLAlchemy
        datetime: UtcDateTime,
        str: Text,
        list[str]: JSON,
        dict[str, Any]: JSON,
    }


class Verdict(StrEnum):
    """What a reader says of a work; one at a time."""

    LIKE = "like"
    DISLIKE = "dislike"
    READ = "read"
    HIDDEN = "hidden"


class Dial(StrEnum):
    """How well known a reader wants suggestions to be."""

    NICHE = "niche"
    BALANCED = "balanced"
    POPULAR = "popular"


class ModelState(StrEnum):
    """Where a model is in its life; exactly one may be active, and a candidate is being made."""

    ACTIVE = "active"
    CANDIDATE = "candidate"
    RETIRED = "retired"
    REJECTED = "rejected"


# SQLite hands the id of a deleted last row out again; buttons in old chats still carry it.
NEVER_REUSED = {"sqlite_autoincrement": True}


class Webtoon(Base):
    """A work, as everybody needs it; `gone_at`: its site has it no more.

    What only crawls and alerts need of it is in WebtoonDetail.
    """

    __tablename__ = "webtoon"
    __table_args__ = (Index("uq_webtoon_source_external_id", "source", "external_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    external_id: Mapped[str]
    title: Mapped[str]
    title_en: Mapped[str | None]
    authors: Mapped[list[str]]
    genres: Mapped[list[str]]
    keywords: Mapped[list[str]]
    weekdays: Mapped[list[str]]
    finished: Mapped[bool]
    adult: Mapped[bool]
    url: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(index=True)
    gone_at: Mapped[datetime | None]


class Reader(Base):
    """A person, whatever the platforms they speak on."""

    __tablename__ = "reader"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    language: Mapped[str | None]  # chosen with /language; else the platform's decides
    adult: Mapped[bool] = mapped_column(default=False)
    trains: Mapped[bool] = mapped_column(default=True)  # may the nightly model learn from them
    dial: Mapped[str | None]  # chosen with /dial; else balanced
    seen_at: Mapped[datetime | None]  # when they last spoke
    alerts: Mapped[str | None]  # at_once, digest or off; else at_once
    alerts_to: Mapped[str | None]  # a chat of theirs, "telegram:-100123", or its topic, "…/45"
    zone: Mapped[str | None]  # an IANA name; else the operator's
    quiet_from: Mapped[int | None]  # minutes since local midnight; equal to the next: never
    quiet_until: Mapped[int | None]
    weekly: Mapped[bool] = mapped_column(default=True, server_default=true())


class Account(Base):
    """A platform's user and the reader behind it."""

    __tablename__ = "account"
    __table_args__ = (Index("uq_account_platform_user_id", "platform", "user_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    user_id: Mapped[str]
    language: Mapped[str | None]  # the tag that the platform last told
    seen_at: Mapped[datetime | None]  # when it last spoke
    closed_at: Mapped[datetime | None]  # it takes no messages, as far as is known
    reader_id: Mapped[int] = mapped_column(ForeignKey("reader.id", ondelete="CASCADE"), index=True)


class Impression(Base):
    """A card as it was shown: where in which slate, by which policy and model, in what message."""

    __tablename__ = "impression"
    __table_args__ = (
        Index("ix_impression_reader_id_shown_at", "reader_id", "shown_at"),
        # How a work was received that one policy showed.
        Index("ix_impression_webtoon_id_policy", "webtoon_id", "policy"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("reader.id", ondelete="CASCADE"))
    webtoon_id: Mapped[int] = mapped_column(ForeignKey("webtoon.id"))
    slate: Mapped[str] = mapped_column(index=True)
    position: Mapped[int]
    policy: Mapped[str]
    propensity: Mapped[float] = mapped_column(Float)
    rank: Mapped[int | None]  # its place before it moved for variety, 0 the best
    model_id: Mapped[str | None]
    shown_at: Mapped[datetime]
    message: Mapped[str | None] = mapped_column(index=True)


class FeedbackEvent(Base):
    """The append-only log of verdicts given and taken back (`verdict` is null)."""

    __tablename__ = "feedback_event"
    __table_args__ = (
        Index("ix_feedback_event_reader_id_webtoon_id", "reader_id", "webtoon_id"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("reader.id", ondelete="CASCADE"))
    webtoon_id: Mapped[int] = mapped_column(ForeignKey("webtoon.id"))
    verdict: Mapped[str | None]
    previous: Mapped[str | None]
    source: Mapped[str]
    impression_id: Mapped[int | None] = mapped_column(
        # The index is for forgetting: each impression that goes looks for its events.
        ForeignKey("impression.id", ondelete="SET NULL"),
        index=True,
    )
    at: Mapped[datetime]


class Feedback(Base):
    """The current verdict of a reader on a work, and the event that made it so."""

    __tablename__ = "feedback"

    reader_id: Mapped[int] = mapped_column(
        ForeignKey("reader.id", ondelete="CASCADE"), primary_key=True
    )
    webtoon_id: Mapped[int] = mapped_column(ForeignKey("webtoon.id"), primary_key=True)
    verdict: Mapped[str]
    at: Mapped[datetime]
    event_id: Mapped[int]
    ignored: Mapped[bool] = mapped_column(default=False, server_default=false())  # by the reader


class Rating(Base):
    """A star rating from outside: crawled, imported, or simulated for the demo."""

    __tablename__ = "rating"

    source: Mapped[str] = mapped_column(primary_key=True)
    rater: Mapped[str] = mapped_column(primary_key=True)
    webtoon_id: Mapped[int] = mapped_column(ForeignKey("webtoon.id"), primary_key=True)
    half_stars: Mapped[int]
    rated_at: Mapped[datetime | None]
    simulated: Mapped[bool]


_ACTIVE = text("state = 'active'")


class Model(Base):
    """A trained model: its folder is MODEL_DIR/<id>; `digest` is its manifest's SHA-256."""

    __tablename__ = "model"
    __table_args__ = (
        Index(
            "uq_model_active", "state", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]  # when it last became the active one
    readers: Mapped[int]
    items: Mapped[int]
    rows: Mapped[int]
    metrics: Mapped[dict[str, Any]]
    demo: Mapped[bool]
    digest: Mapped[str]
    note: Mapped[str | None]  # why it is not served


class JobRun(Base):
    """One run of a job, from its scheduled time to its outcome; `key` has one effect."""

    __tablename__ = "job_run"
    __table_args__ = (Index("ix_job_run_name_key", "name", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    key: Mapped[str | None]
    scheduled_for: Mapped[datetime | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    counts: Mapped[dict[str, Any]]
    error: Mapped[str | None]
    model_id: Mapped[str | None]


OPEN = text("closed_at IS NULL")


class Alert(Base):
    """An incident that an operator should know of, open until it is mended."""

    __tablename__ = "alert"
    __table_args__ = (
        # Both databases know partial indexes: one open incident a key.
        Index("uq_alert_open_key", "key", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    message: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


_NOTHING = text("''")


class Outbox(Base):
    """What the bots have to tell somebody: an operator by `text`, a reader by a stored `reply`.

    A bot that is killed between sending a letter and noting it leaves it to be sent again; one that
    is to come `once` is not, if `sending_at` says that it was about to go.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_platform_done_at", "platform", "done_at"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    user_id: Mapped[str]
    text: Mapped[str]
    reader_id: Mapped[int | None] = mapped_column(
        ForeignKey("reader.id", ondelete="CASCADE"), index=True
    )
    reply: Mapped[str | None]
    to_chat: Mapped[bool] = mapped_column(default=False, server_default=false())  # `user_id` is one
    topic: Mapped[str] = mapped_column(default="", server_default=_NOTHING)  # of that chat
    once: Mapped[bool] = mapped_column(default=False, server_default=false())
    sending_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    taken_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    error: Mapped[str | None]  # why it could never be delivered


class Duty(Base):
    """When a job is next due, and from when on it is late."""

    __tablename__ = "duty"

    name: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    late_at: Mapped[datetime]


class Pulse(Base):
    """A process that lives, and what it last said of itself."""

    __tablename__ = "pulse"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]


class Popularity(Base):
    """How popular a work was when that was last counted; the unit is likes."""

    __tablename__ = "popularity"

    webtoon_id: Mapped[int] = mapped_column(
        ForeignKey("webtoon.id", ondelete="CASCADE"), primary_key=True
    )
    score: Mapped[float] = mapped_column(Float)
    counted_at: Mapped[datetime]


class Inbox(Base):
    """What platforms delivered: each key has one effect; contents are blanked once answered."""

    __tablename__ = "inbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    key: Mapped[str]
    payload: Mapped[str | None]
    reply: Mapped[str | None]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None] = mapped_column(index=True)
    taken_until: Mapped[datetime | None]  # somebody is at it; afterwards anybody may be

    __table_args__ = (Index("uq_inbox_platform_key", "platform", "key", unique=True),)
