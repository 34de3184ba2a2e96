"""Files into the catalogue and the ratings: what a file says, matched with what we have.

A file is read and checked as a whole first; then it is written in batches, so that the bots go on
answering. Whatever ends an import half-way, the same import again completes it.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import NamedTuple, TypeVar

from sqlalchemy.orm import Session

from crawler.items import FeedbackItem, RatingItem, Rejected, WorkItem
from db import catalogue, ratings
from db.catalogue import Detail, Facts, Upserted, Work
from db.engine import Database
from db.ratings import Star
from tasks.batches import in_batches
from tasks.errors import UnknownWork
from tasks.lookup import AmbiguousWork, Lookup

Item = TypeVar("Item", RatingItem, FeedbackItem)

RATER_BYTES = 16
ADULTS = 18  # years
UNTOLD = Detail()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import of ratings wrote (or would have), and which rows do not count and why."""

    rows: int
    ratings: int
    raters: int
    works: int
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class ImportedWorks:
    """What an import of works wrote (or would have), and which rows do not count and why.

    `notes` are of rows that count, all but a field.
    """

    rows: int
    works: Upserted
    rejected: tuple[Rejected, ...]
    notes: tuple[Rejected, ...] = ()


class _Rated(NamedTuple):
    """A rating to be written: where it is from, and whether it is simulated."""

    source: str
    simulated: bool
    star: Star


def import_ratings(
    database: Database,
    items: Iterable[RatingItem | Rejected],
    *,
    source: str,
    key: bytes | None,
    dry_run: bool = False,
) -> Imported:
    """Stores ratings under the name `source`, once all items were read, in short transactions.

    Rows that were exported say themselves where the rating is from, and keep their rater's hash.
    A work is looked up by its external id (of the row's source, else of `source`, else of the only
    source that has it), then by its title (of several works by the same, then by the authors). Of
    two ratings of one work by one user the later row counts. Users are stored as a hash: with
    `key` an HMAC that nobody without it can undo.
    Raises Unreachable, after which some may be stored, and what `items` raises: then none is.
    """
    with database.read() as session:
        lookup = Lookup(catalogue.works(session))
    rejected: list[Rejected] = []
    raters: dict[tuple[str, str], str] = {}
    stars: dict[tuple[str, str, int], tuple[int, int, _Rated]] = {}
    for item, work in matched(lookup, items, source, rejected):
        origin = item.rating_source or source
        rater = item.rater
        if rater is None:
            if (origin, item.user) not in raters:
                raters[origin, item.user] = rater_id(origin, item.user, key)
            rater = raters[origin, item.user]
        if earlier := stars.get((origin, rater, work.id)):
            line, number, _ = earlier
            reason = f"the same user rates the same work again in line {item.line}, which counts"
            kind = "the same user rates the same work again"
            rejected.append(Rejected(line, reason, kind, number=number))
        star = Star(rater, work.id, item.half_stars, item.rated_at)
        told = _Rated(origin, item.simulated, star)
        stars[origin, rater, work.id] = (item.line, item.number, told)
    if not dry_run:
        # In the table's order, so that two imports at once cannot wait for each other.
        for _ in in_batches(database, [stars[key][-1] for key in sorted(stars)], _write_stars):
            pass
    return Imported(
        rows=len(stars) + len(rejected),  # each counts, or is rejected, at once or by a later one
        ratings=len(stars),
        raters=len({(origin, rater) for origin, rater, _ in stars}),
        works=len({work for _, _, work in stars}),
        rejected=_in_order(rejected),
    )


