"""What is known and what cleaning makes of it, as facts and as a page that needs no network."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db import coverage, crawled, foreign, jobs, ratings
from db.catalogue import Work
from db.engine import Database
from db.foreign import ForeignRow, MatchState
from db.jobs import Run
from db.ratings import Crawled
from recommender.interactions import LIKE, Interactions, Step
from tasks.cleaning import MINIMUM, Cleaned
from tasks.material import Snapshot, choose, read
from tasks.schedule import CRAWL_RATINGS
from tasks.writing import whole

CRAWLS = "crawl_"  # how their jobs are called
LOOKED_BACK = timedelta(days=90)
PAGE = "report.html"


@dataclass(frozen=True, slots=True)
class Spread:
    """How many ratings each reader, or each work, that has any has; the most first."""

    ranked: tuple[int, ...]

    @property
    def facts(self) -> dict[str, object]:
        """The same, counted: `counts[n]` of them have n ratings."""
        return {
            "number": len(self.ranked),
            "lowest": min(self.ranked, default=None),
            "median": median(self.ranked) if self.ranked else None,
            "highest": max(self.ranked, default=None),
            "counts": {str(n): count for n, count in sorted(Counter(self.ranked).items())},
        }


@dataclass(frozen=True, slots=True)
class Distribution:
    """Ratings by value (1 to 10 half-stars), by reader, and by work."""

    stars: tuple[int, ...]
    readers: Spread
    works: Spread


@dataclass(frozen=True, slots=True)
class Genre:
    """How many works a genre has, and how many ratings these have; a work may have several."""

    name: str
    works: int
    ratings: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the catalogue is known; `matches` counts foreign works by their state."""

    works: int
    gone: int
    with_genres: int
    with_keywords: int
    with_synopsis: int
    rated: int
    rated_enough: int
    matches: Mapping[str, int]
    foreign_gone: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of crawled ratings since a crawl began."""

    since: datetime
    new: int
    raised: int
    lowered: int
    removed: int
    back: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page shows. `simulated`: there are simulated ratings in it.

    `likes` is how many of the ratings are readers' 👍. `real_steps`: what the cleaning leaves of
    real ratings alone, where simulated ones joined in.
    """

    made_at: datetime
    simulated: bool
    crawled: Crawled
    likes: int
    before: Distribution
    after: Distribution
    steps: tuple[Step, ...]
    real_steps: tuple[Step, ...] | None
    genres: tuple[Genre, ...]
    coverage: Coverage
    crawls: tuple[Run, ...]
    changes: Changes | None

    @property
    def rows(self) -> int:
        """How many ratings there are."""
        return self.steps[0].rows

    @property
    def empty(self) -> bool:
        """Whether there is nothing to report on."""
        return not (self.rows or self.coverage.works or sum(self.coverage.matches.values()))


def _last_crawls(session: Session, now: datetime) -> dict[str, Run]:
    """The last run of each crawl that did not just look whether there was anything to do."""
    runs: dict[str, Run] = {}
    for run in jobs.since(session, now - LOOKED_BACK):  # newest first
        if run.name.startswith(CRAWLS) and run.outcome != "skipped":
            runs.setdefault(run.name, run)
    return runs


def gather(
    database: Database, now: datetime, tell: Callable[[str], None] = lambda _: None
) -> Report:
    """The state of everything at `now`, cleaned as training would. Raises Unreachable."""
    tell("reading")
    snapshot = read(database)
    with database.read() as session:
        runs = _last_crawls(session, now)
        changes = (
            _changes(session, runs[CRAWL_RATINGS].started_at) if CRAWL_RATINGS in runs else None
        )
        theirs, told = foreign.every(session), ratings.crawled(session)
        synopses = coverage.synopses(session)
    tell("cleaning")
    chosen = choose(snapshot)
    taken, by_work = chosen.taken, _per(chosen.taken.ours, axis=0)
    rated = dict(zip(taken.ours.items, by_work.tolist(), strict=True))
    return Report(
        made_at=now,
        simulated=chosen.joined,
        crawled=told,
        likes=_likes(snapshot),
        before=_before(taken),
        after=_after(taken),
        steps=taken.steps,
        real_steps=chosen.real.steps if chosen.joined and chosen.real.steps[0].rows else None,
        genres=_genres(snapshot.works, rated),
        coverage=_coverage(snapshot.works, rated, theirs, synopses),
        crawls=tuple(runs[name] for name in sorted(runs)),
        changes=changes,
    )


