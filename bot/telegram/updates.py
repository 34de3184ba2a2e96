"""A raw update becomes an Event, or nothing: pure, no call, no clock."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog
from telegram import (
    CallbackQuery,
    Chat,
    ChosenInlineResult,
    Document,
    Message,
    MessageReactionUpdated,
    ReactionTypeEmoji,
    Update,
    User,
)

from bot.conversation.commands import BY_NAME, COMMANDS, OPS, Takes
from bot.conversation.events import (
    Chosen,
    Command,
    Event,
    File,
    Inquiry,
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
ALLOWED_UPDATES = (
    "message",
    "callback_query",
    "message_reaction",
    "inline_query",
    "chosen_inline_result",
)

# Telegram marks only latin commands as such; Korean readers type "/추천@bot 스릴러" all the same.
_COMMAND = re.compile(r"/([^\s@/]+)(?:@(\w+))?(?:\s+(.*))?", re.DOTALL)
# Whose a command is to give, the conversation knows.
_LATIN = frozenset(spec.name for spec in (*COMMANDS, OPS))
# What names a work among those offered, and its place there.
_RESULT = re.compile(r"w_([0-9]{1,18})_([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Me:
    """Who the bot itself is, and whether it can be asked from other chats."""

    id: int
    username: str
    inline: bool = False

    @property
    def home(self) -> str:
        """The address that opens the bot's own chat."""
        return f"https://t.me/{self.username}"


@dataclass(frozen=True, slots=True)
class Incoming:
    """An update worth keeping, and where its answer belongs.

    `event` is None for a press that carries no action of ours: it still wants its answer.
    `message_id` is the message that was sent, pressed or reacted to. What is `inline` was pressed
    in a chat where we can say nothing, but to who pressed.
    """

    key: str
    event: Event | None
    user_id: int
    chat_id: int
    message_id: int | None = None
    thread_id: int | None = None
    query_id: str | None = None
    file_id: str | None = None  # by which the file that was sent can be fetched
    inline: bool = False

    @property
    def rank(self) -> int:
        """Who is answered first where many wait: who came first, as Telegram counts."""
        return int(self.key)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody is typing behind our name; worth an answer at once, or none."""

    key: str
    query_id: str
    speaker: Speaker
    inquiry: Inquiry


def reference(chat_id: int, message_id: int) -> str:
    """The name under which one of our messages is remembered."""
    return f"telegram:{chat_id}:{message_id}"


def result_id(webtoon_id: int, position: int) -> str:
    """What Telegram calls a work that is offered in this place."""
    return f"w_{webtoon_id}_{position}"


def asked(raw: Mapping[str, Any], me: Me) -> Asked | None:
    """What is being typed, as `raw` says it; None where that is not what it is about."""
    if "inline_query" not in raw:
        return None
    try:
        query = Update.de_json(dict(raw), None).inline_query
        if query is None:
            return None
        start = int(query.offset) if re.fullmatch(r"[0-9]{1,4}", query.offset) else 0
        user = query.from_user
        return Asked(
            str(raw["update_id"]),
            query.id,
            _speaker(user),
            Inquiry(query.query.replace("\0", ""), start, me.home),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        log.exception("telegram.update_unreadable", update_id=raw.get("update_id"))
        return None


def read(raw: Mapping[str, Any], me: Me) -> Incoming | None:
    """What `raw`, one update as the Bot API sends it, means to us; None for nothing at all.

    Nothing are: bots and channels speaking, other bots' commands, edits, membership changes,
    group talk not meant for us, what is still being typed (which `asked` reads), and an update that
    the library cannot read.
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
    if update.chosen_inline_result is not None:
        return _choice(key, update.chosen_inline_result)
    return None


def _message(key: str, message: Message, me: Me) -> Incoming | None:
    user = message.from_user
    # A sender_chat is a channel or a group speaking for itself: nobody whose taste we could learn.
    if user is None or user.is_bot or message.sender_chat is not None:
        return None
    document = message.document if message.animation is None else None  # a GIF is both
    said = _file(message, document, me) if document else _words(message, me)
    if said is None:
        return None
    topic = _topic(message)
    return Incoming(
        key,
        _event(key, user, message.chat, said, topic),
        user_id=user.id,
        chat_id=message.chat.id,
        message_id=message.message_id,
        thread_id=topic,
        file_id=document.file_id if document else None,
    )


def _file(message: Message, document: Document, me: Me) -> File | None:
    """A file sent to be read as a list: in private any, in a group one with the command for it."""
    caption = (message.caption or "").replace("\0", "").strip()
    if match := _COMMAND.fullmatch(caption):
        name, target = unicodedata.normalize("NFC", match[1]).lower(), match[2]
        spec = BY_NAME.get(name)
        others = target and target.lower() != me.username.lower()
        if others or spec is None or spec.takes is not Takes.LIST:
            return None
    elif message.chat.type != Chat.PRIVATE:
        return None
    return File(document.file_name or "", None, document.file_size or 0, caption)


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
    topic = _topic(message) if isinstance(message, Message) else None
    event = None
    if query.inline_message_id and query.data:
        event = _elsewhere(key, user, Press(query.data, _inline(query.inline_message_id)))
    elif query.data:
        pressed = reference(chat_id, message.message_id) if message else None
        chat = message.chat if message else None
        event = _event(key, user, chat, Press(query.data, pressed), topic)
    return Incoming(
        key,
        event,
        user_id=user.id,
        chat_id=chat_id,
        message_id=message.message_id if message else None,
        thread_id=topic,
        query_id=query.id,
        inline=query.inline_message_id is not None,
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


def _choice(key: str, result: ChosenInlineResult) -> Incoming | None:
    user, named = result.from_user, _RESULT.fullmatch(result.result_id)
    if named is None:
        return None
    shown = _inline(result.inline_message_id) if result.inline_message_id else None
    said = Chosen(int(named[1]), int(named[2]), shown)
    return Incoming(key, _elsewhere(key, user, said), user_id=user.id, chat_id=user.id)


def _inline(message_id: str) -> str:
    """The name of a message that somebody sent by way of us: its chat is never told."""
    return f"telegram:inline:{message_id}"


def _elsewhere(key: str, user: User, said: Said) -> Event:
    """In a chat that we are not told of: others may read along."""
    event = _event(key, user, None, said)
    return replace(event, place=Place("inline", shared=True))


def _topic(message: Message) -> int | None:
    """The topic of a forum, but for its general one, or None: other threads are only replies."""
    return message.message_thread_id if message.is_topic_message else None


def _event(key: str, user: User, chat: Chat | None, said: Said, topic: int | None = None) -> Event:
    place = Place(str(user.id))
    if chat:
        place = Place(str(chat.id), chat.type != Chat.PRIVATE, topic=str(topic or ""))
    return Event(key, _speaker(user), place, said)


def _speaker(user: User) -> Speaker:
    return Speaker(Platform.TELEGRAM, str(user.id), user.language_code, user.first_name)
