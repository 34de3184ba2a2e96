"""What words about alerts mean."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import hours


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("23-7", (1380, 420)),
        ("23 - 7", (1380, 420)),
        ("22:30~8:05", (1350, 485)),
        ("0-9", (0, 540)),
        ("22-24", (1320, 0)),
        ("11pm-7am", (1380, 420)),
        ("12am to 12pm", (0, 720)),
        ("23시-7시", (1380, 420)),
        ("오후 11시부터 오전 7시까지", (1380, 420)),
        ("밤 11시부터 아침 7시까지", (1380, 420)),
        ("밤 12시~새벽 6시", (0, 360)),
        ("밤 1시-낮 12시", (60, 720)),
        ("저녁 8시-아침 8시", (1200, 480)),
        ("밤 10시 30분부터 아침 8시까지", (1350, 480)),
        ("밤 10시 반-8시", (1350, 480)),
        ("22시 5분-8", (1325, 480)),
        ("22.30-8", (1350, 480)),
        ("2230-0800", (1350, 480)),
        ("8-8", hours.NEVER),
        ("off", hours.NEVER),
        ("turn off", hours.NEVER),
        ("끄기", hours.NEVER),
        ("없음", hours.NEVER),
    ],
)
def test_quiet_hours_are_meant_by_many_words(words, meant):
    assert hours.quiet(words) == meant


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("⚡ 바로바로", ("mode", "at_once")),
        ("하루 한번", ("mode", "digest")),
        ("🌞 아무 때나", ("quiet", "off")),
        ("any time", ("quiet", "off")),
        ("🌙 22:00-8:00", ("quiet", "22:00-8:00")),
        ("📌 여기로 받기", ("here", "")),
        ("📨 In my own chat", ("own", "")),
        ("일요일 추천 끄기", ("weekly", "off")),
        ("🎁 Sunday picks on", ("weekly", "on")),
        ("🚫 No Sunday picks", ("weekly", "off")),
        ("🚫 일요일 추천 끄기", ("weekly", "off")),
        ("🌎 New York", ("zone", "New York")),
    ],
)
def test_the_words_of_our_own_buttons_are_known(words, meant):
    assert hours.asked(words) == meant


@pytest.mark.parametrize(
    "words",
    [
        *("", "25-7", "23:60-7", "24:30-7", "13pm-7", "0am-7", "23", "23-7-9", "late", "１-２"),
        *("-1-7", "2260-7", "123-7", "22 30-7", "22:5-7", "2.5-7", "1 1-7"),
    ],
)
def test_what_is_no_time_is_no_quiet_hour(words):
    assert hours.quiet(words) is None


@given(st.integers(0, 1439), st.integers(0, 1439))
def test_what_a_button_carries_comes_back(begin, end):
    assert hours.minutes(f"{begin}-{end}") == ((begin, end) if begin != end else hours.NEVER)


@pytest.mark.parametrize("value", ["", "1", "1440-0", "0-1440", "a-b", "1-2-3", "-1-2", "٣-٤"])
def test_other_values_of_a_button_are_none(value):
    assert hours.minutes(value) is None


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("Asia/Tokyo", "Asia/Tokyo"),
        ("asia/tokyo", "Asia/Tokyo"),
        ("tokyo", "Asia/Tokyo"),
        ("New York", "America/New_York"),
        ("america/argentina/buenos_aires", "America/Argentina/Buenos_Aires"),
        ("도쿄", "Asia/Tokyo"),
        ("런던", "Europe/London"),
        ("utc", "UTC"),
        ("KST", "Asia/Seoul"),
        ("JST", "Asia/Tokyo"),
        ("India", "Asia/Kolkata"),
        ("인도", "Asia/Kolkata"),
        ("UTC+9", "Etc/GMT-9"),
        ("utc +09:00", "Etc/GMT-9"),
        ("GMT-5", "Etc/GMT+5"),
    ],
)
def test_a_time_zone_is_meant_by_its_name_or_a_city(words, zone):
    assert hours.zone(words) == zone


@pytest.mark.parametrize(
    "words",
    [
        *("", "Mars/Olympus", "../../etc/passwd", "EST5EDT", "x" * 200),
        *("UTC+5:30", "UTC+15", "GMT-13", "UTC+930", "Etc/GMT-9", "IST"),
    ],
)
def test_another_word_is_no_time_zone(words):
    assert hours.zone(words) is None


@given(st.integers(-12, 14))
def test_a_distance_from_utc_is_that_of_its_zone_and_written_as_it_was_said(hour):
    zone = hours.zone(f"UTC{hour:+}")

    assert datetime(2026, 5, 5, tzinfo=ZoneInfo(zone)).utcoffset() == timedelta(hours=hour)
    assert hours.written(zone) == f"UTC{hour:+}"


def test_another_zone_is_written_by_its_name():
    assert [hours.written(zone) for zone in ("Asia/Seoul", "UTC")] == ["Asia/Seoul", "UTC"]


def test_every_zone_that_is_offered_exists():
    offered = {*hours.CITIES.values(), *hours.zones_like("")}

    assert offered <= available_timezones()
    assert hours.zones_like("seou") == ["Asia/Seoul"]


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("at once", ("mode", "at_once")),
        ("바로", ("mode", "at_once")),
        ("Digest", ("mode", "digest")),
        ("하루 한 번", ("mode", "digest")),
        ("off", ("mode", "off")),
        ("🔕 off", ("mode", "off")),
        ("quiet 23-7", ("quiet", "23-7")),
        ("조용히 23-7", ("quiet", "23-7")),
        ("zone New York", ("zone", "New York")),
        ("시간대 도쿄", ("zone", "도쿄")),
        ("weekly off", ("weekly", "off")),
        ("일요일 끄기", ("weekly", "off")),
        ("weekly maybe", ("weekly", "maybe")),
        ("꺼 줘", ("mode", "off")),
        ("켜주세요", ("mode", "at_once")),
        ("끔", ("mode", "off")),
        ("켬", ("mode", "at_once")),
        ("하루에 한번만", ("mode", "digest")),
        ("Once a day, please!", ("mode", "digest")),
        ("turn off", ("mode", "off")),
        ("turn on!", ("mode", "at_once")),
        ("일요일 추천 꺼줘", ("weekly", "off")),
        ("일요일추천 켜줘", ("weekly", "on")),
        ("no sunday picks", ("weekly", "off")),
        ("turn on weekly", ("weekly", "on")),
        ("밤 11시부터 아침 7시까지 조용히 해줘", ("quiet", "밤 11시부터 아침 7시까지")),
        ("11pm-7am quiet", ("quiet", "11pm-7am")),
        ("Tokyo", ("zone", "Tokyo")),
        ("UTC +9", ("zone", "UTC +9")),
        ("받기", ("", "")),
        ("never", ("", "")),
        ("해줘", ("", "")),
        ("turn up", ("", "")),
        ("여기", ("here", "")),
        ("me", ("own", "")),
        ("loud", ("", "")),
    ],
)
def test_words_say_what_is_to_change(words, asked):
    assert hours.asked(words) == asked
