"""Single fields, from text to value; WrongField says what cannot be understood."""

import math
import re
import unicodedata
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

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
RESTING = {"휴재", "휴재중"}
AGES = {
    "전체": 0,
    "전체이용가": 0,
    "전체연령가": 0,
    "all": 0,
    "청소년이용불가": 19,
    "청불": 19,
    "성인": 19,
}
AGE = re.compile(r"(\d{1,2})(\+|세.*|금)?")
ADULT = 18  # years
NO_GENRE = "(no genres listed)"  # how MovieLens says none
STARS = re.compile(r"(?:평가함|별점|평점)?\s*[★☆⭐]?\ufe0f?\s*(\d+(?:[.,]\d+)?)\s*점?")
WISHES = {"보고싶어요", "보고싶음", "보는중"}  # what stands where there are no stars
AROUND = " \"'`,;<>"  # what lists and markup leave around an address
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
# A picture's path up to its ending, unless it goes on in a way that may belong to the name.
PICTURE = re.compile(r"(.*?\.(?:jpe?g|png|gif|webp|avif|bmp))(?![\w./-])", re.IGNORECASE)
LATEST = 4_102_444_800  # 2100-01-01: beyond it, a number of seconds is one of milliseconds


class WrongField(Exception):
    """A field cannot be understood; the message is a clause that says what was found.

    `kind` is the clause without that.
    """

    def __init__(self, clause: str, *found: str) -> None:
        """`found` take the places of the {} in `clause`."""
        super().__init__(clause.format(*map(_shown, found)))
        self.kind = clause.format(*["…"] * len(found))


def text(value: str) -> str:
    """`value` composed (NFC), without control characters, blanks at the ends or in a row."""
    composed = unicodedata.normalize("NFC", value)
    if not composed.isprintable():
        composed = "".join(" " if unicodedata.category(c) == "Cc" else c for c in composed)
    return " ".join(composed.split())


def prose(value: str) -> str:
    """`value` composed, without control characters but the ends of lines, or blanks at its ends."""
    composed = unicodedata.normalize("NFC", value).replace("\r\n", "\n")
    kept = (" " if unicodedata.category(c) == "Cc" and c != "\n" else c for c in composed)
    return "".join(kept).strip()


def several(value: str) -> tuple[str, ...]:
    """The parts of a list separated by `|`, each once, without empty ones."""
    parts = (text(part) for part in value.split("|")) if value else ()
    return tuple(dict.fromkeys(part for part in parts if part and part != NO_GENRE))


def weekdays(value: str) -> tuple[str, ...]:
    """MON..SUN from English or Korean names separated by `|`."""
    found = []
    for part in several(value):
        day = WEEKDAYS.get(part.casefold())
        if day is None:
            raise WrongField("unknown weekday {}", part)
        found.append(day)
    return tuple(dict.fromkeys(found))


def flag(value: str, name: str) -> bool:
    """Yes or no, in the words of YES and NO."""
    word = value.casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise WrongField(f"{name} is {{}}, expected 0 or 1", value)


def hiatus(value: str) -> bool | None:
    """Yes or no, or the Korean word for it; None for nothing."""
    if not value:
        return None
    return "".join(value.split()) in RESTING or flag(value, "hiatus")


def age(value: str) -> int | None:
    """Years, from an age grade (0, 12, 15, "19+", "15세 이용가", "전체"); None for a yes or no."""
    word = "".join(value.casefold().split())
    if word in AGES:
        return AGES[word]
    if word in (YES | NO) - {"0"}:
        return None
    found = AGE.fullmatch(word)
    if found is None:
        raise WrongField("age is {}, expected 0, 12, 15 or 19", value)
    return int(found[1])


def adult(value: str) -> bool:
    """From an age grade, or from a yes or no."""
    years = age(value)
    return flag(value, "age") if years is None else years >= ADULT


def web_address(value: str) -> str:
    """An http or https address, or nothing."""
    if value and not value.startswith(("https://", "http://")):
        raise WrongField("the address {} does not begin with https://", value)
    return value


def picture(value: str) -> str:
    """A plain https address of a picture, or nothing, from what was meant to be one.

    What comes after a picture's ending goes: what resizes it, and what was around the address.
    """
    word = text(value).replace("\\/", "/").strip(AROUND)
    if not word:
        return ""
    if "://" not in word:
        word = "https://" + word.removeprefix("//")
    try:
        parts = urlsplit(word)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise WrongField("the thumbnail {} is no address", value) from None
    path = parts.path.rstrip("/")
    if not HOST.fullmatch(host) or "@" in parts.netloc or not path or " " in word:
        raise WrongField("the thumbnail {} is no address", value)
    usual = port in (None, 80, 443)
    if parts.scheme not in ("http", "https") or (parts.scheme == "http" and not usual):
        raise WrongField("the thumbnail {} is not on the secure web", value)
    found = PICTURE.match(path)
    query = "" if found or not parts.query else "?" + quote(parts.query, safe="=&?/%:+,;@!~*'()")
    where = quote(found[1] if found else path, safe="/%:@!$&'()*+,;=~")
    return f"https://{host}{'' if usual else f':{port}'}{where}{query}"


def from_stars(value: str) -> int:
    """Half-stars 1..10 from stars 0.5, 1, … 5."""
    number = _stars(value, "rating")
    halves = number * 2
    if not 1 <= halves <= 10:
        raise WrongField("rating {} is out of range, expected 0.5 to 5.0 stars", value)
    if halves != int(halves):
        raise WrongField("rating {} is not a half star", value)
    return int(halves)


def from_half_stars(value: str) -> int:
    """Half-stars, whole numbers 1..10."""
    number = _stars(value, "half_stars")
    if not 1 <= number <= 10:
        raise WrongField("half_stars {} is out of range, expected 1 to 10", value)
    if number != int(number):
        raise WrongField("half_stars {} is not a whole number", value)
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
        raise WrongField("unreadable time {}, expected ISO 8601 or Unix seconds", value)
    return datetime.fromtimestamp(seconds, UTC)


def _iso(value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        clause = "unreadable time {}, expected ISO 8601 or Unix seconds"
        raise WrongField(clause, value) from None


def _stars(value: str, name: str) -> float:
    """The number of stars, also as people and sites write it: "4,5", "★ 4.5", "4.5점"."""
    plain = unicodedata.normalize("NFKC", value).strip()
    if not plain:
        raise WrongField(f"{name} is missing: a wish, not a rating")
    if "".join(plain.split()) in WISHES:
        raise WrongField(f"{name} is {{}}: a wish, not a rating", value)
    try:
        number = float(plain)
    except ValueError:
        found = STARS.fullmatch(plain)
        number = float(found[1].replace(",", ".")) if found else math.nan
    if not math.isfinite(number):
        raise WrongField(f"{name} {{}} is not a number", value)
    if number == 0:
        raise WrongField(f"{name} is {{}}: a wish, not a rating", value)
    return number


def _shown(value: str) -> str:
    """At most 40 characters of what was found, in quotes."""
    return f'"{value}"' if len(value) <= 40 else f'"{value[:39]}…"'
