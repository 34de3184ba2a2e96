"""What a reader sent, be it text or a file, as the entries of a list: lines, a table, or JSON."""

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.conversation.entries import LONGEST, SCALES, Entry, Known, Stars, entry, rating, verdict
from bot.conversation.errors import UserError
from bot.conversation.hangul import normalise
from crawler.encoding import decoded
from crawler.errors import UnreadableFile
from crawler.tables import plain

MOST = 3_000  # works of one list
_DELIMITERS = ",\t;|"
_CELLS = re.compile(r"[,;、，；\t]")

_TITLE, _AUTHOR, _ID, _SAID, _HALF_STARS = "title", "author", "id", "said", "half stars"
_COLUMNS = {
    name: column
    for column, names in {
        _TITLE: "title name 제목 작품 작품명 작품제목 웹툰 웹툰명 웹툰제목 titleko",
        _AUTHOR: "author authors writer 작가 작가명 글그림",
        _ID: "externalid titleid 작품id 작품번호",
        _SAID: "rating score stars myrating userrating 별점 평점 점수 내별점 verdict 평가 반응",
        _HALF_STARS: "halfstars",
    }.items()
    for name in names.split()
}
# Where a list may be in a JSON object; the first is what /export writes.
_DEEPEST = 3  # objects within objects
_KEYS = ("feedback", "works", "webtoons", "titles", "items", "list", "data", "작품")


def of_file(name: str, content: bytes, known: Known) -> list[Entry]:
    """The entries of a file; `known` as in `entries.entry`.

    Raises UserError for one that is no text, is empty or broken, or holds more than MOST.
    """
    try:
        text = decoded(content)
    except UnreadableFile:
        raise UserError("lists.binary") from None
    if name.lower().endswith((".json", ".jsonl")) or re.match(r'\s*(\{|\[\s*["{\]])', text):
        return _of_json(text, known)
    return of_text(text, known)


def of_text(text: str, known: Known) -> list[Entry]:
    """The entries of a text, read in whichever way finds the most titles. Raises UserError."""
    lines = [line for line in text.splitlines() if line.strip()]
    _require(lines)
    table = _rows(lines)
    if table and (columns := _header(table[0])):
        return _required(_of_row(row, columns, known) for row in table[1:])
    columns = _guessed(table, known) or {}
    tabled = _read(_of_row(row, columns, known) for row in table) if columns else []
    if _SAID in columns.values() and _mostly(tabled, lines, known):
        return _required(tabled)
    lined = _read(entry(line, known) for line in lines)
    several = any(known(found.author) for found in lined if found.author)
    if len(lines) > 1 and not several and _mostly(lined, lines, known):
        return _required(lined)
    # Of equally good readings the first is taken.
    readings = [lined, tabled, cells := _cells(lines, known)]
    found = max(readings, key=lambda reading: _found(reading, known))
    if len(lines) == 1 and cells and not _found(found, known):
        found = cells
    return _required(found)


def scale(entries: Iterable[Entry]) -> int:
    """What these entries are rated out of where they do not say: 5, 10 or 100, as all fit into."""
    rated = [each.stars for each in entries if each.stars]
    numbers = [stars.number for stars in rated if stars.of is None]
    if rated and not numbers:
        return max(stars.of or 0 for stars in rated)
    return next(most for most in SCALES if max(numbers, default=0) <= most)


def _require(several: Sequence[object]) -> None:
    if not several:
        raise UserError("lists.empty")
    if len(several) > MOST:
        raise UserError("lists.too_many", limit=MOST)


def _required(entries: Iterable[Entry | None]) -> list[Entry]:
    found = _read(entries)
    _require(found)
    return found


def _read(entries: Iterable[Entry | None]) -> list[Entry]:
    return [found for found in entries if found is not None]


def _found(entries: Iterable[Entry], known: Known) -> int:
    return len({normalise(e.title) for e in entries if known(e.title)})


def _mostly(entries: Sequence[Entry], lines: Sequence[str], known: Known) -> bool:
    """Whether most lines are read as a title that there is: then no other reading is tried."""
    return 2 * _found(entries, known) > len(lines)


def _cells(lines: Sequence[str], known: Known) -> list[Entry]:
    """The entries of lines that hold several each."""
    cells = [cell for line in lines for cell in _CELLS.split(line) if cell.strip()]
    if not len(lines) < len(cells) <= MOST:
        return []
    return _read(entry(cell, known) for cell in cells)


def _rows(lines: Sequence[str]) -> list[list[str]]:
    """The lines as rows of a table; empty where they cannot be one."""
    delimiter = max(_DELIMITERS, key=lines[0].count)
    if delimiter not in lines[0]:
        return [[line] for line in lines]
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter) if any(row)]
    except csv.Error:
        return []


