"""How the bots log: structured, to standard error, and never a secret."""

import logging
import sys
from collections.abc import Sequence
from urllib.parse import quote

import structlog
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError
from structlog.typing import EventDict, Processor, WrappedLogger


def configure(level: str, form: str, secrets: Sequence[str] = ()) -> None:
    """Sends our own and the libraries' logs through one formatter that masks `secrets`."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _Mask(secrets),
                renderer,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # At INFO httpx logs every request's URL, and Telegram's token is a part of it.
    for chatty in ("httpx", "httpcore", "telegram", "discord"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def passwords(url: str) -> list[str]:
    """The password in a database's or broker's address, in every form that a log may show it."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # whoever opens it says so
        return []
    given = [parsed.password or "", *parsed.normalized_query.get("password", ())]
    return [form for plain in given if plain for form in {plain, quote(plain, safe="")}]


class _Mask:
    """Replaces secrets in every value, tracebacks included: an exception may quote a URL."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = [secret for secret in secrets if secret]

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {key: self._masked(value) for key, value in event.items()}

    def _masked(self, value: object) -> object:
        text = value if isinstance(value, str) else str(value)
        if not any(secret in text for secret in self._secrets):
            return value
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
