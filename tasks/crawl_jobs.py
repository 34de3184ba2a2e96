"""The crawls as jobs: one recorded run over one source, for its command and its task alike."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog

from crawler import setup, sources
from crawler.errors import NotSwitchedOn
from crawler.hosts import host_of, is_loopback
from crawler.manners import HostState, Time
from crawler.settings import CrawlerSettings
from crawler.setup import Clock, Memory
from crawler.source import Source, Subject
from db import alerts, catalogue, frontier, hosts, jobs, locks
from db.engine import Database
from db.hosts import HostRow
from db.settings import InvalidSettings
from tasks import matching
from tasks.crawling import Crawl, Progress
from tasks.errands import Errand, Report, known_works, places
from tasks.errors import Busy, NothingToDo
from tasks.records import Ended, Recording, recorded

log = structlog.get_logger()

# In a round that takes longer, what was visited longer ago is visited again.
OLDEST_ROUND = timedelta(days=14)
ROUNDS = 200  # runs that are looked back at


@dataclass(frozen=True, slots=True)
class Bounds:
    """What bounds a run: so many pages, until then, leaving alone what was visited since."""

    limit: int | None = None
    since: datetime | None = None
    deadline: datetime | None = None
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Crawled:
    """What became of a crawl."""

    ended: Ended
    report: Report


@dataclass(frozen=True, slots=True)
class Plan:
    """What a crawl would do: how many pages of each kind are due, and how the host is treated."""

    url: str
    due: dict[str, int]
    delay_seconds: float
    pages_left_today: int
    paused_until: datetime | None
    stopped_because: str | None


def crawl(
    recording: Recording,
    name: str,
    settings: CrawlerSettings,
    bounds: Bounds,
    *,
    progress: Progress | None = None,
    time: Time | None = None,
) -> Crawled:
    """Crawls the source of this name, and matches what it found.

    Raises NotSwitchedOn, InvalidSettings, NothingToDo, Busy, AlreadyDone, and Unreachable.
    """
    source, url = _source(settings, name)
    key = _key(settings, source)
    setup.manners(settings, url)  # whether we may, before anything is recorded
    if not is_loopback(host_of(url)):
        log.warning(
            "a live site is crawled",
            host=host_of(url),
            because="CRAWL_LIVE_HOSTS names it",
            robots=settings.crawl_robots,
        )
    database = recording.database
    with locks.held(database, f"host-{host_of(url).replace(':', '-')}") as mine:
        if not mine:
            raise Busy(source.job)
        with recorded(source.job, recording) as record:
            errand = Errand(
                began=record.began,
                round_began=_round(database, source.job, record.began),
                key=key,
                since=_since(bounds.since, url, record.began),
                limit=bounds.limit,
                deadline=bounds.deadline,
            )
            with setup.visitor(
                settings,
                url,
                browser=source.browser,
                memory=_memory(database),
                deadline=bounds.deadline,
                time=time or Clock(recording.clock),
                resume=bounds.resume,
            ) as site:
                run = Crawl(database, source, site, errand)
                if progress is not None:
                    run.progress = progress
                _require_something(database, source)
                try:
                    report = run.run()
                finally:
                    record.so_far = run.report.counts() | {"through": False}
            matched = matching.match(database)
            _tell(recording, source, report)
            counts = report.counts() | {
                "matched": matched.matched,
                "review": matched.review,
                "notes": dict(report.notes.most_common(20)),
            }
            record.ended = Ended(counts=counts, reason=report.ended)
    return Crawled(record.ended, report)


def skipped(recording: Recording, name: str, settings: CrawlerSettings, reason: str) -> Ended:
    """Records that a crawl was due and did not take place. Raises Busy and AlreadyDone."""
    source, _ = _source(settings, name)
    with recorded(source.job, recording) as record:
        record.ended = Ended("skipped", reason=reason)
    return record.ended


def why_off(settings: CrawlerSettings, name: str) -> str | None:
    """Why this source may not be crawled with these settings; None if it may."""
    try:
        source, url = _source(settings, name)
        _key(settings, source)
        setup.manners(settings, url)
    except (NotSwitchedOn, InvalidSettings) as off:
        return str(off)
    return None


def plan(
    database: Database, name: str, settings: CrawlerSettings, bounds: Bounds, now: datetime
) -> Plan:
    """What a crawl would begin with; asks no site and writes nothing.

    Raises NotSwitchedOn, InvalidSettings, NothingToDo and Unreachable.
    """
    source, url = _source(settings, name)
    key = _key(settings, source)
    polite = setup.manners(settings, url)
    _require_something(database, source)
    errand = Errand(
        began=now,
        round_began=_round(database, source.job, now),
        key=key,
        since=_since(bounds.since, url, now),
    )
    due = _due_if_seeded(database, source, errand)
    state = _memory(database).recall(host_of(url))
    today = f"{now:%Y-%m-%d}"
    return Plan(
        url=url,
        due=due,
        delay_seconds=polite.delay_seconds,
        pages_left_today=polite.pages_a_day - (state.pages if state.day == today else 0),
        paused_until=state.paused_until if (state.paused_until or now) > now else None,
        stopped_because=state.stopped_because,
    )


def _due_if_seeded(database: Database, source: Source, errand: Errand) -> dict[str, int]:
    with database.read() as session:
        found = places(source, errand, source.seeds(known_works(session, source.name)))
    with database.write(keep=False) as session:
        frontier.add(session, source.name, found, errand.began)
        return frontier.waiting(session, source.name, errand.began, errand.began)


def _source(settings: CrawlerSettings, name: str) -> tuple[Source, str]:
    url = setup.site_url(settings, name, sources.load(name).home)
    return sources.load(name, url), url


def _key(settings: CrawlerSettings, source: Source) -> bytes:
    """The key of the hash that stands for people, where the source has any."""
    if settings.crawl_user_key is not None:
        return settings.crawl_user_key.get_secret_value().encode()
    if Subject.PERSON in source.subjects.values():
        raise InvalidSettings(
            "The setting CRAWL_USER_KEY is missing: people who rate are stored as a hash with this "
            "key, so choose a long secret and keep it."
        )
    return b""


def _since(since: datetime | None, url: str, now: datetime) -> datetime | None:
    """A live site's pages are not visited more often than their source says, whoever asks."""
    if since is None or is_loopback(host_of(url)):
        return since
    return min(since, now - timedelta(days=7))


