"""One interaction or reaction, from its acknowledgement to its answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

import discord
import stamina
import structlog
from discord import app_commands

from bot.boards import Boards
from bot.bridge import Bridge
from bot.conversation.events import MAX_FILE, Command, Event, File, Press
from bot.conversation.reply import Reply
from bot.conversation.texts import language_of
from bot.discord import events, render
from bot.discord.commands import PUBLIC
from bot.discord.forms import list_form
from bot.discord.sending import FIRST_RESPONSE_SECONDS, attempt
from bot.hearing import Unavailable

Interaction = discord.Interaction[Any]

MAX_CHOICES = 25
MAX_CHOICE = 100
REMEMBERING_SECONDS = 60.0  # a database away for longer has no time for a card's place either
OFFERING_SECONDS = 2.5  # leaves the rest of the three seconds for the way to Discord

log = structlog.get_logger()


class Exchange:
    """Carries what readers do to the conversation, and its replies back to them."""

    def __init__(self, bridge: Bridge, work: set[asyncio.Task[Any]]) -> None:
        """`work` is where tasks begun here are counted while they run."""
        self._bridge = bridge
        self._work = work
        self._boards = Boards()
        self._remembering = asyncio.Lock()
        self._reactions: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def command(
        self, interaction: Interaction, name: str, argument: str, private: bool
    ) -> None:
        """Answers a slash command: in public for cards to react to, else to the speaker alone."""
        shown = name in PUBLIC and not private
        said: Command | File = Command(name, argument, private)
        if file := events.attached(interaction):
            said = File(file.filename, None, file.size, argument)
        reply = await self._acknowledge_and_hear(
            lambda: interaction.response.defer(ephemeral=not shown, thinking=True),
            events.command(interaction, said, shown=shown),
            file,
        )
        messages = render.messages(reply) if reply else ()
        # Somebody else acknowledged it if we did not: then "thinking…" is theirs to fill.
        thinking = interaction.response.is_done()
        hide = bool(reply and reply.private and shown and not events.alone(interaction))
        if thinking and (hide or not messages):
            # While "thinking…" stands there, the first followup fills it for all to see.
            await attempt(interaction.delete_original_response)
            thinking = False
        for message in messages:
            if thinking:
                await self._replace(interaction, message)
                thinking = False
            else:
                await self._follow(interaction, message, ephemeral=hide or not shown)

    async def ask_for_list(self, interaction: Interaction) -> None:
        """Opens the form for a list; what is typed there comes as an interaction of its own."""
        form = list_form(language_of(str(interaction.locale)))
        await attempt(lambda: interaction.response.send_modal(form), FIRST_RESPONSE_SECONDS)

    async def press(self, interaction: Interaction, action: str) -> None:
        """Answers a pressed button; a card that others see stays as it is, a board does not."""
        event = events.press(interaction, action)
        reply = await self._acknowledge_and_hear(interaction.response.defer, event)
        if reply is None:
            return
        if event.place.shared and reply.for_all:
            await self._tell_all(interaction, reply)
            return
        pressed = interaction.message
        quiet = bool(
            event.place.shared
            or (pressed and pressed.flags.ephemeral)
            or reply.private
            or _only_notice(reply)
        )

        async def add(message: render.Message) -> bool:
            return await self._follow(interaction, message, ephemeral=quiet)

        if event.place.shared:
            for message in render.acknowledgement(reply):
                await add(message)
        else:
            await _say(reply, lambda message: self._replace(interaction, message), add)

    async def reaction(
        self, client: discord.Client, payload: discord.RawReactionActionEvent
    ) -> None:
        """Takes an emoji for a verdict; what there is to say about it is said in private."""
        event = client.user and events.reaction(payload, client.user.id)
        if not event:
            return
        lock = self._reactions.setdefault(event.speaker.user_id, asyncio.Lock())
        async with lock:  # given and taken back: the order must outlive the retries
            reply = await self._hear_at_last(event)
        if reply is None:
            return
        if event.place.shared:
            await self._tell(client, payload.user_id, render.acknowledgement(reply))
            return
        channel = client.get_partial_messageable(payload.channel_id)
        reacted = channel.get_partial_message(payload.message_id)
        await _say(
            reply,
            lambda message: self._shown(message, lambda m: reacted.edit(**m.as_edit())),
            lambda message: self._send(channel, message),
        )

    async def offer(self, interaction: Interaction, name: str, typed: str) -> None:
        """Answers an autocomplete; with nothing rather than too late."""
        speaker = events.speaker_of(interaction)
        choices = []
        try:
            async with asyncio.timeout(OFFERING_SECONDS):
                choices = await self._bridge.complete(speaker, name, typed)
        except TimeoutError:
            log.warning("discord: autocomplete took too long", command=name)
        except Exception:
            log.exception("discord: autocomplete failed", command=name)
        # A value cut short would mean another work, so a choice with one too long is left out.
        offered = [
            app_commands.Choice(name=choice.label[:MAX_CHOICE], value=choice.value)
            for choice in choices
            if choice.label and 1 <= len(choice.value) <= MAX_CHOICE
        ][:MAX_CHOICES]
        await attempt(lambda: interaction.response.autocomplete(offered), FIRST_RESPONSE_SECONDS)

    async def _acknowledge_and_hear(
        self,
        acknowledge: Callable[[], Awaitable[object]],
        event: Event,
        file: discord.Attachment | None = None,
    ) -> Reply | None:
        """The conversation's reply, with the interaction acknowledged.

        Both start at once, the acknowledgement first: the speaker's turn is taken in the order
        in which things were said, whichever acknowledgement comes through first.
        """
        _, reply = await asyncio.gather(
            attempt(acknowledge, FIRST_RESPONSE_SECONDS), self._hear(event, file)
        )
        return reply

    async def _tell_all(self, interaction: Interaction, reply: Reply) -> None:
        """Answers a press to everybody who reads along; its notice goes to who pressed."""
        messages, pressed = render.messages(reply, noticed=False), interaction.message
        if reply.replaces and messages and pressed:
            where = events.reference(interaction.channel_id, pressed.id)
            async with self._boards.turn(where, reply) as latest:
                replaced = not latest or await self._replace(interaction, messages[0])
            messages = messages[1:] if replaced else messages
        for message in messages:
            await self._follow(interaction, message, ephemeral=False)
        for message in render.messages(Reply(notice=reply.notice)):
            await self._follow(interaction, message, ephemeral=True)

    async def _hear(self, event: Event, file: discord.Attachment | None = None) -> Reply | None:
        """The conversation's reply; an apology where it failed, for a spinner never ends itself."""
        try:
            async with self._bridge.turn(event.speaker):
                if file is not None and isinstance(event.said, File) and file.size <= MAX_FILE:
                    said = replace(event.said, content=await attempt(file.read))
                    event = replace(event, said=said)
                reply = await self._bridge.hear(event)
                if isinstance(event.said, Press):
                    self._boards.heard(event.said.message, reply)
                return reply
        except Exception:
            log.exception("discord: not answered", key=event.key)
            return self._bridge.hearing.apology(event.speaker)

    async def _hear_at_last(self, event: Event) -> Reply | None:
        """The conversation's reply to a reaction, tried until the database is there.

        Nobody waits for an answer to a reaction, so nobody would repeat it after an apology.
        """
        try:
            async for another in stamina.retry_context(
                Unavailable, attempts=None, timeout=None, wait_max=10.0
            ):
                with another:
                    async with self._bridge.turn(event.speaker):
                        return await self._bridge.hear(event)
        except Exception:
            log.exception("discord: reaction not heard", key=event.key)
        return None

    async def _tell(
        self, client: discord.Client, user_id: int, messages: Iterable[render.Message]
    ) -> None:
        """Sends `messages` to somebody's direct messages, if they take any."""
        channel = await attempt(lambda: client.create_dm(discord.Object(user_id)))
        if channel is None:
            return
        for message in messages:
            await self._send(channel, message)

    async def _send(self, channel: discord.abc.Messageable, message: render.Message) -> bool:
        return await self._shown(message, lambda m: channel.send(**m.as_new()))

    async def _replace(self, interaction: Interaction, message: render.Message) -> bool:
        return await self._shown(
            message, lambda m: interaction.edit_original_response(**m.as_edit())
        )

    async def _follow(
        self, interaction: Interaction, message: render.Message, *, ephemeral: bool
    ) -> bool:
        return await self._shown(
            message,
            lambda m: interaction.followup.send(**m.as_new(), ephemeral=ephemeral, wait=True),
        )

    async def _shown(
        self,
        message: render.Message,
        send: Callable[[render.Message], Awaitable[discord.Message | None]],
    ) -> bool:
        """Sends `message`; whether it arrived. Where a card stands is remembered meanwhile.

        A picture that cannot be drawn, or that Discord does not take, is said in words.
        """
        said = message
        if message.picture:
            message = replace(message, png=await self._bridge.draw(message.picture) or b"")
        sent = await attempt(lambda: send(message))
        if sent is None and message.png:
            sent = await attempt(lambda: send(said))
        if sent is None:
            return False
        if message.impressions:
            where = events.reference(sent.channel.id, sent.id)
            task = asyncio.create_task(self._remember(message.impressions, where))
            self._work.add(task)
            task.add_done_callback(self._work.discard)
        return True

    async def _remember(self, shown: tuple[int, ...], where: str) -> None:
        """Notes which message shows a card, so that reactions to it count."""
        delivered = self._bridge.hearing.delivered
        try:
            async for another in stamina.retry_context(
                Unavailable, attempts=None, timeout=REMEMBERING_SECONDS, wait_max=5.0
            ):
                with another:
                    async with self._remembering:  # a locked database must not take all threads
                        await self._bridge.run(delivered, shown, where)
        except Unavailable:
            log.warning("discord: card shown but not remembered", message=where)
        except Exception:
            log.exception("discord: card shown but not remembered", message=where)


Deliver = Callable[[render.Message], Awaitable[bool]]


async def _say(reply: Reply, replace: Deliver, add: Deliver) -> None:
    """Says `reply` in place of the message it is about if it asks for that, else beside it.

    A card that shows the verdict needs no notice of it; where it cannot be changed, the notice
    is said after all.
    """
    messages = render.messages(reply, noticed=not reply.replaces)
    if reply.replaces:
        replaced = bool(messages) and await replace(messages[0])
        messages = messages[1:] if replaced else render.messages(reply)
    for message in messages:
        await add(message)


def _only_notice(reply: Reply) -> bool:
    return not (reply.text or reply.cards or reply.buttons or reply.document or reply.picture)
