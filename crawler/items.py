"""What comes in from outside: one work, one rating, or one row that cannot be either.

What is from a file knows its `line`, from 1, and the `number` of its row there, from 0: lines name
rows to people, but a JSON list may have several rows on one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RatingItem:
    """Somebody's rating of a work that is named by external id, by title, or by both.

    `user` is as the source has it, for hashing only; `half_stars` 1..10; `source` says whose
    external id it is, and `authors` who made it, if the row does: titles are shared. A rating that
    we exported has instead the hash of its user, `rater`, the source that the rating itself is
    from, and whether it is `simulated`.
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
    authors: tuple[str, ...] = ()
    number: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class WorkItem:
    """What a row or a page says of a work; `source` says where it is from, if the row does.

    None means that nothing was said of it; an empty list, or "", that there is none. `age` is in
    years; `up`: a new chapter, says the site; `gated`: the work's page wants an adult's login.
    `notes` say what was left out of it and why. `line` is 0 for a page. The `rough` fields another
    page of the site tells better: they fill what is empty, and change nothing.
    """

    external_id: str
    title: str
    title_en: str | None = None
    authors: tuple[str, ...] | None = None
    genres: tuple[str, ...] | None = None
    keywords: tuple[str, ...] | None = None
    weekdays: tuple[str, ...] | None = None
    finished: bool | None = None
    adult: bool | None = None
    url: str | None = None
    synopsis: str | None = None
    age: int | None = None
    hiatus: bool | None = None
    up: bool | None = None
    latest_number: int | None = None
    latest_title: str | None = None
    thumbnail_url: str | None = None
    gated: bool | None = None
    source: str | None = None
    notes: tuple[str, ...] = ()
    rough: tuple[str, ...] = ()
    line: int = 0
    number: int = field(default=0, compare=False)


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
    authors: tuple[str, ...] = ()
    number: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that does not count: the line it ends on, and one clause that says why.

    `kind` is that clause without what is this row's alone, "" if nothing is. `fields` are the
    row's own if they cannot be read again.
    """

    line: int
    reason: str
    kind: str = field(default="", compare=False)
    fields: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    number: int = field(default=0, compare=False)

    @property
    def of_kind(self) -> str:
        """What rows are counted by that do not count for the same reason."""
        return self.kind or self.reason