def _round(database: Database, job: str, now: datetime) -> datetime:
    """When the round began that a run at `now` belongs to: after the last run that was through."""
    with database.read() as session:
        runs = [run for run in jobs.since(session, now - OLDEST_ROUND) if run.name == job][:ROUNDS]
    began = now
    for run in runs:  # newest first; this one is among them
        if run.counts.get("through"):
            break
        if run.outcome != "skipped":
            began = min(began, run.started_at)
    return began


def _require_something(database: Database, source: Source) -> None:
    if source.listing:
        return
    with database.read() as session:
        works, _ = catalogue.version(session)
    if not works:
        message = "There are no works yet: crawl naver, or import a catalogue, first."
        raise NothingToDo(message)


def _memory(database: Database) -> Memory:
    def recall(host: str) -> HostState:
        with database.read() as session:
            row = hosts.get(session, host)
        return HostState(**asdict(row)) if row else HostState(host)

    def remember(state: HostState) -> None:
        with database.write() as session:
            hosts.put(session, HostRow(**asdict(state)))

    return Memory(recall, remember)


def _tell(recording: Recording, source: Source, report: Report) -> None:
    """Opens or closes the incidents that a crawl can find."""
    now = recording.clock()
    incidents = {
        f"{source.job}.blocked": report.ended if report.blocked else None,
        f"{source.job}.drift": (
            f"{report.outcomes['drift']} pages of {source.name} declare rows that cannot be read: "
            "the site has changed, and the source must be brought up to date."
            if report.outcomes["drift"]
            else None
        ),
    }
    with recording.database.write() as session:
        kinds = frontier.outcomes(session, source.name).values()
        # A few pages that can be read say nothing of those that could not.
        still = {f"{source.job}.drift"} if any("drift" in ended for ended in kinds) else set()
        for key, message in incidents.items():
            if message is not None:
                alerts.open_alert(session, key, message, now, recording.tell)
            elif report.visits and key not in still:
                alerts.close_alerts(session, key, now)
