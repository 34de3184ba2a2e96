"""Files into the catalogue and the ratings: what a file says, matched with what we have."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from crawler.items import FeedbackItem, RatingItem, Rejected, WorkItem
from db import catalogue, ratings
from db.catalogue import Facts, Upserted, Work
from db.engine import Database
from db.ratings import Star
from tasks.errors import UnknownWork
from tasks.lookup import Lookup

Item = TypeVar("Item", RatingItem, FeedbackItem)

RATER_BYTES = 16


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
    """What an import of works wrote (or would have), and which rows do not count and why."""

    rows: int
    works: Upserted
    rejected: tuple[Rejected, ...]


class OnlyTried(Exception):
    """Takes back the transaction of a dry run."""


def import_ratings(
    database: Database,
    items: Iterable[RatingItem | Rejected],
    *,
    source: str,
    key: bytes | None,
    dry_run: bool = False,
) -> Imported:
    """Stores ratings under the name `source`, all or, if anything fails, none of them.

    Rows that were exported say themselves where the rating is from, and keep their rater's hash.
    A work is looked up by its external id (of the row's source, else of `source`, else of the only
    source that has it), then by its title. Of two ratings of one work by one user the later row
    counts. Users are stored as a hash: with `key` an HMAC that nobody without it can undo.
    Raises Unreachable, and what `items` raises.
    """
    with database.read() as session:
        lookup = Lookup(catalogue.works(session))
    rejected: list[Rejected] = []
    raters: dict[tuple[str, str], str] = {}
    stars: dict[tuple[str, str, int], tuple[int, bool, Star]] = {}
    for item, work in matched(lookup, items, source, rejected):
        origin = item.rating_source or source
        rater = item.rater
        if rater is None:
            if (origin, item.user) not in raters:
                raters[origin, item.user] = rater_id(origin, item.user, key)
            rater = raters[origin, item.user]
        if earlier := stars.get((origin, rater, work.id)):
            reason = f"the same user rates the same work again in line {item.line}, which counts"
            rejected.append(Rejected(earlier[0], reason))
        star = Star(rater, work.id, item.half_stars, item.rated_at)
        stars[origin, rater, work.id] = (item.line, item.simulated, star)
    if not dry_run:
        with database.write() as session:
            for kind in sorted({(key[0], simulated) for key, (_, simulated, _) in stars.items()}):
                origin, simulated = kind
                told = (s for key, (_, made_up, s) in stars.items() if (key[0], made_up) == kind)
                ratings.upsert(session, origin, told, simulated=simulated)
    return Imported(
        rows=len(stars) + len(rejected),  # each counts, or is rejected, at once or by a later one
        ratings=len(stars),
        raters=len({(origin, rater) for origin, rater, _ in stars}),
        works=len({work for _, _, work in stars}),
        rejected=tuple(sorted(rejected, key=lambda row: row.line)),
    )


def import_works(
    database: Database,
    items: Iterable[WorkItem | Rejected],
    *,
    source: str,
    now: datetime,
    dry_run: bool = False,
) -> ImportedWorks:
    """Adds and changes works of `source`, all or, if anything fails, none of them.

    A row may name another source itself. Of two rows with one external id the later counts.
    Raises Unreachable, and what `items` raises.
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
            rejected.append(Rejected(earlier.line, reason))
        found[key] = item
    try:
        with database.write() as session:
            facts = (_facts(item.source or source, item) for item in found.values())
            upserted = catalogue.upsert(session, facts, now)
            if dry_run:
                raise OnlyTried
    except OnlyTried:
        pass
    rows = len(found) + len(rejected)
    return ImportedWorks(rows, upserted, tuple(sorted(rejected, key=lambda row: row.line)))


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
            rejected.append(Rejected(item.line, str(unknown)))


def _named(lookup: Lookup, item: RatingItem | FeedbackItem, source: str) -> Work:
    if item.external_id:
        return lookup.by_external_id(item.external_id, item.source, source)
    return lookup.by_title(item.title or "")


def _facts(source: str, item: WorkItem) -> Facts:
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
        adult=item.adult,
        url=item.url,
    )
