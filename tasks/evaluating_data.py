"""What is evaluated on: the ratings of the database, or a file as MovieLens and others have it."""

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy import sparse

from crawler.encoding import encoding
from crawler.errors import UnreadableFile
from crawler.files import HALVES, RATER, RATING, SIMULATED, TIME, TITLE, USER, WORK
from crawler.items import Rejected
from crawler.tables import Row, plain, rows
from db.engine import Database
from recommender.content import binary
from recommender.interactions import Interactions, Matrix, checked, clean
from recommender.protocols import Told
from tasks.errors import NothingToDo
from tasks.features import features_of
from tasks.material import prepare, read

GENRES = ("genres", "genre")
BESIDE = {".dat": "movies.dat"}  # what the works are about, beside the ratings; else movies.csv
MOVIES = {"movieid", "title", "genres"}
DAT = {"ratings": ("user", "item", "rating", "timestamp"), "movies": ("item", "title", "genres")}
YEAR = re.compile(r"\((\d{3})\d\)\s*$")  # at the end of MovieLens' titles
NO_GENRE = "(no genres listed)"
YES = {"1", "true", "yes"}


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Ratings to evaluate on, cleaned: who remains has ten likes, and keeps low ratings too.

    `untimed` of the ratings that were read had no time that could be understood; `ignored` lies
    beside them under a name of MovieLens', and is something else.
    """

    told: Told
    simulated: bool
    untimed: int = 0
    ignored: Path | None = None


def from_database(database: Database) -> Ground:
    """What training reads, those readers included whom it leaves out. Raises NothingToDo."""
    material = prepare(read(database))
    parts = [material.fit, material.aside]
    names = [reader for part in parts for reader in part.readers]
    together = sparse.csr_array(sparse.vstack([part.matrix for part in parts]))
    ratings = checked(together[np.argsort(names)])
    genres = binary([work.genres for work in material.works])
    about = features_of(material.works)
    return Ground(
        Told(ratings, None, _unless_empty(about), _unless_empty(genres)), simulated=material.demo
    )


def from_files(data: Path, features: Path | None, scale: int) -> Ground:
    """The ratings of a file, on a `scale` of 5 stars in halves or of 10 whole ones.

    Columns: a user, an item, a rating, and perhaps a timestamp; of two ratings of one item by one
    user the later row counts, and ratings without a time that can be understood come before all
    others. What the items are about is in the file of `features`, or in the movies.csv of MovieLens
    beside the ratings. Raises UnreadableFile, NothingToDo.
    """
    stars: dict[tuple[str, str], tuple[int, float]] = {}
    simulated = False
    for row in _rows(data, (*USER, *RATER), (*WORK, *TITLE), (*RATING, *HALVES)):
        key, rating, made_up = _rating(data, row, scale)
        stars[key] = rating
        simulated |= made_up
    if not stars:
        raise NothingToDo(f"The file {data} holds no rating.")
    untimed = sum(math.isnan(moment) for _, moment in stars.values())
    told, items = _cleaned(data, stars)
    beside = data.with_name(BESIDE.get(data.suffix, "movies.csv"))
    there = features is None and beside != data and beside.is_file()
    ours = there and _of_movielens(beside)
    about = beside if ours else features
    if about is None:
        return Ground(told, simulated, untimed, beside if there else None)
    names, genres = _about(about, items)
    return Ground(Told(told.ratings, told.times, names, genres), simulated, untimed)


def _of_movielens(path: Path) -> bool:
    """Whether the file begins as MovieLens' does; one that cannot be read does not."""
    try:
        if path.suffix == ".dat":
            with path.open(encoding="latin-1") as file:
                return len(file.readline().split("::")) == len(DAT["movies"])
        spelled, errors = encoding(path)
        with path.open(encoding=spelled, errors=errors, newline="") as file:
            return {_name(field) for field in next(csv.reader(file), [])} == MOVIES
    except (OSError, UnreadableFile, csv.Error):
        return False


def _cleaned(
    data: Path, stars: Mapping[tuple[str, str], tuple[int, float]]
) -> tuple[Told, Sequence[str]]:
    """Those readers and items with ten likes, and the ids of the items."""
    users, items = zip(*stars, strict=True)
    halves, moments = zip(*stars.values(), strict=True)
    whole = Interactions.from_triples(users, items, np.array(halves, dtype=np.float32))
    core, _ = clean(whole)
    if not core.matrix.nnz:
        raise NothingToDo(
            f"Of {len(stars)} ratings of {data} nothing is left to evaluate on: a reader and a "
            "work count from ten ratings of three stars or more."
        )
    kept = whole.take(np.isin(whole.readers, core.readers), np.isin(whole.items, core.items))
    times = np.array(moments)
    if np.isnan(times).all():
        return Told(kept.matrix), kept.items
    times = np.where(np.isnan(times), np.nanmin(times) - 1, times)
    places = [
        np.fromiter((where.get(name, -1) for name in names), dtype=np.int64, count=len(stars))
        for where, names in ((kept.reader_rows, users), (kept.item_rows, items))
    ]
    inside = np.flatnonzero((places[0] >= 0) & (places[1] >= 0))
    in_rows = inside[np.lexsort((places[1][inside], places[0][inside]))]
    return Told(kept.matrix, times[in_rows]), kept.items


