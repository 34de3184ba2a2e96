"""The catalogue, ratings or verdicts as a file that `webtoonctl import` reads back as they are."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import IO, Any, Literal, TypeAlias

from sqlalchemy.orm import Session

from db import catalogue, exports
from db.catalogue import Detail
from db.engine import Database

Row: TypeAlias = Mapping[str, Any]

CATALOGUE = (
    "source",
    "external_id",
    "title",
    "title_en",
    "authors",
    "genres",
    "keywords",
    "weekdays",
    "finished",
    "age",
    "adult",
    "url",
    "synopsis",
    "hiatus",
    "thumbnail_url",
)
RATINGS = (
    "rating_source",
    "rater_hash",
    "source",
    "external_id",
    "title",
    "half_stars",
    "time",
    "simulated",
)
FEEDBACK = ("platform", "user_id", "source", "external_id", "title", "verdict", "at")

What: TypeAlias = Literal["catalogue", "ratings", "feedback"]
Format: TypeAlias = Literal["csv", "json"]  # CSV with a header, or a list of objects
Counted: TypeAlias = Callable[[Iterable[Row]], AbstractContextManager[Iterable[Row]]]


def export(
    database: Database,
    what: What,
    file: IO[bytes],
    form: Format,
    counted: Counted = nullcontext,
) -> int:
    """Writes everything of a kind, as of one moment; how many rows. Raises Unreachable and OSError.

    Works that are gone are left out of the catalogue. `counted` sees every row go by.
    """
    columns, rows = _KINDS[what]
    write = _csv if form == "csv" else _json
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        with database.read() as session, counted(rows(session)) as told:
            return write(text, columns, told)
    finally:
        text.detach()  # the file is its caller's to close


def _works(session: Session) -> Iterator[Row]:
    details = catalogue.details(session)
    for work in catalogue.works(session):
        if work.gone:
            continue
        detail = details.get((work.source, work.external_id), Detail())
        yield {
            "source": work.source,
            "external_id": work.external_id,
            "title": work.title,
            "title_en": work.title_en,
            "authors": work.authors,
            "genres": work.genres,
            "keywords": work.keywords,
            "weekdays": work.weekdays,
            "finished": int(work.finished),
            "age": detail.age,
            "adult": int(work.adult),
            "url": work.url,
            "synopsis": detail.synopsis,
            "hiatus": None if detail.hiatus is None else int(detail.hiatus),
            "thumbnail_url": detail.thumbnail_url,
        }


def _ratings(session: Session) -> Iterator[Row]:
    for row in exports.ratings(session):
        yield {
            "rating_source": row.rating_source,
            "rater_hash": row.rater,
            "source": row.source,
            "external_id": row.external_id,
            "title": row.title,
            "half_stars": row.half_stars,
            "time": row.rated_at.isoformat() if row.rated_at else None,
            "simulated": int(row.simulated),
        }


def _feedback(session: Session) -> Iterator[Row]:
    for row in exports.verdicts(session):
        yield {
            "platform": row.platform,
            "user_id": row.user_id,
            "source": row.source,
            "external_id": row.external_id,
            "title": row.title,
            "verdict": row.verdict,
            "at": row.at.isoformat(),
        }


_KINDS: Mapping[What, tuple[tuple[str, ...], Callable[[Session], Iterator[Row]]]] = {
    "catalogue": (CATALOGUE, _works),
    "ratings": (RATINGS, _ratings),
    "feedback": (FEEDBACK, _feedback),
}


def _csv(file: IO[str], columns: tuple[str, ...], rows: Iterable[Row]) -> int:
    writer = csv.writer(file)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])
        count += 1
    return count


def _cell(value: object) -> object:
    return "|".join(value) if isinstance(value, tuple) else value


def _json(file: IO[str], _: tuple[str, ...], rows: Iterable[Row]) -> int:
    count = 0
    file.write("[")
    for row in rows:
        file.write(",\n" if count else "\n")
        file.write(json.dumps(row, ensure_ascii=False))
        count += 1
    file.write("\n]\n")
    return count
