"""Crawls of the replica of Naver Webtoon: the catalogue is the truth, whatever its site does."""

import pytest
from sqlalchemy import select

from db import catalogue
from db.crawl_tables import WebtoonDetail
from db.tables import Webtoon
from tests.plugins.crawls import ADMIN, Crawls, Passing, paths, settings_for
from tests.replica import Replica
from tests.tasks.conftest import sqlite_only

DETAILS = "/api/article/list/info"
LISTS = "/api/webtoon/titlelist"
FINISHED = f"{LISTS}/finished"
DAY = 24 * 3600
AGES = {"ALL": 0, "RATE_12": 12, "RATE_15": 15, None: None}


def stored(database):
    """All that is known of each work, by titleId."""
    query = select(Webtoon, WebtoonDetail).join(
        WebtoonDetail, WebtoonDetail.webtoon_id == Webtoon.id
    )
    with database.read() as session:
        return {
            work.external_id: {
                "title": work.title,
                "authors": tuple(work.authors),
                "genres": tuple(work.genres),
                "keywords": tuple(work.keywords),
                "weekdays": tuple(work.weekdays),
                "finished": work.finished,
                "adult": work.adult,
                "url": work.url,
                "synopsis": detail.synopsis,
                "age": detail.age,
                "hiatus": detail.hiatus,
                "up": detail.up,
                "latest": (detail.latest_number, detail.latest_title),
                "thumbnail": detail.thumbnail_url,
                "gated": detail.gated,
            }
            for work, detail in session.execute(query)
        }


def expected(site):
    """What has to be known of each work: the catalogue has no weekdays for what has ended."""
    return {
        title_id: {
            "title": work.title,
            "authors": work.authors,
            "genres": work.genres,
            "keywords": work.keywords,
            "weekdays": tuple(
                day for day in work.weekdays if not work.finished and day != "DAILY_PLUS"
            ),
            "finished": work.finished,
            "adult": work.adult,
            "url": f"https://comic.naver.com/webtoon/list?titleId={title_id}",
            "synopsis": None if work.gated else "\n".join(work.synopsis.splitlines()),
            "age": AGES[work.age],
            "hiatus": work.rest,
            "up": work.up,
            # What has ended gets no new chapters, so nobody asks for its last.
            "latest": (None, None) if work.finished else (work.chapter, work.chapter_title),
            "thumbnail": work.thumbnail_url,
            "gated": work.gated,
        }
        for title_id, work in site.truth.works().items()
    }


def gone(database):
    with database.read() as session:
        return {work.external_id for work in catalogue.works(session) if work.gone}


def ordinary(site, *, finished):
    """A work that anybody may read."""
    return next(
        work.title_id
        for work in site.truth.works().values()
        if not work.gated and work.finished == finished
    )


def test_a_complete_crawl_knows_exactly_what_the_site_shows(database, passing):
    # Two pages of finished works, and adult ones of each kind.
    with Replica(seed=1, users=3, titles=40) as site:
        done = Crawls(database, passing, settings_for(site)).run("naver")

        assert stored(database) == expected(site)
    gates = [work.gate for work in site.world.naver.values() if work.gate]
    assert set(gates) == {"401", "403", "404", "login"}
    assert len(paths(site, FINISHED)) == 2
    assert done.ended.outcome == "ok"
    # The details of each, and the chapters of the one that goes on.
    assert done.report.outcomes["gated"] == len(gates) + 1
    assert sum(done.report.outcomes.values()) == done.report.visits
    assert done.report.pages == len(site.log)
    assert paths(site, "/thumb/") == []
    agents = {request.headers["user-agent"] for request in site.log}
    assert agents == {"webtoonbot/0.1 (+https://bot.example/about)"}
    assert {request.headers.get("cookie") for request in site.log} == {None}


@sqlite_only
def test_a_second_run_reads_the_lists_only_and_changes_nothing(database, site, crawls):
    crawls.run("naver")
    before = crawls.findings()
    site.reset_log()

    second = crawls.run("naver", seconds_later=60).report

    assert crawls.findings() == before
    assert (second.new, second.changed, second.gone) == (0, 0, 0)
    assert {path.partition("?")[0] for path in paths(site)} == {
        "/robots.txt",
        f"{LISTS}/weekday",
        FINISHED,
    }


