"""A file as a table: CSV or JSON, in whatever Korean programs write, read row by row."""

import csv
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from crawler.encoding import UNKNOWN, encoding
from crawler.errors import UnreadableFile
from crawler.items import Rejected

CHUNK = 1 << 20
LONGEST_FIELD = 1 << 20
# JSON can spell these out; no file in UTF-8 holds the one, and no database stores either.
NO_TEXT = re.compile("[\0\ud800-\udfff]")
DELIMITERS = ",\t;"
BEYOND = "…"  # the name of what a rejected row holds and has no name for
_UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp")  # blanks, and what joins, parts and marks text


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it ends on, from 1, and its fields as text by normalised header name."""

    line: int
    fields: Mapping[str, str]


@lru_cache(maxsize=1_000)
def plain(name: str) -> str:
    """A header name without case, width, blanks, underscores and hyphens."""
    wide = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in wide if c not in "_-" and unicodedata.category(c) not in _UNSEEN)


def rows(path: Path, name: Callable[[str], str] = plain) -> Iterator[Row | Rejected]:
    """The rows of a CSV file with a header, of a JSON list of objects, or of JSON lines.

    Their fields are composed (NFC), and go by what `name` makes of the header. Raises
    UnreadableFile: when it is missing, binary or in no known encoding at once, when it stops being
    CSV or JSON half-way from there.
    """
    try:
        spelled, errors = encoding(path)
        with path.open(encoding=spelled, errors=errors, newline="") as file:
            start = file.read(CHUNK).lstrip()[:1]
            file.seek(0)
            if start == "[":
                found = _json_list(path, file.read(), name)
            elif start == "{":
                found = _json_lines(file, name)
            else:
                found = _csv(path, file, name)
            yield from found if errors == "strict" else _readable(found)
    except OSError as error:
        message = f"The file {path} cannot be read: {(error.strerror or str(error)).lower()}."
        raise UnreadableFile(message) from error


def _readable(found: Iterator[Row | Rejected]) -> Iterator[Row | Rejected]:
    """The same rows, those rejected in which a character is unknown."""
    for row in found:
        if isinstance(row, Row) and UNKNOWN in "".join(row.fields.values()):
            yield Rejected(row.line, "a character that is not in CP949", fields=row.fields)
        else:
            yield row


def _csv(path: Path, file: IO[str], name: Callable[[str], str]) -> Iterator[Row | Rejected]:
    header = file.readline()
    file.seek(0)
    delimiter = max(DELIMITERS, key=header.count)
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    names: list[str] | None = None
    try:
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            if names is None:
                names = [name(field) for field in fields]
                continue
            pairs = zip(names, fields, strict=False)
            named = {key: _composed(field) for key, field in pairs}
            if len(fields) > len(names):
                found = f"{len(fields)} fields, expected {len(names)} as in the header"
                named[BEYOND] = delimiter.join(fields[len(names) :])
                yield Rejected(reader.line_num, found, "more fields than in the header", named)
            else:
                yield Row(reader.line_num, named)
    except csv.Error as error:
        message = f"The file {path} stops being CSV in line {reader.line_num}: {error}."
        raise UnreadableFile(message) from error


def _json_list(path: Path, text: str, name: Callable[[str], str]) -> Iterator[Row | Rejected]:
    decoder = json.JSONDecoder()
    at, line = text.index("[") + 1, 1
    counted = 0
    try:
        while True:
            at = _skip(text, at, ",")
            if at >= len(text):
                raise json.JSONDecodeError("the list does not end", text, len(text))
            if text[at] == "]":
                return
            value, at = decoder.raw_decode(text, at)
            line += text.count("\n", counted, at)
            counted = at
            yield _object(line, value, name)
    except json.JSONDecodeError as error:
        message = f"The file {path} stops being JSON in line {error.lineno}: {error.msg}."
        raise UnreadableFile(message) from error
    except (ValueError, RecursionError) as error:  # a number or a nesting beyond all measure
        message = f"The file {path} stops being JSON after line {line}: {error}."
        raise UnreadableFile(message) from error


def _json_lines(file: IO[str], name: Callable[[str], str]) -> Iterator[Row | Rejected]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            yield Rejected(number, "not a JSON object on one line", fields={BEYOND: line.strip()})
            continue
        yield _object(number, value, name)


def _skip(text: str, at: int, also: str) -> int:
    while at < len(text) and (text[at].isspace() or text[at] in also):
        at += 1
    return at


def _object(line: int, value: object, name: Callable[[str], str]) -> Row | Rejected:
    if not isinstance(value, dict):
        return Rejected(line, "not a JSON object")
    try:
        fields = {name(key): _composed(_text(field)) for key, field in value.items()}
    except RecursionError:
        return Rejected(line, "lists within lists beyond all measure")
    if NO_TEXT.search("".join([*fields, *fields.values()])):
        reason = "a character that is no text (NUL, or half of a pair)"
        return Rejected(line, reason, fields=fields)
    return Row(line, fields)


def _text(value: Any) -> str:  # noqa: ANN401 -- whatever JSON can hold
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(_text(part) for part in value)
    return str(value)


def _composed(field: str) -> str:
    return unicodedata.normalize("NFC", field.strip())
