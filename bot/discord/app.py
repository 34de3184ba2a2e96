"""Runs the Discord bot until it is told to stop."""

import asyncio
from contextlib import suppress

import aiohttp
import discord
import stamina
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from pydantic import SecretStr

from bot.addresses import is_http, shown
from bot.bridge import Bridge
from bot.discord.client import WebtoonClient
from bot.discord.errors import BadToken, NotDiscord, PrivilegedIntents, Refused, Unreachable
from bot.discord.letters import deliver, watching

ASKING_SECONDS = 10.0
WAIT_MAX_SECONDS = 60.0

log = structlog.get_logger()


async def serve(bridge: Bridge, token: SecretStr, api_url: str, stop: asyncio.Event) -> None:
    """Talks to readers on Discord until `stop` is set, then ends within four seconds.

    While Discord is away it keeps trying. Raises BadToken, PrivilegedIntents, NotDiscord or
    Refused when trying again is useless.
    """
    secret = token.get_secret_value().strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise BadToken
    if not is_http(api_url):
        raise NotDiscord(api_url, "is no http(s) address")
    talking = asyncio.create_task(_keep_talking(bridge, secret, api_url.rstrip("/")))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({talking, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if talking.done():
            talking.result()
    finally:
        stopped.cancel()
        talking.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait({talking})


async def _keep_talking(bridge: Bridge, secret: str, api_url: str) -> None:
    async for another in stamina.retry_context(
        Unreachable, attempts=None, timeout=None, wait_initial=0.5, wait_max=WAIT_MAX_SECONDS
    ):
        with another:
            await _talk(bridge, secret, api_url)


async def _talk(bridge: Bridge, secret: str, api_url: str) -> None:
    """One client's life. Once connected, the library itself resumes and reconnects."""
    # The library knows no other way to be pointed at a proxy.
    Route.BASE = api_url
    DiscordWebSocket.DEFAULT_GATEWAY = await _gateway(api_url)
    client = WebtoonClient(bridge, watching())
    delivering = asyncio.create_task(deliver(bridge, client))
    try:
        await client.start(secret)
    except discord.LoginFailure as error:
        raise BadToken from error
    except discord.PrivilegedIntentsRequired as error:
        raise PrivilegedIntents from error
    except discord.ConnectionClosed as error:
        raise (BadToken() if error.code == 4004 else Refused(error.code)) from error
    except discord.HTTPException as error:
        if error.status == 404:
            raise NotDiscord(api_url, "does not know the bot's own user") from error
        message = f"Discord answered {error.status}"
        raise Unreachable(message) from error
    except (OSError, aiohttp.ClientError) as error:
        raise Unreachable(str(error)) from error
    except AttributeError as error:
        # The library means to resume after any failed connection, also when there was none yet.
        if client.ws is not None:
            raise
        message = "the gateway does not take connections"
        raise Unreachable(message) from error
    finally:
        delivering.cancel()
        await client.finish()


async def _gateway(api_url: str) -> yarl.URL:
    """The address of the gateway, asked from the API; the question needs no token."""
    timeout = aiohttp.ClientTimeout(total=ASKING_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{api_url}/gateway") as response,
        ):
            if response.status == 429 or response.status >= 500:
                message = f"{shown(api_url)} answered {response.status}"
                raise Unreachable(message)
            answer = await response.json() if response.ok else None
    except aiohttp.InvalidURL as error:
        raise NotDiscord(api_url, "is no address") from error
    except (aiohttp.ContentTypeError, ValueError) as error:
        raise NotDiscord(api_url, "answered something else than JSON") from error
    except (OSError, aiohttp.ClientError) as error:
        message = f"{shown(api_url)} cannot be reached: {error}"
        raise Unreachable(message) from error
    if not isinstance(answer, dict) or not isinstance(answer.get("url"), str):
        raise NotDiscord(api_url, f"answered {response.status} when asked for the gateway")
    return yarl.URL(answer["url"])
