"""Files into the catalogue and the ratings: what a file says, matched with what we have."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from crawler.items import RatingItem, Rejected, WorkItem
from db import catalogue, ratings
from db.catalogue import Facts, Upserted, Work
from db.engine import Database
from db.ratings import Star
from tasks.errors import UnknownWork
from tasks.lookup import Lookup

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


class _OnlyTried(Exception):
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

    A work is looked up by its external id (of the row's source, else of `source`, else of the only
    source that has it), then by its title. Of two ratings of one work by one user the later row
    counts. Users are stored as a hash: with `key` an HMAC that nobody without it can undo.
    Raises Unreachable, and what `items` raises.
    """
    with database.read() as session:
        lookup = Lookup(catalogue.works(session))
    rejected: list[Rejected] = []
    raters: dict[str, str] = {}
    stars: dict[tuple[str, int], tuple[int, Star]] = {}
    rows = 0
    for item in items:
        rows += 1
        if isinstance(item, Rejected):
            rejected.append(item)
            continue
        try:
            work = _work(lookup, item, source)
        except UnknownWork as unknown:
            rejected.append(Rejected(item.line, str(unknown)))
            continue
        if item.user not in raters:
            raters[item.user] = rater_id(source, item.user, key)
        rater = raters[item.user]
        if earlier := stars.get((rater, work.id)):
            reason = f"the same user rates the same work again in line {item.line}, which counts"
            rejected.append(Rejected(earlier[0], reason))
        star = Star(rater, work.id, item.half_stars, item.rated_at)
        stars[rater, work.id] = (item.line, star)
    if not dry_run:
        with database.write() as session:
            ratings.upsert(session, source, (star for _, star in stars.values()))
    return Imported(
        rows=rows,
        ratings=len(stars),
        raters=len({rater for rater, _ in stars}),
        works=len({work for _, work in stars}),
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

    Of two rows with one external id the later counts. Raises Unreachable, and what `items` raises.
    """
    rejected: list[Rejected] = []
    found: dict[str, WorkItem] = {}
    rows = 0
    for item in items:
        rows += 1
        if isinstance(item, Rejected):
            rejected.append(item)
            continue
        if earlier := found.pop(item.external_id, None):
            reason = f"the same external id comes again in line {item.line}, which counts"
            rejected.append(Rejected(earlier.line, reason))
        found[item.external_id] = item
    try:
        with database.write() as session:
            facts = (_facts(source, item) for item in found.values())
            upserted = catalogue.upsert(session, facts, now)
            if dry_run:
                raise _OnlyTried
    except _OnlyTried:
        pass
    return ImportedWorks(rows, upserted, tuple(sorted(rejected, key=lambda row: row.line)))


def rater_id(source: str, user: str, key: bytes | None) -> str:
    """What stands for a user of `source`: 32 hex digits that do not tell who it is.

    Without a key, somebody with a list of user names could try them all.
    """
    name = f"{source}\0{user}".encode()
    digest = hmac.digest(key, name, "sha256") if key else hashlib.sha256(name).digest()
    return digest[:RATER_BYTES].hex()


def _work(lookup: Lookup, item: RatingItem, source: str) -> Work:
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
