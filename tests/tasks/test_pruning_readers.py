"""What is deleted of readers: the silent ones, what no longer stands, and what was for a day."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from db import catalogue, feedback, link_codes, links, readers
from db.reader_tables import ReaderLink
from db.tables import FeedbackEvent, Reader, Verdict
from tasks.pruning import Retention, prune
from tests.plugins.library import NOON

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def pruned(database, tmp_path):
    def run(now=NOON, **retention):
        kept = Retention(**({"days": 365, "models": 2, "reader_days": 730} | retention))
        counts = prune(database, tmp_path / "models", kept, now).counts
        return {name: count for name, count in counts.items() if count}

    return run


def reader(session, name, *spoke):
    row = readers.of_account(session, "telegram", name, NOON - 999 * DAY)
    for at in spoke:
        readers.spoke(session, "telegram", name, at)
    return row.id


def test_readers_who_are_silent_for_long_are_forgotten(database, pruned):
    with database.write() as session:
        gone = reader(session, "1", NOON - 730 * DAY - TICK)
        kept = reader(session, "2", NOON - 900 * DAY, NOON - 730 * DAY)

    assert pruned() == {"readers": 1}

    with database.read() as session:
        assert list(session.scalars(select(Reader.id))) == [kept]
    assert gone != kept


def test_of_whom_it_is_not_known_when_they_spoke_the_time_begins_now(database, pruned):
    with database.write() as session:
        reader(session, "1")

    assert pruned() == {}
    assert pruned(NOON + 730 * DAY) == {}
    assert pruned(NOON + 730 * DAY + TICK) == {"readers": 1}


def test_with_0_days_nobody_is_forgotten(database, pruned):
    with database.write() as session:
        reader(session, "1", NOON - 5000 * DAY)

    assert pruned(reader_days=0) == {}


def test_what_no_longer_stands_goes_after_its_days_and_what_stands_stays(stocked, pruned):
    old = NOON - 365 * DAY - TICK
    with stocked.write() as session:
        one, two, three = (work.id for work in catalogue.works(session)[:3])
        person = reader(session, "1", NOON)
        for work, verdict in (
            (one, Verdict.LIKE),
            (one, Verdict.DISLIKE),
            (two, Verdict.LIKE),
            (two, None),
        ):
            feedback.record(session, person, work, verdict, source="command", now=old)
        feedback.record(session, person, three, Verdict.LIKE, source="command", now=NOON)
        feedback.record(session, person, three, None, source="command", now=NOON)

    assert pruned() == {"changes": 3}

    with stocked.read() as session:
        assert [g.webtoon_id for g in feedback.current(session, person)] == [one]
        assert len(list(session.scalars(select(FeedbackEvent)))) == 3


def test_codes_go_after_a_day(database, pruned):
    with database.write() as session:
        person = reader(session, "1", NOON)
        for digest, ends in (("old", NOON - DAY - TICK), ("new", NOON - DAY)):
            link_codes.put(session, person, digest, now=ends - DAY, expires_at=ends)
        link_codes.missed(session, person, NOON - DAY - TICK)

    assert pruned() == {"codes": 2}


def test_after_a_day_a_link_keeps_only_who_became_whom(database, pruned):
    with database.write() as session:
        one, two = reader(session, "1", NOON), reader(session, "2", NOON)
        links.unite(session, one, two, NOON - DAY - TICK)

    assert pruned() == {}

    with database.read() as session:
        assert session.scalar(select(ReaderLink.before)) is None
        assert links.became(session, two) == one
        assert not links.last(session, one).undoable
    assert pruned(NOON + 364 * DAY) == {"links": 1}
