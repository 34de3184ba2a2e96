"""Which of our works a foreign one is: by a link to it, by platform and title, by title and author.

A title alone decides nothing: two works share one. What is left is for somebody to look at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from crawler.titles import normal
from db import catalogue, foreign
from db.catalogue import Work
from db.engine import Database
from db.foreign import OPERATOR, ForeignRow, MatchState
from tasks.batches import in_batches
from tasks.errors import UnknownWork
from tasks.lookup import Lookup

OUTLINK, PLATFORM, AUTHOR = "outlink", "platform", "author"
HOME = "naver"  # the platform whose works our catalogue mainly has
CANDIDATES = 3


@dataclass(frozen=True, slots=True)
class Match:
    """A decision; `work` None where somebody has to look."""

    work: Work | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """What a matching of all foreign works came to."""

    matched: int
    review: int
    elsewhere: int
    changed: int


class Matcher:
    """The works of one moment, found by key and by normalised title."""

    def __init__(self, works: Iterable[Work]) -> None:
        self._works = tuple(works)
        self._lookup = Lookup(self._works)
        self._by_key = {work.key: work for work in self._works}
        self._by_title: dict[str, list[Work]] = {}
        for work in self._works:
            self._by_title.setdefault(normal(work.title), []).append(work)

    def decide(self, work: ForeignRow) -> Match:
        """Which of our works this is, if that is certain."""
        linked = {key: self._by_key[key] for key in work.outlinks if key in self._by_key}
        if len(linked) == 1:
            return Match(next(iter(linked.values())), OUTLINK)
        # A link to a work that we do not have says that it is none of those that we do.
        if work.outlinks:
            return Match()
        same = self._by_title.get(normal(work.title), [])
        names = {normal(author) for author in work.authors}
        by_author = [w for w in same if names & {normal(author) for author in w.authors}]
        if len(by_author) == 1:
            return Match(by_author[0], AUTHOR)
        at_home = [w for w in same if w.source == HOME]
        # Any page may speak of a platform: where both say who made it, that must agree.
        if HOME in work.platforms and len(at_home) == 1 and not (names and at_home[0].authors):
            return Match(at_home[0], PLATFORM)
        return Match()

    def candidates(self, work: ForeignRow) -> list[Work]:
        """The works it may be, the likeliest first."""
        same = self._by_title.get(normal(work.title), [])
        return list(dict.fromkeys([*same, *self._lookup.nearest(work.title)]))[:CANDIDATES]


def match(database: Database) -> Matched:
    """Decides all foreign works anew that no operator has settled. Raises Unreachable."""
    with database.read() as session:
        rows = foreign.every(session)
        matcher = Matcher(catalogue.works(session))
    decided = [(row, matcher.decide(row)) for row in rows if row.matched_by != OPERATOR]
    moved = [
        (row, found)
        for row, found in decided
        if (row.webtoon_id, row.matched_by) != (found.work.id if found.work else None, found.by)
    ]

    def write(session: Session, batch: Sequence[tuple[ForeignRow, Match]]) -> None:
        for row, found in batch:
            foreign.decide(session, row.id, found.work.id if found.work else None, found.by)

    for _ in in_batches(database, moved, write):
        pass
    return _counted(database, len(moved))


def settle(database: Database, code: str, work: Work | None, source: str | None = None) -> None:
    """Says for good which of our works a foreign one is; None: none of ours.

    Raises UnknownWork and Unreachable.
    """
    row = named(database, code, source)
    state = MatchState.MATCHED if work else MatchState.ELSEWHERE
    with database.write() as session:
        foreign.settle(session, row.id, work.id if work else None, state, OPERATOR)


def reopen(database: Database, code: str, source: str | None = None) -> None:
    """Takes an operator's word back; the work is matched anew. Raises UnknownWork, Unreachable."""
    row = named(database, code, source)
    with database.write() as session:
        foreign.settle(session, row.id, None, MatchState.REVIEW, None)
    match(database)


def named(database: Database, code: str, source: str | None = None) -> ForeignRow:
    """The foreign work with this code, or "source:code". Raises UnknownWork and Unreachable."""
    prefix, _, rest = code.rpartition(":")
    with database.read() as session:
        rows = foreign.every(session, source or prefix or None)
    found = [row for row in rows if row.code == rest]
    if len(found) != 1:
        message = (
            f'No foreign work has the code "{code}"' if not found else f'"{code}" is ambiguous'
        )
        raise UnknownWork(f"{message}: webtoonctl match shows them.")
    return found[0]


def _counted(database: Database, changed: int) -> Matched:
    with database.read() as session:
        states = [row.state for row in foreign.every(session)]
    return Matched(
        states.count(MatchState.MATCHED),
        states.count(MatchState.REVIEW),
        states.count(MatchState.ELSEWHERE),
        changed,
    )