def import_works(
    database: Database,
    items: Iterable[WorkItem | Rejected],
    *,
    source: str,
    now: datetime,
    dry_run: bool = False,
) -> ImportedWorks:
    """Adds and changes works of `source`, once all items were read, in short transactions.

    A row may name another source itself. Of two rows with one external id the later counts.
    Raises Unreachable, after which some may be stored, and what `items` raises: then none is.
    """
    rejected: list[Rejected] = []
    found: dict[tuple[str, str], WorkItem] = {}
    for item in items:
        if isinstance(item, Rejected):
            rejected.append(item)
            continue
        key = (item.source or source, item.external_id)
        if earlier := found.pop(key, None):
            reason = f"the same external id comes again in line {item.line}, which counts"
            kind = "the same external id comes again"
            rejected.append(Rejected(earlier.line, reason, kind, number=earlier.number))
        found[key] = item
    with database.read() as session:
        known = catalogue.details(session)
    told = [_news(facts(key[0], item), known.get(key, UNTOLD)) for key, item in found.items()]
    done = in_batches(
        database,
        told,
        lambda session, batch: catalogue.upsert(session, batch, now),
        keep=not dry_run,
    )
    upserted = Upserted(0, 0, 0)
    for wrote in done:
        upserted = Upserted(
            upserted.new + wrote.new, upserted.changed + wrote.changed, upserted.same + wrote.same
        )
    return ImportedWorks(
        len(found) + len(rejected),
        upserted,
        _in_order(rejected),
        tuple(
            Rejected(item.line, note, number=item.number)
            for item in sorted(found.values(), key=lambda item: (item.line, item.number))
            for note in item.notes
        ),
    )


def facts(source: str, item: WorkItem) -> Facts:
    """What an item says of a work of `source`; an age says as well whether it is for adults."""
    adult = item.adult
    if adult is None and item.age is not None:
        adult = item.age >= ADULTS
    return Facts(
        source=source,
        external_id=item.external_id,
        title=item.title,
        title_en=item.title_en,
        authors=item.authors,
        genres=item.genres,
        keywords=item.keywords,
        weekdays=item.weekdays,
        finished=item.finished,
        adult=adult,
        url=item.url,
        synopsis=item.synopsis,
        age=item.age,
        hiatus=item.hiatus,
        up=item.up,
        latest_number=item.latest_number,
        latest_title=item.latest_title,
        thumbnail_url=item.thumbnail_url,
        gated=item.gated,
        rough=item.rough,
    )


def rater_id(source: str, user: str, key: bytes | None) -> str:
    """What stands for a user of `source`: 32 hex digits that do not tell who it is.

    Without a key, somebody with a list of user names could try them all.
    """
    name = f"{source}\0{user}".encode()
    digest = hmac.digest(key, name, "sha256") if key else hashlib.sha256(name).digest()
    return digest[:RATER_BYTES].hex()


def matched(
    lookup: Lookup, items: Iterable[Item | Rejected], source: str, rejected: list[Rejected]
) -> Iterator[tuple[Item, Work]]:
    """The rows that are about a work we have, with that; the others are added to `rejected`."""
    for item in items:
        if isinstance(item, Rejected):
            rejected.append(item)
            continue
        try:
            yield item, _named(lookup, item, source)
        except UnknownWork as unknown:
            kind = "ambiguous work" if isinstance(unknown, AmbiguousWork) else "unknown work"
            rejected.append(Rejected(item.line, str(unknown), kind, number=item.number))


def _named(lookup: Lookup, item: RatingItem | FeedbackItem, source: str) -> Work:
    sources = item.source, source
    if item.external_id:
        return lookup.by_external_id(item.external_id, *sources, authors=item.authors)
    return lookup.by_title(item.title or "", *sources, authors=item.authors)


def _in_order(rejected: Iterable[Rejected]) -> tuple[Rejected, ...]:
    """By their places in the file."""
    return tuple(sorted(rejected, key=lambda row: (row.line, row.number)))


def _write_stars(session: Session, rated: Sequence[_Rated]) -> None:
    for (source, simulated), group in groupby(rated, key=lambda row: (row.source, row.simulated)):
        ratings.upsert(session, source, (row.star for row in group), simulated=simulated)


def _news(told: Facts, known: Detail) -> Facts:
    """The same, without what says only that there is none of what nobody told us of."""
    return replace(
        told,
        synopsis=told.synopsis or (told.synopsis if known.synopsis else None),
        thumbnail_url=told.thumbnail_url or (told.thumbnail_url if known.thumbnail_url else None),
    )
