"""Crawls of the replica of Naver Webtoon: the catalogue is the truth, whatever its site does."""

import pytest

from db import catalogue
from tests.plugins.crawls import Crawls, Passing, paths, settings_for
from tests.replica import Replica
from tests.tasks.conftest import sqlite_only
from tests.tasks.naver import DAY, DETAILS, LISTS, expected, ordinary, stored

FINISHED = f"{LISTS}/finished"


def gone(database):
    with database.read() as session:
        return {work.external_id for work in catalogue.works(session) if work.gone}


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


@sqlite_only
def test_another_database_knows_the_same(site, crawls, tmp_path):
    """Every run begins from what the database knows, and from nothing else."""
    crawls.run("naver", limit=7)
    other = Crawls(crawls.database, Passing(crawls.time.now()), crawls.settings)

    other.run("naver")

    assert stored(crawls.database) == expected(site)
    assert len(set(paths(site, DETAILS))) == len(paths(site, DETAILS))
