"""Letters: to operators as direct messages, and to readers, each known by its nonce."""

import asyncio
from contextvars import ContextVar
from types import SimpleNamespace

import aiohttp
import discord

from bot.bridge import Bridge
from bot.conversation.events import Platform
from bot.conversation.reply import Reply
from bot.discord import events
from bot.discord.client import WebtoonClient
from bot.discord.render import messages
from bot.mailing import Claim, Mailing, NotTaken, Shut
from bot.post import Post, Undeliverable

AT_ONCE = 4  # Discord minds direct messages that are opened too fast
_PASSING = (401, 429)  # of the refusals: a new token or a little patience mends these
# Direct messages are opened too fast; Discord's guard against spam flagged us, for a while.
_LATER = (40003, 20026)
# There is nobody to say it to, or nobody who takes it from us.
_CLOSED = (10003, 10013, 50001, 50007, 50013, 50033, 50278)
_TIMEOUTS = (504, 524)  # a proxy waited for the answer, and whoever was to give it may have acted

_claim: ContextVar[Claim | None] = ContextVar("claim", default=None)


async def deliver(bridge: Bridge, client: WebtoonClient) -> None:
    """Delivers letters through this client, once it is logged in, until cancelled."""

    async def to_operator(user_id: str, text: str) -> None:
        # Refused: they take no messages, or there is no such person.
        try:
            channel = await client.create_dm(discord.Object(int(user_id)))
            for message in messages(Reply(text)):
                await channel.send(**message.as_new())
        except discord.HTTPException as error:
            if error.status >= 500 or error.status in _PASSING:
                raise
            raise Undeliverable(_reason(error)) from error

    async def to_reader(reply: Reply, claim: Claim) -> str:
        try:
            return await _send(client, reply, claim)
        except (discord.HTTPException, discord.RateLimited) as error:
            raise _meaning(error) from error
        except aiohttp.ClientConnectorError as error:
            raise NotTaken(type(error).__name__) from error

    await client.logged_in.wait()
    with client.busy():  # a letter on its way is work that the client's end waits for
        await asyncio.gather(
            Post(bridge, Platform.DISCORD, to_operator).run(),
            Mailing(bridge, Platform.DISCORD, to_reader, at_once=AT_ONCE).run(),
            return_exceptions=True,  # else the one that ends first would not wait for the other
        )


def watching() -> aiohttp.TraceConfig:
    """Tells a letter that its request goes out, after all that the library waits for before."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_starts)
    trace.on_request_end.append(_ends)
    return trace


async def _send(client: discord.Client, reply: Reply, claim: Claim) -> str:
    letter = claim.letter
    channel: discord.abc.Messageable
    if letter.to_chat:
        channel = client.get_partial_messageable(int(letter.user_id))
    else:
        channel = await client.create_dm(discord.Object(int(letter.user_id)))
    first, *rest = messages(reply)
    token = _claim.set(claim)
    try:
        # The library asks Discord to make no second message with a nonce that it knows.
        sent = await channel.send(**first.as_new(), nonce=f"letter-{letter.id}")
    finally:
        _claim.reset(token)

    async def follow() -> None:
        for number, message in enumerate(rest, start=1):
            await channel.send(**message.as_new(), nonce=f"letter-{letter.id}-{number}")

    claim.rest = follow
    return events.reference(sent.channel.id, sent.id)


async def _starts(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    request: aiohttp.TraceRequestStartParams,
) -> None:
    claim = _claim.get()
    if claim is not None and request.method == "POST":
        await claim.going()


async def _ends(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    request: aiohttp.TraceRequestEndParams,
) -> None:
    claim = _claim.get()
    if claim is not None and request.response.status == 429:
        await claim.back()


def _meaning(error: discord.HTTPException | discord.RateLimited) -> Exception:
    """What a failed call means for the letter; the error itself where nobody knows."""
    if isinstance(error, discord.RateLimited):
        return NotTaken(str(error))
    if error.status in _TIMEOUTS:
        return error
    if error.status >= 500 or error.status in _PASSING or error.code in _LATER:
        return NotTaken(_reason(error))
    return (Shut if error.code in _CLOSED else Undeliverable)(_reason(error))


def _reason(error: discord.HTTPException) -> str:
    return f"Discord answered {error.status}: {error.text or error.code}"
