"""What comes in from outside: one work, one rating, or one row that cannot be either."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RatingItem:
    """Somebody's rating of a work that is named by external id, by title, or by both.

    `user` is as the source has it, for hashing only; `half_stars` 1..10; `source` says whose
    external id it is, if the row does. A rating that we exported has instead the hash of its user,
    `rater`, the source that the rating itself is from, and whether it is `simulated`.
    """

    line: int
    user: str
    half_stars: int
    external_id: str | None = None
    title: str | None = None
    source: str | None = None
    rated_at: datetime | None = None
    rater: str | None = None
    rating_source: str | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class WorkItem:
    """What a row says of a work; `source` says where it is from, if the row does."""

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
    source: str | None = None


@dataclass(frozen=True, slots=True)
class FeedbackItem:
    """What a platform's user says of a work: like, dislike, read or hidden."""

    line: int
    platform: str
    user_id: str
    verdict: str
    external_id: str | None = None
    title: str | None = None
    source: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that does not count: the line it ends on, from 1, and one clause that says why."""

    line: int
    reason: str
