"""Crawls of the replica: real sites on loopback, a real browser, and time that costs nothing.

Fixtures: `passing` (time that passes only when somebody waits), `site` (a small replica),
`chromium` (one browser for all tests of a module), `visits` (to single pages with it), `crawls`
(whole ones over `database`), `scripted` (the same of pages that the test writes down).
"""

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import select

from crawler.http import HttpFetcher
from crawler.manners import HostState, Manners
from crawler.politeness import Visitor
from crawler.programs import BROWSERS, DRIVERS, installed
from crawler.settings import CrawlerSettings
from crawler.source import Found, Spot, Subject
from crawler.sources.naver import Naver
from crawler.sources.watcha import Watcha
from db import alerts, crawled, dump, hosts
from db.crawl_tables import Frontier
from tasks.importing import rater_id
from tasks.records import BY_HAND, Recording
from tests.plugins.library import stock
from tests.plugins.missing import missing
from tests.replica import Replica

KEY = "a long secret"
ADMIN = ("telegram", "7")
# What a visit that brings nothing new may change of a row.
NOTED = ("seen_at", "read_at", "visited_at", "found_at")
# Tables that say how a crawl went, not what it found.
OF_RUNS = ("job_run", "duty", "crawl_host")


class Passing:
    """The time, which passes only when somebody waits; it begins in the present.

    The replica's dates (Retry-After) are of the real time, so this must not be far from it.
    """

    def __init__(self, moment=None):
        self.moment = moment or datetime.now(UTC)
        self.waits = []

    def now(self):
        return self.moment

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.moment += timedelta(seconds=seconds)

    def pass_(self, **spans):
        self.moment += timedelta(**spans)


def require_chromium():
    """Skips or fails where there is no Chromium, as for every other program."""
    if not installed(BROWSERS) or not installed(DRIVERS):
        missing("Chromium with its driver", "apt-get install chromium chromium-driver")


def settings_for(site, **more):
    """What an operator would set to crawl this replica."""
    told = {
        "naver_url": site.naver_url,
        "watcha_url": site.watcha_url,
        "crawl_user_key": KEY,
        "crawl_contact": "https://bot.example/about",
    }
    return CrawlerSettings(**(told | more), _env_file=None)


def hashed(ratings, source="watcha"):
    """Ratings as they are stored: their users as a hash."""
    return {
        (rater_id(source, user, KEY.encode()), work, half_stars)
        for user, work, half_stars in ratings
    }


class Crawls:
    """Crawls over one database, in one time, as `webtoonctl crawl` runs them."""

    def __init__(self, database, passing, settings):
        self.database, self.time, self.settings = database, passing, settings
        self.occasion = BY_HAND

    def run(self, name="scripted", *, seconds_later=1, settings=None, **bounds):
        """One run, a while after the one before."""
        from tasks.crawl_jobs import Bounds, crawl  # loads Selenium, which few tests need

        self.time.pass_(seconds=seconds_later)
        recording = Recording(self.database, self.time.now, self.occasion, tell=(ADMIN,))
        wanted = settings or self.settings
        return crawl(recording, name, wanted, Bounds(**bounds), time=self.time)

    def ratings(self, source="watcha"):
        with self.database.read() as session:
            return crawled.triples(session, source)

    def events(self):
        """(half-stars before, after) of all changes."""
        then = datetime(2000, 1, 1, tzinfo=UTC)
        with self.database.read() as session:
            return [change[:2] for change in crawled.changes_since(session, then)]

    def alerts(self):
        with self.database.read() as session:
            return {incident.key: incident.message for incident in alerts.open_alerts(session)}

    def told(self):
        """What administrators were told, in order."""
        return [(row["platform"], row["user_id"], row["text"]) for row in self.rows("outbox")]

    def rows(self, name):
        with self.database.read() as session:
            return list(dump.rows(session, name))

    def findings(self):
        """All rows that say what was found, without when it was last looked at."""
        return {
            name: [
                {field: row[field] for field in row if field not in NOTED}
                for row in self.rows(name)
            ]
            for name in dump.names()
            if name not in OF_RUNS
        }

    def hosts(self):
        with self.database.read() as session:
            return hosts.every(session)

    def addresses(self, kind):
        """What the frontier itself calls places of this kind: backups leave out a person's."""
        query = select(Frontier.address).where(Frontier.kind == kind).order_by(Frontier.id)
        with self.database.read() as session:
            return list(session.scalars(query))


