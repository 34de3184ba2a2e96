"""Whose turn it is in a crawl, when a run ends, where the next goes on; real databases."""

from datetime import timedelta
from itertools import pairwise

import pytest

from crawler.errors import Failed
from crawler.source import Found, Spot
from tasks.crawling import FAILURES
from tests.tasks.written_down import at_once, rated

DAY = timedelta(days=1)


@pytest.mark.parametrize(("days", "visits"), [(6, 0), (7, 1), (8, 1)])
def test_a_user_is_left_alone_for_seven_days(scripted, source, days, visits):
    source.begin = [at_once("comments", "w000001")]
    source.pages["comments", "w000001"] = Found(spots=(Spot("user", "anna", "anna"),))
    scripted.run()
    source.visits.clear()

    scripted.run(seconds_later=days * DAY.total_seconds())

    assert source.visits.count(("user", "anna")) == visits


def test_a_page_that_fails_is_tried_in_five_runs_and_then_let_be(scripted, source):
    source.begin = []
    scripted.source.begin = [at_once("user", "anna")]
    source.pages["user", "anna"] = Failed("503")
    scripted.run()
    source.begin = []
    for _ in range(FAILURES + 2):
        scripted.run()

    assert source.visits == [("user", "anna")] * FAILURES


def test_a_crawl_that_was_stopped_goes_on_where_it_was(scripted, source):
    names = [f"user{number}" for number in range(6)]
    source.begin = [at_once("user", name) for name in names]
    source.pages = {("user", name): rated(name, 5) for name in names}

    def stop(spot, site):
        if spot.key == "user3":
            source.before = lambda spot, site: None
            raise KeyboardInterrupt

    source.before = stop
    with pytest.raises(KeyboardInterrupt):
        scripted.run()
    half = len(scripted.ratings("scripted"))
    rest = scripted.run().report

    assert (half, rest.visits) == (3, 3)
    assert [key for _, key in source.visits] == [*names[:4], *names[3:]]  # only user3 twice
    assert len(scripted.ratings("scripted")) == 6
    runs = scripted.rows("job_run")
    assert [(run["outcome"], run["error"]) for run in runs] == [
        ("failed", "It was stopped by hand."),
        ("ok", None),
    ]
    assert scripted.alerts() == {}  # who stopped it knows


def test_a_limit_ends_a_run_and_the_next_goes_on_behind_it(scripted, source):
    names = [f"user{number}" for number in range(5)]
    source.begin = [at_once("user", name) for name in names]

    told = [scripted.run(limit=2) for _ in range(3)]

    assert [key for _, key in source.visits] == names
    assert [done.report.visits for done in told] == [2, 2, 1]
    assert [done.report.ended for done in told] == ["The limit of 2 pages is reached."] * 2 + [None]
    assert [done.report.remaining for done in told] == [{"user": 3}, {"user": 1}, {}]
    assert not any(done.report.closed for done in told)
    # It was through, so another round begins.
    scripted.run()
    assert [key for _, key in source.visits] == names * 2


def test_a_deadline_ends_a_run(scripted, source):
    source.begin = [at_once("user", f"user{number}") for number in range(5)]
    source.before = lambda spot, site: site.time.sleep(60)
    deadline = scripted.time.now() + timedelta(seconds=121)

    done = scripted.run(deadline=deadline)

    assert done.report.visits == 2
    assert done.report.ended == f"The time for crawling was over at {deadline:%H:%M} UTC."
    assert done.ended.outcome == "ok"
    assert done.ended.counts["through"] is False


def test_who_was_visited_late_last_week_is_visited_as_late_this_week_and_not_before(
    scripted, source
):
    week, visited = timedelta(days=7), []
    source.begin = [Spot("user", "anna", "anna"), Spot("user", "bert", "bert")]
    source.before = lambda spot, site: (
        site.time.sleep(3600),
        visited.append((spot.key, site.time.now())),
    )
    begins = scripted.time.now() + timedelta(seconds=1)

    for _ in range(3):
        scripted.run(deadline=begins + timedelta(hours=5))
        begins += week
        scripted.time.pass_(seconds=(begins - scripted.time.now()).total_seconds() - 1)

    of = {name: [at for key, at in visited if key == name] for name in ("anna", "bert")}
    assert [len(times) for times in of.values()] == [3, 3]
    assert all(two - one >= week for times in of.values() for one, two in pairwise(times))


def test_who_would_be_due_after_the_night_keeps_no_address(scripted, source):
    source.begin = [Spot("user", "anna", "anna")]
    scripted.run()

    scripted.run(
        seconds_later=6 * DAY.total_seconds(), deadline=scripted.time.now() + 6 * DAY + DAY / 12
    )

    assert scripted.addresses("user") == [None]


def test_a_round_that_is_not_through_after_two_weeks_begins_anew(scripted, source):
    source.begin = [at_once("user", "anna"), at_once("user", "bert")]
    scripted.run(limit=1)
    scripted.run(limit=1, seconds_later=13 * DAY.total_seconds())
    scripted.run(limit=1, seconds_later=2 * DAY.total_seconds())

    assert [key for _, key in source.visits] == ["anna", "bert", "anna"]


def test_since_says_what_is_fresh_whatever_its_kind(scripted, source):
    source.begin = [Spot("user", "anna", "anna", timedelta(days=7))]
    scripted.run()
    begun = scripted.time.now()
    fresh = scripted.run(seconds_later=3600, since=begun - timedelta(hours=1)).report
    stale = scripted.run(seconds_later=3600, since=begun + timedelta(hours=1)).report

    assert (fresh.visits, stale.visits) == (0, 1)
