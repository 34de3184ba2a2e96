"""The tables of the crawls: what is to be visited, what a site said, and how hosts are treated."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.tables import Base


class WebtoonDetail(Base):
    """What a site says of a work beyond its card; null where it was never told.

    `latest_at` is when the latest chapter was first seen, `seen_at` when the site last listed the
    work, `read_at` when its own page was last read. `gated`: that page wants an adult's login.
    """

    __tablename__ = "webtoon_detail"

    webtoon_id: Mapped[int] = mapped_column(
        ForeignKey("webtoon.id", ondelete="CASCADE"), primary_key=True
    )
    synopsis: Mapped[str | None]
    age: Mapped[int | None]  # years: 0, 12, 15, 18, 19
    hiatus: Mapped[bool | None]
    up: Mapped[bool | None]  # a new chapter since yesterday, says the site
    latest_number: Mapped[int | None]
    latest_title: Mapped[str | None]
    latest_at: Mapped[datetime | None]
    thumbnail_url: Mapped[str | None]
    gated: Mapped[bool | None]
    seen_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]


class ForeignWork(Base):
    """A work as a site of ratings has it, and which of ours it is (`webtoon_id`), if any.

    `state` says how far that is known: matched, review (somebody has to look), or elsewhere (an
    operator said that it is none of ours).
    """

    __tablename__ = "foreign_work"
    __table_args__ = (Index("uq_foreign_work_source_code", "source", "code", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    code: Mapped[str]
    title: Mapped[str]
    year: Mapped[int | None]
    authors: Mapped[list[str]]
    platforms: Mapped[list[str]]
    outlinks: Mapped[list[str]]  # "naver:183559": our keys
    webtoon_id: Mapped[int | None] = mapped_column(ForeignKey("webtoon.id"), index=True)
    state: Mapped[str] = mapped_column(index=True)
    matched_by: Mapped[str | None]  # outlink, platform, author, or operator
    seen_at: Mapped[datetime]
    read_at: Mapped[datetime | None]  # its own page; null: known from lists only
    gone_at: Mapped[datetime | None]


class CrawledRating(Base):
    """A star rating as a site shows it; `rater` is the keyed hash of a user of that site.

    `gone_at`: the user took it back. What it was before is in CrawledRatingEvent.
    """

    __tablename__ = "crawled_rating"

    rater: Mapped[str] = mapped_column(primary_key=True)
    work_id: Mapped[int] = mapped_column(
        ForeignKey("foreign_work.id"), primary_key=True, index=True
    )
    half_stars: Mapped[int]
    first_seen_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]


class CrawledRatingEvent(Base):
    """The append-only log of what changed: null before one that came back, after one that went."""

    __tablename__ = "crawled_rating_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    rater: Mapped[str]
    work_id: Mapped[int] = mapped_column(ForeignKey("foreign_work.id"), index=True)
    before: Mapped[int | None]
    after: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(index=True)


class Frontier(Base):
    """A page that a crawl visits: when it is due, and how the last visit ended.

    `key` names it and never a person: for a user's page, which is `personal`, it is the keyed hash.
    `address` is what the site itself calls it; a user's is blanked once their visit is done, and
    never in a backup. `due_at` null: visited
    only when it is found again. `strikes` counts the runs in a row that found it gone.
    """

    __tablename__ = "frontier"
    __table_args__ = (
        Index("uq_frontier_source_kind_key", "source", "kind", "key", unique=True),
        Index("ix_frontier_source_due_at", "source", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    kind: Mapped[str]
    key: Mapped[str]
    address: Mapped[str | None]
    personal: Mapped[bool]
    found_at: Mapped[datetime]  # when it last became due
    due_at: Mapped[datetime | None]
    visited_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    failures: Mapped[int] = mapped_column(default=0)  # visits in a row that failed
    strikes: Mapped[int] = mapped_column(default=0)
    struck_by: Mapped[int | None] = mapped_column(BigInteger)  # what gave the last strike
    facts: Mapped[dict[str, Any]]


class CrawlHost(Base):
    """How a host is treated, across runs: pages today, a pause it asked for, a block."""

    __tablename__ = "crawl_host"

    host: Mapped[str] = mapped_column(primary_key=True)  # with its port, if it names one
    day: Mapped[str]  # the date in UTC, ISO 8601, on which `pages` were fetched
    pages: Mapped[int]
    paused_until: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]  # it blocked us; an operator decides what then
    stopped_because: Mapped[str | None]
