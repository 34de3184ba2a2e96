"""What the doctor looks at; each check says in one line how things are, and raises nothing."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crawler.programs import BROWSERS, DRIVERS, Which, installed
from crawler.settings import CrawlerSettings
from db import catalogue, hosts, jobs, models, outbox, schema
from db.engine import Database
from db.errors import DatabaseError
from db.probe import newest
from db.settings import DatabaseSettings, InvalidSettings, load
from tasks import broker, registry
from tasks.errors import UnreadableModel
from tasks.schedule import Daily
from tasks.settings import TaskSettings

WAIT_SECONDS = 2.0


class State(StrEnum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's."""

    check: str
    state: State
    message: str


def examine(now: datetime, which: Which = shutil.which) -> Iterator[Finding]:
    """Settings, database, Redis, model, clock, letters, crawling and browser, in this order."""
    settings, finding = _settings()
    yield finding
    if settings is None:
        return
    database, finding = _database()
    yield finding
    yield _redis(settings)
    if database is not None:
        try:
            yield _model(database, settings)
            yield _clock(database, settings, now)
            yield _letters(database, settings)
            yield _crawling(database)
        finally:
            database.close()
    yield _browser(which)


def _settings() -> tuple[TaskSettings | None, Finding]:
    try:
        settings = load(TaskSettings)
        load(DatabaseSettings)
        key = load(CrawlerSettings).crawl_user_key
    except InvalidSettings as invalid:
        return None, Finding("settings", State.FAIL, str(invalid))
    if key is None:
        message = "CRAWL_USER_KEY is not set: imported users are stored as an unkeyed hash"
        return settings, Finding("settings", State.WARN, message)
    return settings, Finding("settings", State.OK, "all can be understood")


def _database() -> tuple[Database | None, Finding]:
    database = None
    try:
        url = load(DatabaseSettings).database_url.get_secret_value()
        database = Database(url, wait_seconds=WAIT_SECONDS)
        schema.require_head(database)
        with database.read() as session:
            works, _ = catalogue.version(session)
    except DatabaseError as error:
        if database:
            database.close()
        return None, Finding("database", State.FAIL, str(error))
    kind = database.engine.dialect.name
    if not works:
        message = f"{kind} answers, but holds no works: run webtoonctl demo or import catalogue"
        return database, Finding("database", State.WARN, message)
    return database, Finding("database", State.OK, f"{kind}, schema {newest()}, {works} works")


def _redis(settings: TaskSettings) -> Finding:
    try:
        queued = broker.waiting(settings.redis_url.get_secret_value())
    except broker.BrokerRefuses as refused:
        return Finding("redis", State.FAIL, f"{refused}: correct REDIS_URL")
    except broker.BrokerAway as away:
        message = f"{away}; the bots do without, the nightly jobs wait"
        return Finding("redis", State.WARN, message)
    return Finding("redis", State.OK, f"answers, {sum(queued.values())} jobs waiting")


def _model(database: Database, settings: TaskSettings) -> Finding:
    try:
        with database.read() as session:
            row = models.active(session)
        if row is None:
            return Finding("model", State.WARN, "none yet, popularity serves: run webtoonctl train")
        registry.loaded(settings.model_dir, row)
    except (UnreadableModel, DatabaseError) as error:
        return Finding("model", State.FAIL, str(error))
    kind = "demo model, learnt from simulated ratings too" if row.demo else "learnt from readers"
    return Finding("model", State.OK, f"{row.id} is sound: {kind}")


def _clock(database: Database, settings: TaskSettings, now: datetime) -> Finding:
    try:
        with database.read() as session:
            runs = jobs.last_runs(session)
    except DatabaseError as error:
        return Finding("clock", State.FAIL, str(error))
    latest = max((run.started_at for run in runs.values()), default=now)
    if latest > now:
        message = f"it is {now:%Y-%m-%d %H:%M} UTC here, but a job ran at {latest:%Y-%m-%d %H:%M}"
        return Finding("clock", State.FAIL, message)
    local = now.astimezone(settings.timezone)
    coming = Daily(settings.retrain_at, settings.timezone).next_after(now)
    message = (
        f"{local:%Y-%m-%d %H:%M} in {settings.timezone.key}, next training {coming:%m-%d %H:%M}"
    )
    return Finding("clock", State.OK, message)


def _letters(database: Database, settings: TaskSettings) -> Finding:
    try:
        with database.read() as session:
            waiting = outbox.waiting(session)
            refused = [lost for to in settings.admins if (lost := outbox.refused(session, to))]
    except DatabaseError as error:
        return Finding("letters", State.FAIL, str(error))
    if refused:
        latest = max(refused, key=lambda lost: lost.id)
        message = (
            f"no alert reaches {latest.platform}:{latest.user_id} of ADMINS: "
            f"{latest.reason} ({latest.at.astimezone(settings.timezone):%Y-%m-%d %H:%M})"
        )
        return Finding("letters", State.WARN, message)
    return Finding("letters", State.OK, f"{waiting} wait for a bot to deliver them")


def _crawling(database: Database) -> Finding:
    live = sorted(load(CrawlerSettings).crawl_live_hosts)
    try:
        with database.read() as session:
            blocked = [row for row in hosts.every(session) if row.stopped_at is not None]
    except DatabaseError as error:
        return Finding("crawling", State.FAIL, str(error))
    if blocked:
        message = f"{blocked[0].stopped_because}; webtoonctl crawl with --resume goes on"
        return Finding("crawling", State.WARN, message)
    switched = (
        f"live sites that are switched on: {', '.join(live)}" if live else "off: no live site"
    )
    return Finding("crawling", State.OK, switched)


def _browser(which: Which) -> Finding:
    if load(CrawlerSettings).selenium_url is not None:
        return Finding("browser", State.OK, "the one at SELENIUM_URL")
    browser, driver = installed(BROWSERS, which), installed(DRIVERS, which)
    if browser is None or driver is None:
        missing = "Chromium" if browser is None else "driver for Chromium"
        message = (
            f"no {missing}; only crawling ratings needs one: apt-get install chromium "
            "chromium-driver"
        )
        return Finding("browser", State.WARN, message)
    return Finding("browser", State.OK, f"{browser}, {driver}")
