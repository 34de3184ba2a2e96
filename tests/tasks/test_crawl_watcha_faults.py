"""Pages of the replica of Watcha Pedia that fail, hang, block us or are gone, in a real browser."""

from contextlib import suppress

import pytest
from selenium.common.exceptions import WebDriverException

from crawler.errors import Blocked, Failed, Gone, PageError, Refused
from tests.plugins.crawls import paths, stars
from tests.replica import Replica
from tests.tasks.watcha import LISTS, busiest, listed

API = "/api/users/*"


@pytest.fixture
def site():
    """Everybody special is there, and three ordinary people."""
    with Replica(seed=1, users=10, titles=26) as replica:
        yield replica


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({"status": 429, "retry_after": "75"}, 75),
        ({"status": 429}, 30),
        ({"status": 429, "retry_after": "date:900"}, 850),
    ],
)
@pytest.mark.parametrize("where", [LISTS, API])
def test_a_page_or_its_data_that_asks_for_patience_gets_it(site, visits, where, options, seconds):
    site.fault("watcha", where, "status", times=1, **options)
    code = site.world.special["ten"]

    found = visits.user(code)

    assert stars(found) == listed(site, code)
    assert found.outcome == "ok"
    assert seconds <= max(visits.time.waits) <= seconds + 60
    assert len(paths(site, "/ko-KR/users/")) + len(paths(site, "/api/")) == 3


@pytest.mark.parametrize(
    ("name", "options"),
    [("status", {"status": 500}), ("empty", {}), ("hang", {"seconds": 0.1})],
)
@pytest.mark.parametrize("where", [LISTS, API])
def test_what_fails_once_comes_in_the_end(site, visits, where, name, options):
    site.fault("watcha", where, name, times=1, **options)
    code = site.world.special["ten"]

    found = visits.user(code)

    assert stars(found) == listed(site, code)
    assert found.outcome == "ok"


@pytest.mark.parametrize(
    ("name", "options"),
    [("status", {"status": 500}), ("status", {"status": 503}), ("empty", {})],
)
def test_a_page_that_always_fails_has_failed_after_three_tries(site, visits, name, options):
    site.fault("watcha", LISTS, name, **options)

    with pytest.raises(Failed, match="3 tries"):
        visits.user(site.world.special["ten"])

    assert len(paths(site, "/ko-KR/users/")) == 3
    assert max(visits.time.waits) <= 120


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("status", {"status": 500}),
        ("status", {"status": 503}),
        ("truncated", {}),
        ("empty", {}),
    ],
)
def test_a_list_whose_data_always_fails_keeps_what_it_has_and_says_so(site, visits, name, options):
    site.fault("watcha", API, name, **options)
    code = site.world.special["eighteen"]

    found = visits.user(code)

    assert len(found.stars) == 9
    assert stars(found) <= listed(site, code)
    assert (found.outcome, found.all_of) == ("failed", None)
    assert len(paths(site, "/api/")) <= 6  # three times, of which the page itself makes two
    assert sum(visits.time.waits) < 15 * 60


def test_data_that_hangs_is_given_up_in_bounded_time(site, visits, monkeypatch):
    from crawler import browser

    monkeypatch.setattr(browser, "MORE_SECONDS", 0.3)
    site.fault("watcha", API, "hang", seconds=20)
    code = site.world.special["eighteen"]

    found = visits.user(code)

    assert (len(found.stars), found.outcome, found.all_of) == (9, "failed", None)
    assert len(paths(site, "/ko-KR/users/")) <= 4  # it was opened anew three times


@pytest.mark.parametrize(
    ("where", "fault", "how"),
    [(LISTS, "waf", "403"), (LISTS, "captcha", "a captcha"), (API, "waf", "403")],
)
def test_a_block_stops_the_host_at_once(site, visits, where, fault, how):
    site.fault("watcha", where, fault)

    with pytest.raises(Blocked, match=f"answers with {how} and does not want us"):
        visits.user(site.world.special["eighteen"])
    asked = paths(site)
    with pytest.raises(Blocked, match="--resume"):
        visits.user(site.world.special["nine"])

    assert paths(site) == asked
    assert len(paths(site, "/ko-KR/users/")) == 1
    assert visits.stopped == [site.watcha_url.removeprefix("http://")]


@pytest.mark.parametrize("fault", ["redirect_loop", "off_host"])
def test_redirects_that_lead_nowhere_good_are_refused(site, visits, fault):
    site.fault("watcha", LISTS, fault)

    with pytest.raises(Refused):
        visits.user(site.world.special["ten"])

    assert visits.stopped == []
    assert len(paths(site, "loop=")) <= 6


@pytest.mark.parametrize("how", ["404", "410", "deleted"])
def test_what_is_gone_is_told_apart_from_what_is_broken(site, visits, how):
    code, work = site.world.special["ten"], busiest(site)
    site.world.remove_user(code, how)
    site.world.remove_watcha_work(work, how)

    for visit, what in ((visits.user, code), (visits.work, work), (visits.comments, work)):
        with pytest.raises(Gone):
            visit(what)
    site.world.restore_user(code)

    assert stars(visits.user(code)) == listed(site, code)


def test_a_login_page_in_place_of_any_page_is_no_page(site, visits):
    site.fault("watcha", "/ko-KR/*", "login_page")

    for visit in (visits.user, visits.work, visits.comments, visits.search):
        with pytest.raises(PageError):
            visit(site.world.special["ten"])

    assert visits.stopped == []


@pytest.mark.parametrize("fault", ["truncated", "drop"])
@pytest.mark.parametrize("where", [LISTS, API])
def test_what_was_cut_off_never_counts_as_the_whole(site, visits, where, fault):
    site.fault("watcha", where, fault, times=1)
    code = site.world.special["eighteen"]

    found = visits.user(code)

    whole = stars(found) == listed(site, code)
    assert stars(found) <= listed(site, code)
    assert (found.outcome, found.all_of) == (("ok", code) if whole else ("incomplete", None))


def test_a_browser_whose_tab_crashed_is_replaced(site, visits, chromium):
    code = site.world.special["ten"]
    visits.user(site.world.special["nine"])
    before = chromium.fetcher._running.service.process.pid
    with suppress(WebDriverException):
        chromium.fetcher._running.driver.execute_cdp_cmd("Page.crash", {})

    found = visits.user(code)

    assert stars(found) == listed(site, code)
    assert chromium.fetcher._running.service.process.pid != before


def test_a_driver_that_was_killed_is_replaced(site, visits, chromium):
    code = site.world.special["ten"]
    visits.user(site.world.special["nine"])
    chromium.fetcher._running.service.process.kill()

    found = visits.user(code)

    assert stars(found) == listed(site, code)
