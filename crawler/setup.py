"""A polite Visitor put together: the one place that knows fetchers, settings and sites at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import sleep
from urllib.parse import urlsplit

from crawler.browser import BrowserFetcher
from crawler.fetching import Fetcher
from crawler.hosts import LIVE_DELAY_SECONDS, host_of, is_loopback, require_on
from crawler.http import HttpFetcher
from crawler.manners import HostState, Manners, Time
from crawler.politeness import Visitor
from crawler.robots import PRODUCT
from crawler.settings import CrawlerSettings

VERSION = "0.1"
# A test's browser looks no name up, whatever its page asks for.
LOOPBACK_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"


class Clock:
    """Time that really passes, as told by `tell`."""

    def __init__(self, tell: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._tell = tell

    def now(self) -> datetime:
        """The present moment."""
        return self._tell()

    def sleep(self, seconds: float) -> None:
        """Returns so much later."""
        sleep(seconds)


@dataclass(frozen=True, slots=True)
class Memory:
    """Where the state of hosts is kept between runs."""

    recall: Callable[[str], HostState]
    remember: Callable[[HostState], None]


def agent(settings: CrawlerSettings) -> str:
    """Who we say that we are."""
    whom = f" (+{settings.crawl_contact})" if settings.crawl_contact else ""
    return f"{PRODUCT}/{VERSION}{whom}"


def site_url(settings: CrawlerSettings, name: str, home: str) -> str:
    """Where the site of a source is: by its setting, else at home."""
    return str(getattr(settings, f"{name}_url", home))


def manners(settings: CrawlerSettings, url: str, deadline: datetime | None = None) -> Manners:
    """How the site at `url` is treated. Raises NotSwitchedOn."""
    require_on(url, settings.crawl_live_hosts, settings.crawl_contact)
    host, delay = host_of(url), settings.crawl_delay_seconds
    return Manners(
        hosts=frozenset({host}),
        delay_seconds=delay if is_loopback(host) else max(delay, LIVE_DELAY_SECONDS),
        pages_a_day=settings.crawl_pages_a_day,
        strict=settings.crawl_robots == "strict",
        deadline=deadline,
    )


def knows_only(url: str) -> str:
    """The argument with which Chromium finds this site's host and no other, whatever asks for it.

    It is a second wall behind the rules.
    """
    return f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {urlsplit(url).hostname}"


@contextmanager
def visitor(
    settings: CrawlerSettings,
    url: str,
    *,
    browser: bool,
    memory: Memory,
    deadline: datetime | None = None,
    time: Time | None = None,
    resume: bool = False,
) -> Iterator[Visitor]:
    """A Visitor for the site at `url`; its browser, if it needs one, ends with it.

    `resume`: goes on although the host had blocked us. Raises NotSwitchedOn.
    """
    polite = manners(settings, url, deadline)
    plain = HttpFetcher(agent(settings))
    fetcher: Fetcher = plain
    shown: BrowserFetcher | None = None
    if browser:
        remote = settings.selenium_url.get_secret_value() if settings.selenium_url else None
        only = LOOPBACK_ONLY if is_loopback(host_of(url)) else knows_only(url)
        fetcher = shown = BrowserFetcher(agent(settings), remote=remote, arguments=(only,))
    site = Visitor(fetcher, plain, polite, time or Clock(), memory.recall, memory.remember)
    if resume:
        state = memory.recall(host_of(url))
        if state.stopped_at is not None:
            memory.remember(replace(state, stopped_at=None, stopped_because=None))
    if shown is not None:
        shown.obey(site)
    try:
        yield site
    finally:
        if shown is not None:
            shown.close()
        plain.close()
