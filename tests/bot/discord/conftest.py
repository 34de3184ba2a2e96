"""A real bot over a real socket: the fake Discord, a scripted conversation, and `serve` between."""

import asyncio
import threading
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from bot.bridge import Bridge
from bot.conversation.events import Command, File, Press, Reaction
from bot.conversation.reply import Button, Card, Reply
from bot.discord.app import serve
from bot.hearing import Unavailable
from tests.fakes.discord_server import DiscordServer
from tests.fakes.mailroom import ScriptedMailroom


class ScriptedHearing:
    """Answers by a table: command name, action, or emoji with + or - before it -> Reply."""

    def __init__(self):
        self.script = {}
        self.heard = []  # events, in order, each once
        self.tries = 0  # calls of hear, repeated ones and all
        self.delivered_cards = []  # (impression ids, message)
        self.choices = []
        self.asked_choices = []  # (speaker, command, typed)
        self.unremembered = 0  # how many of the next cards cannot be noted at once
        self.away = 0  # how many of the next calls find the database gone
        self.blocked = None  # an Event that hear() waits for
        self.operators = False  # whether any of them is on Discord
        self.mailroom = ScriptedMailroom()
        self.mail = []  # letters to operators that wait
        self.posted_letters = []  # (letter id, error)
        self._keys = set()

    def hear(self, event, *, again=False):
        self.tries += 1
        if self.blocked:
            self.blocked.wait(5)
        if self.away:
            self.away -= 1
            if isinstance(event.said, Reaction):
                raise Unavailable
            return self.apology(event.speaker)
        if event.key in self._keys:
            return None
        self._keys.add(event.key)
        self.heard.append(event)
        answer = self.script.get(self._line(event.said))
        if isinstance(answer, Exception):
            raise answer
        return answer

    @staticmethod
    def _line(said):
        match said:
            case Command(name):
                return name
            case Press(action):
                return action
            case File():
                return "file"
            case Reaction(_, (emoji,), ()):
                return f"+{emoji}"
            case Reaction(_, (), (emoji,)):
                return f"-{emoji}"

    def admins(self, platform):
        return self.operators

    def letters(self, platform, limit):
        taken, self.mail = self.mail[:limit], self.mail[limit:]
        return taken

    def posted(self, letter_id, error=None):
        self.posted_letters.append((letter_id, error))

    def apology(self, speaker):
        return Reply("Something is away. Try again in a moment.", private=True)

    def delivered(self, impressions, message):
        if self.unremembered:
            self.unremembered -= 1
            raise Unavailable
        self.delivered_cards.append((tuple(impressions), message))

    def complete(self, speaker, command, typed):
        self.asked_choices.append((speaker, command, typed))
        if isinstance(self.choices, Exception):
            raise self.choices
        return self.choices


def card(number, *, mark="", title=None):
    """The card of work `number`, shown as impression 100 + `number`."""
    return Card(
        title=title or f"Work {number}",
        url=f"https://comic.naver.com/webtoon/list?titleId={number}",
        lines=("by SIU", "fantasy · ongoing"),
        reason="Because you like Work 0",
        mark=mark,
        buttons=((Button("👍 Like", f"v:l:{number}"), Button("👎 Not for me", f"v:d:{number}")),),
        impression_id=100 + number,
    )


SLATE = Reply("Five for you", cards=tuple(card(n) for n in range(1, 6)))


@pytest.fixture
def hearing():
    return ScriptedHearing()


@pytest.fixture
def discord_server():
    with DiscordServer() as server:
        yield server


@asynccontextmanager
async def serving(server, hearing):
    """The bot, connected; on leaving it is told to stop and has its four seconds."""
    bridge, stop = Bridge(hearing), asyncio.Event()
    before = len(server.gateway.sessions)
    bot = asyncio.create_task(serve(bridge, SecretStr(server.token), server.url, stop))
    connected = asyncio.create_task(server.until(lambda: len(server.gateway.sessions) > before))
    try:
        await asyncio.wait({bot, connected}, return_when=asyncio.FIRST_COMPLETED)
        if bot.done():
            bot.result()
        yield bot
    finally:
        await asyncio.wait({connected})
        stop.set()
        async with asyncio.timeout(4):
            await bot
        if hearing.blocked:
            hearing.blocked.set()
        bridge.close()


@pytest.fixture
async def town(discord_server, hearing):
    """The fake Discord with the bot in it."""
    async with serving(discord_server, hearing):
        yield discord_server
    assert discord_server.violations == []
    assert discord_server.unexpected == []


@pytest.fixture
def gate():
    """An Event for `hearing.blocked`, always opened in the end."""
    event = threading.Event()
    yield event
    event.set()
