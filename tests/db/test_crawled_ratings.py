"""Star ratings as a site shows them, and their history."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from db import crawled, foreign
from db.crawl_tables import CrawledRating, CrawledRatingEvent
from db.crawled import Changes
from db.foreign import Foreign
from tests.plugins.library import NOON

HOUR = timedelta(hours=1)
FIRST = NOON - 365 * HOUR


@pytest.fixture
def works(database):
    """The ids of three foreign works."""
    with database.write() as session:
        told = [Foreign(f"w{number}", "봄날") for number in range(3)]
        return list(foreign.upsert(session, "site", told, NOON).values())


@pytest.fixture
def store(database):
    def store(*stars, at=NOON):
        with database.write() as session:
            return crawled.store(session, stars, at)

    return store


@pytest.fixture
def withdraw(database):
    def withdraw(rater, still, at=NOON):
        with database.write() as session:
            return crawled.withdraw(session, rater, still, at)

    return withdraw


def shown(database):
    with database.read() as session:
        return crawled.triples(session, "site")


def history(database):
    with database.read() as session:
        return crawled.changes_since(session, FIRST)


def test_the_same_again_is_only_seen_later(database, works, store):
    first = store(("a", works[0], 9), ("b", works[0], 1))
    again = store(("a", works[0], 9), ("b", works[0], 1), at=NOON + HOUR)

    assert (first, again) == (Changes(new=2), Changes(same=2))
    with database.read() as session:
        rows = session.scalars(select(CrawledRating)).all()
        assert {(row.first_seen_at, row.seen_at) for row in rows} == {(NOON, NOON + HOUR)}
    assert shown(database) == {("a", "w0", 9), ("b", "w0", 1)}
    assert history(database) == []


def test_of_two_in_one_batch_the_last_counts_once(database, works, store):
    done = store(("a", works[0], 3), ("a", works[0], 4), ("a", works[0], 4))

    assert done == Changes(new=1)
    assert shown(database) == {("a", "w0", 4)}


def test_a_change_is_logged_with_what_was_before(database, works, store):
    store(("a", works[0], 9))

    done = store(("a", works[0], 2), at=NOON + HOUR)

    assert done == Changes(changed=1)
    assert shown(database) == {("a", "w0", 2)}
    assert history(database) == [(9, 2, NOON + HOUR)]


def test_what_is_withdrawn_is_not_shown_and_comes_back_as_a_change(
    database, works, store, withdraw
):
    store(("a", works[0], 9), ("a", works[1], 8), ("b", works[0], 7))

    gone = withdraw("a", [works[1]], NOON + HOUR)
    left = shown(database)
    again = withdraw("a", [works[1]], NOON + HOUR)
    back = store(("a", works[0], 9), at=NOON + 2 * HOUR)

    assert (gone, again, back) == (1, 0, Changes(changed=1))
    assert left == {("a", "w1", 8), ("b", "w0", 7)}
    assert history(database) == [(9, None, NOON + HOUR), (None, 9, NOON + 2 * HOUR)]


def test_nothing_to_store_and_nobody_to_withdraw_are_fine(database, works, store, withdraw):
    assert store() == Changes()
    assert withdraw("nobody", []) == 0


def test_a_site_s_ratings_are_its_own(database, works, store):
    store(("a", works[0], 9))

    with database.read() as session:
        assert crawled.triples(session, "elsewhere") == set()


def test_new_ratings_are_counted_by_when_they_were_first_seen(database, works, store):
    store(("a", works[0], 9))
    store(("a", works[0], 9), ("a", works[1], 9), at=NOON + HOUR)

    with database.read() as session:
        counted = [crawled.new_since(session, NOON + n * HOUR) for n in range(3)]
    assert counted == [2, 1, 0]


def test_more_ratings_than_fit_a_statement_are_stored(database, works, store):
    many = [(f"{number:032x}", works[number % 3], number % 10 + 1) for number in range(2_500)]

    done = [store(*many), store(*many)]

    assert done == [Changes(new=2_500), Changes(same=2_500)]
    assert len(shown(database)) == 2_500


LISTS = st.lists(
    st.tuples(st.booleans(), st.dictionaries(st.sampled_from([0, 1, 2]), st.integers(1, 10))),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(LISTS)
def test_whatever_lists_come_the_log_leads_to_what_is_shown(
    database, works, store, withdraw, lists
):
    with database.write() as session:
        session.execute(delete(CrawledRatingEvent))
        session.execute(delete(CrawledRating))
    expected, firsts = {}, {}
    for number, (complete, told) in enumerate(lists):
        at = NOON + number * HOUR
        store(*(("a", works[work], value) for work, value in told.items()), at=at)
        if complete:
            withdraw("a", [works[work] for work in told], at)
            expected = {}
        expected |= told
        for work, value in told.items():
            firsts.setdefault(work, value)

    assert shown(database) == {("a", f"w{work}", value) for work, value in expected.items()}
    with database.read() as session:
        events = session.scalars(select(CrawledRatingEvent).order_by(CrawledRatingEvent.id)).all()
        for work, value in firsts.items():
            for event in (event for event in events if event.work_id == works[work]):
                assert event.before == value
                assert event.after != value
                value = event.after  # noqa: PLW2901 -- the log goes on from it
            assert expected.get(work) == value
