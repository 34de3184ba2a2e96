"""What a crawl writes and never takes away, whatever the site: pages are written down by the test,
the databases are real.
"""

import json
from dataclasses import replace

import pytest

from crawler.errors import Drift, Failed, Gone, LoginRequired
from crawler.source import Found, Spot, StarItem
from db import dump, foreign
from db.foreign import OPERATOR, Foreign, MatchState
from tasks.crawling import DRIFTS, FAILURES
from tests.plugins.crawls import ADMIN, hashed
from tests.plugins.library import NOON
from tests.tasks.written_down import WORKS, at_once, rated


def expected(*ratings):
    return hashed(ratings, "scripted")


BOTH = (("anna", "w000001", 9), ("anna", "w000002", 4))


def test_a_second_look_at_the_same_changes_nothing_but_when_it_was_seen(scripted, source):
    first = scripted.run().report
    before, seen = scripted.findings(), scripted.rows("crawled_rating")

    second = scripted.run(seconds_later=60).report

    assert scripted.ratings("scripted") == expected(*BOTH)
    assert (first.new, second.new, second.same, second.changed) == (2, 0, 2, 0)
    assert scripted.findings() == before
    assert all(row["seen_at"] > row["first_seen_at"] for row in scripted.rows("crawled_rating"))
    assert seen != scripted.rows("crawled_rating")


def test_a_rating_that_is_shown_again_and_again_is_one_row(scripted, source):
    source.pages["comments", "w000001"] = Found(stars=(StarItem("anna", "w000001", 9),) * 2)
    source.begin = [at_once("user", "anna"), at_once("comments", "w000001")]

    done = scripted.run().report

    assert scripted.ratings("scripted") == expected(*BOTH)
    assert (done.new, done.same) == (2, 1)


def test_what_changed_is_kept_as_it_was(scripted, source):
    scripted.run()
    source.pages["user", "anna"] = rated("anna", 7, 4)
    changed = scripted.run().report
    source.pages["user", "anna"] = rated("anna", 7)
    removed = scripted.run().report
    gone = scripted.ratings("scripted")
    source.pages["user", "anna"] = rated("anna", 7, 10)
    back = scripted.run().report

    assert (changed.changed, removed.gone, back.changed) == (1, 1, 1)
    assert gone == expected(("anna", "w000001", 7))
    assert scripted.ratings("scripted") == expected(("anna", "w000001", 7), ("anna", "w000002", 10))
    assert scripted.events() == [(9, 7), (4, None), (None, 10)]


@pytest.mark.parametrize("outcome", ["incomplete", "login_required", "failed"])
def test_a_list_that_was_cut_short_removes_nothing(scripted, source, outcome):
    scripted.run()
    source.pages["user", "anna"] = rated("anna", 8, outcome=outcome)

    done = scripted.run().report

    assert scripted.ratings("scripted") == expected(("anna", "w000001", 8), ("anna", "w000002", 4))
    assert (done.outcomes[outcome], done.gone) == (1, 0)


@pytest.mark.parametrize("error", [LoginRequired("private"), Failed("503"), Drift("no stars")])
def test_a_page_that_cannot_be_had_removes_nothing(scripted, source, error):
    scripted.run()
    before = scripted.rows("crawled_rating")
    source.pages["user", "anna"] = error

    done = scripted.run().report

    assert scripted.rows("crawled_rating") == before
    assert (done.outcomes[error.outcome], done.gone, scripted.events()) == (1, 0, [])


def test_a_user_who_is_gone_in_two_runs_has_no_ratings_any_more_until_they_are_back(
    scripted, source
):
    scripted.run()
    source.pages["user", "anna"] = Gone("404")
    scripted.run()
    once = scripted.ratings("scripted")
    twice_run = scripted.run().report
    twice = scripted.ratings("scripted")
    source.pages["user", "anna"] = rated("anna", 9, 4)
    scripted.run()

    assert (once, twice) == (expected(*BOTH), set())
    assert (twice_run.gone, twice_run.outcomes) == (2, {"gone": 1})
    assert scripted.ratings("scripted") == expected(*BOTH)
    assert sorted(scripted.events(), key=str) == [(4, None), (9, None), (None, 4), (None, 9)]


def test_a_user_who_is_back_in_between_is_not_gone(scripted, source):
    for page in (rated("anna", 9, 4), Gone("404"), rated("anna", 9, 4), Gone("404")):
        source.pages["user", "anna"] = page
        scripted.run()

    assert scripted.ratings("scripted") == expected(*BOTH)
    assert scripted.events() == []


def test_a_work_that_is_gone_in_two_runs_is_marked_and_revived_by_any_list(scripted, source):
    source.begin = [at_once("work", "w000001")]
    source.pages["work", "w000001"] = Found(foreign=WORKS[:1])
    gone = []
    for page in (Found(foreign=WORKS[:1]), Gone("410"), Gone("410")):
        source.pages["work", "w000001"] = page
        scripted.run()
        gone.append(scripted.rows("foreign_work")[0]["gone_at"] is not None)
    source.begin = [at_once("user", "anna")]
    scripted.run()

    assert gone == [False, False, True]
    assert [row["gone_at"] for row in scripted.rows("foreign_work")] == [None, None]


