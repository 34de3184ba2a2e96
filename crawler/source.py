"""What a source is: it knows a site's pages, and gets them through a polite Visitor only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from crawler.items import WorkItem
from crawler.politeness import Visitor


class Subject(StrEnum):
    """What a page is about, where that matters: persons' keys are hashed, works are buried."""

    WORK = "work"  # of the catalogue; the key is its external id
    FOREIGN_WORK = "foreign work"  # the key is its code
    PERSON = "person"  # the key is their code until it is stored


@dataclass(frozen=True, slots=True)
class Spot:
    """A page to visit: `key` names it among its kind, `address` is what the site calls it.

    It is left alone for `fresh_for` after a visit, unless `version` (any short text) has changed.
    """

    kind: str
    key: str
    address: str
    fresh_for: timedelta = timedelta(days=7)
    version: str = ""


@dataclass(frozen=True, slots=True)
class ForeignItem:
    """A work as a site of ratings has it; `read`: on the work's own page.

    `outlinks` are keys of works in our catalogue's terms: "naver:183559".
    """

    code: str
    title: str
    year: int | None = None
    authors: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    outlinks: tuple[str, ...] = ()
    read: bool = False


@dataclass(frozen=True, slots=True)
class StarItem:
    """One person's rating of a work, both as the site names them; `half_stars` 1..10."""

    user: str
    work: str
    half_stars: int


@dataclass(frozen=True, slots=True)
class Found:
    """What one page brought.

    `outcome` is "ok", or the word for why it is less than all: "incomplete", "login_required",
    "failed"; `note` then says more. `all_of`: these ratings are all that this user has now,
    but for those of the works `untold`, which are listed without a word of how they are rated.
    `read`, `gated`: this was the own page of the work with that external id, or would have been.
    """

    works: tuple[WorkItem, ...] = ()
    foreign: tuple[ForeignItem, ...] = ()
    stars: tuple[StarItem, ...] = ()
    spots: tuple[Spot, ...] = ()
    outcome: str = "ok"
    note: str | None = None
    all_of: str | None = None
    untold: tuple[str, ...] = ()
    read: str | None = None
    gated: str | None = None


@dataclass(frozen=True, slots=True)
class KnownWork:
    """A work of our catalogue that is not gone; `codes` are what the source that asks calls it."""

    source: str
    external_id: str
    title: str
    codes: tuple[str, ...] = ()


class Source(Protocol):
    """A site. A module in crawler/sources/ whose SOURCE makes one of these from its URL is all."""

    name: str  # as in `webtoonctl crawl NAME`, and the source of what it finds
    home: str  # the site's URL, unless a setting says otherwise
    job: str  # as its runs are recorded
    browser: bool  # its pages need one
    kinds: Sequence[str]  # of spots; earlier ones are visited first
    listing: frozenset[str]  # kinds that together list all works there are, if any do
    subjects: Mapping[str, Subject]  # what is gone when a page of this kind is

    def seeds(self, known: Iterable[KnownWork]) -> Iterable[Spot]:
        """Where a run begins."""

    def visit(self, spot: Spot, site: Visitor, now: datetime) -> Found:
        """What a page brings. Raises PageError and HostClosed."""

    def absent(self, external_id: str) -> Spot | None:
        """Where to ask whether a work that no list has any more is really gone; None: nowhere."""
