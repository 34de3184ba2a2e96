"""What Naver Webtoon's JSON says: lists of works, a work's details, and its latest chapter.

Lists say `finish`, details `finished`; older details name authors in another way than newer ones.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from crawler import fields
from crawler.errors import Drift, Gated, Gone
from crawler.fetching import Answer
from crawler.items import WorkItem
from crawler.politeness import Garbled

WORK_URL = "https://comic.naver.com/webtoon/list?titleId={id}"
_DAYS = {
    "MONDAY": "MON",
    "TUESDAY": "TUE",
    "WEDNESDAY": "WED",
    "THURSDAY": "THU",
    "FRIDAY": "FRI",
    "SATURDAY": "SAT",
    "SUNDAY": "SUN",
}
_DAYS |= {short: short for short in _DAYS.values()}
_AGES = {"RATE_12": 12, "RATE_15": 15, "RATE_18": 18, "RATE_19": 19}
_ADULT = 18
# A sibling site answers 200 with a page to log in, which calls itself by the site's name only.
_LOGIN_SIGNS = ("nid.naver.com", 'content="네이버"', "nidlogin")
_DELETED = "삭제된 콘텐츠"


@dataclass(frozen=True, slots=True)
class TitleList:
    """One page of a list; `next_page` is the number of the one after it, if any."""

    works: tuple[WorkItem, ...]
    next_page: int | None = None


def weekday_lists(answer: Answer) -> TitleList:
    """The works of all weekdays, each once with all its days. Raises Garbled, Gated and Drift."""
    found = _object(answer)
    days = found.get("titleListMap")
    if not isinstance(days, Mapping):
        raise Drift(f"{answer.url} has no titleListMap")
    works: dict[str, WorkItem] = {}
    for name, rows in days.items():
        if not isinstance(rows, list):
            raise Drift(f"{answer.url} has no list for {name}")
        for row in rows:
            work = _listed(row)
            before = works.get(work.external_id)
            told = (before.weekdays or ()) if before else ()
            on = _weekdays([*told, name])
            works[work.external_id] = replace(work, weekdays=() if work.finished else on)
    if not works:
        raise Drift(f"{answer.url} lists no works at all")
    return TitleList(tuple(works.values()))


def title_list(answer: Answer) -> TitleList:
    """The works of one page of a list; on no fixed weekday. Raises Garbled, Gated and Drift."""
    found = _object(answer)
    rows = found.get("titleList")
    if not isinstance(rows, list):
        raise Drift(f"{answer.url} has no titleList")
    paging = found.get("pageInfo")
    paging = paging if isinstance(paging, Mapping) else {}
    total = paging.get("totalRows")
    if not rows and isinstance(total, int) and total > 0 and paging.get("page", 1) == 1:
        raise Drift(f"{answer.url} declares {total} works and shows none")
    works = [replace(_listed(row), weekdays=()) for row in rows]
    following = paging.get("nextPage")
    return TitleList(tuple(works), following if isinstance(following, int) and following else None)


def details(answer: Answer) -> WorkItem:
    """What the details of a work say of it. Raises Garbled, Gated and Drift."""
    found = _object(answer)
    if not _is_work(found):
        raise Drift(f"{answer.url} lacks titleId or titleName")
    tags = [tag for tag in _several(found.get("curationTagList")) if isinstance(tag, Mapping)]
    genres = [t for t in tags if str(t.get("curationType", "")).startswith("GENRE_")]
    age, finished = _age(found.get("age")), _flag(found, "finished", "finish")
    return WorkItem(
        external_id=str(found["titleId"]),
        title=_text(found["titleName"]),
        authors=_detailed_authors(found),
        genres=_texts(tag.get("tagName") for tag in genres),
        keywords=_texts(tag.get("tagName") for tag in tags if tag not in genres),
        # Those on which it came out are no use to anybody.
        weekdays=() if finished else _weekdays(found.get("publishDayOfWeekList")),
        finished=finished,
        hiatus=_flag(found, "rest"),
        synopsis=_paragraphs(found.get("synopsis")),
        age=age,
        adult=None if age is None else age >= _ADULT,
        url=WORK_URL.format(id=found["titleId"]),
        gated=False,
    )


def latest_chapter(answer: Answer, external_id: str, title: str) -> WorkItem | None:
    """The work with its latest chapter; None where it has none. Raises Garbled, Gated and Drift."""
    found = _object(answer)
    articles = found.get("articleList")
    if not isinstance(articles, list):
        raise Drift(f"{answer.url} has no articleList")
    numbered = [a for a in articles if isinstance(a, Mapping) and isinstance(a.get("no"), int)]
    if not numbered:
        return None
    newest = max(numbered, key=lambda article: int(article["no"]))
    return WorkItem(
        external_id=external_id,
        title=title,
        latest_number=int(newest["no"]),
        latest_title=_text(newest.get("subtitle") or ""),
    )


def _listed(row: object) -> WorkItem:
    if not isinstance(row, Mapping) or not _is_work(row):
        message = "a row of a list lacks titleId or titleName"
        raise Drift(message)
    return WorkItem(
        external_id=str(row["titleId"]),
        title=_text(row["titleName"]),
        authors=_listed_authors(row),
        rough=("authors",),  # details name them one by one, in an order of their own
        finished=_flag(row, "finish", "finished"),
        adult=_flag(row, "adult"),
        hiatus=_flag(row, "rest"),
        up=_flag(row, "up"),
        url=WORK_URL.format(id=row["titleId"]),
        thumbnail_url=_text(row.get("thumbnailUrl") or "") or None,
    )


def _object(answer: Answer) -> Mapping[str, Any]:
    text = answer.text.strip()
    if text.startswith("<"):
        if any(sign in text for sign in _LOGIN_SIGNS):
            raise Gated(f"{answer.url} answers with a page to log in")
        if _DELETED in text:
            raise Gone(f"{answer.url} says that this was deleted")
        message = "a page came in place of JSON"
        raise Garbled(message)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = "the JSON is empty or cut off"
        raise Garbled(message) from error
    if not isinstance(found, Mapping):
        raise Drift(f"{answer.url} is not a JSON object")
    return found


def _is_work(found: Mapping[str, Any]) -> bool:
    """Whether this has what no work goes without: a number of its own and a title."""
    number, title = found.get("titleId"), found.get("titleName")
    return str(number).isdecimal() and isinstance(title, str) and bool(title.strip())


def _several(found: object) -> list[object]:
    return found if isinstance(found, list) else []


def _flag(found: Mapping[str, Any], *names: str) -> bool | None:
    return next((bool(found[name]) for name in names if name in found), None)


def _age(found: object) -> int | None:
    if not isinstance(found, Mapping):
        return None
    kind, description = str(found.get("type", "")), str(found.get("description", ""))
    if kind in _AGES:
        return _AGES[kind]
    digits = "".join(char for char in description if char.isdecimal())
    return int(digits) if digits else 0


def _weekdays(found: object) -> tuple[str, ...] | None:
    if not isinstance(found, list):
        return None
    days = (_DAYS.get(str(day).upper()) for day in found)
    return tuple(dict.fromkeys(day for day in days if day))


def _listed_authors(row: Mapping[str, Any]) -> tuple[str, ...]:
    named = (
        *_people(row, "writers"),
        *_people(row, "painters"),
        *_people(row, "novelOriginAuthors"),
    )
    return _texts(named) or _texts(str(row.get("author") or "").split("/"))


def _detailed_authors(found: Mapping[str, Any]) -> tuple[str, ...] | None:
    artists = found.get("communityArtists")
    if isinstance(artists, list) and artists:
        return _texts(a.get("name") for a in artists if isinstance(a, Mapping))
    older = found.get("author")
    if isinstance(older, Mapping):
        groups = ("writers", "painters", "originAuthors")
        return _texts(name for group in groups for name in _people(older, group)) or None
    return None


def _people(found: Mapping[str, Any], group: str) -> list[object]:
    people = _several(found.get(group))
    return [p.get("name") if isinstance(p, Mapping) else p for p in people]


def _texts(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (_text(v) for v in values if v))))


def _text(value: object) -> str:
    """A text, composed, and without what no encoding has: half of an emoji."""
    return fields.text(str(value).encode(errors="replace").decode())


def _paragraphs(value: object) -> str | None:
    """A text with its line breaks, composed; None where there is none."""
    if not isinstance(value, str):
        return None
    lines = (_text(line) for line in value.splitlines())
    return "\n".join(lines).strip()
