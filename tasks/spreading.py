"""What happened to works becomes news of those who follow them; and once a week, three works."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from db import follows, happenings, jobs, links, news, readers, weekly
from db.engine import Database
from db.happenings import Kind, Waiting
from tasks.records import Ended
from tasks.schedule import SPREAD_NEWS, Weekly

TOO_LATE = timedelta(days=3)  # what happened so long ago is no news
SUNDAY, AT = ("sun",), time(18)
LIKES = 3  # of fewer nobody can say much
SPOKE_WITHIN = timedelta(days=60)
STILL_WORTH = timedelta(hours=12)  # a Sunday evening that no run came to
_EVENTS = 100  # taken at once
_READERS = 1_000  # a transaction: others wait for a writer

Part = tuple[Waiting, Sequence[int], bool]  # an event, some of its readers, and: the last of them


def spread(database: Database, zone: ZoneInfo, now: datetime) -> Ended:
    """Spreads what waits, and suggests where Sunday evening came since the last run.

    Killed at any point, it goes on where it was: each news is added once, and an event is marked in
    the transaction of its last news. `zone` is where readers are who chose none. Raises
    Unreachable.
    """
    counts = Counter(events=0, late=0, news=0, weekly=0)
    while told := _taken(database, now):
        for part in _parts(told):
            with database.write() as session:
                counts["news"] += _add(session, part, now, zone)
        counts["events"] += len(told)
        counts["late"] += sum(_is_late(event, now) for event, _ in told)
    counts["weekly"] = _suggest(database, zone, now)
    return Ended(counts=dict(counts))


def _taken(database: Database, now: datetime) -> list[tuple[Waiting, list[int]]]:
    """The oldest events that wait, and whom each concerns."""
    with database.read() as session:
        return [
            (event, _concerned(session, event, now))
            for event in happenings.waiting(session, _EVENTS)
        ]


def _concerned(session: Session, event: Waiting, now: datetime) -> list[int]:
    if _is_late(event, now):
        return []
    if event.kind is Kind.NEW:
        return follows.followers_of_others(session, event.webtoon_id, event.authors)
    return follows.followers(session, event.webtoon_id)


def _is_late(event: Waiting, now: datetime) -> bool:
    return now - event.at > TOO_LATE


def _parts(told: Iterable[tuple[Waiting, list[int]]]) -> Iterator[list[Part]]:
    """What to do in one transaction each."""
    part: list[Part] = []
    room = _READERS
    for event, concerned in told:
        left = concerned
        while len(left) > room:
            yield [*part, (event, left[:room], False)]
            left, part, room = left[room:], [], _READERS
        part.append((event, left, True))
        room -= len(left)
    if part:
        yield part


def _add(session: Session, part: Sequence[Part], now: datetime, zone: ZoneInfo) -> int:
    added = 0
    for event, concerned, _ in part:
        key, whom = f"event:{event.id}", _present(session, concerned)
        added += news.add(session, whom, key, event_id=event.id, now=now, default_zone=zone)
    happenings.spread(session, [event.id for event, _, last in part if last], now)
    return added


def _present(session: Session, ids: Sequence[int]) -> list[int]:
    """These readers, each as who they became if they were linked since they were found."""
    there = readers.present(session, ids)
    became = (links.became(session, gone) for gone in ids if gone not in there)
    return [*there, *(reader for reader in became if reader is not None)]


def _suggest(database: Database, zone: ZoneInfo, now: datetime) -> int:
    """Adds the week's three works to the news of who wants them; to how many."""
    added = 0
    for key, zones in _evenings(database, zone, now).items():
        with database.read() as session:
            wanting = weekly.readers(session, zones, likes=LIKES, since=now - SPOKE_WITHIN)
        for start in range(0, len(wanting), _READERS):
            chunk = wanting[start : start + _READERS]
            with database.write() as session:
                added += news.add(session, chunk, key, event_id=None, now=now, default_zone=zone)
    return added


def _evenings(database: Database, zone: ZoneInfo, now: datetime) -> dict[str, list[str | None]]:
    """The zones where the evening came since the last run, by the key of their week."""
    with database.read() as session:
        before = jobs.last_begun(session, SPREAD_NEWS)
        chosen = weekly.zones(session)
    since = max(before or now - STILL_WORTH, now - STILL_WORTH)
    found: dict[str, list[str | None]] = {}
    for name in chosen:
        slot = Weekly(SUNDAY, AT, news.zone_named(name) or zone).last_until(now)
        if slot > since:
            year, week, _ = slot.isocalendar()
            found.setdefault(f"{weekly.KEY}{year}-W{week:02}", []).append(name)
    return found
