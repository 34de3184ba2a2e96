"""When crawls run: the catalogue each night, the ratings on Mondays, both till half past six."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.settings import InvalidSettings, load
from tasks.configuration import LONGEST_CRAWL, REDELIVERED_AFTER, beat_schedule
from tasks.schedule import DAYS, Weekly, night_ends, schedules
from tasks.settings import TaskSettings

SEOUL = ZoneInfo("Asia/Seoul")
MONDAYS = Weekly(("mon",), time(1, 30), SEOUL)
# Half past two does not exist there on Sunday, 2026-03-08, and exists twice on 2026-11-01 at 01:30.
SUNDAYS = Weekly(("sun",), time(2, 30), ZoneInfo("America/New_York"))
TWICE = Weekly(("wed", "sun"), time(1, 30), ZoneInfo("America/New_York"))
MOMENTS = st.integers(1_577_836_800, 2_208_988_800).map(lambda n: datetime.fromtimestamp(n, UTC))


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("TIMEZONE", "CRAWL_CATALOGUE_AT", "CRAWL_RATINGS_AT", "CRAWL_RATINGS_DAYS"):
        monkeypatch.delenv(name, raising=False)


def test_the_next_monday_is_told_with_the_zones_offset():
    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)  # a Monday, 21:00 in Seoul

    assert MONDAYS.next_after(noon).isoformat() == "2026-05-11T01:30:00+09:00"
    assert MONDAYS.last_until(noon).isoformat() == "2026-05-04T01:30:00+09:00"


def test_at_the_slot_itself_the_run_is_now_and_the_next_in_a_week():
    slot = datetime(2026, 5, 3, 16, 30, tzinfo=UTC)

    assert MONDAYS.last_until(slot) == slot
    assert MONDAYS.next_after(slot) == slot + timedelta(days=7)
    assert MONDAYS.last_until(slot - timedelta(microseconds=1)) == slot - timedelta(days=7)
    assert MONDAYS.next_after(slot - timedelta(microseconds=1)) == slot


def test_a_time_that_summer_time_skips_becomes_one_that_exists():
    before = datetime(2026, 3, 8, 6, tzinfo=UTC)

    assert SUNDAYS.next_after(before).isoformat() == "2026-03-08T03:30:00-04:00"
    assert SUNDAYS.last_until(before + timedelta(hours=12)) == SUNDAYS.next_after(before)


def test_several_days_take_turns():
    slots = [TWICE.next_after(datetime(2026, 10, 28, 0, tzinfo=UTC))]
    for _ in range(3):
        slots.append(TWICE.next_after(slots[-1]))

    assert [slot.isoformat() for slot in slots] == [
        "2026-10-28T01:30:00-04:00",
        "2026-11-01T01:30:00-04:00",  # the first of two half past ones
        "2026-11-04T01:30:00-05:00",
        "2026-11-08T01:30:00-05:00",
    ]


@given(MOMENTS, st.sampled_from([MONDAYS, SUNDAYS, TWICE]))
def test_now_lies_between_the_last_run_and_the_next(now, weekly):
    last, coming = weekly.last_until(now), weekly.next_after(now)

    assert last <= now < coming
    assert {DAYS[last.weekday()], DAYS[coming.weekday()]} <= set(weekly.days)
    assert weekly.next_after(last) == coming
    assert weekly.last_until(coming - timedelta(microseconds=1)) == last
    longest = timedelta(days=7) if len(weekly.days) == 1 else timedelta(days=4)
    assert coming - last <= longest + timedelta(hours=1)


def test_beat_starts_the_catalogue_nightly_and_the_ratings_weekly():
    plan = beat_schedule(TaskSettings())

    catalogue, ratings = plan["crawl_catalogue"], plan["crawl_ratings"]
    assert (catalogue["task"], ratings["task"]) == ("tasks.crawl_catalogue", "tasks.crawl_ratings")
    assert (catalogue["schedule"].hour, catalogue["schedule"].minute) == ({0}, {30})
    assert catalogue["schedule"].day_of_week == set(range(7))
    assert (ratings["schedule"].hour, ratings["schedule"].minute) == ({1}, {30})
    assert ratings["schedule"].day_of_week == {1}
    assert ratings["kwargs"] == {"by_schedule": True}


@settings(deadline=None)
@given(MOMENTS, st.sets(st.sampled_from(DAYS), min_size=1))
def test_what_beat_waits_for_is_what_status_says(now, days):
    told = TaskSettings(crawl_ratings_days=",".join(days), timezone=SEOUL, _env_file=None)
    slots = schedules(told)["crawl_ratings"]
    crontab = beat_schedule(told)["crawl_ratings"]["schedule"]

    coming = slots.next_after(now)

    # In a crontab Sunday is 0.
    assert (coming.weekday() + 1) % 7 in crontab.day_of_week
    assert len(crontab.day_of_week) == len(days)


@pytest.mark.parametrize(
    ("value", "days"),
    [("mon", ("mon",)), ("thu, MON", ("mon", "thu")), ("Sunday,sunday", ("sun",))],
)
def test_days_are_read_as_people_write_them(monkeypatch, value, days):
    monkeypatch.setenv("CRAWL_RATINGS_DAYS", value)

    assert load(TaskSettings).crawl_ratings_days == days


@pytest.mark.parametrize("value", ["someday", "mon,noday", ","])
def test_days_that_nobody_knows_are_a_wrong_setting(monkeypatch, value):
    monkeypatch.setenv("CRAWL_RATINGS_DAYS", value)

    with pytest.raises(InvalidSettings, match="days such as mon,thu are expected"):
        load(TaskSettings)


def test_the_night_ends_at_half_past_six_of_the_same_night():
    half_past_twelve = datetime(2026, 5, 4, 0, 30, tzinfo=SEOUL)

    for began in (half_past_twelve, half_past_twelve - timedelta(hours=1)):
        assert night_ends(began, TaskSettings()).isoformat() == "2026-05-04T06:30:00+09:00"


def test_the_longest_crawl_is_not_handed_out_twice():
    assert LONGEST_CRAWL < REDELIVERED_AFTER
