"""Which hosts are visited: this machine's own, and live ones only if an operator wants it."""

from datetime import timedelta

import pytest

from crawler.errors import NotSwitchedOn
from crawler.hosts import host_of, is_loopback, require_on
from crawler.settings import CrawlerSettings
from crawler.setup import agent, knows_only, manners, site_url
from tests.crawler.scripted import BEGAN

NAVER = "https://comic.naver.com"


@pytest.fixture
def settings():
    """Settings without what this machine has set."""
    return lambda **values: CrawlerSettings(_env_file=None, **values)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://Comic.Naver.com/a?b", "comic.naver.com"),
        ("http://127.0.0.1:8000/a", "127.0.0.1:8000"),
        ("http://[::1]:8000/", "[::1]:8000"),
        ("http://comic.naver.com@elsewhere.invalid/", "elsewhere.invalid"),
        ("http://elsewhere.invalid#@comic.naver.com/", "elsewhere.invalid"),
        ("http://[oh", ""),
        ("data:text/html,a", ""),
        ("", ""),
    ],
)
def test_a_host_is_what_a_request_would_go_to(url, host):
    assert host_of(url) == host


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.1:80", "localhost:8000", "[::1]:80", "[::1]"]
)
def test_this_machine_is_loopback(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "comic.naver.com",
        "localhost.naver.com",
        "127.0.0.1.nip.io",
        "10.0.0.1",
        "0.0.0.0",
        "128.0.0.1:80",
        "",
    ],
)
def test_every_other_is_not(host):
    assert not is_loopback(host)


def test_loopback_is_always_on():
    require_on("http://127.0.0.1:8000/", frozenset(), None)


def test_a_live_host_is_off_unless_it_is_named(settings):
    with pytest.raises(NotSwitchedOn) as off:
        manners(settings(), NAVER)

    assert "set CRAWL_LIVE_HOSTS=comic.naver.com" in str(off.value)


@pytest.mark.parametrize("names", ["naver.com", "comic.naver.com.evil.invalid", "omic.naver.com"])
def test_a_name_stands_for_itself_only(settings, names):
    with pytest.raises(NotSwitchedOn):
        manners(settings(crawl_live_hosts=names, crawl_contact="me@example.org"), NAVER)


@pytest.mark.parametrize("contact", [None, ""])
def test_a_live_host_has_to_know_whom_to_ask(settings, contact):
    with pytest.raises(NotSwitchedOn) as off:
        manners(settings(crawl_live_hosts="comic.naver.com", crawl_contact=contact), NAVER)

    assert "set CRAWL_CONTACT" in str(off.value)


@pytest.mark.parametrize(("wanted", "delay"), [(0, 2), (1.9, 2), (2, 2), (10, 10)])
def test_nobody_is_quicker_with_a_live_host_than_every_two_seconds(settings, wanted, delay):
    live = settings(
        crawl_live_hosts="Comic.Naver.com, pedia.watcha.com",
        crawl_contact="me@example.org",
        crawl_delay_seconds=wanted,
    )

    polite = manners(live, NAVER)

    assert (polite.delay_seconds, polite.hosts) == (delay, {"comic.naver.com"})


def test_a_site_of_ones_own_is_visited_as_fast_as_one_likes(settings):
    own = settings(crawl_delay_seconds=0, crawl_pages_a_day=7, crawl_robots="navigation")
    deadline = BEGAN + timedelta(hours=1)

    polite = manners(own, "http://127.0.0.1:8000", deadline)

    assert (polite.delay_seconds, polite.hosts) == (0, {"127.0.0.1:8000"})
    assert (polite.pages_a_day, polite.strict, polite.deadline) == (7, False, deadline)


def test_we_say_who_we_are_and_whom_to_ask(settings):
    assert agent(settings(crawl_contact="https://example.org/bot")) == (
        "webtoonbot/0.1 (+https://example.org/bot)"
    )
    assert agent(settings()) == "webtoonbot/0.1"


def test_a_site_is_where_its_setting_says_or_at_home(settings):
    own = settings(naver_url="http://127.0.0.1:8000/")

    assert site_url(own, "naver", NAVER) == "http://127.0.0.1:8000"
    assert site_url(own, "kakao", "https://kakao.invalid") == "https://kakao.invalid"


def test_a_browser_finds_no_host_but_the_sites():
    assert knows_only("https://comic.naver.com/a").endswith(
        "MAP * ~NOTFOUND, EXCLUDE comic.naver.com"
    )
