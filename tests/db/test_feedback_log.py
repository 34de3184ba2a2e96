"""Verdicts: the current one, and the log of how it came to be."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import catalogue, feedback, readers
from db.tables import Feedback, Verdict
from tests.plugins.library import NOON, SHELF, stock

LIKE, DISLIKE, READ = Verdict.LIKE, Verdict.DISLIKE, Verdict.READ


@pytest.fixture
def world(database):
    """A session in a transaction, a reader, and the ids of all works."""
    stock(database)
    with database.write() as session:
        reader = readers.of_account(session, "telegram", "1", NOON).id
        yield session, reader, [work.id for work in catalogue.works(session)]


def give(session, reader, work, verdict, minutes=0, **options):
    at = NOON + timedelta(minutes=minutes)
    return feedback.record(session, reader, work, verdict, source="command", now=at, **options)


def test_what_several_readers_say_is_told_apart_latest_first(world):
    session, reader, works = world
    other, silent = (readers.of_account(session, "telegram", n, NOON).id for n in "23")
    give(session, reader, works[0], LIKE)
    give(session, other, works[0], READ)
    give(session, other, works[1], LIKE)

    found = feedback.current_of(session, [silent, other, reader])

    told = {
        who: [(said.webtoon_id, said.verdict) for said in given] for who, given in found.items()
    }
    assert told == {
        silent: [],
        other: [(works[1], LIKE), (works[0], READ)],
        reader: [(works[0], LIKE)],
    }


def test_a_verdict_stands_until_another_and_the_log_keeps_both(world):
    session, reader, works = world
    first = give(session, reader, works[0], READ)
    second = give(session, reader, works[0], LIKE, minutes=1)

    (standing,) = feedback.current(session, reader)
    assert (standing.verdict, standing.event_id) == (LIKE, second)
    assert standing.at == NOON + timedelta(minutes=1)
    assert [feedback.event(session, i).previous for i in (first, second)] == [None, READ]
    assert feedback.last_event(session, reader, works[0]) == second
    assert feedback.last_event(session, reader, works[0], before=second) == first


def test_the_same_again_is_no_event(world):
    session, reader, works = world
    give(session, reader, works[0], LIKE)

    assert give(session, reader, works[0], LIKE) is None
    assert give(session, reader, works[1], None) is None


def test_taken_back_it_no_longer_stands_but_is_remembered(world):
    session, reader, works = world
    give(session, reader, works[0], LIKE)
    taken_back = give(session, reader, works[0], None)

    assert feedback.current(session, reader) == []
    logged = feedback.event(session, taken_back)
    assert (logged.verdict, logged.previous) == (None, LIKE)


def test_the_latest_come_first(world):
    session, reader, works = world
    for work in works[:4]:
        give(session, reader, work, LIKE)
    give(session, reader, works[1], DISLIKE)

    order = [given.webtoon_id for given in feedback.current(session, reader)]
    assert order == [works[1], works[3], works[2], works[0]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(said=st.lists(st.tuples(st.integers(0, 3), st.sampled_from([*Verdict, None])), max_size=12))
def test_what_stands_is_what_was_said_last(world, said):
    session, _, works = world
    reader = readers.of_account(session, "telegram", f"{id(said)}{len(said)}{said}", NOON).id

    for work, verdict in said:
        give(session, reader, works[work], verdict)

    expected = {works[work]: verdict for work, verdict in dict(said).items() if verdict}
    assert {g.webtoon_id: g.verdict for g in feedback.current(session, reader)} == expected


def test_likes_are_counted_by_work(world):
    session, reader, works = world
    other = readers.of_account(session, "discord", "2", NOON).id
    for who in (reader, other):
        give(session, who, works[0], LIKE)
    give(session, reader, works[1], LIKE)
    give(session, reader, works[2], DISLIKE)

    assert feedback.like_counts(session) == {works[0]: 2, works[1]: 1}
    assert feedback.count(session) == 4


def test_training_is_told_only_of_those_who_let_it(world):
    session, reader, works = world
    other = readers.of_account(session, "discord", "2", NOON).id
    readers.choose(session, other, trains=False)
    give(session, reader, works[0], LIKE)
    give(session, other, works[0], LIKE)

    assert list(feedback.for_training(session)) == [(reader, works[0], LIKE)]


def test_forgetting_a_reader_leaves_other_readers_alone(world):
    session, reader, works = world
    other = readers.of_account(session, "discord", "2", NOON).id
    for who in (reader, other):
        give(session, who, works[0], LIKE)

    readers.forget(session, reader)

    assert feedback.current(session, reader) == []
    assert feedback.last_event(session, reader, works[0]) is None
    assert len(feedback.current(session, other)) == 1


def test_a_verdict_restated_over_another_is_undone_to_that(world):
    session, reader, works = world
    give(session, reader, works[0], LIKE)
    over = feedback.event(session, give(session, reader, works[0], DISLIKE))

    feedback.restate(session, over, None, NOON)

    last = feedback.event(session, feedback.last_event(session, reader, works[0]))
    assert (last.verdict, last.previous) == (DISLIKE, None)
    assert feedback.current(session, reader)[0].event_id == last.id


def test_of_a_work_that_does_not_exist_nothing_can_be_said(database):
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), database.write() as session:
        reader = readers.of_account(session, "telegram", "1", NOON).id
        give(session, reader, 99_999, LIKE)

    with database.read() as session:
        assert feedback.count(session) == readers.count(session) == 0


def test_ids_of_the_forgotten_are_never_given_again(database):
    stock(database)
    with database.write() as session:
        works = [work.id for work in catalogue.works(session)]
        gone = readers.of_account(session, "telegram", "1", NOON).id
        event = give(session, gone, works[0], LIKE)
    with database.write() as session:
        readers.forget(session, gone)
    with database.write() as session:
        new = readers.of_account(session, "telegram", "1", NOON).id
        next_event = give(session, new, works[0], LIKE)

        assert new > gone
        assert next_event > event
        assert session.get(Feedback, (gone, works[0])) is None
    assert len(works) == len(SHELF)
