"""Crawled ratings beside imported ones: which count, how often, and which of several stands."""

from datetime import timedelta

import pytest

from db import catalogue, crawled, exports, foreign, ratings
from db.foreign import OPERATOR, Foreign, MatchState
from db.ratings import Counts, Crawled, Star
from tasks.errors import NothingToDo
from tasks.material import prepare, read
from tests.plugins.library import NOON, stock

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def session(database):
    stock(database)
    with database.write() as session:
        yield session


@pytest.fixture
def ours(session):
    return [work.id for work in catalogue.works(session)]


@pytest.fixture
def theirs(session, ours):
    """Foreign works by code: a and b are our first, c our second, d and e nobody's."""
    ids = foreign.upsert(session, "watcha", [Foreign(code, code) for code in "abcde"], NOON)
    for code, ours_ in (("a", ours[0]), ("b", ours[0]), ("c", ours[1])):
        foreign.settle(session, ids[code], ours_, MatchState.MATCHED, OPERATOR)
    foreign.settle(session, ids["e"], None, MatchState.ELSEWHERE, OPERATOR)
    return ids


def shown(session, theirs, *told, now=NOON):
    """A site shows these ratings (rater, code, half-stars)."""
    crawled.store(session, [(rater, theirs[code], stars) for rater, code, stars in told], now)


def real(session):
    return ratings.triples(session, simulated=False)


def test_ratings_of_matched_works_count_as_long_as_they_are_shown(session, ours, theirs):
    shown(session, theirs, ("x", "c", 9), ("x", "d", 8), ("x", "e", 7), ("y", "a", 5))
    ratings.upsert(session, "import", [Star("x", ours[1], 4)])
    before = real(session)
    crawled.withdraw(session, "y", [], LATER)

    assert before == [
        ("import:x", ours[1], 4),
        ("watcha:x", ours[1], 9),
        ("watcha:y", ours[0], 5),
    ]
    assert real(session) == before[:2]
    assert ratings.triples(session, simulated=True) == []


@pytest.mark.parametrize("last", ["a", "b"])
def test_two_ratings_of_one_work_both_come_the_one_seen_last_at_the_end(
    session, ours, theirs, last
):
    first = "ab".replace(last, "")
    shown(session, theirs, ("x", last, 3), now=LATER)
    shown(session, theirs, ("x", first, 9), now=NOON)

    assert real(session) == [("watcha:x", ours[0], 9), ("watcha:x", ours[0], 3)]
    assert [row.half_stars for row in exports.ratings(session)] == [3]
    assert ratings.like_counts(session, 6) == {}


def test_of_two_seen_at_once_the_higher_code_is_the_last(session, ours, theirs):
    shown(session, theirs, ("x", "b", 9), ("x", "a", 3))

    assert real(session) == [("watcha:x", ours[0], 3), ("watcha:x", ours[0], 9)]
    assert [row.half_stars for row in exports.ratings(session)] == [9]
    assert ratings.like_counts(session, 6) == {ours[0]: 1}


@pytest.mark.parametrize(
    ("rated_at", "order"), [(None, [3, 9]), (NOON, [3, 9]), (LATER + timedelta(1), [9, 3])]
)
def test_an_imported_rating_of_the_same_rater_takes_its_place_by_its_time(
    session, ours, theirs, rated_at, order
):
    shown(session, theirs, ("x", "a", 9), now=LATER)
    ratings.upsert(session, "watcha", [Star("x", ours[0], 3, rated_at)])

    assert [half_stars for _, _, half_stars in real(session)] == order
    assert [row.half_stars for row in exports.ratings(session)] == order[1:]
    assert ratings.like_counts(session, 6) == ({ours[0]: 1} if order[1] == 9 else {})


def test_a_rater_is_counted_once_per_work(session, ours, theirs):
    shown(session, theirs, ("x", "a", 9), ("x", "b", 8), ("y", "a", 6), ("y", "c", 5))
    ratings.upsert(session, "import", [Star("x", ours[0], 6)])
    ratings.upsert(session, "demo", [Star("z", ours[1], 8)], simulated=True)

    assert ratings.like_counts(session, 6) == {ours[0]: 3, ours[1]: 1}
    assert ratings.count(session) == 6
    assert ratings.counts(session) == Counts(6, 4, 1, 1)


def test_exports_name_our_works_and_know_no_time_of_crawled_ratings(session, theirs):
    shown(session, theirs, ("x", "c", 9), ("x", "d", 8))

    (row,) = exports.ratings(session)

    assert (row.rating_source, row.rater, row.external_id) == ("watcha", "x", "1002")
    assert (row.title, row.half_stars, row.rated_at, row.simulated) == ("여신강림", 9, None, False)


def test_all_that_was_crawled_is_counted_matched_or_not(session, theirs):
    nothing = ratings.crawled(session)
    shown(session, theirs, ("x", "c", 9), ("x", "d", 5), ("y", "d", 10), ("y", "a", 1))
    crawled.withdraw(session, "y", [theirs["d"]], LATER)

    every, elsewhere = ratings.crawled(session), ratings.crawled(session, elsewhere=True)

    assert (nothing, nothing.mean, nothing.sd) == (Crawled(), None, None)
    raters = frozenset({"watcha:x", "watcha:y"})
    assert every == Crawled(raters, 2, (0, 0, 0, 0, 1, 0, 0, 0, 1, 1))
    # Stars 2.5, 4.5, 5: mean 4; squares of the distances 2.25, 0.25, 1.
    assert (every.rows, every.mean, every.sd) == (3, 4.0, pytest.approx((3.5 / 3) ** 0.5))
    assert elsewhere == Crawled(raters, 1, (0, 0, 0, 0, 1, 0, 0, 0, 0, 1))


def test_training_reads_crawled_ratings_and_counts_those_elsewhere(database, session, theirs):
    shown(session, theirs, ("x", "a", 9), ("x", "b", 8), ("x", "d", 8))
    session.commit()

    snapshot = read(database)

    assert snapshot.real == (("watcha:x", 1, 9), ("watcha:x", 1, 8))
    assert snapshot.elsewhere.rows == 1
    with pytest.raises(NothingToDo, match="Of 3 ratings nothing is left"):
        prepare(snapshot)


def test_as_long_as_nothing_is_matched_training_says_so(database, session, theirs):
    shown(session, theirs, ("x", "d", 9), ("x", "e", 8))
    session.commit()

    with pytest.raises(NothingToDo, match="None of the 2 crawled ratings is of a work"):
        prepare(read(database))
