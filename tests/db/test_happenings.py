"""What a source tells of works, and what that says happened to them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from db import catalogue, follows, happenings, readers
from db.catalogue import Facts
from db.happenings import Happening, Kind
from db.reader_tables import WorkEvent
from tests.plugins.library import NOON, SHELF

TOWER = replace(SHELF[0], hiatus=False, latest_number=12, latest_title="12화")
LATER = NOON + timedelta(days=1)


@pytest.fixture
def told(database):
    """Tells the catalogue of works, in a transaction; what that made happen, without ids."""

    def tell(*works, now=LATER):
        with database.write() as session:
            before = set(session.scalars(select(WorkEvent.id)))
            catalogue.upsert(session, works, now)
            rows = session.scalars(select(WorkEvent).order_by(WorkEvent.id)).all()
            titles = catalogue.titles(session, [row.webtoon_id for row in rows])
            return [
                (titles[row.webtoon_id], row.kind, row.detail)
                for row in rows
                if row.id not in before and row.at == now and row.spread_at is None
            ]

    return tell


@pytest.fixture
def known(told):
    """The same, of a catalogue that has the shelf, and the tower with its latest chapter."""
    assert told(TOWER, *SHELF[1:], now=NOON) == []
    return told


@pytest.fixture
def awaited(database, known):
    """The same, where somebody follows the tower."""
    with database.write() as session:
        reader = readers.of_account(session, "telegram", "7", NOON)
        follows.follow(session, reader.id, catalogue.works(session)[0].id, NOON)
    return known


def test_a_chapter_is_noticed_when_the_latest_known_number_rises(known):
    assert known(replace(TOWER, latest_number=14, latest_title="14화")) == [
        ("신의 탑", "chapter", "14화")
    ]


def test_a_chapter_without_a_title_is_noticed_too(known):
    for number in (13, 14):
        told = replace(TOWER, latest_number=number, latest_title=None)
        assert known(told) == [("신의 탑", "chapter", None)]


def test_a_number_that_was_not_known_before_is_no_chapter(known):
    assert known(replace(SHELF[1], latest_number=99, latest_title="99화")) == []
    assert known(replace(SHELF[1], latest_number=100, latest_title="100화")) != []


def test_a_chapter_that_was_taken_down_and_put_up_again_is_one(known):
    upper = replace(TOWER, latest_number=13, latest_title="13화")
    assert len(known(upper)) == 1

    assert known(TOWER) == []
    assert known(upper) == []


def test_the_same_crawl_twice_makes_one_event(known):
    crawl = (replace(TOWER, latest_number=13, latest_title="13화"), *SHELF[1:])

    assert len(known(*crawl)) == 1
    assert known(*crawl) == []


def test_who_is_back_from_a_hiatus_has_returned_each_time(known):
    resting, back = replace(TOWER, hiatus=True), TOWER

    assert [known(work) for work in (resting, back, resting, back)] == [
        [],
        [("신의 탑", "returned", None)],
        [],
        [("신의 탑", "returned", None)],
    ]


def test_that_there_is_no_hiatus_is_no_return_where_nobody_knew(known):
    assert known(replace(SHELF[1], hiatus=False)) == []


def test_a_work_that_ends_is_completed_once_and_has_not_returned(known):
    ended = replace(TOWER, finished=True, weekdays=())
    known(replace(TOWER, hiatus=True))

    assert known(ended) == [("신의 탑", "completed", None)]
    assert known(TOWER) == []
    assert known(ended) == []


def test_the_last_chapter_and_the_end_are_two_things(known):
    last = replace(TOWER, latest_number=13, latest_title="마지막 화", finished=True, weekdays=())

    assert known(last) == [("신의 탑", "chapter", "마지막 화"), ("신의 탑", "completed", None)]


def test_rough_fields_make_nothing_happen(known):
    names = ("finished", "hiatus", "latest_number")
    known(replace(TOWER, hiatus=True))

    rough = replace(TOWER, finished=True, latest_number=20, hiatus=False, rough=names)

    assert known(rough) == []


def test_a_first_fill_of_the_catalogue_makes_nothing_happen(told):
    assert told(*SHELF) == []


NEW = Facts("naver", "5000", "새 작품", authors=("SIU ", "다른 사람"), latest_number=3)


@pytest.mark.parametrize("number", [None, 1, 10])
def test_a_new_work_by_an_author_of_one_that_is_followed_is_noticed(awaited, number):
    assert awaited(replace(NEW, latest_number=number)) == [("새 작품", "new", None)]
    assert awaited(replace(NEW, latest_number=number)) == []


@pytest.mark.parametrize(
    "work",
    [
        replace(NEW, authors=("다른 사람",)),
        replace(NEW, authors=None),
        replace(NEW, finished=True),
        replace(NEW, latest_number=11),
    ],
    ids=["by somebody else", "by nobody", "finished", "old"],
)
def test_other_new_works_are_not(awaited, work):
    assert awaited(work) == []


def test_a_new_work_that_nobody_awaits_is_not(known):
    assert known(NEW) == []


def test_who_tells_of_many_works_at_once_fills_the_catalogue(awaited):
    assert awaited(*(replace(NEW, external_id=str(6000 + n)) for n in range(21))) == []


def test_what_waits_comes_oldest_first_until_it_is_spread(database, known):
    known(replace(TOWER, latest_number=13, latest_title="13화"))
    known(replace(SHELF[2], finished=True))
    with database.write() as session:
        tower, lookism = (catalogue.works(session)[n].id for n in (0, 2))
        both = happenings.waiting(session, 5)
        first = happenings.waiting(session, 1)
        happenings.spread(session, [both[0].id], LATER)
        left = happenings.waiting(session, 5)

    assert [(e.webtoon_id, e.kind, e.authors, e.at) for e in both] == [
        (tower, Kind.CHAPTER, ("SIU",), LATER),
        (lookism, Kind.COMPLETED, ("박태준",), LATER),
    ]
    assert (first, left) == (both[:1], both[1:])


def test_hundreds_of_happenings_are_kept_in_one_go(database, told):
    works = [replace(TOWER, external_id=str(n), latest_title=None) for n in range(1_200)]
    assert told(*works, now=NOON) == []

    risen = told(*(replace(work, latest_number=13, latest_title="13화") for work in works))

    assert len(risen) == 1_200
    with database.write() as session:
        again = [Happening(e.webtoon_id, e.kind, "13화") for e in happenings.waiting(session, 2000)]
        happenings.keep(session, again, LATER)
        assert len(happenings.waiting(session, 2_000)) == 1_200
