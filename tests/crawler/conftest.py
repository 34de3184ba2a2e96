"""One real browser for all tests of a module, and a folder for its temporary files."""

import tempfile
from pathlib import Path

import pytest

from crawler.browser import BrowserFetcher
from crawler.http import HttpFetcher
from crawler.manners import HostState, Manners
from crawler.politeness import Visitor
from crawler.programs import BROWSERS, DRIVERS, installed
from crawler.setup import LOOPBACK_ONLY
from tests.crawler.scripted import SITE, FakeTime, Scene
from tests.plugins.missing import missing
from tests.replica import Replica

AGENT = "webtoonbot/test"


class Browsing:
    """A browser, and the visitor that it obeys at the time."""

    def __init__(self, **options):
        self.fetcher = BrowserFetcher(AGENT, arguments=(LOOPBACK_ONLY,), **options)
        self.fetcher.obey(self)
        self.plain = HttpFetcher(AGENT)
        self.visitor = None

    def why_not(self, url, *, document):
        return self.visitor.why_not(url, document=document)

    def visit(self, *hosts, **manners):
        """A polite visitor of these hosts, for whom waiting costs no time."""
        polite = Manners(**{"hosts": frozenset(hosts), "delay_seconds": 0} | manners)
        states = {}
        self.visitor = Visitor(
            self.fetcher,
            self.plain,
            polite,
            FakeTime(),
            lambda host: states.get(host, HostState(host)),
            lambda state: states.update({state.host: state}),
        )
        for host in hosts:
            self.visitor.robots(f"http://{host}/")
        return self.visitor

    def close(self):
        self.fetcher.close()
        self.plain.close()


@pytest.fixture(scope="module")
def temporary():
    """Where browsers have their folders; shared by the tests of a module.

    Not pytest's own: Chromium has a socket there, whose path may have 107 bytes.
    """
    if not installed(BROWSERS) or not installed(DRIVERS):
        missing("Chromium with its driver", "apt-get install chromium chromium-driver")
    with tempfile.TemporaryDirectory(prefix="crawl-") as folder, pytest.MonkeyPatch.context() as m:
        m.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.fixture(scope="module")
def browser(temporary):
    browsing = Browsing()
    yield browsing
    browsing.close()


@pytest.fixture
def replica():
    with Replica(seed=1, users=12, titles=40) as site:
        yield site


def host(site):
    """The host of a replica's Watcha Pedia."""
    return site.watcha_url.removeprefix("http://")


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def visitor(scene):
    """One that has read robots.txt, of a site that wants no pauses."""
    visitor = scene.visitor(delay_seconds=0)
    visitor.robots(SITE)
    scene.asked.clear()
    return visitor


@pytest.fixture
def file(tmp_path):
    """Writes a file with this content; its path."""

    def write(content, name="rows.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write
