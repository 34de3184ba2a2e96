"""Single fields, from text to value; WrongField says what cannot be understood."""

import math
import unicodedata
from datetime import UTC, datetime

WEEKDAYS = {
    name: day
    for day, names in {
        "MON": ("mon", "monday", "월", "월요일", "월요웹툰"),
        "TUE": ("tue", "tuesday", "화", "화요일", "화요웹툰"),
        "WED": ("wed", "wednesday", "수", "수요일", "수요웹툰"),
        "THU": ("thu", "thursday", "목", "목요일", "목요웹툰"),
        "FRI": ("fri", "friday", "금", "금요일", "금요웹툰"),
        "SAT": ("sat", "saturday", "토", "토요일", "토요웹툰"),
        "SUN": ("sun", "sunday", "일", "일요일", "일요웹툰"),
    }.items()
    for name in names
}
YES = {"1", "true", "yes", "y", "완결", "예", "네"}
NO = {"", "0", "false", "no", "n", "연재", "연재중", "아니오", "아니요"}
NO_GENRE = "(no genres listed)"  # how MovieLens says none
LATEST = 4_102_444_800  # 2100-01-01: beyond it, a number of seconds is one of milliseconds


class WrongField(Exception):
    """A field cannot be understood; the message is a clause that says what was found."""


def text(value: str) -> str:
    """`value` composed (NFC), without control characters, blanks at the ends or in a row."""
    composed = unicodedata.normalize("NFC", value)
    printable = "".join(" " if unicodedata.category(char) == "Cc" else char for char in composed)
    return " ".join(printable.split())


def several(value: str) -> tuple[str, ...]:
    """The parts of a list separated by `|`, each once, without empty ones."""
    parts = (text(part) for part in value.split("|"))
    return tuple(dict.fromkeys(part for part in parts if part and part != NO_GENRE))


def weekdays(value: str) -> tuple[str, ...]:
    """MON..SUN from English or Korean names separated by `|`."""
    found = []
    for part in several(value):
        day = WEEKDAYS.get(part.casefold())
        if day is None:
            raise WrongField(f"unknown weekday {_shown(part)}")
        found.append(day)
    return tuple(dict.fromkeys(found))


def flag(value: str, name: str) -> bool:
    """Yes or no, in the words of YES and NO."""
    word = value.casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise WrongField(f"{name} is {_shown(value)}, expected 0 or 1")


def adult(value: str) -> bool:
    """From an age grade (0, 12, 15, 19, "19+"), or from a yes or no."""
    digits = value.removesuffix("+").removesuffix("세")
    if digits.isdecimal() and digits not in YES | NO:
        return int(digits) >= 18
    return flag(value, "age")


def web_address(value: str) -> str:
    """An http or https address, or nothing."""
    if value and not value.startswith(("https://", "http://")):
        raise WrongField(f"the address {_shown(value)} does not begin with https://")
    return value


def from_stars(value: str) -> int:
    """Half-stars 1..10 from stars 0.5, 1, … 5."""
    number = _number(value, "rating")
    halves = number * 2
    if not 1 <= halves <= 10:
        raise WrongField(f"rating {_shown(value)} is out of range, expected 0.5 to 5.0 stars")
    if halves != int(halves):
        raise WrongField(f"rating {_shown(value)} is not a half star")
    return int(halves)


def from_half_stars(value: str) -> int:
    """Half-stars, whole numbers 1..10."""
    number = _number(value, "half_stars")
    if not 1 <= number <= 10:
        raise WrongField(f"half_stars {_shown(value)} is out of range, expected 1 to 10")
    if number != int(number):
        raise WrongField(f"half_stars {_shown(value)} is not a whole number")
    return int(number)


def moment(value: str) -> datetime | None:
    """From ISO 8601 (UTC where no offset is given) or Unix seconds; None for nothing."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _iso(value)
    if not 0 <= seconds < LATEST:
        raise WrongField(f"unreadable time {_shown(value)}, expected ISO 8601 or Unix seconds")
    return datetime.fromtimestamp(seconds, UTC)


def _iso(value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"unreadable time {_shown(value)}, expected ISO 8601 or Unix seconds"
        raise WrongField(message) from None


def _number(value: str, name: str) -> float:
    if not value:
        raise WrongField(f"{name} is missing")
    try:
        number = float(value)
    except ValueError:
        raise WrongField(f"{name} {_shown(value)} is not a number") from None
    if not math.isfinite(number):
        raise WrongField(f"{name} {_shown(value)} is not a number")
    return number


def _shown(value: str) -> str:
    """At most 40 characters of what was found, in quotes."""
    return f'"{value}"' if len(value) <= 40 else f'"{value[:39]}…"'
