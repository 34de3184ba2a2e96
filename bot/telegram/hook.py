"""Where Telegram is to call us, as the operator set it: known without loading an HTTP server."""

import re
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.telegram.errors import BadHook

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True, slots=True)
class Hook:
    """The address that Telegram calls, the one where we listen, and the secret between us."""

    url: str
    path: str
    host: str
    port: int
    secret: SecretStr


def hook(url: str, listen: str, secret: SecretStr | None) -> Hook:
    """What the operator set, checked. Raises BadHook.

    An http address is let through: a Bot API server of one's own may call such, and Telegram's
    says itself that it does not.
    """
    if secret is None or not _SECRET.fullmatch(secret.get_secret_value()):
        message = (
            "TELEGRAM_WEBHOOK_SECRET must be 1 to 256 of the characters A-Z, a-z, 0-9, _ and -: "
            "with it Telegram shows that it is Telegram who calls TELEGRAM_WEBHOOK_URL."
        )
        raise BadHook(message)
    url, listen = url.strip(), listen.strip()
    with suppress(ValueError):  # brackets that are none
        address = urlsplit(url)
        if address.scheme in {"http", "https"} and address.hostname:
            return Hook(url, address.path or "/", *_where(listen), secret)
    message = "TELEGRAM_WEBHOOK_URL is no http(s) address."
    raise BadHook(message)


def _where(listen: str) -> tuple[str, int]:
    with suppress(ValueError):  # a port that is none
        here = urlsplit(f"//{listen}")
        if here.hostname and here.port is not None and here.netloc == listen:
            return here.hostname, here.port
    message = f"TELEGRAM_WEBHOOK_LISTEN is {listen!r}, and should be like 127.0.0.1:8080."
    raise BadHook(message)
