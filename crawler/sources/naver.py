"""Naver Webtoon: the catalogue, from its public JSON: lists, details, and the latest chapters."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from crawler import naver_pages as pages
from crawler.errors import Gated
from crawler.items import WorkItem
from crawler.politeness import Visitor
from crawler.source import Found, KnownWork, Spot, Subject

WEEKDAYS, DAILY_PLUS = "weekdays", "dailyPlus"
LISTS_AGAIN = timedelta(0)  # each round reads them anew: 80 pages or so
DETAILS_AGAIN = timedelta(days=60)
CHAPTER_AGAIN = timedelta(days=7)
# How the details of an adult work answer who is not logged in; 404 then does not mean gone.
GATED = (401, 403, 404)
ADULT = "adult"


class Naver:
    """The source; see crawler.source.Source."""

    name = "naver"
    home = "https://comic.naver.com"
    job = "crawl_catalogue"
    browser = False
    kinds: Sequence[str] = ("list", "finished", "detail", "chapter", "absent")
    listing = frozenset({"list", "finished"})
    subjects: Mapping[str, Subject] = {"absent": Subject.WORK}

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def seeds(self, known: Iterable[KnownWork]) -> Iterable[Spot]:  # noqa: ARG002 -- lists tell all
        """The lists: the weekdays', that of no fixed day, and the first page of finished works."""
        for name in (WEEKDAYS, DAILY_PLUS):
            yield Spot("list", name, name, LISTS_AGAIN)
        yield Spot("finished", "1", "1", LISTS_AGAIN)

    def absent(self, external_id: str) -> Spot | None:
        """The details of a work that no list has any more."""
        return Spot("absent", external_id, external_id, timedelta(0))

    def visit(self, spot: Spot, site: Visitor, now: datetime) -> Found:
        """What a page brings. Raises PageError and HostClosed."""
        match spot.kind:
            case "list":
                return self._list(spot, site, now)
            case "finished":
                return self._finished(spot, site, now)
            case "chapter":
                return self._chapter(spot, site)
            case _:
                return self._detail(spot, site)

    def _list(self, spot: Spot, site: Visitor, now: datetime) -> Found:
        url = f"{self._url}/api/webtoon/titlelist/weekday?order=user"
        if spot.address == WEEKDAYS:
            found = site.open(url, pages.weekday_lists)
        else:
            found = site.open(f"{url}&week={spot.address}", pages.title_list)
        return Found(works=found.works, spots=tuple(_following(found.works, now)))

    def _finished(self, spot: Spot, site: Visitor, now: datetime) -> Found:
        url = f"{self._url}/api/webtoon/titlelist/finished?page={spot.address}&order=UPDATE"
        found = site.open(url, pages.title_list)
        spots = list(_following(found.works, now))
        if found.next_page is not None:
            page = str(found.next_page)
            spots.append(Spot("finished", page, page, LISTS_AGAIN))
        return Found(works=found.works, spots=tuple(spots))

    def _detail(self, spot: Spot, site: Visitor) -> Found:
        url = f"{self._url}/api/article/list/info?titleId={spot.address}"
        statuses = GATED[:2] if spot.kind == "absent" else _gated(spot)
        try:
            work = site.open(url, pages.details, statuses)
        except Gated as gated:
            return Found(outcome="gated", note=str(gated), gated=spot.address)
        return Found(works=(work,), read=spot.address)

    def _chapter(self, spot: Spot, site: Visitor) -> Found:
        url = f"{self._url}/api/article/list?titleId={spot.address}&page=1&sort=DESC"
        title = spot.version.partition("\n")[2]
        work = site.open(
            url, lambda answer: pages.latest_chapter(answer, spot.address, title), _gated(spot)
        )
        return Found(works=(work,) if work else ())


def _gated(spot: Spot) -> tuple[int, ...]:
    return GATED if spot.version.startswith(ADULT) else ()


def _following(works: Iterable[WorkItem], now: datetime) -> Iterable[Spot]:
    """Details of works that are new or listed otherwise, chapters of those that go on."""
    for work in works:
        grade = ADULT if work.adult else ""
        told = (work.title, work.authors, work.finished, work.hiatus)
        digest = sha256(repr(told).encode()).hexdigest()[:12]
        yield Spot("detail", work.external_id, work.external_id, DETAILS_AGAIN, f"{grade}:{digest}")
        if not work.finished:
            day = f"{now:%Y-%m-%d}" if work.up else ""
            version = f"{grade}:{day}\n{work.title}"
            yield Spot("chapter", work.external_id, work.external_id, CHAPTER_AGAIN, version)


SOURCE = Naver
