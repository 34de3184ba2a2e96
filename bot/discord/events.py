"""Discord's interactions and reactions in the conversation's words; nothing is sent from here."""

import uuid
from typing import Any

import discord

from bot.conversation.events import (
    Command,
    Event,
    File,
    Place,
    Platform,
    Press,
    Reaction,
    Said,
    Speaker,
)

Interaction = discord.Interaction[Any]

_SKIN_TONES = dict.fromkeys(range(0x1F3FB, 0x1F400))


def reference(channel_id: int | None, message_id: int) -> str:
    """How a message of ours is known to the conversation."""
    return f"{Platform.DISCORD}:{channel_id}:{message_id}"


def speaker_of(interaction: Interaction) -> Speaker:
    """Who used a command or pressed a button, their language on Discord, their name here."""
    user = interaction.user
    return Speaker(Platform.DISCORD, str(user.id), str(interaction.locale), user.display_name)


def alone(interaction: Interaction) -> bool:
    """Whether it happened in the speaker's direct messages with the bot, where nobody reads along.

    A command installed with a user may also be given in other people's direct messages.
    """
    context = interaction.context
    if context.dm_channel or context.guild or context.private_channel:
        return bool(context.dm_channel)
    return interaction.guild_id is None  # an interaction without a context


def attached(interaction: Interaction) -> discord.Attachment | None:
    """The file that was given with a slash command."""
    file = getattr(interaction.namespace, "file", None)
    return file if isinstance(file, discord.Attachment) else None


def command(interaction: Interaction, said: Command | File, *, shown: bool) -> Event:
    """The event for a slash command; `shown` when its answer is an ordinary message."""
    return _event(interaction, said, shared=shown and not alone(interaction))


def press(interaction: Interaction, action: str) -> Event:
    """The event for a pressed button."""
    message = interaction.message
    if message is None:
        return _event(interaction, Press(action), shared=not alone(interaction))
    return _event(
        interaction,
        Press(action, reference(interaction.channel_id, message.id)),
        shared=not (message.flags.ephemeral or alone(interaction)),
    )


def reaction(payload: discord.RawReactionActionEvent, me: int) -> Event | None:
    """The event for an emoji put on or taken back; None if it is not a reader's word to us.

    Known only from the payload: messages from before a restart are in no cache.
    """
    by_bot = payload.user_id == me or (payload.member is not None and payload.member.bot)
    elsewhere = payload.message_author_id not in (None, me)  # told for added ones only
    if by_bot or elsewhere or not payload.emoji.is_unicode_emoji():
        return None
    emoji = payload.emoji.name.translate(_SKIN_TONES)
    message = reference(payload.channel_id, payload.message_id)
    added = payload.event_type == "REACTION_ADD"
    said = Reaction(message, added=(emoji,)) if added else Reaction(message, removed=(emoji,))
    return Event(
        # The gateway numbers no reactions, and taking one back and giving it again is news.
        key=uuid.uuid4().hex,
        speaker=Speaker(Platform.DISCORD, str(payload.user_id)),
        place=Place(str(payload.channel_id), shared=payload.guild_id is not None),
        said=said,
    )


def _event(interaction: Interaction, said: Said, *, shared: bool) -> Event:
    return Event(
        key=str(interaction.id),
        speaker=speaker_of(interaction),
        place=Place(
            str(interaction.channel_id), shared, not shared and interaction.guild_id is not None
        ),
        said=said,
    )
