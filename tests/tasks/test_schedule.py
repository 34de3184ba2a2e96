"""03:00 in Seoul, wherever the host is."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.agenda import Agenda
from tasks.app import app
from tasks.configuration import STILL_WORTH_RUNNING, beat_schedule
from tasks.schedule import Daily, Often
from tasks.settings import TaskSettings

SEOUL = Daily(time(3), ZoneInfo("Asia/Seoul"))
NEW_YORK = Daily(time(2, 30), ZoneInfo("America/New_York"))  # skipped on 2026-03-08


def test_the_next_run_is_told_with_the_zones_offset():
    found = SEOUL.next_after(datetime(2026, 5, 4, 12, tzinfo=UTC))

    assert found.isoformat() == "2026-05-05T03:00:00+09:00"


def test_at_three_the_run_is_now_and_the_next_is_tomorrow():
    three = datetime(2026, 5, 3, 18, tzinfo=UTC)

    assert SEOUL.last_until(three) == three
    assert SEOUL.next_after(three) == three + timedelta(days=1)
    assert SEOUL.last_until(three - timedelta(seconds=1)) == three - timedelta(days=1)


def test_a_time_that_summer_time_skips_becomes_one_that_exists():
    found = NEW_YORK.next_after(datetime(2026, 3, 8, 5, tzinfo=UTC))

    assert found.isoformat() == "2026-03-08T03:30:00-04:00"


@given(
    st.integers(1_577_836_800, 2_208_988_800).map(lambda n: datetime.fromtimestamp(n, UTC)),
    st.sampled_from([SEOUL, NEW_YORK]),
)
def test_now_lies_between_the_last_run_and_the_next(now, daily):
    last, coming = daily.last_until(now), daily.next_after(now)

    assert last <= now < coming
    assert timedelta(hours=22) < coming - last < timedelta(hours=26)


EVERY_TEN = Often(10, ZoneInfo("Australia/Lord_Howe"))  # whose summer is half an hour ahead


@given(st.integers(1_577_836_800, 2_208_988_800).map(lambda n: datetime.fromtimestamp(n, UTC)))
def test_every_ten_minutes_are_ten_minutes_whatever_the_clocks_do(now):
    last, coming = EVERY_TEN.last_until(now), EVERY_TEN.next_after(now)

    assert last <= now < coming
    assert coming.astimezone(UTC) - last.astimezone(UTC) == timedelta(minutes=10)
    assert (last.minute % 10, last.second, last.microsecond) == (0, 0, 0)


def test_what_waits_for_a_worker_is_not_sent_anew_at_the_next_slot():
    slots = Often(10, ZoneInfo("UTC"))
    agenda = Agenda({"news": slots}, STILL_WORTH_RUNNING, settled={"news": START})
    first, second = START + timedelta(minutes=10), START + timedelta(minutes=20)
    agenda.sent("news", first)

    agenda.waiting = frozenset({"news"})
    assert agenda.due(second) == []
    agenda.waiting = frozenset()  # taken, or lost
    assert agenda.due(second) == ["news"]
    agenda.waiting, agenda.settled["news"] = frozenset({"news"}), first
    assert agenda.due(second) == ["news"]


DAY = timedelta(days=1)
START = datetime(2026, 5, 3, 18, tzinfo=UTC)  # 03:00 in Seoul


@given(st.lists(st.integers(1, 5 * 24 * 60), min_size=1, unique=True).map(sorted))
def test_whenever_beat_looks_a_slot_is_sent_once_and_only_within_half_a_day(minutes):
    agenda = Agenda({"retrain": SEOUL}, STILL_WORTH_RUNNING, settled={"retrain": START})
    moments = [START + timedelta(minutes=n) for n in minutes]
    done = []
    for now in moments:
        for job in agenda.due(now):
            agenda.sent(job, now)
            done.append(SEOUL.last_until(now))
            agenda.settled[job] = done[-1]

    slots = [START + DAY * n for n in range(1, 6)]
    seen = [
        slot
        for slot in slots
        if any(slot <= moment <= slot + STILL_WORTH_RUNNING for moment in moments)
    ]
    assert done == seen


@pytest.fixture
def crontab(monkeypatch, tmp_path):
    """The nightly schedule, whose clock the test sets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(app.conf, "timezone", "Asia/Seoul")
    schedule = beat_schedule(TaskSettings())["retrain"]["schedule"]

    def at(moment):
        schedule.nowfun = lambda: moment
        schedule.app = app
        return schedule

    return at


def test_beat_is_due_exactly_at_three_in_seoul_on_a_host_in_utc(crontab):
    yesterday = datetime(2026, 5, 3, 3, tzinfo=ZoneInfo("Asia/Seoul"))
    three = datetime(2026, 5, 3, 18, tzinfo=UTC)

    before = crontab(three - timedelta(seconds=1)).is_due(yesterday)
    at_three = crontab(three).is_due(yesterday)

    assert (before.is_due, round(before.next)) == (False, 1)
    assert (at_three.is_due, round(at_three.next)) == (True, 24 * 3600)


def test_what_beat_waits_for_is_what_status_says(crontab):
    now = datetime(2026, 5, 4, 12, 34, tzinfo=UTC)
    last = SEOUL.last_until(now)

    left = crontab(now).remaining_estimate(last)

    assert now + left == SEOUL.next_after(now)


def test_beat_that_was_down_at_three_catches_up_within_half_a_day():
    assert timedelta(hours=6) <= STILL_WORTH_RUNNING < timedelta(days=1)