class Scripted:
    """A source whose pages a test writes down: (kind, key) -> Found, or an error to raise.

    It needs no site; a page that was not written down brings nothing.
    """

    name, home, job, browser = "scripted", "http://127.0.0.1:9", "crawl_ratings", False
    kinds = ("user", "comments", "work", "search")
    listing = frozenset()

    def __init__(self):
        self.subjects = {"user": Subject.PERSON, "work": Subject.FOREIGN_WORK}
        self.pages = {}
        self.begin = []  # where each run begins
        self.visits = []  # (kind, key)
        self.before = lambda spot, site: None  # called with each visit

    def __call__(self, url):
        return self

    def seeds(self, known):
        return self.begin

    def absent(self, external_id):
        return None

    def visit(self, spot, site, now):
        self.visits.append((spot.kind, spot.key))
        site.time.sleep(1)  # a page takes its time
        self.before(spot, site)
        page = self.pages.get((spot.kind, spot.key), Found())
        if isinstance(page, BaseException):
            raise page
        return page


class Browsing:
    """One browser that several visitors use one after the other."""

    def __init__(self):
        from crawler.browser import BrowserFetcher
        from crawler.setup import LOOPBACK_ONLY

        self.fetcher = BrowserFetcher("webtoonbot/test", arguments=(LOOPBACK_ONLY,))
        self.fetcher.obey(self)
        self.visitor = None

    def why_not(self, url, *, document):
        return self.visitor.why_not(url, document=document)


class Visits:
    """Visits to single pages of the replica, politely and without a database."""

    def __init__(self, site, fetcher, plain, passing, **manners):
        self.site, self.time = site, passing
        hosts_ = frozenset(url.removeprefix("http://") for url in (site.watcha_url, site.naver_url))
        self.states = {}
        self.visitor = Visitor(
            fetcher,
            plain,
            Manners(hosts_, **manners),
            passing,
            lambda host: self.states.get(host, HostState(host)),
            lambda state: self.states.update({state.host: state}),
        )

    def user(self, code):
        return self.visit(Watcha(self.site.watcha_url), Spot("user", code, code))

    def comments(self, code):
        return self.visit(Watcha(self.site.watcha_url), Spot("comments", code, code))

    def work(self, code):
        return self.visit(Watcha(self.site.watcha_url), Spot("work", code, code))

    def search(self, title):
        return self.visit(Watcha(self.site.watcha_url), Spot("search", "naver:1", title))

    def naver(self, kind, key, version=""):
        return self.visit(Naver(self.site.naver_url), Spot(kind, key, key, version=version))

    def visit(self, source, spot):
        return source.visit(spot, self.visitor, self.time.now())

    @property
    def stopped(self):
        """Hosts that want nothing to do with us."""
        return [state.host for state in self.states.values() if state.stopped_at]


def stars(found_):
    """(user, work, half-stars) of what a page brought."""
    return {(star.user, star.work, star.half_stars) for star in found_.stars}


def paths(site, part=""):
    """The paths with this in them that were asked for."""
    return [request.path for request in site.log if part in request.path]


def left_behind(folder):
    """Browsers' folders in this folder for temporary files."""
    return [path.name for path in folder.iterdir() if path.name.startswith("webtoonbot-browser-")]


@pytest.fixture(scope="module")
def short_folder():
    """A folder for temporary files with a short name: Chromium's sockets must fit behind it."""
    with tempfile.TemporaryDirectory(prefix="c-") as folder:
        yield Path(folder)


@pytest.fixture
def passing():
    return Passing()


@pytest.fixture
def site():
    with Replica(seed=1, users=12, titles=14) as replica:
        yield replica


@pytest.fixture(scope="module")
def chromium():
    require_chromium()
    browsing = Browsing()
    yield browsing
    browsing.fetcher.close()


@pytest.fixture
def plain():
    fetcher = HttpFetcher("webtoonbot/test")
    yield fetcher
    fetcher.close()


@pytest.fixture
def visits(site, chromium, plain, passing):
    """Visits to the pages of `site` with the module's browser."""
    made = Visits(site, chromium.fetcher, plain, passing)
    chromium.visitor = made.visitor
    return made


@pytest.fixture
def crawls(database, site, passing):
    return Crawls(database, passing, settings_for(site))


@pytest.fixture
def scripted(database, passing, monkeypatch):
    """Crawls of a source whose pages the test writes down; no site is asked."""
    source, module = Scripted(), ModuleType("crawler.sources.scripted")
    module.SOURCE = source
    monkeypatch.setitem(sys.modules, module.__name__, module)
    stock(database)
    made = Crawls(database, passing, CrawlerSettings(crawl_user_key=KEY, _env_file=None))
    made.source = source
    return made
