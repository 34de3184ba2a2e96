"""Works as sites of ratings have them."""

from datetime import timedelta

import pytest

from db import catalogue, crawled, foreign
from db.foreign import Foreign, MatchState
from tests.plugins.library import NOON, stock

LATER = NOON + timedelta(days=1)
LISTED = Foreign("w1", "유리 등대")
READ = Foreign("w1", "유리 등대", 2020, ("먹고래",), ("naver",), ("naver:1001",), read=True)


@pytest.fixture
def shelf(database):
    """Writes and reads foreign works of one site."""

    class Shelf:
        def upsert(self, *works, at=NOON, source="site"):
            with database.write() as session:
                return foreign.upsert(session, source, works, at)

        def every(self, source=None):
            with database.read() as session:
                return foreign.every(session, source)

        def bury(self, code, at=NOON):
            with database.write() as session:
                return foreign.bury(session, "site", code, at)

    return Shelf()


def facts(row):
    return row.title, row.year, row.authors, row.platforms, row.outlinks


def test_a_new_work_is_up_for_review(shelf):
    ids = shelf.upsert(READ)

    (row,) = shelf.every()
    assert ids == {"w1": row.id}
    assert facts(row) == ("유리 등대", 2020, ("먹고래",), ("naver",), ("naver:1001",))
    assert (row.state, row.webtoon_id, row.matched_by) == (MatchState.REVIEW, None, None)
    assert (row.gone, row.ratings) == (False, 0)


def test_what_its_own_page_said_outlives_what_a_list_says(shelf):
    shelf.upsert(READ)
    shelf.upsert(Foreign("w1", "유리…"), at=LATER)

    assert facts(shelf.every()[0]) == facts_of(READ)


def test_what_its_own_page_says_replaces_all_that_was_known(shelf):
    shelf.upsert(LISTED)
    shelf.upsert(READ)
    told = Foreign("w1", "유리 등대 2", 2021, read=True)

    shelf.upsert(told, at=LATER)

    assert facts(shelf.every()[0]) == facts_of(told)


def facts_of(work):
    return work.title, work.year, work.authors, work.platforms, work.outlinks


def test_one_code_of_two_sites_is_two_works(shelf):
    shelf.upsert(LISTED)
    shelf.upsert(LISTED, source="elsewhere")

    assert [row.source for row in shelf.every()] == ["elsewhere", "site"]
    assert [row.source for row in shelf.every("site")] == ["site"]


def test_a_work_is_buried_once_and_any_mention_revives_it(shelf):
    shelf.upsert(READ)

    buried = [shelf.bury("w1"), shelf.bury("w1"), shelf.bury("w9")]
    gone = shelf.every()[0].gone
    shelf.upsert(LISTED, at=LATER)

    assert buried == [True, False, False]
    assert gone
    assert not shelf.every()[0].gone
    assert facts(shelf.every()[0]) == facts_of(READ)


def test_a_match_survives_what_the_site_says(shelf, database):
    stock(database)
    ids = shelf.upsert(READ)
    with database.write() as session:
        ours = catalogue.works(session)[0].id
        foreign.settle(session, ids["w1"], ours, MatchState.MATCHED, "outlink")

    shelf.upsert(Foreign("w1", "다른 제목", read=True), at=LATER)

    row = shelf.every()[0]
    assert (row.webtoon_id, row.state, row.matched_by) == (ours, "matched", "outlink")


def test_the_most_rated_come_first_and_ratings_that_went_do_not_count(shelf, database):
    ids = shelf.upsert(*(Foreign(f"w{number}", "봄날") for number in range(3)))
    with database.write() as session:
        told = [("a", ids["w1"], 9), ("b", ids["w1"], 8), ("a", ids["w2"], 7), ("b", ids["w2"], 7)]
        crawled.store(session, told, NOON)
        crawled.withdraw(session, "a", [ids["w1"]], LATER)

    assert [(row.code, row.ratings) for row in shelf.every()] == [("w1", 2), ("w2", 1), ("w0", 0)]


def test_works_are_got_by_their_codes(shelf, database):
    shelf.upsert(READ, Foreign("w2", "봄날"))
    with database.read() as session:
        found = foreign.get(session, "site", ["w2", "w9"])
        none = foreign.get(session, "elsewhere", ["w2"])

    assert {code: row.title for code, row in found.items()} == {"w2": "봄날"}
    assert none == {}
