"""Lists of works: kept until confirmed, remembered until undone."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from db import catalogue, feedback, imports, readers
from db.feedback import Told
from db.tables import Feedback, FeedbackEvent, Verdict
from tests.plugins.library import NOON, stock

LIKE, DISLIKE, READ = Verdict.LIKE, Verdict.DISLIKE, Verdict.READ


@pytest.fixture
def world(database):
    """A session in a transaction, a reader, and the ids of all works."""
    stock(database)
    with database.write() as session:
        reader = readers.of_account(session, "telegram", "1", NOON).id
        yield session, reader, [work.id for work in catalogue.works(session)]


def tell(session, reader, verdicts, minutes=0):
    at = NOON + timedelta(minutes=minutes)
    return feedback.record_all(session, reader, verdicts, source="import", now=at)


def standing(session, reader):
    return {given.webtoon_id: given.verdict for given in feedback.current(session, reader)}


def test_many_verdicts_are_told_at_once_and_only_what_changes_is_an_event(world):
    session, reader, works = world
    feedback.record(session, reader, works[0], READ, source="command", now=NOON)
    liked = feedback.record(session, reader, works[1], LIKE, source="command", now=NOON)

    told = tell(session, reader, {works[2]: DISLIKE, works[1]: LIKE, works[0]: LIKE}, minutes=1)

    assert [(t.webtoon_id, t.verdict, t.previous) for t in told] == [
        (works[2], DISLIKE, None),
        (works[0], LIKE, READ),
    ]
    assert [feedback.event(session, t.event_id).webtoon_id for t in told] == [works[2], works[0]]
    now = {given.webtoon_id: given for given in feedback.current(session, reader)}
    assert {w: (g.verdict, g.event_id) for w, g in now.items()} == {
        works[0]: (LIKE, told[1].event_id),
        works[1]: (LIKE, liked),
        works[2]: (DISLIKE, told[0].event_id),
    }
    assert now[works[0]].at == NOON + timedelta(minutes=1)


def test_another_verdict_is_taken_into_account_again(world):
    session, reader, works = world
    tell(session, reader, {works[0]: READ, works[1]: LIKE})
    for work in works[:2]:
        feedback.ignore(session, reader, work, ignored=True)

    tell(session, reader, {works[0]: LIKE, works[1]: LIKE})

    query = select(Feedback.webtoon_id, Feedback.ignored)
    assert dict(session.execute(query).all()) == {works[0]: False, works[1]: True}


def test_many_verdicts_are_taken_back_at_once(world):
    session, reader, works = world
    tell(session, reader, {works[0]: LIKE, works[1]: LIKE})

    told = tell(session, reader, {works[0]: None, works[1]: READ, works[2]: None})

    assert [(t.webtoon_id, t.verdict, t.previous) for t in told] == [
        (works[0], None, LIKE),
        (works[1], READ, LIKE),
    ]
    assert standing(session, reader) == {works[1]: READ}


def test_others_verdicts_are_theirs(world):
    session, reader, works = world
    other = readers.of_account(session, "telegram", "2", NOON).id
    tell(session, other, {works[0]: DISLIKE})

    (told,) = tell(session, reader, {works[0]: LIKE})

    assert told.previous is None
    assert standing(session, other) == {works[0]: DISLIKE}
    sources = select(FeedbackEvent.reader_id, FeedbackEvent.source)
    assert sorted(session.execute(sources).all()) == [(reader, "import"), (other, "import")]


def test_a_list_is_kept_applied_and_undone(world):
    session, reader, works = world
    number = imports.keep(session, reader, [(works[0], LIKE), (works[1], READ)], NOON)
    sent = imports.get(session, number)
    told = [Told(works[0], LIKE, 7, None), Told(works[1], READ, 8, DISLIKE)]

    imports.applied(session, number, told, (), NOON + timedelta(minutes=1))
    added = imports.get(session, number)
    imports.undone(session, number, NOON + timedelta(minutes=2))
    undone = imports.get(session, number)

    assert (sent.reader_id, sent.made_at, sent.told) == (reader, NOON, ())
    assert sent.rows == ((works[0], LIKE), (works[1], READ))
    assert (added.rows, added.told) == (sent.rows, tuple(told))
    assert added.applied_at == NOON + timedelta(minutes=1)
    assert (undone.rows, undone.told) == ((), ())
    assert undone.undone_at == NOON + timedelta(minutes=2)


def test_there_is_no_list_that_nobody_sent(world):
    session, _, _ = world

    assert imports.get(session, 1) is None


def test_old_lists_go_and_what_they_brought_stays(world):
    session, reader, works = world
    old = imports.keep(session, reader, [(works[0], LIKE)], NOON)
    new = imports.keep(session, reader, [], NOON + timedelta(days=1))
    tell(session, reader, {works[0]: LIKE})

    assert imports.prune(session, NOON + timedelta(days=1)) == 1
    assert (imports.get(session, old), imports.get(session, new).rows) == (None, ())
    assert standing(session, reader) == {works[0]: LIKE}
