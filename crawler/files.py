"""Ratings and works from files that people already have, MovieLens' layout among them."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

from crawler import fields
from crawler.errors import UnreadableFile
from crawler.fields import WrongField
from crawler.items import FeedbackItem, RatingItem, Rejected, WorkItem
from crawler.tables import Row, rows

Item = TypeVar("Item")
Value = TypeVar("Value")

USER = ("user", "userid", "useridx", "reader", "readerid", "rater", "raterid", "사용자", "이용자")
RATER = ("raterhash",)  # what stands for a user in our exports
WORK = ("externalid", "titleid", "item", "itemid", "movieid", "webtoonid", "workid")
TITLE = ("title", "name", "제목", "작품명")
RATING = ("rating", "stars", "score", "별점", "평점")
HALVES = ("halfstars", "halfstar")
TIME = ("time", "timestamp", "ratedat", "createdat", "date", "시간", "날짜")
SOURCE = ("source", "platform")
RATING_SOURCE = ("ratingsource",)
SIMULATED = ("simulated",)
PLATFORM = ("platform",)
VERDICT = ("verdict",)
AT = ("at", *TIME)
ENGLISH = ("titleen", "englishtitle", "영문제목")
AUTHORS = ("authors", "author", "artist", "작가")
GENRES = ("genres", "genre", "장르")
KEYWORDS = ("keywords", "keyword", "tags", "키워드", "태그")
WEEKDAYS = ("weekdays", "weekday", "요일")
FINISHED = ("finished", "completed", "완결")
AGE = ("agegrade", "age", "이용등급", "연령등급")
ADULT = ("adult", "성인")
URL = ("url", "link", "주소")
SYNOPSIS = ("synopsis", "description", "줄거리", "시놉시스")
HIATUS = ("hiatus", "휴재")
THUMBNAIL = ("thumbnail", "thumbnailurl", "썸네일")
MOVIELENS = "movieid"
VERDICTS = ("like", "dislike", "read", "hidden")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # of a source or a platform
# "reader:5" names a reader of the bots in training, and "demo" are the simulated ones.
RESERVED = {"reader", "demo"}


def ratings(path: Path) -> Iterator[RatingItem | Rejected]:
    """The ratings in `path`, in the file's order; rows that are none come out as Rejected.

    Columns in any order and under any of the names above: a user, a title or an external id (or
    both), stars 0.5..5.0 or half-stars 1..10, and optionally a time, and the work's source and
    authors. Our own exports have a hash instead of a user, which stays as it is.
    Raises UnreadableFile, also half-way, and when a column is missing altogether.
    """
    columns = (*USER, *RATER), (*WORK, *TITLE), (*RATING, *HALVES)
    return _items(_with_columns(path, *columns), _rating)


def works(path: Path) -> Iterator[WorkItem | Rejected]:
    """The works in `path`, in the file's order; rows that are none come out as Rejected.

    An external id and a title are needed; lists are separated by `|`. A column that is not there
    says nothing, an empty field says that there is none. A thumbnail that cannot be understood is
    left out, with a note. Raises UnreadableFile.
    """
    return _items(_with_columns(path, (*WORK, "id"), TITLE), _work)


def feedback(path: Path) -> Iterator[FeedbackItem | Rejected]:
    """The verdicts in `path`, in the file's order; rows that are none come out as Rejected.

    Columns: a platform, its user, a title or an external id, a verdict, and optionally a time, and
    the work's source and authors. Raises UnreadableFile.
    """
    columns = PLATFORM, USER, (*WORK, *TITLE), VERDICT
    return _items(_with_columns(path, *columns), _feedback)


def as_written(path: Path, numbers: Collection[int]) -> dict[int, Mapping[str, str]]:
    """The rows with these numbers, from 0, by number: their fields as the file names them.

    Raises UnreadableFile.
    """
    found = enumerate(rows(path, str.strip))
    return {number: row.fields for number, row in found if number in numbers}


def _items(
    rows: Iterable[Row | Rejected], make: Callable[[Row, int], Item]
) -> Iterator[Item | Rejected]:
    """What `make` makes of each row and its number; Rejected where it cannot."""
    for number, row in enumerate(rows):
        if isinstance(row, Rejected):
            yield replace(row, number=number)
            continue
        try:
            yield make(row, number)
        except WrongField as wrong:
            yield Rejected(row.line, str(wrong), wrong.kind, number=number)


def is_movielens(path: Path) -> bool:
    """Whether the file names its works by `movieId`. Raises UnreadableFile."""
    first = next((row for row in rows(path) if isinstance(row, Row)), None)
    return first is not None and MOVIELENS in first.fields


def _with_columns(path: Path, *needed: tuple[str, ...]) -> Iterator[Row | Rejected]:
    """The rows of `path`, if the first of them has one column of each of the `needed` groups."""
    found = rows(path)
    read: list[Row | Rejected] = []
    for row in found:
        read.append(row)
        if isinstance(row, Row):
            for group in needed:
                if not any(name in row.fields for name in group):
                    raise UnreadableFile(
                        f"The file {path} has no column {' or '.join(group[:3])}; "
                        f"found {', '.join(list(row.fields)[:12]) or 'none'}."
                    )
            break
    return chain(read, found)


def _rating(row: Row, number: int) -> RatingItem:
    user, rater = _field(row.fields, USER), _field(row.fields, RATER)
    if not user and not rater:
        raise WrongField("user is missing")
    external_id, title = _work_of(row.fields)
    simulated = fields.flag(_field(row.fields, SIMULATED), "simulated")
    return RatingItem(
        line=row.line,
        user=user,
        half_stars=_half_stars(row.fields),
        external_id=external_id,
        title=title,
        source=_field(row.fields, SOURCE) or None,
        rated_at=fields.moment(_field(row.fields, TIME)),
        rater=rater or None,
        rating_source=_source(
            _field(row.fields, RATING_SOURCE),
            RESERVED - {"demo"} if simulated else RESERVED,
        ),
        simulated=simulated,
        authors=fields.several(_field(row.fields, AUTHORS)),
        number=number,
    )


def _feedback(row: Row, number: int) -> FeedbackItem:
    found = row.fields
    platform, user, verdict = (_field(found, names) for names in (PLATFORM, USER, VERDICT))
    if not NAME.fullmatch(platform):
        raise WrongField("no platform {}" if platform else "platform is missing", platform)
    if not user:
        raise WrongField("user is missing")
    external_id, title = _work_of(found)
    if verdict not in VERDICTS:
        raise WrongField(f"verdict is {{}}, expected {', '.join(VERDICTS)}", verdict)
    return FeedbackItem(
        line=row.line,
        platform=platform,
        user_id=user,
        verdict=verdict,
        external_id=external_id,
        title=title,
        # Not SOURCE: a platform is something else here.
        source=found.get("source") or None,
        at=fields.moment(_field(found, AT)),
        authors=fields.several(_field(found, AUTHORS)),
        number=number,
    )


def _work_of(found: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The external id and the title that a row names its work by."""
    external_id, title = _field(found, WORK), fields.text(_field(found, TITLE))
    if not external_id and not title:
        raise WrongField("neither a title nor an external id")
    return external_id or None, title or None


