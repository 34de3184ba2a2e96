"""What comes in from outside: one work, one rating, or one row that cannot be either."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RatingItem:
    """Somebody's rating of a work that is named by external id, by title, or by both.

    `user` is as the source has it, for hashing only; `half_stars` 1..10; `source` says whose
    external id it is, if the row does.
    """

    line: int
    user: str
    half_stars: int
    external_id: str | None = None
    title: str | None = None
    source: str | None = None
    rated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkItem:
    """What a row says of a work."""

    line: int
    external_id: str
    title: str
    title_en: str | None = None
    authors: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()
    finished: bool = False
    adult: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that does not count: the line it ends on, from 1, and one clause that says why."""

    line: int
    reason: str
