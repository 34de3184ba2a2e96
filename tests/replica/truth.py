"""What the sites show to everybody right now: the answer a crawler has to arrive at."""

from dataclasses import asdict, dataclass
from datetime import date

from tests.replica.listing import live_rows, shown_rows
from tests.replica.model import NaverWork
from tests.replica.naver import chapter_title, thumbnail
from tests.replica.words import GENRES
from tests.replica.world import World

DIRECT = {"outlink", "platform", "author", "both"}


@dataclass(frozen=True, slots=True)
class ShownWork:
    """A Naver work; of a gated one only what the lists say, the rest empty or None."""

    title_id: str
    title: str
    authors: tuple[str, ...]
    genres: tuple[str, ...]
    keywords: tuple[str, ...]
    synopsis: str
    weekdays: tuple[str, ...]  # MON..SUN, DAILY_PLUS
    finished: bool
    rest: bool
    adult: bool
    age: str | None  # ALL, RATE_12, RATE_15
    up: bool
    chapter: int | None
    chapter_title: str | None
    chapter_date: date | None
    gated: bool
    thumbnail_url: str


class Truth:
    """Reads the world anew with each call; faults do not change it."""

    def __init__(self, world: World, naver_url: str) -> None:
        self._world, self._naver_url = world, naver_url

    def ratings(self) -> set[tuple[str, str, int]]:
        """(user code, work code, half-stars) of public lists and of stars beside comments."""
        world = self._world
        found = set()
        with world.lock:
            for user in world.users.values():
                if not user.removed:
                    found |= {
                        (user.code, row.work, row.value)
                        for row in shown_rows(world, user)
                        if row.mark == "rated"
                    }
            for comment in world.comments:
                value = world.stars(comment)
                if value and world.user(comment.user) and world.work(comment.work):
                    found.add((comment.user, comment.work, value))
        return found

    def declared(self) -> dict[str, int]:
        """User code → the number in the heading of the list; private ones have none."""
        with self._world.lock:
            return {
                user.code: len(live_rows(self._world, user))
                for user in self._world.users.values()
                if not user.removed and not user.private
            }

    def commenters(self) -> set[str]:
        """The codes of all users who can be discovered through comments."""
        world = self._world
        with world.lock:
            return {
                comment.user
                for comment in world.comments
                if world.user(comment.user) and world.work(comment.work)
            }

    def matches(self) -> dict[str, str | None]:
        """Watcha code → the titleId that the evidence proves; None for reviews and no match."""
        with self._world.lock:
            return {
                work.code: work.title_id if work.kind in DIRECT else None
                for work in self._world.watcha.values()
                if not work.removed
            }

    def reviews(self) -> dict[str, str]:
        """Watcha code → the titleId of the same title, for works that somebody has to look at."""
        with self._world.lock:
            return {
                work.code: work.title_id
                for work in self._world.watcha.values()
                if work.kind == "review" and work.title_id and not work.removed
            }

    def works(self) -> dict[str, ShownWork]:
        """titleId → what Naver shows of it."""
        with self._world.lock:
            return {
                title_id: self._shown(work)
                for title_id, work in self._world.naver.items()
                if not work.removed
            }

    def as_json(self) -> dict[str, object]:
        """All of it for the control port."""
        works = {title_id: asdict(work) for title_id, work in self.works().items()}
        for work in works.values():
            work["chapter_date"] = work["chapter_date"] and work["chapter_date"].isoformat()
        return {
            "ratings": sorted(self.ratings()),
            "works": works,
            "matches": self.matches(),
            "reviews": self.reviews(),
            "declared": self.declared(),
            "special": self._world.special,
            "kinds": self._world.kinds,
        }

    def _shown(self, work: NaverWork) -> ShownWork:
        gated = work.gate is not None
        return ShownWork(
            title_id=work.title_id,
            title=work.title,
            authors=work.authors,
            genres=() if gated else tuple(GENRES[genre] for genre in work.genres),
            keywords=() if gated else work.keywords,
            synopsis="" if gated else work.synopsis,
            # The list of finished works names no weekday.
            weekdays=() if gated and work.finished else work.weekdays,
            finished=work.finished,
            rest=work.rest,
            adult=work.adult,
            age=None if gated else work.age,
            up=work.up,
            chapter=None if gated else work.chapter,
            chapter_title=None if gated else chapter_title(work, work.chapter),
            chapter_date=None if gated else work.chapter_date,
            gated=gated,
            thumbnail_url=thumbnail(self._naver_url, work),
        )
