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
# Beside cities by the database's names. Nothing ambiguous: IST is Indian, Irish and Israeli.
_OTHER_NAMES = {
    "kst": "Asia/Seoul",
    "jst": "Asia/Tokyo",
    "india": "Asia/Kolkata",
    "delhi": "Asia/Kolkata",
    "인도": "Asia/Kolkata",
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
    "일요일추천": "weekly",
    "sunday": "weekly",
}
# The rest is compared without blanks and without a polite ending, so each has one spelling here.
_WHERE = {
    "here": "here",
    "여기": "here",
    "여기로": "here",
    "여기로받기": "here",
    "tellmehere": "here",
    "own": "own",
    "me": "own",
    "private": "own",
    "개인": "own",
    "나에게": "own",
    "개인대화로받기": "own",
    "inmyownchat": "own",
}
_ANY_TIME = ("anytime", "아무때나")
_ON = ("on", "turnon", "켜기", "켜", "켬")
_OFF = ("off", "turnoff", "끄기", "꺼", "끔")
# Of the weekly three and of quiet hours alone.
_WANTED = (*_ON, "받기")
_UNWANTED = (*_OFF, "안받기", "never", "none", "없음")
_MODE_WORDS = {
    **dict.fromkeys(_ON, news.AT_ONCE),
    **dict.fromkeys(("at_once", "atonce", "now", "바로", "바로바로", "즉시"), news.AT_ONCE),
    **dict.fromkeys(("digest", "daily", "onceaday", "모아서"), news.DIGEST),
    **dict.fromkeys(("하루한번", "하루한번만", "하루에한번", "하루에한번만"), news.DIGEST),
    **dict.fromkeys(_OFF, news.OFF),
}
# In this order: of "조용히 해 주세요" 조용히 is left.
_POLITE = ("please", "주세요", "줘요", "줘", "해")
# "No Sunday picks" is "Sunday picks off".
_FIRST = re.compile(r"(?:turn (on|off)|no) (.+)", re.IGNORECASE)
_TIME = (
    r"(오전|오후|새벽|아침|낮|저녁|밤)?\s*([0-9]{1,2})"
    r"(?:(?:[:.]|시\s*|(?<=[0-9]{2}))([0-9]{2}|[0-9](?=분)|반)분?)?\s*(am|pm|시)?"
)
_SPAN = re.compile(rf"{_TIME}\s*(?:-|~|–|—|〜|to|부터)\s*{_TIME}\s*(?:까지)?")
_OFFSET = re.compile(r"(?:utc|gmt)([+-][0-9]{1,2})(?::?00)?")
_MINUTES = re.compile(r"([0-9]{1,4})-([0-9]{1,4})")
_DAY = 24 * 60
_known_names = cache(available_timezones)  # which reads a file for each
# Zones by place; the other names in the database are old or mean no place.
_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe")
_OCEANS = ("Indian", "Pacific")


def asked(words: str) -> tuple[str, str]:
    """What is to change (mode, quiet, zone, weekly, here, own; "" for nothing known), and to what.

    Of modes and of the weekly three the latter is the value itself.
    """
    words = _bluntly(words.lstrip("⚡📰🔕🌙🌞📌📨🎁🚫🌏🌎🌍 "))  # as our buttons have them
    word = _joined(words)
    if word in _MODE_WORDS:
        return "mode", _MODE_WORDS[word]
    if word in _WHERE:
        return _WHERE[word], ""
    if word in _ANY_TIME:
        return "quiet", "off"
    if _SPAN.fullmatch(words.lower()):
        return "quiet", words
    if found := _FIRST.fullmatch(words):
        words = f"{found[2]} {found[1] or 'off'}"
    name, rest = _named(words)
    if name == "weekly":
        word = _joined(rest).removeprefix("추천").removeprefix("picks")
        rest = "on" if word in _WANTED else "off" if word in _UNWANTED else rest
    return name, rest


def quiet(words: str) -> Quiet | None:
    """The hours that "23-7", "22:30~8:00", "11pm-7am" or "오후 11시부터 7시까지" mean.

    NEVER for "off". None where it means none.
    """
    if _joined(words) in _UNWANTED:
        return NEVER
    found = _SPAN.fullmatch(words.lower())
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
    """The name of the time zone that is meant by its own name, its city's, or a distance from UTC.

    Only whole hours have a name. Its sign is reversed: nine hours ahead of UTC is Etc/GMT-9.
    """
    if found := _OFFSET.fullmatch(_joined(words)):
        name = f"Etc/GMT{-int(found[1]):+}"
        return name if name in _known_names() else None
    return _zones().get(_plain(words))


def written(zone: str) -> str:
    """A time zone as readers write it: UTC+9 for Etc/GMT-9."""
    found = _OFFSET.fullmatch(zone.lower().removeprefix("etc/"))
    return f"UTC{-int(found[1]):+}" if found else zone


def zones_like(words: str) -> list[str]:
    """The time zones in whose names this is, for somebody who is typing."""
    sought = _plain(words)
    return sorted({name for word, name in _zones().items() if sought in word})


@cache
def _zones() -> dict[str, str]:
    """Every plain word for a time zone, and its name."""
    names = sorted(_known_names())
    places = [name for name in names if name.partition("/")[0] in (*_AREAS, *_OCEANS)]
    cities: dict[str, str] = {}
    for name in places:
        cities.setdefault(_plain(name.rpartition("/")[2]), name)
    return (
        {_plain(word): name for word, name in _OTHER_NAMES.items()}
        | cities
        | {_plain(name): name for name in (*places, "UTC") if name in names}
    )


def _named(words: str) -> tuple[str, str]:
    """What these words speak of, and the rest of them: "quiet 23-7", "23-7 quiet", "Tokyo"."""
    first, _, after = words.partition(" ")
    before, _, last = words.rpartition(" ")
    for name, rest in ((first, after), (last, before)):
        if name.lower() in _NAMES:
            return _NAMES[name.lower()], rest.strip()
    return ("zone", words) if zone(words) else ("", "")


def _bluntly(words: str) -> str:
    """Words without what is only polite at their end."""
    words = words.rstrip(" .!~")
    for ending in _POLITE:
        if words.lower().endswith(ending):
            words = words[: -len(ending)].rstrip(" ,")
    return words


def _joined(words: str) -> str:
    return words.lower().replace(" ", "")


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
    hours, rest = int(hour), 30 if minute == "반" else int(minute or 0)
    half = _half(before, hours) or after
    if half in ("am", "pm"):
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half == "pm" else 0)
    if hours > 24 or rest > 59 or (hours == 24 and rest):
        return None
    return (hours * 60 + rest) % _DAY
