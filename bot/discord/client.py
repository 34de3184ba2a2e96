"""The library's client with our handlers: non-privileged intents, no caches, work that can end."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import aiohttp
import discord
import structlog

from bot.bridge import Bridge
from bot.conversation.commands import BY_NAME, Takes
from bot.conversation.events import Platform
from bot.discord import events, forms
from bot.discord.buttons import ActionButton
from bot.discord.commands import Tree
from bot.discord.exchange import Exchange

DRAINING_SECONDS = 3.0
CLOSING_SECONDS = 0.5

log = structlog.get_logger()


class WebtoonClient(discord.Client):
    """Everything readers can do to the bot on Discord ends up in its `Exchange`."""

    def __init__(self, bridge: Bridge, trace: aiohttp.TraceConfig | None = None) -> None:
        """`trace` is told of each request to Discord's API."""
        super().__init__(
            intents=discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True),
            allowed_mentions=discord.AllowedMentions.none(),  # a title must not ping
            max_messages=None,
            http_trace=trace or aiohttp.TraceConfig(),
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
        )
        self._work: set[asyncio.Task[Any]] = set()
        self._exchange = Exchange(bridge, self._work)
        self._answering = partial(bridge.answering, Platform.DISCORD)
        self.logged_in = asyncio.Event()
        operators = bridge.hearing.admins(Platform.DISCORD)
        self.tree = Tree(self, self.commanded, self.asked_for_choices, operators=operators)

    async def setup_hook(self) -> None:
        """Makes old buttons work and registers the commands, if they changed."""
        self.logged_in.set()
        self.add_dynamic_items(ActionButton)
        try:
            changed = await self.tree.sync_changes()
        except discord.HTTPException as error:
            if error.status == 401:
                raise
            # The commands registered earlier go on working.
            log.error("discord: commands not registered", status=error.status, code=error.code)
        else:
            log.info("discord: commands registered" if changed else "discord: commands unchanged")

    async def on_ready(self) -> None:
        """Says in the log that the bot is there."""
        log.info("discord: ready", bot=str(self.user), guilds=len(self.guilds))

    async def commanded(
        self, interaction: discord.Interaction[Any], name: str, argument: str, private: bool
    ) -> None:
        """A slash command was given."""
        spec = BY_NAME.get(name)
        empty = not argument.strip() and events.attached(interaction) is None
        if spec is not None and spec.takes is Takes.LIST and empty:
            with self.busy():
                await self._exchange.ask_for_list(interaction)
            return
        with self.busy(), self._answering():
            await self._exchange.command(interaction, name, argument, private)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """A form was sent, maybe one that another process showed."""
        listed = forms.typed(interaction)
        if listed is not None:
            with self.busy(), self._answering():
                await self._exchange.command(interaction, "import", listed, private=False)

    async def pressed(self, interaction: discord.Interaction[Any], action: str) -> None:
        """A button was pressed."""
        with self.busy(), self._answering():
            await self._exchange.press(interaction, action)

    async def asked_for_choices(
        self, interaction: discord.Interaction[Any], name: str, typed: str
    ) -> None:
        """Somebody is typing a command's argument."""
        with self.busy():
            await self._exchange.offer(interaction, name, typed)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """An emoji was put on a message, cached or not."""
        with self.busy():
            await self._exchange.reaction(self, payload)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        """An emoji was taken back."""
        with self.busy():
            await self._exchange.reaction(self, payload)

    async def finish(self) -> None:
        """Lets running work end, then hangs up; within four seconds, whatever Discord does."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAINING_SECONDS):
                while self._work:  # an answer's end may begin the remembering of its card
                    await asyncio.wait(self._work)
        for task in self._work:
            task.cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.close(), CLOSING_SECONDS)
        await self.http.close()  # which a close cut short has not come to

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Counts the current task among the work that `finish` waits for."""
        task = asyncio.current_task()
        if task is None:
            message = "handlers run in tasks of their own"
            raise RuntimeError(message)
        self._work.add(task)
        try:
            yield
        finally:
            self._work.discard(task)
