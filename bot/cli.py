"""`webtoonbot`: the readers' door from the command line."""

import asyncio
import getpass
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import structlog
import typer
from pydantic import SecretStr

from bot.conversation.events import Platform, Speaker
from bot.settings import BotSettings
from db.errors import DatabaseError, Unreachable
from db.settings import DatabaseSettings, InvalidSettings, load

if TYPE_CHECKING:  # whoever asks for help, or forgot a token, need not wait for what these load
    from bot.hearing import Hearing
    from bot.metrics import Metrics

app = typer.Typer(
    help="The webtoon bot, as readers meet it: in a terminal, in Telegram, in Discord.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Serve = Callable[..., Awaitable[None]]
log = structlog.get_logger()

# A bot that is told to end has ended within 5 seconds; what is left is for the process to go.
_ENDING_SECONDS = 4.0


class CannotStart(Exception):
    """The bot cannot start as it is set up; one sentence, exit code 2."""


@app.command()
def chat(
    as_: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Speak as this reader.")
    ] = None,
    lang: Annotated[
        Literal["ko", "en"] | None, typer.Option(help="Language; otherwise LANG decides.")
    ] = None,
    room: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Chat in this room, where others may be (/together)."),
    ] = None,
) -> None:
    """Chat in this terminal; also reads lines from a pipe."""
    from bot.composition import hearing  # noqa: PLC0415
    from bot.terminal import Terminal  # noqa: PLC0415 -- only what a door needs

    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    settings = _settings(quiet=True)
    tag = lang or os.environ.get("LC_ALL") or os.environ.get("LANG")
    name = _readable(as_ or _user_name(), "The name to speak as", "--as")
    speaker = Speaker(Platform.TERMINAL, name, tag, name)
    if room is not None:
        room = _readable(room.strip(), "The room's name", "--room")
    tty = sys.stdin.isatty() and sys.stdout.isatty()
    with hearing(settings) as core:
        terminal = Terminal(core, speaker, sys.stdout, tty=tty, room=room)
        terminal.greet()
        while (line := _line(tty)) is not None:
            terminal.hear(line)


@app.command()
def telegram() -> None:
    """Serve Telegram's readers; needs TELEGRAM_TOKEN."""
    settings = _settings()
    token = _required(settings.telegram_token, "TELEGRAM_TOKEN", "BotFather gives it")
    from bot.telegram.app import serve  # noqa: PLC0415 -- a bot loads its own library only
    from bot.telegram.errors import TelegramDoorError  # noqa: PLC0415
    from bot.telegram.hook import hook  # noqa: PLC0415

    called = None
    if url := settings.telegram_webhook_url:
        try:
            called = hook(url, settings.telegram_webhook_listen, settings.telegram_webhook_secret)
        except TelegramDoorError as error:
            raise CannotStart(str(error)) from None
    door = partial(serve, token=token, api_url=settings.telegram_api_url, hook=called)
    _run(Platform.TELEGRAM, door, settings, TelegramDoorError)


@app.command()
def discord() -> None:
    """Serve Discord's readers; needs DISCORD_TOKEN."""
    settings = _settings()
    token = _required(settings.discord_token, "DISCORD_TOKEN", "the developer portal gives it")
    from bot.discord.app import serve  # noqa: PLC0415 -- a bot loads its own library only
    from bot.discord.errors import DiscordError  # noqa: PLC0415

    door = partial(serve, token=token, api_url=settings.discord_api_url)
    _run(Platform.DISCORD, door, settings, DiscordError)


def main() -> None:
    """Runs the command line; what an operator can mend is one sentence and exit code 2."""
    try:
        app()
    except (InvalidSettings, DatabaseError, CannotStart) as error:
        print(error, file=sys.stderr)  # noqa: T201 -- the one place where errors are said
        sys.exit(2)