def _source(name: str, reserved: Collection[str]) -> str | None:
    if name and (not NAME.fullmatch(name) or name in reserved):
        raise WrongField("nothing can be from the source {}", name)
    return name or None


def _half_stars(found: Mapping[str, str]) -> int:
    halves, stars = _field(found, HALVES), _field(found, RATING)
    if not halves:
        return fields.from_stars(stars)
    number = fields.from_half_stars(halves)
    if stars and fields.from_stars(stars) != number:
        raise WrongField("rating {} and half_stars {} are not the same", stars, halves)
    return number


def _work(row: Row, number: int) -> WorkItem:
    found = row.fields
    external_id, title = _field(found, (*WORK, "id")), fields.text(_field(found, TITLE))
    if not external_id:
        raise WrongField("the external id is missing")
    if not title:
        raise WrongField("the title is missing")
    thumbnail, note = _thumbnail(found)
    return WorkItem(
        external_id=external_id,
        title=title,
        title_en=_told(found, ENGLISH, fields.text),
        authors=_told(found, AUTHORS, fields.several),
        genres=_told(found, GENRES, fields.several),
        keywords=_told(found, KEYWORDS, fields.several),
        weekdays=_told(found, WEEKDAYS, fields.weekdays),
        finished=_told(found, FINISHED, lambda value: fields.flag(value, "finished")),
        adult=_told(found, (*ADULT, *AGE), fields.adult),
        url=_told(found, URL, fields.web_address),
        synopsis=_told(found, SYNOPSIS, fields.prose),
        age=_told(found, AGE, fields.age),
        hiatus=_told(found, HIATUS, fields.hiatus),
        thumbnail_url=thumbnail,
        source=_source(found.get("source", ""), RESERVED),
        notes=note,
        line=row.line,
        number=number,
    )


def _thumbnail(found: Mapping[str, str]) -> tuple[str | None, tuple[str, ...]]:
    """Where the picture is, if it can be understood; else why not."""
    try:
        return _told(found, THUMBNAIL, fields.picture), ()
    except WrongField as wrong:
        return None, (f"{wrong}: left out",)


def _told(
    found: Mapping[str, str], names: tuple[str, ...], parse: Callable[[str], Value]
) -> Value | None:
    """What the row says under any of these names; None if it has no such column."""
    return parse(_field(found, names)) if any(name in found for name in names) else None


def _field(found: Mapping[str, str], names: tuple[str, ...]) -> str:
    for name in names:
        if value := found.get(name):
            return value
    return ""
