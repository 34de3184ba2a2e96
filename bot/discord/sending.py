"""What is sent to Discord is sent again while that may help, and let go once it cannot."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import discord
import stamina
import structlog

T = TypeVar("T")

FIRST_RESPONSE_SECONDS = 3.0  # after that Discord knows the interaction no more
SENDING_SECONDS = 60.0
RETRY_AFTER_LIMIT_SECONDS = 30.0

# There is nobody or nothing left to say it to. That is no error, and trying again is no use.
GONE = {
    10003: "unknown channel",
    10008: "unknown message",
    10015: "unknown webhook",
    10062: "unknown interaction",
    40060: "interaction acknowledged before",
    50001: "no access",
    50007: "takes no direct messages",
    50013: "no permission",
    50027: "interaction token expired",
}

log = structlog.get_logger()


async def attempt(send: Callable[[], Awaitable[T]], seconds: float = SENDING_SECONDS) -> T | None:
    """What `send` gives, tried again for up to `seconds` in all; None when it cannot be sent.

    Whatever is wrong with one message is logged here: it must not keep the others back.
    """
    try:
        async with asyncio.timeout(seconds):
            async for another in stamina.retry_context(
                _worth_retrying, attempts=5, timeout=None, wait_initial=0.2, wait_jitter=0.3
            ):
                with another:
                    return await send()
    except discord.HTTPException as error:
        if error.code in GONE:
            log.debug("discord: not sent", reason=GONE[error.code])
        else:
            log.error("discord: refused", status=error.status, code=error.code, reason=error.text)
    except (aiohttp.ClientError, OSError) as error:  # a timeout is an OSError
        log.warning("discord: not sent", reason=type(error).__name__)
    return None


def _worth_retrying(error: Exception) -> bool | float:
    """Whether, and after how many seconds, to try again.

    The library repeats some of the 5xx itself and a 429 only with a Via header; connections that
    break are ours to repeat altogether. A timeout is not repeated: the message may have arrived.
    """
    if isinstance(error, discord.HTTPException):
        if error.status == 429:
            return _retry_after(error)
        return error.status >= 500
    return isinstance(error, aiohttp.ClientConnectionError) and not isinstance(error, TimeoutError)


def _retry_after(error: discord.HTTPException) -> float | bool:
    try:
        seconds = float(error.response.headers["Retry-After"])
    except (KeyError, ValueError):
        return 1.0
    return seconds if seconds <= RETRY_AFTER_LIMIT_SECONDS else False
