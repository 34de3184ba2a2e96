"""The frontier: what is due, in which order, and what becomes of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from db import frontier
from db.crawl_tables import Frontier
from db.frontier import Place
from tests.plugins.library import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KINDS = ("user", "work", "search")


def place(kind, key, *, fresh_for=DAY, version="", at=NOON, personal=False):
    return Place(kind, key, key, at - fresh_for, version, personal)


@pytest.fixture
def edge(database):
    """The frontier of one source, each call in a transaction of its own."""

    class Edge:
        def add(self, *places, at=NOON):
            with database.write() as session:
                return frontier.add(session, "site", places, at)

        def due(self, now=NOON, since=NOON + 365 * DAY):
            with database.read() as session:
                return frontier.due(session, "site", now, order=KINDS, since=since)

        def settle(self, entry, outcome="ok", at=NOON, *, again=False, failures=0):
            with database.write() as session:
                frontier.settle(session, entry, outcome, at, again=again, failures=failures)

        def strike(self, entry, run):
            with database.write() as session:
                return frontier.strike(session, entry, run)

        def rows(self):
            with database.read() as session:
                rows = session.scalars(select(Frontier).order_by(Frontier.id)).all()
                session.expunge_all()
                return rows

        def read(self, what, *arguments):
            with database.read() as session:
                return what(session, *arguments)

    return Edge()


def test_what_is_due_comes_by_kind_and_then_by_how_long_it_waits(edge):
    edge.add(place("search", "s"), at=NOON - HOUR)
    edge.add(place("work", "w2"), place("work", "w1"))
    edge.add(place("user", "u"), at=NOON + HOUR)

    order = []
    while entry := edge.due():
        order.append(entry.key)
        edge.settle(entry)

    assert order == ["w2", "w1", "s"]
    assert edge.due(NOON + HOUR).key == "u"


def test_a_place_that_is_found_again_is_one_and_keeps_its_turn(edge):
    new = [edge.add(place("work", "a"), place("work", "a"), place("work", "b"))]
    new.append(edge.add(place("work", "b"), place("work", "a"), at=NOON + HOUR))

    assert new == [2, 0]
    assert edge.due().key == "a"


def test_the_same_key_of_two_kinds_is_two_places(edge):
    assert edge.add(place("user", "a"), place("work", "a")) == 2


@pytest.mark.parametrize(("age", "due"), [(DAY - HOUR, False), (DAY, True), (DAY + HOUR, True)])
def test_a_visited_place_is_due_again_once_it_is_stale(edge, age, due):
    edge.add(place("work", "a"))
    edge.settle(edge.due())

    edge.add(place("work", "a", at=NOON + age), at=NOON + age)

    assert (edge.due(NOON + age) is not None) is due


def test_a_place_that_is_found_with_another_version_is_due_at_once(edge):
    edge.add(place("work", "a", version="1"))
    edge.settle(edge.due())
    edge.add(place("work", "a", version="1"))
    same = edge.due()

    edge.add(place("work", "a", version="2"))

    assert same is None
    assert edge.due().version == "2"


def test_nothing_is_visited_twice_since_a_moment(edge):
    edge.add(place("work", "a"))
    edge.settle(edge.due(), "failed", NOON + HOUR, again=True, failures=1)

    assert edge.due(NOON + DAY, since=NOON) is None
    again = edge.due(NOON + DAY, since=NOON + 2 * HOUR)
    assert (again.key, again.failures) == ("a", 1)


def test_another_source_has_a_frontier_of_its_own(edge, database):
    with database.write() as session:
        frontier.add(session, "elsewhere", [place("work", "a")], NOON)

    assert edge.due() is None
    assert edge.add(place("work", "a")) == 1


def test_a_persons_address_is_forgotten_with_the_visit_and_no_other_is(edge):
    edge.add(place("user", "u", personal=True), place("work", "w"))

    edge.settle(edge.due(), "failed", again=True)
    kept = [row.address for row in edge.rows()]
    edge.settle(edge.due(), "failed")
    edge.settle(edge.due(), "ok")

    assert kept == ["u", "w"]
    assert [row.address for row in edge.rows()] == [None, "w"]


def test_a_forgotten_person_is_due_when_they_are_found_again(edge):
    edge.add(place("user", "u", personal=True))
    edge.settle(edge.due())

    edge.add(place("user", "u", at=NOON + DAY, personal=True), at=NOON + DAY)

    assert edge.due(NOON + DAY).address == "u"


def test_people_who_are_never_visited_are_forgotten_too(edge, database):
    edge.add(place("user", "old", personal=True), place("work", "w"))
    edge.add(place("user", "new", personal=True), at=NOON + DAY)

    with database.write() as session:
        forgotten = frontier.forget_people(session, NOON + HOUR)

    assert forgotten == 1
    assert [row.address for row in edge.rows()] == [None, "w", "new"]
    assert edge.due(NOON + DAY).key == "new"


def test_strikes_count_runs_in_a_row_and_not_visits(edge):
    edge.add(place("work", "a"))
    entry = edge.due()

    counted = [edge.strike(entry, 1), edge.strike(entry, 1), edge.strike(entry, 2)]
    edge.settle(entry, "gone", again=True)
    counted.append(edge.strike(entry, 3))
    edge.settle(entry, "ok")
    counted.append(edge.strike(entry, 4))

    assert counted == [1, 1, 2, 3, 1]


def test_it_counts_what_waits_and_how_visits_ended(edge):
    edge.add(place("user", "u"), place("work", "a"), place("work", "b"), place("search", "s"))
    edge.settle(edge.due(), "login_required")
    edge.settle(edge.due(), "ok", NOON - DAY)

    assert edge.read(frontier.waiting, "site", NOON, NOON + DAY) == {"work": 1, "search": 1}
    assert edge.read(frontier.waiting, "site", NOON - HOUR, NOON + DAY) == {}
    assert edge.read(frontier.outcomes, "site") == {
        "user": {"login_required": 1},
        "work": {"ok": 1, "": 1},
        "search": {"": 1},
    }
    assert edge.read(frontier.visited, "site", KINDS, NOON - HOUR) == {"login_required": 1}
    assert edge.read(frontier.visited, "site", ["work"], NOON - 2 * DAY) == {"ok": 1}


def test_more_places_than_fit_a_query_are_all_found_again(edge):
    many = [place("work", f"w{number}") for number in range(1201)]

    assert [edge.add(*many), edge.add(*many)] == [1201, 0]
    assert len(edge.rows()) == 1201


def test_whoever_lost_their_address_is_due_again_once_they_are_found(database):
    somebody = Place("user", "hash", "Yx3kQ9a", stale=NOON, personal=True)
    with database.write() as session:
        frontier.add(session, "watcha", [somebody], NOON)
        session.execute(update(Frontier).values(address=None))  # as in a backup

        frontier.add(session, "watcha", [somebody], NOON)

        entry = frontier.due(session, "watcha", NOON, order=("user",), since=NOON)
    assert entry is not None
    assert entry.address == "Yx3kQ9a"


def test_who_was_just_found_again_is_not_forgotten_as_found_long_ago(database):
    long_ago = NOON - timedelta(days=100)
    somebody = Place("user", "hash", "Yx3kQ9a", stale=long_ago, personal=True)
    with database.write() as session:
        frontier.add(session, "watcha", [somebody], long_ago)
        entry = frontier.due(session, "watcha", long_ago, order=("user",), since=long_ago)
        frontier.settle(session, entry, "ok", long_ago, again=False)
        frontier.add(session, "watcha", [somebody], NOON)

        assert frontier.forget_people(session, NOON - timedelta(days=60)) == 0
