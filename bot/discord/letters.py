"""Letters to operators, as direct messages."""

import discord

from bot.bridge import Bridge
from bot.conversation.events import Platform
from bot.conversation.reply import Reply
from bot.discord.client import WebtoonClient
from bot.discord.render import messages
from bot.post import Post, Undeliverable

_PASSING = (401, 429)  # of the refusals: a new token or a little patience mends these


async def deliver(bridge: Bridge, client: WebtoonClient) -> None:
    """Delivers letters through this client, once it is logged in, until cancelled."""

    async def send(user_id: str, text: str) -> None:
        # Refused: they take no messages, or there is no such person.
        try:
            channel = await client.create_dm(discord.Object(int(user_id)))
            for message in messages(Reply(text)):
                await channel.send(**message.as_new())
        except discord.HTTPException as error:
            if error.status >= 500 or error.status in _PASSING:
                raise
            reason = f"Discord answered {error.status}: {error.text or error.code}"
            raise Undeliverable(reason) from error

    await client.logged_in.wait()
    with client.busy():  # a letter on its way is work that the client's end waits for
        await Post(bridge, Platform.DISCORD, send).run()
