"""The frontier: which pages a crawl has to visit, and how the last visit of each ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.orm import Session

from db import bulk
from db.crawl_tables import Frontier

_VERSION = "version"


@dataclass(frozen=True, slots=True)
class Place:
    """A page to visit: `key` names it, `address` is what its site calls it.

    A `personal` one is about a person, whose address is kept only until the visit is done.
    One that is fresh, but by the `horizon` is not (`again_after` its last visit), is due then.

    It is left alone if it was visited after `stale`, unless it was found with another `version`.
    """

    kind: str
    key: str
    address: str
    stale: datetime
    version: str = ""
    personal: bool = False
    again_after: timedelta | None = None
    horizon: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the frontier, with what is known of the visits so far."""

    id: int
    kind: str
    key: str
    address: str
    version: str
    failures: int


def add(session: Session, source: str, places: Iterable[Place], due_at: datetime) -> int:
    """Makes these pages due, unless they are fresh; how many are new.

    One that waits to be visited already keeps its place in the row.
    """
    wanted = {(place.kind, place.key): place for place in places}
    new = 0
    for batch in bulk.batches(wanted):
        known = _known(session, source, batch)
        for key in batch:
            if key in known:
                _find_again(known[key], wanted[key], due_at)
        rows = [_row(source, wanted[key], due_at) for key in batch if key not in known]
        if rows:
            session.execute(insert(Frontier), rows)
        new += len(rows)
        session.flush()
    return new


def due(
    session: Session, source: str, now: datetime, *, order: Sequence[str], since: datetime
) -> Entry | None:
    """The next page to visit: by kinds in this order, of a kind the one that waited longest.

    None that was visited since then.
    """
    for kind in order:
        query = (
            select(Frontier)
            .where(Frontier.kind == kind, *_is_due(source, now, since))
            .order_by(Frontier.due_at, Frontier.id)
            .limit(1)
        )
        if (row := session.scalar(query)) is not None:
            return _entry(row)
    return None


def waiting(session: Session, source: str, now: datetime, since: datetime) -> dict[str, int]:
    """How many pages of each kind are due and were not visited since then."""
    query = (
        select(Frontier.kind, func.count())
        .where(*_is_due(source, now, since))
        .group_by(Frontier.kind)
    )
    return dict(session.execute(query).all())


def next_due(session: Session, source: str, now: datetime, since: datetime) -> datetime | None:
    """When the first page comes due that is not yet, and was not visited since then."""
    query = select(func.min(Frontier.due_at)).where(
        Frontier.source == source,
        Frontier.due_at > now,
        Frontier.address.is_not(None),
        or_(Frontier.visited_at.is_(None), Frontier.visited_at < since),
    )
    return session.scalar(query)


def settle(
    session: Session,
    entry: Entry,
    outcome: str,
    now: datetime,
    *,
    again: bool,
    failures: int = 0,
) -> None:
    """Notes how a visit ended; `again`: it stays due, for a later run.

    Else a person's address is forgotten.
    """
    row = session.get_one(Frontier, entry.id)
    row.outcome, row.visited_at, row.failures = outcome, now, failures
    row.due_at = now if again else None
    if outcome != "gone":
        row.strikes, row.struck_by = 0, None
    if row.personal and not again:
        row.address = None


def strike(session: Session, entry: Entry, run: int) -> int:
    """Notes that this run found the page gone; in how many runs in a row that was so.

    `run` is any number of its own: the moment at which its round began, say.
    """
    row = session.get_one(Frontier, entry.id)
    if row.struck_by != run:
        row.strikes, row.struck_by = row.strikes + 1, run
    return row.strikes


def visited(session: Session, source: str, kinds: Iterable[str], since: datetime) -> dict[str, int]:
    """How the visits of these kinds ended since then: outcome -> how many."""
    query = (
        select(Frontier.outcome, func.count())
        .where(
            Frontier.source == source,
            Frontier.kind.in_(list(kinds)),
            Frontier.visited_at >= since,
        )
        .group_by(Frontier.outcome)
    )
    return {outcome or "": count for outcome, count in session.execute(query)}


def outcomes(session: Session, source: str) -> dict[str, dict[str, int]]:
    """How the last visits ended: kind -> outcome -> how many; "" for pages never visited."""
    query = (
        select(Frontier.kind, Frontier.outcome, func.count())
        .where(Frontier.source == source)
        .group_by(Frontier.kind, Frontier.outcome)
    )
    found: dict[str, dict[str, int]] = {}
    for kind, outcome, count in session.execute(query):
        found.setdefault(kind, {})[outcome or ""] = count
    return found


def forget_people(session: Session, before: datetime) -> int:
    """Blanks the addresses of people who were found before then and never visited; how many."""
    query = (
        update(Frontier)
        .where(Frontier.personal, Frontier.found_at < before, Frontier.address.is_not(None))
        .values(address=None, due_at=None)
        .returning(Frontier.id)
    )
    return len(session.execute(query).all())


def _is_due(source: str, now: datetime, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Frontier.source == source,
        Frontier.due_at <= now,
        Frontier.address.is_not(None),
        or_(Frontier.visited_at.is_(None), Frontier.visited_at < since),
    )


def _row(source: str, place: Place, due_at: datetime) -> dict[str, object]:
    return {
        "source": source,
        "kind": place.kind,
        "key": place.key,
        "address": place.address,
        "personal": place.personal,
        "found_at": due_at,
        "due_at": due_at,
        "failures": 0,
        "strikes": 0,
        "facts": {_VERSION: place.version},
    }


def _find_again(row: Frontier, place: Place, due_at: datetime) -> None:
    stale = row.visited_at is None or row.visited_at <= place.stale
    other = row.facts.get(_VERSION, "") != place.version
    if other:
        row.facts = {_VERSION: place.version}
    if row.due_at is not None and row.address is not None:
        return  # it waits already
    if stale or other:
        row.address, row.due_at, row.found_at = place.address, due_at, due_at
    elif place.horizon and place.again_after and row.visited_at:
        then = row.visited_at + place.again_after
        # Where it is not after all, a round keeps it from being visited twice.
        if due_at < then < place.horizon:
            row.address, row.due_at, row.found_at = place.address, then, due_at


def _known(
    session: Session, source: str, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Frontier]:
    names = [key for _, key in keys]
    query = select(Frontier).where(Frontier.source == source, Frontier.key.in_(names))
    return {(row.kind, row.key): row for row in session.scalars(query)}


def _entry(row: Frontier) -> Entry:
    return Entry(
        row.id,
        row.kind,
        row.key,
        row.address or "",
        row.facts.get(_VERSION, ""),
        row.failures,
    )
