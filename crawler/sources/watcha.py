"""Watcha Pedia: star ratings, found from work to comments to users to each user's list."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from crawler import watcha_pages as pages
from crawler.errors import BudgetSpent, Failed, Gone, LoginRequired, Paused, Refused
from crawler.politeness import Visitor
from crawler.source import ForeignItem, Found, KnownWork, Spot, StarItem, Subject
from crawler.titles import normal
from crawler.watcha_pages import ListPage, Reading, Row

SEARCH_AGAIN = timedelta(days=60)
WORK_AGAIN = timedelta(days=60)
COMMENTS_AGAIN = timedelta(days=7)  # whoever was visited is found again here only
USER_AGAIN = timedelta(days=7)
# What scrolling may come to nothing in a row before a list counts as ended: the page did not ask
# for more, or asked and did not show it.
IDLE, IN_VAIN = 2, 3
RESULTS = 5  # of a search whose titles fit


class Watcha:
    """The source; see crawler.source.Source."""

    name = "watcha"
    home = "https://pedia.watcha.com"
    job = "crawl_ratings"
    browser = True
    # Who was found is visited first: their address need not be kept any longer.
    kinds: Sequence[str] = ("user", "comments", "work", "search")
    listing: frozenset[str] = frozenset()
    subjects: Mapping[str, Subject] = {
        "user": Subject.PERSON,
        "work": Subject.FOREIGN_WORK,
    }

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def seeds(self, known: Iterable[KnownWork]) -> Iterable[Spot]:
        """A search for each work of the catalogue, and the comments on those found before.

        Whoever was visited is found again in comments only: nobody's address is kept.
        """
        for work in known:
            key = f"{work.source}:{work.external_id}"
            yield Spot("search", key, work.title, SEARCH_AGAIN)
            yield from map(_comments_spot, work.codes)

    def absent(self, external_id: str) -> Spot | None:  # noqa: ARG002 -- it lists no works
        """Nowhere: no list here holds all works."""
        return None

    def visit(self, spot: Spot, site: Visitor, now: datetime) -> Found:  # noqa: ARG002
        """What a page brings. Raises PageError and HostClosed."""
        match spot.kind:
            case "search":
                return self._search(spot, site)
            case "work":
                return self._work(spot, site)
            case "comments":
                return self._comments(spot, site)
            case _:
                return self._user(spot, site)

    def _search(self, spot: Spot, site: Visitor) -> Found:
        url = f"{self._url}/ko-KR/search?query={quote(spot.address)}&domain=webtoons"
        wanted = normal(spot.address)
        found = site.open(url, pages.results)
        fits = [ForeignItem(*hit) for hit in found if normal(hit[1]) == wanted][:RESULTS]
        # Its comments at once: its own page, read before, may have had no sign that it is ours.
        spots = (spot for hit in fits for spot in (_work_spot(hit.code), _comments_spot(hit.code)))
        return Found(foreign=tuple(fits), spots=tuple(spots))

    def _work(self, spot: Spot, site: Visitor) -> Found:
        url = f"{self._url}/ko-KR/contents/{spot.address}"
        work = site.open(url, lambda answer: pages.work(answer, spot.key))
        ours = work.outlinks or "naver" in work.platforms
        return Found(foreign=(work,), spots=(_comments_spot(spot.key),) if ours else ())

    def _comments(self, spot: Spot, site: Visitor) -> Found:
        url = f"{self._url}/ko-KR/contents/{spot.address}/comments?order=recent"
        rows, outcome, note = _all(site, url, pages.comments)
        users = dict.fromkeys(row.code for row in rows)
        return Found(
            stars=tuple(
                StarItem(row.code, spot.key, row.half_stars) for row in rows if row.half_stars
            ),
            spots=tuple(Spot("user", user, user, USER_AGAIN) for user in users),
            outcome=outcome,
            note=note,
        )

    def _user(self, spot: Spot, site: Visitor) -> Found:
        url = f"{self._url}/ko-KR/users/{spot.address}/contents/webtoons/ratings"
        user = spot.address
        rows, outcome, note = _all(site, url, pages.ratings)
        rated = [row for row in rows if row.half_stars]
        return Found(
            foreign=tuple(ForeignItem(row.code, row.title) for row in rated),
            stars=tuple(StarItem(user, row.code, row.half_stars or 0) for row in rated),
            spots=tuple(_work_spot(row.code) for row in rated),
            outcome=outcome,
            note=note,
            all_of=user if outcome == "ok" else None,
            untold=tuple(row.code for row in rows if not row.told),
        )


def _work_spot(code: str) -> Spot:
    return Spot("work", code, code, WORK_AGAIN)


def _comments_spot(code: str) -> Spot:
    return Spot("comments", code, code, COMMENTS_AGAIN)


def _all(site: Visitor, url: str, read: Reading) -> tuple[list[Row], str, str | None]:
    """All rows of a list, how it ended ("ok" where it is whole), and why if not.

    Rows are gathered round by round, since a virtualised list drops those that it scrolled past.
    """
    page = site.open(url, read)
    rows, vain = dict(page.rows), 0
    while not page.wall and not _whole(rows, page.declared) and vain < _patience(page):
        before = page.rows.keys()
        try:
            page = site.more(read)
        except LoginRequired as wall:
            return list(rows.values()), "login_required", str(wall)
        except Refused as refused:
            return list(rows.values()), "incomplete", str(refused)
        except (Failed, Gone) as failed:
            return list(rows.values()), "failed", str(failed)
        except (BudgetSpent, Paused) as closed:  # the next page will say so again
            return list(rows.values()), "interrupted", str(closed)
        # Not by what is new: a page that had to be opened anew repeats what it showed before.
        vain = vain + 1 if page.rows.keys() == before else 0
        rows |= page.rows
    return list(rows.values()), *_ending(page, rows, vain=vain > 0)


def _ending(page: ListPage, rows: dict[str, Row], *, vain: bool) -> tuple[str, str | None]:
    """How a list ended whose `page` shows no more, and why it is not whole."""
    strange = sum(not row.understood for row in rows.values())
    if strange:
        return "drift", f"{strange} of {len(rows)} rows have no stars that can be read"
    if _whole(rows, page.declared):
        return "ok", None
    if page.wall:
        return "login_required", f"a login is wanted after {len(rows)} rows"
    if page.declared is None:
        return "incomplete", "the page does not say how many rows there are"
    # What the page asked for and did not show may come another time.
    outcome = "failed" if page.asked and vain else "incomplete"
    return outcome, f"{len(rows)} of {page.declared} rows came"


def _whole(rows: dict[str, Row], declared: int | None) -> bool:
    return declared is not None and sum(row.understood for row in rows.values()) >= declared


def _patience(page: ListPage) -> int:
    return IN_VAIN if page.asked else IDLE


SOURCE = Watcha
