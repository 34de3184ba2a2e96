"""A file as a table: CSV or JSON, in UTF-8 or the old Korean encoding, read row by row."""

import codecs
import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from crawler.errors import UnreadableFile
from crawler.items import Rejected

ENCODINGS = ("utf-8-sig", "cp949")
CHUNK = 1 << 20
LONGEST_FIELD = 1 << 20
# JSON can spell these out; no file in UTF-8 holds the one, and no database stores either.
NO_TEXT = re.compile("[\0\ud800-\udfff]")
DELIMITERS = ",\t;"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it ends on, from 1, and its fields as text by normalised header name."""

    line: int
    fields: Mapping[str, str]


def rows(path: Path) -> Iterator[Row | Rejected]:
    """The rows of a CSV file with a header, of a JSON list of objects, or of JSON lines.

    Raises UnreadableFile: when it is missing, binary or in no known encoding at once, when it
    stops being CSV or JSON half-way from there.
    """
    try:
        encoding = _encoding(path)
        with path.open(encoding=encoding, newline="") as file:
            start = file.read(CHUNK).lstrip()[:1]
            file.seek(0)
            if start == "[":
                yield from _json_list(path, file.read())
            elif start == "{":
                yield from _json_lines(file)
            else:
                yield from _csv(path, file)
    except OSError as error:
        message = f"The file {path} cannot be read: {(error.strerror or str(error)).lower()}."
        raise UnreadableFile(message) from error


def plain(name: str) -> str:
    """A header name without case, blanks, underscores and hyphens."""
    return "".join(char for char in name.casefold().strip() if char not in " _-")


def _encoding(path: Path) -> str:
    for encoding in ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    if b"\0" in chunk:
                        raise UnreadableFile(
                            f"The file {path} is binary, expected CSV or JSON text in UTF-8."
                        )
                    decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableFile(f"The file {path} is neither UTF-8 nor CP949 text.")


def _csv(path: Path, file: IO[str]) -> Iterator[Row | Rejected]:
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
                names = [plain(field) for field in fields]
            elif len(fields) > len(names):
                found = f"{len(fields)} fields, expected {len(names)} as in the header"
                yield Rejected(reader.line_num, found)
            else:
                pairs = zip(names, fields, strict=False)
                yield Row(reader.line_num, {name: field.strip() for name, field in pairs})
    except csv.Error as error:
        message = f"The file {path} stops being CSV in line {reader.line_num}: {error}."
        raise UnreadableFile(message) from error


def _json_list(path: Path, text: str) -> Iterator[Row | Rejected]:
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
            yield _object(line, value)
    except json.JSONDecodeError as error:
        message = f"The file {path} stops being JSON in line {error.lineno}: {error.msg}."
        raise UnreadableFile(message) from error
    except (ValueError, RecursionError) as error:  # a number or a nesting beyond all measure
        message = f"The file {path} stops being JSON after line {line}: {error}."
        raise UnreadableFile(message) from error


def _json_lines(file: IO[str]) -> Iterator[Row | Rejected]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            yield Rejected(number, "not a JSON object on one line")
            continue
        yield _object(number, value)


def _skip(text: str, at: int, also: str) -> int:
    while at < len(text) and (text[at].isspace() or text[at] in also):
        at += 1
    return at


def _object(line: int, value: object) -> Row | Rejected:
    if not isinstance(value, dict):
        return Rejected(line, "not a JSON object")
    try:
        fields = {plain(name): _text(field) for name, field in value.items()}
    except RecursionError:
        return Rejected(line, "lists within lists beyond all measure")
    if NO_TEXT.search("".join([*fields, *fields.values()])):
        return Rejected(line, "a character that is no text (NUL, or half of a pair)")
    return Row(line, fields)


def _text(value: Any) -> str:  # noqa: ANN401 -- whatever JSON can hold
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(_text(part) for part in value)
    return str(value).strip()
