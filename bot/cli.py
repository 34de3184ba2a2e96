"""`webtoonbot`: the readers' door from the command line."""

import asyncio
import getpass
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

import structlog
import typer
from pydantic import SecretStr

from bot.composition import hearing
from bot.settings import BotSettings
from db.errors import DatabaseError
from db.settings import InvalidSettings, load

app = typer.Typer(
    help="The webtoon bot, as readers meet it: in a terminal, in Telegram, in Discord.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Serve = Callable[..., Awaitable[None]]


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
) -> None:
    """Chat in this terminal; also reads lines from a pipe."""
    from bot.conversation.events import Platform, Speaker  # noqa: PLC0415 -- only what a door needs
    from bot.terminal import Terminal  # noqa: PLC0415

    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    settings = _settings(quiet=True)
    tag = lang or os.environ.get("LC_ALL") or os.environ.get("LANG")
    speaker = Speaker(Platform.TERMINAL, as_ or _user_name(), tag)
    tty = sys.stdin.isatty() and sys.stdout.isatty()
    with hearing(settings) as core:
        terminal = Terminal(core, speaker, sys.stdout, tty=tty)
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

    _run(serve, settings, token, settings.telegram_api_url, TelegramDoorError)


@app.command()
def discord() -> None:
    """Serve Discord's readers; needs DISCORD_TOKEN."""
    settings = _settings()
    token = _required(settings.discord_token, "DISCORD_TOKEN", "the developer portal gives it")
    from bot.discord.app import serve  # noqa: PLC0415 -- a bot loads its own library only
    from bot.discord.errors import DiscordError  # noqa: PLC0415

    _run(serve, settings, token, settings.discord_api_url, DiscordError)


def main() -> None:
    """Runs the command line; what an operator can mend is one sentence and exit code 2."""
    try:
        app()
    except (InvalidSettings, DatabaseError, CannotStart) as error:
        print(error, file=sys.stderr)  # noqa: T201 -- the one place where errors are said
        sys.exit(2)


def _settings(*, quiet: bool = False) -> BotSettings:
    from bot.logs import configure  # noqa: PLC0415

    settings = load(BotSettings)
    tokens = (settings.telegram_token, settings.discord_token)
    # Somebody who chats in a terminal wants answers there, and only troubles beside them.
    level = "WARNING" if quiet and settings.log_level == "INFO" else settings.log_level
    configure(level, settings.log_format, [t.get_secret_value() for t in tokens if t])
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


def _line(tty: bool) -> str | None:
    if not tty:
        return sys.stdin.readline() or None
    try:
        return input("› ")
    except (EOFError, KeyboardInterrupt):
        print()  # noqa: T201 -- leaves the prompt's line
        return None


def _run(
    serve: Serve,
    settings: BotSettings,
    token: SecretStr,
    api_url: str,
    fatal: type[Exception],
) -> None:
    from bot.bridge import Bridge  # noqa: PLC0415

    async def until_told() -> None:
        stop = asyncio.Event()
        for signal_ in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(signal_, stop.set)
        bridge = Bridge(core)
        try:
            await serve(bridge, token, api_url, stop)
        finally:
            bridge.close()

    with hearing(settings) as core:
        try:
            asyncio.run(until_told())
        except fatal as error:
            raise CannotStart(str(error)) from None
    structlog.get_logger().info("stopped")
