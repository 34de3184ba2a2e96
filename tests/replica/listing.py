"""Which rows a list shows, on which page, and the address of the next; truth and pages agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2s
from typing import Generic, TypeVar

from tests.replica.model import PAGE, Comment, Row, User, WatchaWork
from tests.replica.world import World

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """A list as it is served: `items` in order, of the `declared` number in its heading."""

    seed: int
    address: str  # of the API, with all of the query but page, size and cursor
    items: Sequence[Item]
    declared: int
    stride: int = PAGE  # one less where each page repeats the last row of the page before

    def page(self, number: int) -> Sequence[Item]:
        start = (number - 1) * self.stride
        return self.items[start : start + PAGE]

    def next_uri(self, number: int) -> str | None:
        """Where the page after `number` is; None after the last."""
        if (number - 1) * self.stride + PAGE >= len(self.items):
            return None
        return f"{self.address}&page={number + 1}&size={PAGE}&cursor={self.cursor(number + 1)}"

    def cursor(self, number: int) -> str:
        """What must be in the query of page `number`: nobody can guess it."""
        key = f"{self.seed} {self.address} {number}"
        return blake2s(key.encode(), digest_size=8).hexdigest()


def live_rows(world: World, user: User) -> list[Row]:
    """The rows of a user, whoever may see them, without works that are gone."""
    return [row for row in user.rows if world.work(row.work)]


def shown_rows(world: World, user: User) -> list[Row]:
    """The rows of a user that can be seen without a login."""
    rows = live_rows(world, user)
    if user.private:
        return []
    if user.walled:
        return rows[:PAGE]
    return rows if user.stops_after is None else rows[: user.stops_after]


def ratings_of(
    world: World, user: User, order: str = "recent", limit: int | None = None
) -> Listing:
    """A user's list of rated webtoons; `limit` ends it too soon."""
    rows = live_rows(world, user)
    ends = [end for end in (user.stops_after, limit) if end is not None]
    return Listing(
        world.seed,
        f"/api/users/{user.code}/contents/webtoons/ratings?order={order}",
        rows[: min(ends)] if ends else rows,
        len(rows),
        stride=PAGE - 1 if user.repeats else PAGE,
    )


def comments_of(
    world: World, work: WatchaWork, order: str = "recent", limit: int | None = None
) -> Listing[Comment]:
    """The comments on a work; `limit` ends the list too soon."""
    said = [comment for comment in world.comments if comment.work == work.code]
    said = [comment for comment in said if world.user(comment.user)]
    if order == "popular":
        said.sort(key=lambda comment: (-comment.likes, comment.code))
    else:
        said.reverse()  # the newest is the last that was written
    return Listing(
        world.seed,
        f"/api/contents/{work.code}/comments?filter=all&order={order}",
        said[:limit],
        len(said),
    )
