"""What a reader means by words about alerts: modes, quiet hours, time zones. No sentence."""

import re
from functools import cache
from zoneinfo import available_timezones

from db import news

Quiet = tuple[int, int]  # minutes since midnight, from and until; equal ones: never

MODES = (news.AT_ONCE, news.DIGEST, news.OFF)
NEVER: Quiet = (0, 0)
CITIES = {
    "seoul": "Asia/Seoul",
    "tokyo": "Asia/Tokyo",
    "new_york": "America/New_York",
    "los_angeles": "America/Los_Angeles",
    "london": "Europe/London",
}
_KOREAN_CITIES = {
    "서울": "Asia/Seoul",
    "부산": "Asia/Seoul",
    "한국": "Asia/Seoul",
    "도쿄": "Asia/Tokyo",
    "일본": "Asia/Tokyo",
    "뉴욕": "America/New_York",
    "로스앤젤레스": "America/Los_Angeles",
    "엘에이": "America/Los_Angeles",
    "런던": "Europe/London",
    "파리": "Europe/Paris",
    "베를린": "Europe/Berlin",
    "시드니": "Australia/Sydney",
    "싱가포르": "Asia/Singapore",
    "베이징": "Asia/Shanghai",
    "상하이": "Asia/Shanghai",
    "타이베이": "Asia/Taipei",
    "방콕": "Asia/Bangkok",
    "하노이": "Asia/Ho_Chi_Minh",
    "밴쿠버": "America/Vancouver",
    "토론토": "America/Toronto",
}
# What speaks of one thing, by what it is called; the rest says how it is to be.
_NAMES = {
    "quiet": "quiet",
    "조용히": "quiet",
    "방해금지": "quiet",
    "zone": "zone",
    "timezone": "zone",
    "시간대": "zone",
    "weekly": "weekly",
    "주간": "weekly",
    "일요일": "weekly",
    "sunday": "weekly",
}
_WHERE = {
    "here": "here",
    "여기": "here",
    "여기로": "here",
    "여기로 받기": "here",
    "tell me here": "here",
    "own": "own",
    "me": "own",
    "private": "own",
    "개인": "own",
    "나에게": "own",
    "개인 대화로 받기": "own",
    "in my own chat": "own",
}
_MODE_WORDS = {
    "at_once": news.AT_ONCE,
    "at once": news.AT_ONCE,
    "now": news.AT_ONCE,
    "on": news.AT_ONCE,
    "바로": news.AT_ONCE,
    "바로바로": news.AT_ONCE,
    "즉시": news.AT_ONCE,
    "켜기": news.AT_ONCE,
    "digest": news.DIGEST,
    "daily": news.DIGEST,
    "once a day": news.DIGEST,
    "모아서": news.DIGEST,
    "하루 한 번": news.DIGEST,
    "하루한번": news.DIGEST,
    "하루 한번": news.DIGEST,
    "off": news.OFF,
    "끄기": news.OFF,
    "꺼": news.OFF,
}
_ANY_TIME = ("any time", "아무 때나", "아무때나")
_ON = ("on", "켜기", "받기")
_OFF = ("off", "끄기", "안받기", "never", "none", "없음")
_TIME = r"(오전|오후|새벽|아침|낮|저녁|밤)?\s*([0-9]{1,2})(?::([0-9]{2}))?\s*(am|pm|시)?"
_SPAN = re.compile(rf"{_TIME}\s*(?:-|~|–|—|〜|to|부터)\s*{_TIME}\s*(?:까지)?")
_MINUTES = re.compile(r"([0-9]{1,4})-([0-9]{1,4})")
_DAY = 24 * 60
# Zones by place; the other names in the database are old or mean no place.
_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe")
_OCEANS = ("Indian", "Pacific")


def asked(words: str) -> tuple[str, str]:
    """What is to change (mode, quiet, zone, weekly, here, own; "" for nothing known), and to what.

    Of modes and of the weekly three the latter is the value itself.
    """
    words = words.lstrip("⚡📰🔕🌙🌞📌📨🎁 ")  # as our buttons have them
    lower = words.lower()
    if lower in _MODE_WORDS:
        return "mode", _MODE_WORDS[lower]
    if lower in _WHERE:
        return _WHERE[lower], ""
    if lower in _ANY_TIME:
        return "quiet", "off"
    if _SPAN.fullmatch(lower):
        return "quiet", words
    first, _, rest = words.partition(" ")
    name, rest = _NAMES.get(first.lower(), ""), rest.strip()
    if name == "weekly":
        word = rest.lower().replace(" ", "").removeprefix("추천").removeprefix("picks")
        rest = "on" if word in _ON else "off" if word in _OFF else rest
    return name, rest


def quiet(words: str) -> Quiet | None:
    """The hours that "23-7", "22:30~8:00", "11pm-7am" or "오후 11시부터 7시까지" mean.

    NEVER for "off". None where it means none.
    """
    words = words.lower()
    if words.replace(" ", "") in _OFF:
        return NEVER
    found = _SPAN.fullmatch(words)
    if found is None:
        return None
    begin, end = _minute(*found.groups()[:4]), _minute(*found.groups()[4:])
    if begin is None or end is None:
        return None
    return NEVER if begin == end else (begin, end)


def minutes(value: str) -> Quiet | None:
    """The same of what a button carries: "1320-480"."""
    found = _MINUTES.fullmatch(value)
    if found is None or max(map(int, found.groups())) >= _DAY:
        return None
    begin, end = map(int, found.groups())
    return NEVER if begin == end else (begin, end)


def zone(words: str) -> str | None:
    """The name of the time zone that is meant by its own name, its city's, or a Korean one."""
    return _zones().get(_plain(words))


def zones_like(words: str) -> list[str]:
    """The time zones in whose names this is, for somebody who is typing."""
    sought = _plain(words)
    return sorted({name for word, name in _zones().items() if sought in word})


@cache
def _zones() -> dict[str, str]:
    """Every plain word for a time zone, and its name."""
    names = sorted(available_timezones())
    places = [name for name in names if name.partition("/")[0] in (*_AREAS, *_OCEANS)]
    cities: dict[str, str] = {}
    for name in places:
        cities.setdefault(_plain(name.rpartition("/")[2]), name)
    return (
        {_plain(city): name for city, name in _KOREAN_CITIES.items()}
        | cities
        | {_plain(name): name for name in (*places, "UTC") if name in names}
    )


def _plain(words: str) -> str:
    return words.strip().lower().replace(" ", "_")


def _half(before: str | None, hours: int) -> str | None:
    """The half of the day that a Korean word before an hour means."""
    if before in ("오전", "새벽", "아침"):
        return "am"
    if before == "밤":  # ten at night, or one
        return "pm" if 6 <= hours < 12 else "am"
    return "pm" if before else None


def _minute(before: str | None, hour: str, minute: str | None, after: str | None) -> int | None:
    """Minutes since midnight; None where there is no such time."""
    hours, rest = int(hour), int(minute or 0)
    half = _half(before, hours) or after
    if half in ("am", "pm"):
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half == "pm" else 0)
    if hours > 24 or rest > 59 or (hours == 24 and rest):
        return None
    return (hours * 60 + rest) % _DAY
