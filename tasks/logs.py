"""How the operator's processes write their log: one line an event, to stderr."""

import logging
import sys
from collections.abc import Iterable
from urllib.parse import parse_qs, unquote, urlsplit

import structlog
from structlog.typing import EventDict, WrappedLogger

from tasks.settings import TaskSettings


def configure(settings: TaskSettings, database_url: str) -> None:
    """Sends what structlog and the standard library's loggers say through one formatter.

    The passwords of Redis and of the database are masked in all of it.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _Mask([settings.redis_url.get_secret_value(), database_url]),
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


# They quote addresses and pages, which may name somebody.
_TALKATIVE = ("selenium", "urllib3", "websocket", "httpx", "httpcore", "trio")


class _Mask:
    """Replaces the passwords of `urls` in every value: an exception may quote a whole URL."""

    def __init__(self, urls: Iterable[str]) -> None:
        found = {password for url in urls for password in _passwords(url)}
        # The longest first: one may be a part of another.
        self._passwords = sorted(filter(None, found), key=len, reverse=True)

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {name: self._masked(value) for name, value in event.items()}

    def _masked(self, value: object) -> object:
        text = value if isinstance(value, str) else str(value)
        if not any(password in text for password in self._passwords):
            return value
        for password in self._passwords:
            text = text.replace(password, "***")
        return text


def _passwords(url: str) -> Iterable[str]:
    """The password of a URL, as it is written there and as it is meant."""
    # Not urlsplit's: it ends the host, and so the password, at the first / or #.
    before, at, _ = url.partition("://")[2].rpartition("@")
    written = before.partition(":")[2] if at else ""
    yield written
    yield unquote(written)
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:
        return
    yield from query.get("password", [])
