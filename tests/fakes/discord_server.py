"""A small Discord on a real socket: REST v10 and the gateway, for the real bot to talk to.

It runs in a thread of its own, so tests may be synchronous or not, and the bot may be this
process or another. Test-side methods act as people do (`slash`, `press`, `react`), let requests
fail, and wait on conditions. What the bot did is read from the objects they return.
"""

import asyncio
import fnmatch
import json
import re
import threading
import time
from dataclasses import dataclass, field

from aiohttp import web

from tests.fakes.discord_gateway import DM_REACTIONS, GUILD_REACTIONS, GUILDS, Gateway
from tests.fakes.discord_given import PATH, Files, filled_in
from tests.fakes.discord_rest import Refusal, Rest, read_multipart
from tests.fakes.discord_world import (
    DM,
    GROUP,
    TEXT,
    Channel,
    Guild,
    Interaction,
    Message,
    User,
    snowflake,
)

TOKEN = "MTA.fake-bot-token.for-tests"
BASE = "/api/v10"
WAIT_SECONDS = 5.0
LOOK_SECONDS = 0.02


@dataclass(eq=False)
class Call:
    """One request as it came in, and what it was answered."""

    method: str
    path: str
    body: object
    at: float = field(default_factory=time.monotonic)
    status: int | None = None  # None while it hangs


@dataclass(eq=False)
class Failure:
    """What happens to the next `times` requests that fit, in place of their being answered."""

    method: str
    path: str  # may have * in it
    times: int
    status: int | None  # None: no answer at all
    body: dict
    headers: dict
    lost: bool = False  # carried out, and never answered

    def fits(self, method, path):
        return self.times > 0 and method == self.method and fnmatch.fnmatch(path, self.path)