def test_nobody_is_named_anywhere_once_their_page_was_visited(scripted, source):
    source.begin = [at_once("comments", "w000001")]
    source.pages["comments", "w000001"] = Found(
        foreign=WORKS[:1],
        stars=(StarItem("anna", "w000001", 9),),
        spots=(Spot("user", "anna", "anna"),),
    )
    source.pages["user", "anna"] = Found(outcome="failed", note="/users/anna: it answers 500")
    scripted.run(limit=1)
    found = scripted.addresses("user")

    for _ in range(FAILURES):  # as often as it is tried
        scripted.run()

    (key,) = {rater for rater, _, _ in scripted.ratings("scripted")}
    assert found == ["anna"]
    assert scripted.addresses("user") == [None]
    assert [row["key"] for row in scripted.rows("frontier") if row["kind"] == "user"] == [key]
    everything = {name: scripted.rows(name) for name in dump.names()}
    assert "anna" not in json.dumps(everything)


def test_the_hash_of_a_user_is_another_with_another_key(scripted, source):
    scripted.run()
    (before,) = {rater for rater, _, _ in scripted.ratings("scripted")}
    other = scripted.settings.model_copy(update={"crawl_user_key": None})
    other = type(other)(crawl_user_key="another", _env_file=None)

    scripted.run(settings=other)

    raters = {rater for rater, _, _ in scripted.ratings("scripted")}
    assert len(raters) == 2
    assert before in raters
    assert all(len(rater) == 32 for rater in raters)


def test_drift_is_told_once_ends_the_run_and_is_over_when_a_page_can_be_read(scripted, source):
    names = [f"user{number}" for number in range(DRIFTS + 3)]
    source.begin = [at_once("user", name) for name in names]
    source.pages |= {("user", name): Drift("9 rows are declared") for name in names}

    first = scripted.run().report
    scripted.run()
    message = (
        f"{DRIFTS} pages of scripted declare rows that cannot be read: the site has changed, "
        "and the source must be brought up to date."
    )
    opened = scripted.alerts()
    source.pages |= {("user", name): rated(name, 5) for name in names}
    well = scripted.run().report

    assert first.outcomes == {"drift": DRIFTS}
    assert first.closed
    assert first.ended == f"{DRIFTS} pages in a row could not be read: the site has changed."
    assert opened == {"crawl_ratings.drift": message}
    assert scripted.told() == [(*ADMIN, message)]
    assert well.outcomes == {"ok": len(names)}
    assert scripted.alerts() == {}
    assert len(scripted.ratings("scripted")) == len(names)


def test_what_a_run_tells_adds_up(scripted, source):
    pages = {
        "ok": rated("ok", 9, 4),
        "cut": rated("cut", 3, outcome="incomplete"),
        "shy": LoginRequired("the profile is private"),
        "broken": Failed("/users/broken: it answers 500 (3 tries)"),
        "gone": Gone("404"),
    }
    source.begin = [at_once("user", name) for name in pages]
    source.pages = {("user", name): page for name, page in pages.items()}

    done = scripted.run()

    report, counts = done.report, done.ended.counts
    assert sum(report.outcomes.values()) == report.visits == 5
    assert report.outcomes == {
        "ok": 1,
        "incomplete": 1,
        "login_required": 1,
        "failed": 1,
        "gone": 1,
    }
    assert (counts["new"], counts["visits"], counts["through"]) == (3, 5, True)
    assert counts["incomplete"] == counts["login_required"] == counts["failed"] == 1
    assert counts["notes"] == {
        "not all of it": 1,
        "the profile is private": 1,
        "/users/…: it answers 500 (3 tries)": 1,
    }
    assert scripted.rows("job_run")[0]["counts"] == json.loads(json.dumps(counts))


def test_a_list_that_a_pause_cut_short_keeps_what_it_has_and_stays_due(scripted, source):
    source.pages["user", "anna"] = rated("anna", 9, outcome="interrupted")

    for _ in range(FAILURES + 1):
        scripted.run()

    assert scripted.ratings("scripted") == expected(BOTH[0])
    assert scripted.addresses("user") == ["anna"]


def test_an_operators_word_is_not_undone_by_a_crawl_that_ends_later(database, scripted, source):
    scripted.run()
    with database.write() as session:
        ids = foreign.upsert(session, "scripted", [Foreign("w000001", "신의 탑")], NOON)
        foreign.settle(session, ids["w000001"], None, MatchState.ELSEWHERE, OPERATOR)

        foreign.decide(session, ids["w000001"], None, "author")

    with database.read() as session:
        assert foreign.get(session, "scripted", ["w000001"])["w000001"].matched_by == OPERATOR


def test_drift_is_over_only_when_no_page_drifts_any_more(scripted, source):
    source.begin = [at_once("user", "anna"), at_once("user", "bert")]
    source.pages["user", "anna"] = Drift("icons")
    scripted.run()

    scripted.run(limit=1, seconds_later=60)
    still = scripted.alerts()
    source.pages["user", "anna"] = rated("anna", 9)
    scripted.run()

    assert list(still) == ["crawl_ratings.drift"]
    assert scripted.alerts() == {}


def test_notes_and_logs_name_nobody(scripted, source):
    source.pages["user", "anna"] = Failed("http://127.0.0.1:9/ko-KR/users/bert7xy leads to anna")

    counts = scripted.run().ended.counts

    assert counts["notes"] == {"/ko-KR/users/… leads to …": 1}


def test_a_work_that_is_listed_without_a_word_of_its_stars_keeps_those_it_had(scripted, source):
    scripted.run()
    source.pages["user", "anna"] = replace(rated("anna", 9), untold=("w000002",))

    gone = scripted.run().report.gone

    assert gone == 0
    assert scripted.ratings("scripted") == expected(*BOTH)
