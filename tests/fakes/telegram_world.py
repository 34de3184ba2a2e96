"""People, chats and messages around a fake Telegram, and what a test does with them."""

import itertools
import re
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field

from tests.fakes.telegram_faults import (  # noqa: F401 -- tests know them from here
    Fault,
    bad,
    blocked,
    broken,
    flood,
    hang,
    late,
    lost,
)
from tests.fakes.telegram_flood import Calm
from tests.fakes.telegram_html import utf16
from tests.fakes.telegram_inline import Inline

TOKEN = "4242:a-token-nobody-may-see"  # the shape of a token, and easy to look for in logs
UNASKED = {"message_reaction", "message_reaction_count", "chat_member"}


@dataclass(frozen=True)
class User:
    id: int
    name: str
    language: str | None = None
    is_bot: bool = False

    def json(self):
        known = {"id": self.id, "is_bot": self.is_bot, "first_name": self.name}
        return known | ({"language_code": self.language} if self.language else {})


@dataclass(frozen=True)
class Chat:
    id: int
    type: str
    title: str
    admin: bool = False  # is the bot one here: then it sees all that is said, and reactions

    def json(self):
        named = "first_name" if self.type == "private" else "title"
        return {"id": self.id, "type": self.type, named: self.title}


@dataclass
class Message:
    chat: Chat
    message_id: int
    sender: User
    text: str = ""
    entities: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    preview: dict = field(default_factory=dict)
    document: dict | None = None
    photo: dict | None = None  # then the text is its caption
    reply_to: "Message | None" = None
    thread_id: int | None = None
    earlier: list = field(default_factory=list)  # the texts it had before it was edited
    date: int = field(default_factory=lambda: int(time.time()))

    @property
    def buttons(self):
        return [button["text"] for row in self.rows for button in row]

    @property
    def file_id(self):
        return f"file{self.chat.id}x{self.message_id}"

    @property
    def reference(self):
        return f"telegram:{self.chat.id}:{self.message_id}"

    def json(self, deep=True):
        known = {
            "message_id": self.message_id,
            "date": self.date,
            "chat": self.chat.json(),
            "from": self.sender.json(),
        }
        of = "caption" if self.photo else ""
        known |= {of or "text": self.text, f"{of}_entities" if of else "entities": self.entities}
        if self.photo:
            known["photo"] = [{"file_id": "p", "file_unique_id": "q", **self.photo["size"]}]
        if self.thread_id:
            known |= {"message_thread_id": self.thread_id, "is_topic_message": True}
        if self.rows:
            known["reply_markup"] = {"inline_keyboard": self.rows}
        if self.document:
            named = {k: self.document[k] for k in ("file_name", "mime_type")}
            own = {"file_id": self.file_id, "file_unique_id": f"u{self.file_id}"}
            size = self.document.get("file_size", len(self.document["content"]))
            known["document"] = own | named | {"file_size": size}
            text, entities = known.pop("text"), known.pop("entities")
            if text:  # what is said beside a file
                known |= {"caption": text, "caption_entities": entities}
        if deep and self.reply_to:
            known["reply_to_message"] = self.reply_to.json(deep=False)
        return known


@dataclass
class Call:
    method: str
    params: dict
    at: float  # time.monotonic() seconds
    status: int = 0  # 0 while it is unanswered