class DiscordServer:
    """Use as a context manager; `url` is what DISCORD_API_URL is set to."""

    def __init__(self, token=TOKEN):
        self.token = token
        self.changed = threading.Condition(threading.RLock())
        self.bot = User("webtoonbot", bot=True)
        self.application_id = snowflake()
        self.users, self.channels, self.messages, self.interactions = {}, {}, {}, {}
        self.guilds = []
        self.commands, self.command_overwrites, self.created_commands = [], 0, 0
        self.calls, self.unexpected, self.violations = [], [], []
        self.gateway = Gateway(token, self.changed, self._welcome)
        self.files = Files()
        self._rest = Rest(self)
        self._failures = []
        self.town = self.guild("town")
        self.channel = self.town.channels[0]

    # --- Running it

    def __enter__(self):
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(started)), daemon=True)
        self._thread.start()
        if not started.wait(WAIT_SECONDS):
            raise TimeoutError("the fake Discord did not start")
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(WAIT_SECONDS)

    async def _run(self, started):
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        app = web.Application()
        app.router.add_get("/gateway/", self.gateway.talk)
        app.router.add_get(f"{PATH}/{{id}}/{{name}}", self.files.serve)
        app.router.add_route("*", "/{path:.*}", self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}{BASE}"
        self.gateway_url = f"ws://127.0.0.1:{port}/gateway/"
        started.set()
        await self._ended.wait()
        await self.gateway.hang_up()
        await runner.cleanup()

    # --- Waiting

    def wait_for(self, condition, seconds=WAIT_SECONDS):
        """The first true value of `condition()`; raises TimeoutError if it takes too long."""
        ends = time.monotonic() + seconds
        with self.changed:
            while not (value := condition()):
                left = ends - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"waited {seconds} s; last calls: {self.summary()}")
                # A condition may also be about what this server hears nothing of.
                self.changed.wait(min(left, LOOK_SECONDS))
            return value

    async def until(self, condition, seconds=WAIT_SECONDS):
        """As `wait_for`, for a test whose own event loop must go on."""
        return await asyncio.to_thread(self.wait_for, condition, seconds)

    def summary(self):
        return [(call.method, call.path, call.status) for call in self.calls[-8:]]

    def called(self, method, path):
        """The calls so far that fit; `path` may have * in it."""
        return [c for c in self.calls if c.method == method and fnmatch.fnmatch(c.path, path)]

    # --- The world

    def user(self, name, **more):
        user = User(name, **more)
        self.users[user.id] = user
        return user

    def guild(self, name, *, joined=True):
        guild = Guild(name, joined)
        self.guilds.append(guild)
        guild.channels.append(self._place(Channel(TEXT, guild=guild)))
        return guild

    def dm(self, user):
        """The direct messages between `user` and the bot."""
        for channel in self.channels.values():
            if channel.kind == DM and channel.recipient is user:
                return channel
        return self._place(Channel(DM, recipient=user))

    def group(self):
        """A private channel of several people, where the bot can only be called by command."""
        return self._place(Channel(GROUP))

    def _place(self, channel):
        self.channels[channel.id] = channel
        return channel

    def message(self, channel, *, flags=0, seen_by=None):
        message = Message(channel, self.bot, self.application_id, flags=flags, seen_by=seen_by)
        self.messages[message.id] = message
        return message

    def posted(self, channel):
        """The messages that stand in `channel` for everyone there, oldest first."""
        found = [m for m in self.messages.values() if m.channel is channel]
        return [m for m in found if not (m.deleted or m.ephemeral or m.loading)]

    # --- What people do

    def slash(self, user, name, /, where=None, **options):
        """`user` gives a command by its latin or Korean name; a file is (name, bytes)."""
        command, filled = self._command(name, options)
        missing = [o["name"] for o in command["options"] if o.get("required")]
        if set(missing) - {option["name"] for option in filled}:
            raise ValueError(f"Discord asks for {missing} before it sends /{name}")
        return self._interact(2, user, where or self.channel, self._data(command, filled))

    def autocomplete(self, user, name, /, where=None, **options):
        """`user` is typing the last of `options`."""
        command, filled = self._command(name, options)
        declared = next(o for o in command["options"] if o["name"] == filled[-1]["name"])
        if not declared.get("autocomplete"):
            raise ValueError(f"{declared['name']} offers no choices")
        filled[-1]["focused"] = True
        return self._interact(4, user, where or self.channel, self._data(command, filled))

    def submit(self, user, interaction, text):
        """`user` fills in the form that an interaction of theirs opened."""
        return self._interact(5, user, interaction.channel, filled_in(interaction.form, text))

    def press(self, user, message, button):
        """`user` presses the button with this label or custom_id."""
        if message.deleted or (message.ephemeral and message.seen_by is not user):
            raise ValueError(f"{user.name} does not see this message")
        custom_id = message.buttons.get(button, button)
        if custom_id not in message.buttons.values():
            raise ValueError(f"no button {button!r} among {list(message.buttons)}")
        data = {"custom_id": custom_id, "component_type": 2}
        return self._interact(3, user, message.channel, data, message)

    def react(self, user, message, emoji):
        """`user` puts an emoji on a message."""
        if message.ephemeral:
            raise ValueError("an ephemeral message cannot be reacted to")
        with self.changed:
            message.reactions.append((user, emoji))
        member = {"member": user.member()} if message.channel.guild else {}
        self._reaction("MESSAGE_REACTION_ADD", user, message, emoji, member | {"burst": False})

    def unreact(self, user, message, emoji):
        """`user` takes their emoji back."""
        with self.changed:
            message.reactions.remove((user, emoji))
        self._reaction("MESSAGE_REACTION_REMOVE", user, message, emoji, {"burst": False})

    def redeliver(self, interaction):
        """The same interaction comes once more, as after a connection that broke."""
        self._dispatch("INTERACTION_CREATE", interaction.payload)

    # --- What goes wrong

    def fail(self, method, path, status, times=1, *, code=0, retry_after=None, via=True):
        """The next requests that fit are answered with an error; `path` may have * in it."""
        body, headers = {"message": f"scripted {status}", "code": code}, {}
        if retry_after is not None:
            body |= {"retry_after": retry_after, "global": False}
            headers["Retry-After"] = str(retry_after)
        if via:
            headers["Via"] = "1.1 google"
        self._failures.append(Failure(method, path, times, status, body, headers))

    def hang(self, method, path, times=1, *, lost=False):
        """The next requests that fit are taken, carried out if `lost`, and never answered."""
        self._failures.append(Failure(method, path, times, None, {}, {}, lost))

    def hang_up(self, code=None):
        """Ends the gateway connection with a close code, or by cutting the line."""
        asyncio.run_coroutine_threadsafe(self.gateway.hang_up(code), self._loop).result(5)

    def violated(self, refusal):
        """Notes that the bot broke a limit; gives the refusal back to be raised."""
        self.violations.append(refusal.body)
        return refusal

    # --- Inside

    def _command(self, name, options):
        for command in self.commands:
            localized = (command.get("name_localizations") or {}).values()
            if name == command["name"] or name in localized:
                declared = {o["name"]: o["type"] for o in command["options"]}
                filled = [
                    {"name": key, "type": declared[key], "value": value}
                    for key, value in options.items()
                ]
                return command, filled
        raise ValueError(f"no command /{name} is registered")

    def _data(self, command, filled):
        resolved = self.files.resolved(self.url.removesuffix(BASE), filled)
        own = {"id": command["id"], "name": command["name"], "type": 1, "options": filled}
        return own | resolved

    def _interact(self, kind, user, where, data, pressed=None):
        self.users[user.id] = user
        guild = where.guild
        own = guild is None or not guild.joined
        payload = {
            "id": str(snowflake()),
            "application_id": str(self.application_id),
            "type": kind,
            "token": f"token-of-{snowflake()}",
            "version": 1,
            "data": data,
            "channel": where.payload(),
            "channel_id": str(where.id),
            "locale": user.locale,
            "app_permissions": "2147483647",
            "entitlements": [],
            "attachment_size_limit": 10_485_760,
            "authorizing_integration_owners": {"1": str(user.id)} if own else {"0": str(guild.id)},
            "context": 0 if guild else 1 if where.kind == DM else 2,
        }
        if guild:
            more = {"guild_id": str(guild.id), "guild_locale": "en-US", "guild": guild.partial()}
            payload |= more | {"member": user.member()}
        else:
            payload["user"] = user.payload()
        if pressed:
            payload["message"] = pressed.payload()
        interaction = Interaction(kind, user, where, payload, pressed)
        with self.changed:
            self.interactions[interaction.token] = interaction
        self._dispatch("INTERACTION_CREATE", payload)
        return interaction

    def _reaction(self, kind, user, message, emoji, more):
        guild = message.channel.guild
        payload = {
            "user_id": str(user.id),
            "channel_id": str(message.channel.id),
            "message_id": str(message.id),
            "emoji": {"id": None, "name": emoji},
            "type": 0,
        }
        if kind == "MESSAGE_REACTION_ADD":
            payload["message_author_id"] = str(message.author.id)
        if guild:
            payload["guild_id"] = str(guild.id)
        self._dispatch(kind, payload | more, GUILD_REACTIONS if guild else DM_REACTIONS)

    def _dispatch(self, kind, data, intents=0):
        with self.changed:
            self.gateway.dispatch(kind, json.loads(json.dumps(data)), intents)
            self.changed.notify_all()

    def _welcome(self, session):
        guilds = [guild for guild in self.guilds if guild.joined]
        yield (
            "READY",
            {
                "v": 10,
                "user": self.bot.payload(),
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "resume_gateway_url": self.gateway_url,
                "application": {"id": str(self.application_id), "flags": 0},
            },
        )
        if session.intents & GUILDS:
            yield from (("GUILD_CREATE", guild.payload(self.bot)) for guild in guilds)

    async def _take(self, request):
        path = request.path.removeprefix(BASE)
        body, files = await self._body(request)
        call = Call(request.method, path, body)
        with self.changed:
            self.calls.append(call)
            failure = next((f for f in self._failures if f.fits(call.method, path)), None)
            if failure:
                failure.times -= 1
            self.changed.notify_all()
        lost, headers = failure and failure.lost, {}
        if failure and not failure.status and not lost:
            await self._ended.wait()
        with self.changed:
            if failure and not lost:
                call.status, answer, headers = failure.status, failure.body, failure.headers
            else:
                call.status, answer = self._answer(request, path, body, files)
            self.changed.notify_all()
        if lost:
            await self._ended.wait()
        if answer is None:
            return web.Response(status=204)
        data = json.dumps(answer).encode()
        # Exactly this content type, without a charset: the library compares it as a whole.
        headers = {"Content-Type": "application/json", **headers}
        return web.Response(status=call.status, body=data, headers=headers)

    def _answer(self, request, path, body, files):
        try:
            if not request.path.startswith(BASE):
                raise Refusal(404, 0, "404: Not Found")
            for method, pattern, handler, needs_token in self._rest.routes:
                found = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", pattern), path)
                if found and method == request.method:
                    if needs_token and request.headers.get("Authorization") != f"Bot {self.token}":
                        raise Refusal(401, 0, "401: Unauthorized")
                    answer = handler(
                        **found.groupdict(), query=request.query, body=body, files=files
                    )
                    return (204, None) if answer is None else (200, answer)
            self.unexpected.append((request.method, path))
            raise Refusal(404, 0, "404: Not Found")
        except Refusal as refusal:
            return refusal.status, refusal.body

    @staticmethod
    async def _body(request):
        if request.content_type == "multipart/form-data":
            parts = []
            async for part in await request.multipart():
                parts.append((part.name, part.filename, await part.read()))
            return read_multipart(parts)
        raw = await request.read()
        return (json.loads(raw) if raw else {}), {}