def _header(row: Sequence[str]) -> dict[int, str] | None:
    """What each column of a table holds, if this row says so."""
    columns = {
        number: column
        for number, name in enumerate(row)
        if (column := _COLUMNS.get(plain(name[:LONGEST])))
    }
    return columns if _TITLE in columns.values() else None


def _guessed(table: Sequence[Sequence[str]], known: Known) -> dict[int, str] | None:
    """What each column holds of a table that does not say it; None if it is none."""
    width = len(table[0]) if len(table) > 1 else 0
    if width < 2 or any(len(row) != width for row in table):
        return None
    columns = [[cell.strip() for cell in column] for column in zip(*table, strict=True)]
    counts = [sum(map(known, column)) for column in columns]
    title = counts.index(max(counts))
    found = {title: _TITLE}
    for number, column in enumerate(columns):
        if number == title or not any(column):
            continue
        numbered = column == [str(n) for n in range(1, len(column) + 1)]
        if not numbered and all(not cell or verdict(cell) or rating(cell) for cell in column):
            found[number] = _SAID
        elif number > title and _AUTHOR not in found.values():
            found[number] = _AUTHOR
    return found


def _of_row(row: Sequence[str], columns: Mapping[int, str], known: Known) -> Entry | None:
    pairs = [(columns[n], cell) for n, cell in enumerate(row) if n in columns and cell.strip()]
    return _of_fields(pairs, known)


def _of_fields(fields: Iterable[tuple[str, str]], known: Known) -> Entry | None:
    """An entry of named fields; None without title and id."""
    title = author = number = ""
    said = Entry("")
    for column, cell in fields:
        if column == _TITLE:
            title = title or cell
        elif column == _AUTHOR:
            author = cell[:LONGEST]
        elif column == _ID:
            number = cell.strip()[:LONGEST]
        elif given := verdict(cell[:LONGEST]):
            said = replace(said, verdict=given)
        elif rated := rating(cell[:LONGEST]):
            out_of = Stars(rated.number, 10) if column == _HALF_STARS else rated
            said = replace(said, stars=out_of)
        elif cell.strip():
            said = replace(said, unclear=True)
    found = entry(title, known) or (Entry(number) if number else None)
    if found is None:
        return None
    return replace(
        found,
        author=author or found.author,
        external_id=number or found.external_id,
        verdict=said.verdict or found.verdict,
        stars=said.stars or found.stars,
        unclear=said.unclear and not (said.verdict or said.stars),
    )


def _of_json(text: str, known: Known) -> list[Entry]:
    items = _items(_loaded(text))
    _require(items)
    return _required(_of_item(item, known) for item in items)


def _loaded(text: str) -> Any:  # noqa: ANN401 -- whatever JSON can hold
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:  # one object on each line
        return [json.loads(line) for line in text.splitlines()[: MOST + 1] if line.strip()]
    except (ValueError, RecursionError):
        raise UserError("lists.broken") from None


def _items(value: Any) -> list[Any]:  # noqa: ANN401
    if isinstance(value, dict):
        work = any(_COLUMNS.get(plain(key)) == _TITLE for key in value)
        if (found := _list_in(value, 0 if work else _DEEPEST)) is not None:
            return found
        # Without any list it may be one work, or give each title what is said of it.
        if work:
            return [value]
        return [{"title": key, "rating": said} for key, said in value.items()]
    return value if isinstance(value, list) else [value]


def _list_in(value: dict[str, Any], depth: int) -> list[Any] | None:
    """The list that an object holds, or one within it; of several the one of the surest name."""
    inner = [value[key] for key in (*_KEYS, *value) if key in value]
    for found in inner:
        if isinstance(found, list):
            return found
    if depth:
        lists = (_list_in(found, depth - 1) for found in inner if isinstance(found, dict))
        return next((found for found in lists if found is not None), None)
    return None


def _of_item(item: Any, known: Known) -> Entry | None:  # noqa: ANN401
    if isinstance(item, str):
        return entry(item, known)
    if not isinstance(item, dict):
        return None
    named = ((_COLUMNS.get(plain(key[:LONGEST])), value) for key, value in item.items())
    found = _of_fields([(column, _text(value)) for column, value in named if column], known)
    return replace(found, left_out=True) if found and item.get("left_out") is True else found


def _text(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, list):
        return ", ".join(part for part in value if isinstance(part, str))
    if isinstance(value, float):
        return f"{value:.10g}"
    # A whole number may have more digits than any float.
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
