"""Everything on one machine: which programs run, with what settings, and who ends when."""

import asyncio
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import structlog

from db import alerts
from db.engine import Database
from db.errors import DatabaseError
from db.outbox import Address
from db.settings import InvalidSettings
from tasks import broker, redis_server
from tasks.children import Child, Program
from tasks.redis_server import Listener
from tasks.settings import RunSettings, TaskSettings

ENDING_SECONDS = 30.0  # then a job is killed, which the next start sends again
SERVER_ENDING_SECONDS = 10.0
HIGHEST_PORT = 65_535

log = structlog.get_logger()


def programs(settings: TaskSettings, doors: RunSettings, redis_url: str | None) -> list[Program]:
    """The workers, beat, and the bots that have a token; the broker at `redis_url` unless None."""
    shared = {"REDIS_URL": redis_url} if redis_url else {}
    celery = (sys.executable, "-m", "celery", "--quiet", "-A", "tasks.app")
    bot = str(Path(sys.executable).with_name("webtoonbot"))

    def program(name: str, command: tuple[str, ...], metrics: int | None = None) -> Program:
        port = settings.metrics_port + metrics if metrics is not None else 0
        own = {"METRICS_PORT": str(port)} if settings.metrics_port else {}
        return Program(name, command, shared | own)

    def worker(queue: str) -> Program:
        only_one = ("worker", "-Q", queue, "-c", "1", "-n", f"{queue}@%h")
        # They have nothing to tell each other; each would wait a second for the others' answer.
        alone = ("--without-gossip", "--without-mingle")
        return program(f"worker-{queue}", (*celery, *only_one, *alone))

    found = [worker("train"), worker("crawl"), program("beat", (*celery, "beat"), 0)]
    if doors.telegram_token:
        found.append(program("telegram", (bot, "telegram"), 1))
    if doors.discord_token:
        found.append(program("discord", (bot, "discord"), 2))
    return found


class Told:
    """Opens and closes an incident for each program that does not live."""

    def __init__(self, database: Database, tell: tuple[Address, ...]) -> None:
        self._database, self._tell = database, tell

    async def open(self, program: str, message: str) -> None:
        """It does not live."""
        await asyncio.to_thread(self._note, program, message)

    async def close(self, program: str) -> None:
        """It is well."""
        await asyncio.to_thread(self._note, program, None)

    async def forget(self) -> None:
        """Whatever was wrong in a run before this one: if it still is, it is told anew."""
        await self.close("")

    def _note(self, program: str, message: str | None) -> None:
        key, now = f"process.{program}", datetime.now(UTC)
        try:
            with self._database.write() as session:
                if message is None:
                    alerts.close_alerts(session, key, now)
                else:
                    alerts.open_alert(session, key, message, now, self._tell)
        except DatabaseError as error:
            log.error("cannot note how a program fares", program=program, reason=str(error))


async def supervise(
    database: Database, settings: TaskSettings, doors: RunSettings, *, redis_port: int
) -> None:
    """Runs everything until SIGTERM or SIGINT; a second signal kills what does not end at once.

    Raises InvalidSettings when the broker's port is taken, or REDIS_URL's server refuses us.
    """
    if settings.metrics_port > HIGHEST_PORT - 2:
        message = f"The setting METRICS_PORT is wrong: {HIGHEST_PORT - 2} is the highest for a run."
        raise InvalidSettings(message)
    stop, hurry = _signals()
    told = Told(database, settings.admins)
    await told.forget()
    embedded, redis_url = await _broker(settings, redis_port)
    server = Child(embedded, told) if embedded else None
    keeping = []
    if server:
        keeping.append(asyncio.create_task(server.keep()))
        if not await redis_server.ready(redis_port):
            log.error("Valkey does not answer yet; workers and beat wait for it")
    if not (doors.telegram_token or doors.discord_token):
        log.warning("no bot runs: neither TELEGRAM_TOKEN nor DISCORD_TOKEN is set")
    children = [Child(each, told) for each in programs(settings, doors, redis_url)]
    keeping += [asyncio.create_task(child.keep()) for child in children]
    log.info("running", programs=[child.program.name for child in children])
    await stop.wait()
    log.info("ending")
    await asyncio.gather(*(child.end(ENDING_SECONDS, hurry) for child in children))
    if server:  # the last: the others have something to tell it until they are gone
        await server.end(SERVER_ENDING_SECONDS, hurry)
    await asyncio.gather(*keeping)
    log.info("ended")


def _signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Set by the first signal to end, and by the second."""
    stop, hurry = asyncio.Event(), asyncio.Event()

    def told() -> None:
        (hurry if stop.is_set() else stop).set()

    for which in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(which, told)
    return stop, hurry


async def _broker(settings: TaskSettings, port: int) -> tuple[Program | None, str | None]:
    """The server to start, if any, and the URL that the programs are told, if they need telling."""
    if "redis_url" in settings.model_fields_set:
        await asyncio.to_thread(_ask, settings.redis_url.get_secret_value())
        return None, None
    url = redis_server.url(port)
    match await redis_server.listener(port):
        case Listener.NOBODY:
            return redis_server.program(port, settings.model_dir.parent / "valkey"), url
        case Listener.REDIS:
            log.info("the Redis that runs on this machine already is used", port=port)
            return None, url
        case taken:
            message = (
                f"The port {port} is taken by {taken.value}: set REDIS_URL, "
                "or choose another port with --redis-port."
            )
            raise InvalidSettings(message)


def _ask(redis_url: str) -> None:
    try:
        broker.waiting(redis_url)
    except broker.BrokerRefuses as refused:
        message = f"The setting REDIS_URL is wrong: {refused}."
        raise InvalidSettings(message) from None
    except broker.BrokerAway as away:
        log.warning("workers and beat wait for Redis", reason=str(away))
