"""What the two sites know: users, rows, comments and works. Plain data, changed by the world."""

from dataclasses import dataclass, field
from datetime import date

PAGE = 9  # rows that a page, or one answer of the API, holds


@dataclass(slots=True)
class Row:
    """One line of a user's list; only `rated` with 1..10 half-stars is a rating."""

    work: str
    value: int | None
    mark: str = "rated"  # rated, zero (rating 0), null (no rating at all), wish


@dataclass(slots=True)
class User:
    """A user of Watcha Pedia; `rows` are their list, newest first."""

    code: str
    nickname: str
    rows: list[Row] = field(default_factory=list)
    taste: tuple[str, ...] = ()
    private: bool = False
    walled: bool = False  # from the second page on, the list asks for a login
    stops_after: int | None = None  # the list ends there, whatever it declares
    repeats: bool = False  # each page begins with the last row of the page before
    removed: str | None = None  # 404, 410, deleted

    def row(self, work: str) -> Row | None:
        return next((row for row in self.rows if row.work == work), None)


@dataclass(slots=True)
class Comment:
    """What somebody wrote of a work; the star, if `starred`, is their rating as it is now."""

    code: str
    user: str
    work: str
    text: str
    starred: bool
    likes: int = 0


@dataclass(slots=True)
class WatchaWork:
    """A work as Watcha has it."""

    code: str
    title: str
    year: int
    authors: tuple[tuple[str, str], ...]  # name and people code
    kind: str  # outlink, platform, author, both, review, other, extra
    genre: str
    quality: float
    title_id: str | None = None  # the Naver work that it is, or may be
    platforms: tuple[str, ...] = ()
    outlinks: tuple[str, ...] = ()
    searchable: bool = True
    removed: str | None = None


@dataclass(slots=True)
class NaverWork:
    """A work as Naver has it; `gate` says what its details answer without a login."""

    title_id: str
    title: str
    writers: tuple[str, ...]
    painters: tuple[str, ...]
    origins: tuple[str, ...]
    genres: tuple[str, ...]  # the keys of words.GENRES
    keywords: tuple[str, ...]
    synopsis: str
    weekdays: tuple[str, ...]  # MON..SUN, DAILY_PLUS
    finished: bool
    rest: bool
    age: str  # RATE_12, …
    chapter: int
    chapter_date: date
    favorites: int
    gate: str | None = None  # 401, 403, 404, login
    old_details: bool = False
    up: bool = False
    removed: str | None = None

    @property
    def adult(self) -> bool:
        return self.age == "RATE_18"

    @property
    def authors(self) -> tuple[str, ...]:
        """Everybody once: writers, painters, authors of the novel."""
        return tuple(dict.fromkeys(self.writers + self.painters + self.origins))