class World(Inline):
    def __init__(self, token=TOKEN, username="WebtoonTestBot", *, inline=True, feedback=True):
        self.token, self.username = token, username
        Inline.__init__(self, inline=inline, feedback=feedback)
        self.bot = User(int(token.split(":")[0]), "Webtoon bot", is_bot=True)
        self.calls: list[Call] = []
        self.sent: list[Message] = []  # by the bot, in order
        self.answers: dict[str, str | None] = {}  # query id -> the toast
        self.answer_counts: dict[str, int] = defaultdict(int)
        self.commands: dict[str, list] = {}  # language code -> the menu
        self.updates: dict[int, dict] = {}
        self.files: dict[str, dict] = {}  # sent by people, by file id
        self.confirmed = 0  # the highest update id that the bot has confirmed
        self.webhook = ""
        self.secret = None  # what setWebhook wants to be shown
        self.replicas = []  # who serves the webhook: "http://host:port", in turn
        self.deliveries = []  # to them: (update id, replica, status; 0 for none)
        self.allowed: list | None = None
        self._changed = threading.Condition()
        self._people: dict[int, User] = {}
        self._chats: dict[int, Chat] = {}
        self._open: set[int] = set()  # chats the bot may write to
        self._blocked: set[int] = set()
        self._kicked: set[int] = set()
        self._topics_gone: set[tuple[int, int]] = set()
        self._messages: dict[tuple[int, int], Message] = {}
        self._message_ids = defaultdict(lambda: itertools.count(1))
        self._update_ids = itertools.count(700_000_001)
        self._ids = itertools.count(1001)
        self._queue: list[dict] = []
        self._extra: list[dict] = []
        self.flood = Calm()  # a Flood() keeps Telegram's limits
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._forgetful = 0

    def _wake_soon(self):
        """Tells whoever waits for updates that there are some."""

    # The people

    def user(self, name="Mina", language="ko", *, is_bot=False):
        with self._changed:
            user = User(next(self._ids), name, language, is_bot)
            self._people[user.id] = user
            self._chats[user.id] = Chat(user.id, "private", name)
        return user

    def group(self, title="Readers", *, admin=True, kind="supergroup"):
        with self._changed:
            chat = Chat(-1_000_000_000_000 - next(self._ids), kind, title, admin)
            self._chats[chat.id] = chat
            self._open.add(chat.id)
        return chat

    def welcome(self, user):
        """The bot may write to this person, who spoke to it at some time."""
        with self._changed:
            self._open.add(user.id)

    def say(self, user, text, chat=None, *, reply_to=None, thread_id=None, document=None, **more):
        """A person writes; the update's id, or None where the bot does not get to see it."""
        with self._changed:
            chat = chat or self._chats[user.id]
            if chat.type == "private":
                self._open.add(chat.id)
            message = Message(
                chat,
                next(self._message_ids[chat.id]),
                user,
                text,
                _marked(text),
                document=document,
                reply_to=reply_to,
                thread_id=thread_id,
            )
            if document:
                self.files[message.file_id] = document
            self._messages[chat.id, message.message_id] = message
            seen = chat.type == "private" or chat.admin or self._meant(message)
            return self._push("message", message.json() | more) if seen else None

    def send_file(self, user, name, content, chat=None, *, caption="", size=None):
        """A person sends a file, which may say that it has another size; the update's id."""
        file = {"file_name": name, "mime_type": "application/octet-stream", "content": content}
        if size is not None:
            file["file_size"] = size
        return self.say(user, caption, chat, document=file)

    def press(self, user, message, button, *, known=True):
        """A person presses a button, named by its label or data (None: one of a game).

        `known=False` presses what is no longer on the message. The query's id.
        """
        with self._changed:
            where = {"message": message.json(), "chat_instance": str(message.chat.id * 7919)}
            return self._press(user, message, button, where, known)

    def _press(self, user, message, button, where, known):
        rows = message.rows
        data = {b["text"]: b["callback_data"] for r in rows for b in r if "callback_data" in b}
        assert not known or button is None or button in data or button in data.values(), (
            f"no button {button!r} among {message.buttons}"
        )
        query = f"q{next(self._ids)}"
        self.answers[query] = None
        carried = {"data": data.get(button, button)}
        if button is None:
            carried = {"game_short_name": "toon"}
        self._push("callback_query", {"id": query, "from": user.json()} | where | carried)
        return query

    def react(self, user, message, old=(), new=()):
        """A person changes their reactions from `old` to `new`, all of them plain emoji."""
        with self._changed:
            if message.chat.type != "private" and not message.chat.admin:
                return None
            change = {
                "chat": message.chat.json(),
                "message_id": message.message_id,
                "date": int(time.time()),
                "old_reaction": [{"type": "emoji", "emoji": emoji} for emoji in old],
                "new_reaction": [{"type": "emoji", "emoji": emoji} for emoji in new],
            }
            if user is not None:  # else an admin who hides behind the group
                change["user"] = user.json()
            return self._push("message_reaction", change)

    def delete(self, message):
        with self._changed:
            del self._messages[message.chat.id, message.message_id]

    def block(self, user):
        with self._changed:
            self._blocked.add(user.id)

    def unblock(self, user):
        with self._changed:
            self._blocked.discard(user.id)

    def kick(self, chat):
        """The bot is thrown out of a group."""
        with self._changed:
            self._kicked.add(chat.id)

    def delete_topic(self, chat, thread_id):
        """A forum's topic goes, and nobody can write into it any more."""
        with self._changed:
            self._topics_gone.add((chat.id, thread_id))

    def push(self, kind, payload):
        """Any other update; its id."""
        with self._changed:
            return self._push(kind, payload)

    def _push(self, kind, payload):
        if kind not in (self.allowed or {kind} - UNASKED):
            return None
        update = {"update_id": next(self._update_ids), kind: payload}
        self.updates[update["update_id"]] = update
        self._queue.append(update)
        self._wake_soon()
        return update["update_id"]

    def _meant(self, message):
        """Privacy mode: what a bot that is no admin sees of a group's talk."""
        return (
            message.text.startswith("/")
            or f"@{self.username}".lower() in message.text.lower()
            or (message.reply_to is not None and message.reply_to.sender == self.bot)
        )

    # Trouble

    def fail(self, method, fault, times=1):
        """The next `times` calls of `method` meet `fault`."""
        with self._changed:
            self._faults[method.lower()].extend([fault] * times)

    def mend(self):
        """Takes back every fault that has not been met yet."""
        with self._changed:
            self._faults.clear()

    def redeliver(self, update_id):
        """Delivers an update once more, whatever was confirmed."""
        with self._changed:
            self._extra.append(self.updates[update_id])
        self._wake_soon()

    def call(self, *replicas):
        """From here on the webhook is served by these."""
        with self._changed:
            self.replicas = list(replicas)
        self._wake_soon()

    def lose_confirmation(self, times=1):
        """The next confirmations get lost: what they confirm is delivered once more."""
        with self._changed:
            self._forgetful += times

    def expire_queries(self):
        """Nothing pressed or typed so far can be answered any more."""
        with self._changed:
            self.answers.clear()
            self.queries.clear()

    # Looking on

    def made(self, method):
        """The calls of `method` so far."""
        return [call for call in tuple(self.calls) if call.method.lower() == method.lower()]

    def in_chat(self, where):
        """What the bot sent to a person or group."""
        return [message for message in tuple(self.sent) if message.chat.id == where.id]

    def wait_for(self, predicate, timeout=5.0, what="something"):
        """Waits until `predicate()` is true; its value. Fails with what was called meanwhile.

        It looks at each change here, and every 20 ms for what changes elsewhere.
        """
        end = time.monotonic() + timeout
        with self._changed:
            while not (found := predicate()):
                if time.monotonic() > end:
                    calls = [f"{call.method}:{call.status}" for call in self.calls[-20:]]
                    raise AssertionError(f"waited {timeout} s for {what}; last calls: {calls}")
                self._changed.wait(0.02)
        return found

    def wait_for_message(self, where, count=1, timeout=5.0):
        """The `count`-th message that the bot sends to a person or group."""
        what = f"message {count} to {where}"
        return self.wait_for(lambda: self.in_chat(where)[count - 1 :], timeout, what)[0]

    def wait_for_calls(self, method, count=1, timeout=5.0):
        """The calls of `method` once there are `count` of them."""
        enough = f"{count} calls of {method}"
        self.wait_for(lambda: len(self.made(method)) >= count, timeout, enough)
        return self.made(method)

    def wait_for_answer(self, query, timeout=5.0):
        """The toast that answers a press; None where the answer is empty."""
        self.wait_for(lambda: self.answer_counts[query], timeout, f"an answer to {query}")
        return self.answers.get(query)

    def taken(self, update_id):
        """How often an update was delivered and taken."""
        return sum(
            (known, status) == (update_id, 200) for known, _, status in tuple(self.deliveries)
        )

    def wait_until_taken(self, update_id, times=1, timeout=5.0):
        what = f"{update_id} to be taken"
        self.wait_for(lambda: self.taken(update_id) >= times, timeout, what)

    def wait_until_confirmed(self, update_id, timeout=5.0):
        self.wait_for(lambda: self.confirmed >= update_id, timeout, f"{update_id} confirmed")


def _marked(text):
    """The entities that clients mark themselves: latin commands and mentions."""
    marks = [("bot_command", r"(?:^|(?<=\s))/[A-Za-z0-9_]{1,32}(?:@\w+)?(?=\s|$)")]
    marks += [("mention", r"(?:^|(?<=\s))@\w{4,32}")]
    return [
        {"type": kind, "offset": utf16(text[: found.start()]), "length": utf16(found[0])}
        for kind, pattern in marks
        for found in re.finditer(pattern, text)
    ]
