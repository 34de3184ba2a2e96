"""Crawls of the replica of Naver Webtoon that does not answer: patience, and its end."""

import pytest

from tests.plugins.crawls import ADMIN, Passing, paths, settings_for
from tests.tasks.conftest import sqlite_only
from tests.tasks.naver import DAY, DETAILS, LISTS, expected, ordinary, stored


@pytest.fixture
def one_detail(site, crawls):
    """A crawl of the lists, after which only one work's details are due; its titleId."""
    crawls.run("naver", limit=3)
    return ordinary(site, finished=True)


def asked_for(site, title_id):
    return [r.status for r in site.log if r.path == f"{DETAILS}?titleId={title_id}"]


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({"status": 429, "retry_after": "45"}, 45),
        ({"status": 429}, 30),
        ({"status": 503, "retry_after": "45"}, 45),
        ({"status": 503}, 30),
    ],
)
@sqlite_only
def test_a_site_that_asks_for_patience_gets_it_and_then_is_asked_again(
    site, crawls, one_detail, options, seconds
):
    site.fault("naver", f"{DETAILS}?titleId={one_detail}", "status", times=1, **options)
    crawls.time.waits.clear()
    site.reset_log()

    report = crawls.run("naver").report

    assert asked_for(site, one_detail) == [options["status"], 200]
    assert [waited for waited in crawls.time.waits if waited > 10] == [seconds]
    assert stored(crawls.database) == expected(site)
    assert report.ended is None


@sqlite_only
def test_retry_after_as_a_date_is_waited_for(site, crawls, one_detail):
    began = Passing().now()
    site.fault(
        "naver",
        f"{DETAILS}?titleId={one_detail}",
        "status",
        times=1,
        status=429,
        retry_after="date:900",
    )

    crawls.run("naver")

    assert (crawls.time.now() - began).total_seconds() >= 900
    assert stored(crawls.database) == expected(site)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("status", {"status": 500}),
        ("empty", {}),
        ("truncated", {}),
        ("drop", {}),
        ("hang", {"seconds": 0.1}),
    ],
)
@sqlite_only
def test_what_fails_once_is_asked_for_again_and_what_fails_thrice_has_failed(
    site, crawls, one_detail, name, options
):
    address = f"{DETAILS}?titleId={one_detail}"
    site.fault("naver", address, name, times=3, **options)

    first = crawls.run("naver").report
    failed = asked_for(site, one_detail)
    site.fault("naver", address, name, times=1, **options)
    second = crawls.run("naver").report

    assert (len(failed), first.outcomes["failed"]) == (3, 1)
    assert len(asked_for(site, one_detail)) == 5
    assert second.outcomes["failed"] == 0
    assert max(crawls.time.waits) < 60
    assert stored(crawls.database) == expected(site)


@sqlite_only
def test_a_site_that_has_too_much_to_do_is_left_alone_for_half_an_hour(site, crawls, one_detail):
    address = f"{DETAILS}?titleId={one_detail}"
    site.fault("naver", address, "status", status=503)
    deadline = crawls.time.now().replace(microsecond=0)

    first = crawls.run("naver").report
    asked = len(asked_for(site, one_detail))
    waited = [seconds for seconds in crawls.time.waits if seconds >= 30]
    site.reset_log()
    at_once = crawls.run("naver").report
    too_early = paths(site)
    site.clear_faults()
    later = crawls.run("naver", seconds_later=1801).report

    assert asked == 3
    assert waited == [30, 60]
    assert first.outcomes["failed"] == 1
    assert first.closed
    assert "is left alone until" in first.ended
    assert at_once.closed
    assert too_early == []
    assert later.ended is None
    assert deadline < crawls.time.now()
    assert stored(crawls.database) == expected(site)


@pytest.mark.parametrize(("fault", "how"), [("waf", "403"), ("captcha", "a captcha")])
def test_a_site_that_blocks_us_is_left_alone_until_an_operator_says_otherwise(
    database, site, crawls, fault, how
):
    site.fault("naver", f"{LISTS}/weekday*", fault)
    host = site.naver_url.removeprefix("http://")

    first = crawls.run("naver")
    requests = paths(site)
    site.reset_log()
    second = crawls.run("naver", seconds_later=30 * DAY)
    without_word = paths(site)
    opened, told = crawls.alerts(), crawls.told()
    site.clear_faults()
    third = crawls.run("naver", resume=True)

    assert len([path for path in requests if path != "/robots.txt"]) == 1  # no retry
    assert first.report.blocked
    assert first.report.ended == f"{host} answers with {how} and does not want us"
    assert without_word == []
    assert second.report.blocked
    assert "webtoonctl crawl with --resume tries again" in second.report.ended
    assert opened == {"crawl_catalogue.blocked": first.report.ended}
    assert told == [(*ADMIN, first.report.ended)]
    assert third.report.ended is None
    assert crawls.alerts() == {}
    assert stored(database) == expected(site)


@sqlite_only
def test_a_redirect_to_another_host_and_one_without_end_are_not_followed(site, crawls, one_detail):
    others = [work for work in site.truth.works().values() if work.finished and not work.gated]
    site.fault("naver", f"{DETAILS}?titleId={one_detail}", "off_host")
    site.fault("naver", f"{DETAILS}?titleId={others[1].title_id}", "redirect_loop")

    report = crawls.run("naver").report

    assert report.outcomes["refused"] == 2
    assert len(paths(site, "loop=")) <= 5
    assert report.ended is None


@sqlite_only
def test_no_more_pages_a_day_are_fetched_than_may_be(site, crawls):
    few = settings_for(site, crawl_pages_a_day=10)
    crawls.time.moment = crawls.time.moment.replace(hour=0, minute=0)
    host = site.naver_url.removeprefix("http://")

    first = crawls.run("naver", settings=few).report
    fetched = len(site.log)
    again = crawls.run("naver", settings=few).report
    still = len(site.log)
    next_day = crawls.run("naver", settings=few, seconds_later=DAY).report

    assert (fetched, still, len(site.log)) == (10, 10, 20)
    message = f"10 pages of {host} were fetched today, and no more may be"
    assert (first.ended, again.ended, next_day.ended) == (message,) * 3
    assert first.closed
    assert [(known.host, known.pages) for known in crawls.hosts()] == [(host, 10)]