@sqlite_only
def test_what_is_new_or_changed_is_known_within_the_run(database, site, crawls):
    crawls.run("naver")
    running = ordinary(site, finished=False)
    new, _ = site.world.add_work("새 등대", ["먹고래"])
    site.world.publish_chapter(running)
    ends = next(
        work.title_id
        for work in site.truth.works().values()
        if not work.finished and not work.gated and work.title_id not in {running, new}
    )
    site.world.finish(ends)
    pauses = next(
        work.title_id
        for work in site.truth.works().values()
        if not work.finished and not work.rest and work.title_id not in {running, new, ends}
    )
    site.world.hiatus(pauses)
    site.reset_log()

    done = crawls.run("naver", seconds_later=DAY).report

    wanted = expected(site)
    wanted[ends]["latest"] = stored(database)[ends]["latest"]  # it was known before
    assert stored(database) == wanted
    assert new in wanted
    assert done.new == 1
    asked = {path.partition("titleId=")[2] for path in paths(site, DETAILS)}
    assert asked == {new, ends, pauses}  # a new chapter changes nothing of the work


@pytest.mark.parametrize("how", ["404", "410", "deleted"])
def test_a_work_is_gone_after_two_runs_that_do_not_find_it_and_comes_back(
    database, site, crawls, how
):
    crawls.run("naver")
    lost = ordinary(site, finished=True)
    site.world.remove_work(lost, how)

    crawls.run("naver")
    once = gone(database)
    second = crawls.run("naver").report
    twice = gone(database)
    site.world.restore_work(lost)
    crawls.run("naver")

    assert (once, twice, gone(database)) == (set(), {lost}, set())
    assert second.gone == 1
    assert stored(database) == expected(site)


@sqlite_only
def test_an_adult_work_that_is_listed_is_never_gone(database, site, crawls):
    adult = {work.title_id for work in site.world.naver.values() if work.gate}

    for _ in range(3):
        crawls.run("naver", seconds_later=61 * DAY)

    assert gone(database) == set()
    assert {title_id for title_id, work in stored(database).items() if work["gated"]} == adult


@pytest.mark.parametrize(
    "fault",
    [("status", {"status": 401}), ("status", {"status": 403}), ("login_page", {})],
)
@sqlite_only
def test_a_work_that_no_list_has_any_more_is_not_gone_while_it_asks_for_a_login(
    database, site, crawls, fault
):
    crawls.run("naver")
    lost = ordinary(site, finished=True)
    name, options = fault
    site.fault("naver", f"*titleId={lost}*", name, **options)
    site.world.remove_work(lost)

    for _ in range(3):
        report = crawls.run("naver").report

    assert report.outcomes["gated"] == 1
    assert gone(database) == set()


@pytest.mark.parametrize(
    "fault",
    [
        ("status", {"status": 503}),
        ("truncated", {}),
        ("empty", {}),
        ("login_page", {}),
        ("deleted", {}),
    ],
)
@sqlite_only
def test_while_one_list_cannot_be_read_no_work_is_missed(database, site, crawls, fault):
    crawls.run("naver")
    lost = ordinary(site, finished=True)
    site.world.remove_work(lost)
    name, options = fault
    site.fault("naver", "*week=dailyPlus", name, **options)
    site.reset_log()

    for _ in range(3):
        report = crawls.run("naver", seconds_later=3600).report

    assert gone(database) == set()
    assert paths(site, f"{DETAILS}?titleId={lost}") == []
    assert report.outcomes["ok"] < report.visits


@sqlite_only
def test_a_site_whose_rules_are_not_to_be_had_is_not_entered_and_no_page_is_to_blame(
    database, site, crawls
):
    site.robots("naver", "500")

    first = crawls.run("naver").report
    site.robots("naver", "permissive")
    second = crawls.run("naver").report
    third = crawls.run("naver", seconds_later=1800).report

    assert (first.visits, second.visits) == (0, 0)
    assert first.ended.endswith("its robots.txt answers 500")
    assert third.outcomes["ok"] > 0


@sqlite_only
def test_a_site_that_lets_nobody_in_is_not_entered_and_removes_nothing(database, site, crawls):
    crawls.run("naver")
    site.robots("naver", "deny")
    site.reset_log()

    for _ in range(2):
        report = crawls.run("naver").report

    assert set(paths(site)) == {"/robots.txt"}
    assert report.outcomes == {"refused": report.visits}
    assert gone(database) == set()


# -- patience


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


# -- what the site forbids


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


@sqlite_only
def test_another_database_knows_the_same(site, crawls, tmp_path):
    """Every run begins from what the database knows, and from nothing else."""
    crawls.run("naver", limit=7)
    other = Crawls(crawls.database, Passing(crawls.time.now()), crawls.settings)

    other.run("naver")

    assert stored(crawls.database) == expected(site)
    assert len(set(paths(site, DETAILS))) == len(paths(site, DETAILS))