def facts(report: Report) -> dict[str, Any]:
    """The same as JSON has it."""
    told = report.crawled
    return {
        "made_at": report.made_at,
        "simulated": report.simulated,
        "crawled": {
            "rows": told.rows,
            "readers": len(told.raters),
            "works": told.works,
            "mean": told.mean,
            "sd": told.sd,
        },
        "likes": report.likes,
        "cleaning": [asdict(step) for step in report.steps],
        "cleaning_real": [asdict(step) for step in report.real_steps]
        if report.real_steps is not None
        else None,
        "before": _distribution(report.before),
        "after": _distribution(report.after),
        "genres": [asdict(genre) for genre in report.genres],
        "coverage": asdict(report.coverage),
        "crawls": [asdict(run) for run in report.crawls],
        "changes": asdict(report.changes) if report.changes else None,
    }


def write(folder: Path, page: str, pictures: Mapping[str, bytes], known: Sequence[str]) -> Path:
    """Puts the page and its pictures (by file name) into the folder; where the page is.

    All are written aside before the first takes its place, the page last. Those of the `known`
    pictures that this page does not have, an older one's, are removed. Raises NotWritten.
    """
    path = folder / PAGE
    contents = {PAGE: page.encode(), **pictures}
    with ExitStack() as stack:  # it lets go of the last first
        for name, content in contents.items():
            file = stack.enter_context(whole(folder / name))
            file.write(content)
            file.flush()
    for name in known:
        if name not in pictures:
            (folder / name).unlink(missing_ok=True)
    return path


def _changes(session: Session, since: datetime) -> Changes:
    kinds: Counter[str] = Counter()
    for before, after, _ in crawled.changes_since(session, since):
        if before is None:
            kinds["back"] += 1
        elif after is None:
            kinds["removed"] += 1
        else:
            kinds["raised" if after > before else "lowered"] += 1
    new = crawled.new_since(session, since)
    return Changes(since, new, kinds["raised"], kinds["lowered"], kinds["removed"], kinds["back"])


def _likes(snapshot: Snapshot) -> int:
    return sum(reader.startswith("reader:") for reader, _, _ in snapshot.real)


def _before(taken: Cleaned) -> Distribution:
    return Distribution(taken.before, _spread(taken.ours, axis=1), _spread(taken.ours, axis=0))


def _after(taken: Cleaned) -> Distribution:
    left = taken.kept.values_from(LIKE)
    values = np.bincount(left.matrix.data.astype(np.int64), minlength=11)[1:]
    return Distribution(tuple(values.tolist()), _spread(left, axis=1), _spread(left, axis=0))


def _per(ratings_: Interactions, axis: int) -> NDArray[np.int64]:
    return np.asarray((ratings_.matrix > 0).sum(axis=axis), dtype=np.int64)


def _spread(ratings_: Interactions, axis: int) -> Spread:
    counts = _per(ratings_, axis)
    return Spread(tuple(np.sort(counts[counts > 0])[::-1].tolist()))


def _genres(works: Sequence[Work], rated: Mapping[str, int]) -> tuple[Genre, ...]:
    """By the number of their works, then by name."""
    counted, given = Counter[str](), Counter[str]()
    for work in works:
        for name in set(work.genres):
            counted[name] += 1
            given[name] += rated.get(work.key, 0)
    names = sorted(counted, key=lambda name: (-counted[name], name))
    return tuple(Genre(name, counted[name], given[name]) for name in names)


def _coverage(
    works: Sequence[Work], rated: Mapping[str, int], theirs: Sequence[ForeignRow], synopses: int
) -> Coverage:
    states = Counter(work.state for work in theirs)
    return Coverage(
        works=len(works),
        gone=sum(work.gone for work in works),
        with_genres=sum(bool(work.genres) for work in works),
        with_keywords=sum(bool(work.keywords) for work in works),
        with_synopsis=synopses,
        rated=sum(count > 0 for count in rated.values()),
        rated_enough=sum(count >= MINIMUM for count in rated.values()),
        matches={state.value: states[state] for state in MatchState},
        foreign_gone=sum(work.gone for work in theirs),
    )


def _distribution(found: Distribution) -> dict[str, object]:
    return {
        "stars": {f"{n / 2:g}": count for n, count in enumerate(found.stars, start=1)},
        "per_reader": found.readers.facts,
        "per_work": found.works.facts,
    }
