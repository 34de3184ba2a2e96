"""News: one of a kind for each reader, due when that reader wants to be told."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from db import news, outbox, readers
from db.news import Hours, next_moment
from db.reader_tables import News
from db.tables import Outbox, Reader
from tests.plugins.library import NOON

SEOUL, LONDON, NEW_YORK = (ZoneInfo(f) for f in ("Asia/Seoul", "Europe/London", "America/New_York"))


def hours(alerts="at_once", zone=SEOUL, quiet=(22, 8)):
    begin, end = (round(60 * hour) for hour in quiet)
    return Hours(alerts, zone, begin, end)


def local(zone, *when, fold=0):
    return datetime(*when, tzinfo=zone, fold=fold)


def people(session, count, **choices):
    made = [readers.of_account(session, "telegram", str(n), NOON).id for n in range(count)]
    for reader in made if choices else ():
        readers.choose(session, reader, **choices)
    return made


def add(session, to, key="event:1", now=NOON):
    return news.add(session, to, key, event_id=None, now=now, default_zone=SEOUL)


def waiting(session):
    """(reader, key, due) of all that waits."""
    query = select(News.reader_id, News.key, News.due_at).where(News.letter_id.is_(None))
    return [tuple(row) for row in session.execute(query.order_by(News.id))]


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ((2026, 5, 4, 12), (2026, 5, 4, 12)),
        ((2026, 5, 4, 21, 59, 59), (2026, 5, 4, 21, 59, 59)),
        ((2026, 5, 4, 22), (2026, 5, 5, 8)),
        ((2026, 5, 4, 23, 59, 59), (2026, 5, 5, 8)),
        ((2026, 5, 5, 0), (2026, 5, 5, 8)),
        ((2026, 5, 5, 7, 59, 59), (2026, 5, 5, 8)),
        ((2026, 5, 5, 8), (2026, 5, 5, 8)),
    ],
)
def test_what_comes_in_quiet_hours_is_told_when_they_end(now, told):
    assert next_moment(hours(), local(SEOUL, *now)) == local(SEOUL, *told)


@pytest.mark.parametrize(("hour", "told"), [(12, 12), (13, 15), (14, 15), (15, 15)])
def test_quiet_hours_may_be_in_the_middle_of_the_day(hour, told):
    moment = next_moment(hours(quiet=(13, 15)), local(SEOUL, 2026, 5, 4, hour))

    assert moment == local(SEOUL, 2026, 5, 4, told)


def test_hours_that_begin_where_they_end_are_never_quiet():
    now = local(SEOUL, 2026, 5, 4, 3)

    assert next_moment(hours(quiet=(3, 3)), now) == now


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ((2026, 5, 4, 3), (2026, 5, 4, 19)),
        ((2026, 5, 4, 19), (2026, 5, 4, 19)),
        ((2026, 5, 4, 19, 0, 1), (2026, 5, 5, 19)),
    ],
)
def test_the_digest_comes_at_seven_in_the_evening(now, told):
    assert next_moment(hours("digest"), local(SEOUL, *now)) == local(SEOUL, *told)


def test_a_digest_that_would_be_quiet_comes_when_that_ends():
    moment = next_moment(hours("digest", quiet=(18, 7)), local(SEOUL, 2026, 5, 4, 12))

    assert moment == local(SEOUL, 2026, 5, 5, 7)


@pytest.mark.parametrize(
    ("zone", "now", "told"),
    [
        # Clocks go from 1:00 to 2:00, and from 2:00 to 1:00: the night is shorter, then longer.
        (LONDON, (2026, 3, 28, 23), (2026, 3, 29, 8)),
        (LONDON, (2026, 10, 24, 23), (2026, 10, 25, 8)),
        (NEW_YORK, (2026, 3, 7, 23), (2026, 3, 8, 8)),
        (NEW_YORK, (2026, 10, 31, 23), (2026, 11, 1, 8)),
    ],
)
def test_quiet_hours_end_by_the_clock_in_the_nights_when_clocks_change(zone, now, told):
    assert next_moment(hours(zone=zone), local(zone, *now)) == local(zone, *told)


def test_an_end_that_comes_twice_is_the_first_and_what_comes_after_it_waits_for_the_second():
    # Clocks show 1:30 twice on 25 October: at 0:30 and at 1:30 UTC.
    chosen = hours(zone=LONDON, quiet=(23, 1.5))
    at = [datetime(2026, 10, 25, 0, minute, tzinfo=UTC) for minute in (0, 30, 59)]

    assert next_moment(chosen, at[0]) == at[1]
    assert next_moment(chosen, at[2]) == at[2]
    again = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert next_moment(chosen, again) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_end_that_never_comes_is_the_hour_after():
    moment = next_moment(hours(zone=LONDON, quiet=(23, 1.5)), local(LONDON, 2026, 3, 29, 0, 10))

    assert moment == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_who_chose_nothing_is_told_at_once_but_not_at_night(database):
    with database.write() as session:
        (reader,) = people(session, 1)

        assert news.hours_of(session, reader, LONDON) == hours(zone=LONDON)


def test_a_readers_own_hours_count(database):
    with database.write() as session:
        chosen = {"alerts": "digest", "zone": "America/New_York", "quiet_from": 0}
        (reader,) = people(session, 1, **chosen, quiet_until=0)

        assert news.hours_of(session, reader, SEOUL) == hours("digest", NEW_YORK, (0, 0))


def test_a_zone_that_this_machine_does_not_know_is_the_operators(database):
    with database.write() as session:
        (reader,) = people(session, 1, zone="Europe/Atlantis")

        assert news.hours_of(session, reader, SEOUL).zone == SEOUL


def test_a_news_is_added_once_for_each_reader_and_key(database):
    with database.write() as session:
        two = people(session, 2)

        assert add(session, two) == 2
        assert add(session, [*two, *two]) == 0
        assert add(session, two, "event:2") == 2
        assert add(session, [two[0]], "event:3") == 1
        assert len(waiting(session)) == 5


def test_it_is_due_by_each_readers_hours(database):
    night = local(SEOUL, 2026, 5, 4, 23)
    with database.write() as session:
        one, other = people(session, 2)
        readers.choose(session, other, zone="Europe/London")
        add(session, [one, other], now=night)

        assert waiting(session) == [
            (one, "event:1", local(SEOUL, 2026, 5, 5, 8)),
            (other, "event:1", night),
        ]


def test_who_wants_no_alerts_gets_no_news(database):
    with database.write() as session:
        off, on = people(session, 2)
        readers.choose(session, off, alerts="off")

        assert add(session, [off, on]) == 1
        assert [reader for reader, *_ in waiting(session)] == [on]


def test_who_is_gone_gets_no_news(database):
    with database.write() as session:
        gone, there = people(session, 2)
        readers.forget(session, gone)

        assert add(session, [gone, there, 4_711]) == 1


def test_ten_thousand_readers_are_told_in_a_moment(database):
    with database.write() as session:
        session.add_all(Reader(created_at=NOON) for _ in range(10_000))
        session.flush()
        everybody = session.scalars(select(Reader.id)).all()

        assert add(session, everybody) == 10_000
        assert add(session, everybody) == 0


def test_changed_hours_move_what_waits(database):
    with database.write() as session:
        one, other = people(session, 2)
        add(session, [one, other])
        readers.choose(session, one, alerts="digest")
        news.reschedule(session, one, NOON, LONDON)

        assert waiting(session) == [
            (one, "event:1", local(LONDON, 2026, 5, 4, 19)),
            (other, "event:1", NOON),
        ]


def test_alerts_switched_off_delete_what_waits(database):
    with database.write() as session:
        one, other = people(session, 2)
        add(session, [one, other])
        readers.choose(session, one, alerts="off")
        news.reschedule(session, one, NOON, SEOUL)

        assert [reader for reader, *_ in waiting(session)] == [other]


def test_a_letter_that_is_not_on_its_way_is_taken_apart_when_hours_change(database):
    with database.write() as session:
        (reader,) = people(session, 1)
        add(session, [reader], "event:1")
        add(session, [reader], "event:2")
        for number, sent in enumerate((None, NOON), start=1):
            letter = written(session, reader, sending_at=sent)
            row = session.scalars(select(News).where(News.key == f"event:{number}")).one()
            row.letter_id = letter
        outbox.put(session, ("telegram", "0"), "to an operator", NOON)
        news.reschedule(session, reader, NOON + timedelta(hours=1), LONDON)

        assert waiting(session) == [(reader, "event:1", NOON + timedelta(hours=1))]
        assert session.scalars(select(Outbox.sending_at).order_by(Outbox.id)).all() == [NOON, None]


def written(session, reader, sending_at):
    row = Outbox(
        platform="telegram",
        user_id="0",
        text="",
        reader_id=reader,
        reply="{}",
        once=True,
        sending_at=sending_at,
        created_at=NOON,
    )
    session.add(row)
    session.flush()
    return row.id