def _rating(data: Path, row: Row, scale: int) -> tuple[tuple[str, str], tuple[int, float], bool]:
    """Who rated what, half-stars and a moment (NaN if the file has none), and if it is made up."""
    user, item = _field(row, (*USER, *RATER)), _field(row, (*WORK, *TITLE))
    if not user or not item:
        raise _wrong(data, row.line, "a user and an item are expected")
    told = _field(row, RATING)
    halves = _number(told) * (10 // scale) if told else _number(_field(row, HALVES))
    if not (1 <= halves <= 10 and halves == int(halves)):
        expected = "0.5 to 5 in halves (--scale 5)" if scale == 5 else "1 to 10 (--scale 10)"
        raise _wrong(data, row.line, f"found the rating {told!r}, expected {expected}")
    made_up = _field(row, SIMULATED).casefold() in YES
    return (user, item), (int(halves), _moment(_field(row, TIME))), made_up


def _about(path: Path, items: Sequence[str]) -> tuple[Matrix | None, Matrix | None]:
    """What the file says of `items`: everything, and their genres; None where it is nothing."""
    everything: dict[str, list[str]] = {}
    genres: dict[str, list[str]] = {}
    for row in _rows(path, (*WORK, "id")):
        item = _field(row, (*WORK, "id"))
        found = everything.setdefault(item, [])
        for name, text in row.fields.items():
            if name in TITLE:
                if year := YEAR.search(text):
                    found.append(f"decade:{year[1]}0s")
            elif name not in (*WORK, "id"):
                parts = [part.strip() for part in text.split("|")]
                told = [f"{name}:{part}" for part in parts if part and part != NO_GENRE]
                found.extend(told)
                if name in GENRES:
                    genres.setdefault(item, []).extend(told)
    made = [binary([about.get(item, ()) for item in items]) for about in (everything, genres)]
    return _unless_empty(made[0]), _unless_empty(made[1])


def _rows(path: Path, *needed: Sequence[str]) -> Iterator[Row]:
    """The rows of a table in which each of the `needed` groups has a column. UnreadableFile."""
    first = True
    for row in _dat(path) if path.suffix == ".dat" else rows(path, _name):
        if isinstance(row, Rejected):
            raise _wrong(path, row.line, row.reason)
        if first:
            for group in needed:
                if not any(name in row.fields for name in group):
                    raise UnreadableFile(
                        f"The file {path} has no column {' or '.join(group[:3])}; found "
                        f"{', '.join(list(row.fields)[:12]) or 'none'}."
                    )
            first = False
        yield row


def _dat(path: Path) -> Iterator[Row]:
    """The rows of MovieLens' older files: fields parted by "::", no header, titles in Latin-1."""
    kind = "movies" if path.stem == "movies" else "ratings"
    try:
        spelled = "latin-1" if kind == "movies" else encoding(path)[0]
        with path.open(encoding=spelled) as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    told = line.rstrip("\n").split("::")
                    if len(told) not in {len(DAT[kind]), 3}:
                        raise _wrong(path, number, f"found {len(told)} fields parted by ::")
                    yield Row(number, dict(zip(DAT[kind], told, strict=False)))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UnreadableFile(f"The file {path} cannot be read: {why}.") from error


def _name(header: str) -> str:
    """A header name without case, underscores and what RecBole says of its type ("…:token")."""
    return plain(header.partition(":")[0])


def _field(row: Row, names: Sequence[str]) -> str:
    return next((row.fields[name] for name in names if row.fields.get(name)), "")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _moment(text: str) -> float:
    """Seconds, or a date as such; NaN where nothing is said, or nothing that is understood."""
    number = _number(text)
    if math.isfinite(number):
        return number
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _wrong(path: Path, line: int, what: str) -> UnreadableFile:
    return UnreadableFile(f"The file {path} cannot be evaluated on: in line {line}, {what}.")


def _unless_empty(features: Matrix) -> Matrix | None:
    return features if features.nnz else None
