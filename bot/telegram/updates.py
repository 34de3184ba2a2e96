"""A raw update becomes an Event, or nothing: pure, no call, no clock."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from telegram import (
    CallbackQuery,
    Chat,
    Message,
    MessageReactionUpdated,
    ReactionTypeEmoji,
    Update,
    User,
)

from bot.conversation.commands import BY_NAME, COMMANDS, OPS
from bot.conversation.events import (
    Command,
    Event,
    Place,
    Platform,
    Press,
    Reaction,
    Said,
    Speaker,
    Text,
)

log = structlog.get_logger()

# The updates we ask for; message_reaction is only sent to bots that name it.
ALLOWED_UPDATES = ("message", "callback_query", "message_reaction")

# Telegram marks only latin commands as such; Korean readers type "/추천@bot 스릴러" all the same.
_COMMAND = re.compile(r"/([^\s@/]+)(?:@(\w+))?(?:\s+(.*))?", re.DOTALL)
# Whose a command is to give, the conversation knows.
_LATIN = frozenset(spec.name for spec in (*COMMANDS, OPS))


@dataclass(frozen=True, slots=True)
class Me:
    """Who the bot itself is."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """An update worth keeping, and where its answer belongs.

    `event` is None for a press that carries no action of ours: it still wants its answer.
    `message_id` is the message that was sent, pressed or reacted to.
    """

    key: str
    event: Event | None
    user_id: int
    chat_id: int
    message_id: int | None = None
    thread_id: int | None = None
    query_id: str | None = None

    @property
    def rank(self) -> int:
        """Who is answered first where many wait: who came first, as Telegram counts."""
        return int(self.key)


def reference(chat_id: int, message_id: int) -> str:
    """The name under which one of our messages is remembered."""
    return f"telegram:{chat_id}:{message_id}"


def read(raw: Mapping[str, Any], me: Me) -> Incoming | None:
    """What `raw`, one update as the Bot API sends it, means to us; None for nothing at all.

    Nothing are: bots and channels speaking, other bots' commands, edits, membership changes,
    group talk not meant for us, and an update that the library cannot read.
    """
    try:
        return _read(Update.de_json(dict(raw), None), me)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        log.exception("telegram.update_unreadable", update_id=raw.get("update_id"))
        return None


def _read(update: Update, me: Me) -> Incoming | None:
    key = str(update.update_id)
    if update.message is not None:
        return _message(key, update.message, me)
    if update.callback_query is not None:
        return _press(key, update.callback_query)
    if update.message_reaction is not None:
        return _reaction(key, update.message_reaction)
    return None


def _message(key: str, message: Message, me: Me) -> Incoming | None:
    user = message.from_user
    # A sender_chat is a channel or a group speaking for itself: nobody whose taste we could learn.
    if user is None or user.is_bot or message.sender_chat is not None or not message.text:
        return None
    said = _words(message, me)
    if said is None:
        return None
    return Incoming(
        key,
        _event(key, user, message.chat, said),
        user_id=user.id,
        chat_id=message.chat.id,
        message_id=message.message_id,
        thread_id=message.message_thread_id if message.is_topic_message else None,
    )


def _words(message: Message, me: Me) -> Said | None:
    text = (message.text or "").replace("\0", "").strip()
    shared = message.chat.type != Chat.PRIVATE
    if match := _COMMAND.fullmatch(text):
        name, target, rest = match[1], match[2], (match[3] or "").strip()
        if target and target.lower() != me.username.lower():
            return None
        known = unicodedata.normalize("NFC", name).lower()
        if shared and not target and known not in BY_NAME:
            return None  # most likely another bot's
        if known in _LATIN:
            return Command(known, rest)
        return Text(f"/{name} {rest}".strip())
    if not shared:
        return Text(text) if text else None
    return _addressed(message, text, me)


def _addressed(message: Message, text: str, me: Me) -> Text | None:
    """Group talk counts when it mentions or answers the bot, as in Telegram's privacy mode.

    A bot needs to be an admin to see reactions, and an admin sees all that is said.
    """
    mention = re.compile(rf"@{re.escape(me.username)}\b", re.IGNORECASE)
    answered = message.reply_to_message.from_user if message.reply_to_message else None
    if not mention.search(text) and (answered is None or answered.id != me.id):
        return None
    words = mention.sub("", text).strip()
    return Text(words) if words else None


def _press(key: str, query: CallbackQuery) -> Incoming:
    user, message = query.from_user, query.message
    chat_id = message.chat.id if message else user.id
    event = None
    if query.data:
        pressed = reference(chat_id, message.message_id) if message else None
        chat = message.chat if message else None
        event = _event(key, user, chat, Press(query.data, pressed))
    topic = isinstance(message, Message) and message.is_topic_message
    return Incoming(
        key,
        event,
        user_id=user.id,
        chat_id=chat_id,
        message_id=message.message_id if message else None,
        thread_id=message.message_thread_id if isinstance(message, Message) and topic else None,
        query_id=query.id,
    )


def _reaction(key: str, change: MessageReactionUpdated) -> Incoming | None:
    user = change.user
    if user is None or user.is_bot:  # no user: an admin reacting anonymously
        return None
    old = [r.emoji for r in change.old_reaction if isinstance(r, ReactionTypeEmoji)]
    new = [r.emoji for r in change.new_reaction if isinstance(r, ReactionTypeEmoji)]
    added = tuple(emoji for emoji in new if emoji not in old)
    removed = tuple(emoji for emoji in old if emoji not in new)
    if not added and not removed:
        return None  # custom emoji mean nothing to us
    said = Reaction(reference(change.chat.id, change.message_id), added, removed)
    return Incoming(
        key,
        _event(key, user, change.chat, said),
        user_id=user.id,
        chat_id=change.chat.id,
        message_id=change.message_id,
    )


def _event(key: str, user: User, chat: Chat | None, said: Said) -> Event:
    place = Place(str(chat.id), chat.type != Chat.PRIVATE) if chat else Place(str(user.id))
    speaker = Speaker(Platform.TELEGRAM, str(user.id), user.language_code, user.first_name)
    return Event(key, speaker, place, said)