def _settings(*, quiet: bool = False) -> BotSettings:
    from bot.logs import configure, passwords  # noqa: PLC0415

    settings = load(BotSettings)
    secrets = (settings.telegram_token, settings.telegram_webhook_secret, settings.discord_token)
    tokens = [secret.get_secret_value() for secret in secrets if secret]
    url = load(DatabaseSettings).database_url.get_secret_value()
    # Somebody who chats in a terminal wants answers there, and only troubles beside them.
    level = "WARNING" if quiet and settings.log_level == "INFO" else settings.log_level
    configure(level, settings.log_format, [*tokens, *passwords(url)])
    return settings


def _required(token: SecretStr | None, name: str, where: str) -> SecretStr:
    if token is None or not token.get_secret_value().strip():
        message = f"{name} is not set: {where}, and it goes into the environment or .env."
        raise CannotStart(message)
    return token


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have a number and no name
        return f"user-{os.getuid()}"


def _readable(name: str, what: str, option: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:  # made readable by force, it might be another's name
        name = ""
    if not name:
        message = f"{what} is no readable text: give another with {option} NAME."
        raise CannotStart(message)
    return name


def _line(tty: bool) -> str | None:
    if not tty:
        return sys.stdin.readline() or None
    try:
        return input("› ")
    except (EOFError, KeyboardInterrupt):
        print()  # noqa: T201 -- leaves the prompt's line
        return None


def _run(
    platform: Platform,
    serve: Serve,
    settings: BotSettings,
    fatal: type[Exception],
) -> None:
    from bot.bridge import Bridge  # noqa: PLC0415
    from bot.metrics import Metrics  # noqa: PLC0415

    async def until_told() -> None:
        stop = asyncio.Event()

        def told() -> None:
            _end_in_time()
            stop.set()

        for signal_ in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(signal_, told)
        bridge = Bridge(core, answering=metrics.answering)
        try:
            await serve(bridge=bridge, stop=stop)
        finally:
            bridge.close()

    for signal_ in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_, _end)  # until the loop is there to hear them
    metrics = Metrics()
    with ExitStack() as stack:
        _publish(stack, metrics, settings)
        core = _core(stack, settings, platform, metrics)
        try:
            asyncio.run(until_told())
        except fatal as error:
            raise CannotStart(str(error)) from None
    log.info("stopped")


def _publish(stack: ExitStack, metrics: "Metrics", settings: BotSettings) -> None:
    """Serves the metrics from now on, if there is a port for them."""
    host, port = settings.metrics_host, settings.metrics_port
    if not port:
        return
    try:
        stack.enter_context(metrics.served(host, port))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = (
            f"The metrics cannot be served at METRICS_HOST:METRICS_PORT {host}:{port}: {reason}."
        )
        raise CannotStart(message) from None
    log.info("metrics served", host=host, port=port)


def _core(
    stack: ExitStack, settings: BotSettings, platform: Platform, metrics: "Metrics"
) -> "Hearing":
    """The core, once the database is there; whatever else is wrong is raised."""
    import stamina  # noqa: PLC0415

    from bot.composition import hearing  # noqa: PLC0415

    for attempt in stamina.retry_context(_away, attempts=None, timeout=None, wait_max=10.0):
        with attempt:
            return stack.enter_context(hearing(settings, platform, metrics=metrics))
    raise AssertionError("unreachable")


def _away(error: Exception) -> bool:
    if isinstance(error, Unreachable):
        log.error("waiting for the database", reason=str(error))
    return isinstance(error, Unreachable)


def _end(*_: object) -> None:
    _end_in_time()
    sys.exit(0)


def _end_in_time() -> None:
    """Sees to it that the process ends, even if a thread hangs in a database that is stuck.

    Nothing is lost by it: a transaction is whole or not there, and updates are kept.
    """
    last_resort = threading.Timer(_ENDING_SECONDS, _exit)
    last_resort.daemon = True
    last_resort.start()


def _exit() -> None:
    log.warning("stopped without waiting any longer for the database")
    logging.shutdown()
    os._exit(0)
