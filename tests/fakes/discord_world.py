"""Who and what there is in the fake Discord: users, places, messages and interactions."""

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000
EPHEMERAL, LOADING = 1 << 6, 1 << 7
TEXT, DM, GROUP = 0, 1, 3

_counter = itertools.count(1)


def snowflake():
    """A new id that carries the present moment, as Discord's do."""
    return (int(time.time() * 1000) - EPOCH_MS) << 22 | next(_counter) & 0x3FFFFF


@dataclass(eq=False)
class User:
    name: str
    locale: str = "en-US"
    bot: bool = False
    takes_messages: bool = True
    id: int = field(default_factory=snowflake)

    def payload(self):
        return {
            "id": str(self.id),
            "username": self.name,
            "discriminator": "0",
            "global_name": self.name,
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }

    def member(self):
        return {
            "user": self.payload(),
            "roles": [],
            "joined_at": "2024-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "permissions": "2147483647",
        }


@dataclass(eq=False)
class Guild:
    name: str
    joined: bool = True  # False: the app is there only with those who installed it for themselves
    id: int = field(default_factory=snowflake)
    channels: list = field(default_factory=list)

    def partial(self):
        return {"id": str(self.id), "locale": "en-US", "features": []}

    def payload(self, bot):
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": "1",
            "preferred_locale": "en-US",
            "afk_timeout": 300,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "premium_tier": 0,
            "nsfw_level": 0,
            "system_channel_flags": 0,
            "features": [],
            "emojis": [],
            "stickers": [],
            "voice_states": [],
            "presences": [],
            "threads": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "member_count": 2,
            "large": False,
            "unavailable": False,
            "roles": [
                {
                    "id": str(self.id),
                    "name": "@everyone",
                    "permissions": "2147483647",
                    "position": 0,
                    "color": 0,
                    "hoist": False,
                    "managed": False,
                    "mentionable": False,
                    "flags": 0,
                }
            ],
            "members": [bot.member()],
            "channels": [channel.payload() for channel in self.channels],
        }


@dataclass(eq=False)
class Channel:
    kind: int = TEXT
    guild: Guild | None = None
    recipient: User | None = None
    id: int = field(default_factory=snowflake)

    def payload(self):
        payload = {"id": str(self.id), "type": self.kind, "last_message_id": None}
        if self.guild:
            shown = {"name": "general", "position": 0, "permission_overwrites": [], "nsfw": False}
            return payload | shown | {"guild_id": str(self.guild.id), "parent_id": None}
        recipients = [self.recipient.payload()] if self.recipient else []
        return payload | {"recipients": recipients, "owner_id": None, "icon": None, "name": None}


@dataclass(eq=False)
class Message:
    channel: Channel
    author: User
    application_id: int
    content: str = ""
    embeds: list = field(default_factory=list)
    components: list = field(default_factory=list)
    flags: int = 0
    files: dict = field(default_factory=dict)  # name -> bytes
    alts: dict = field(default_factory=dict)  # name -> what is told to who cannot see it
    seen_by: User | None = None  # of an ephemeral one
    edits: int = 0
    deleted: bool = False
    reactions: list = field(default_factory=list)  # (user, emoji)
    at: float = field(default_factory=time.monotonic)
    id: int = field(default_factory=snowflake)

    @property
    def ref(self):
        """How the bot names this message."""
        return f"discord:{self.channel.id}:{self.id}"

    @property
    def ephemeral(self):
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self):
        return bool(self.flags & LOADING)

    @property
    def buttons(self):
        """Label -> custom_id, in order."""
        rows = [row["components"] for row in self.components]
        return {b.get("label", ""): b["custom_id"] for row in rows for b in row}

    def put(self, body, files):
        """Takes over what a request gives, and keeps what it doesn't mention."""
        self.flags &= ~LOADING
        self.content = body.get("content", self.content) or ""
        self.embeds = body.get("embeds", self.embeds) or []
        self.components = body.get("components", self.components) or []
        if "attachments" in body:
            self.files, self.alts = {}, {}
        self.files |= files
        for attached in body.get("attachments") or []:
            if attached.get("filename") in files and attached.get("description"):
                self.alts[attached["filename"]] = attached["description"]

    def payload(self):
        return {
            "id": str(self.id),
            "type": 0,
            "channel_id": str(self.channel.id),
            "author": self.author.payload(),
            "content": self.content,
            "embeds": [{"type": "rich", **embed} for embed in self.embeds],
            "components": self.components,
            "flags": self.flags,
            "attachments": [
                {
                    "id": str(number),
                    "filename": name,
                    "size": len(data),
                    "url": f"https://cdn.invalid/{name}",
                    "proxy_url": f"https://cdn.invalid/{name}",
                }
                for number, (name, data) in enumerate(self.files.items(), 1)
            ],
            "timestamp": datetime.now(UTC).isoformat(),
            "edited_timestamp": datetime.now(UTC).isoformat() if self.edits else None,
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "tts": False,
            "application_id": str(self.application_id),
            "webhook_id": str(self.application_id),
        }


@dataclass(eq=False)
class Interaction:
    """One slash command, press, autocomplete or form, with all that the bot made of it."""

    kind: int  # 2 command, 3 component, 4 autocomplete, 5 form
    user: User
    channel: Channel
    payload: dict
    pressed: Message | None = None
    sent_at: float = field(default_factory=time.monotonic)
    answered_at: float | None = None
    response: int | None = None  # the type of the first response
    original: Message | None = None
    followups: list = field(default_factory=list)
    choices: list | None = None
    form: dict | None = None  # that the bot opened
    expired: bool = False  # its token; set by a test in place of fifteen minutes
    late: bool = False  # a first response came after three seconds, and was refused

    @property
    def token(self):
        return self.payload["token"]

    @property
    def id(self):
        return int(self.payload["id"])

    @property
    def seconds(self):
        """How long the first response took; None before there is one."""
        return None if self.answered_at is None else self.answered_at - self.sent_at

    @property
    def messages(self):
        """What the bot said in answer, in order: neither "thinking…" nor what was deleted."""
        own = [self.original] if self.original and self.original is not self.pressed else []
        return [m for m in own + self.followups if not (m.deleted or m.loading)]
