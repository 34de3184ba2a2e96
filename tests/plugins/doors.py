"""The three doors as real processes, each driven by a reader in the same four ways.

A door's `says` gives a command or words, `presses` a button that brings new messages, `changes`
one that changes its own, `finishes` one that does both. They return what was then shown, as
`Shown`: the plain text of one message, its buttons, and what the driver needs to press them.
"""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import Empty, Queue

import pytest

from tests.fakes.discord_server import DiscordServer
from tests.fakes.telegram_server import TelegramServer

PROGRAMS = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
SECONDS = 20.0


@dataclass(frozen=True)
class Shown:
    text: str
    buttons: tuple[str, ...]
    handle: object


class Home:
    """A folder with a database and models of its own, and the environment that points there."""

    def __init__(self, folder):
        self.folder = folder
        self.database_url = f"sqlite:///{folder}/webtoonbot.db"
        self.model_dir = folder / "models"

    def environment(self, **more):
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
        own = {
            "DATABASE_URL": self.database_url,
            "MODEL_DIR": str(self.model_dir),
            "LANG": "ko_KR.UTF-8",
            "PYTHONWARNINGS": "ignore",
            # The environment that runs the tests may be another checkout's.
            "PYTHONPATH": str(ROOT),
        }
        return kept | own | more

    def run(self, program, *arguments, timeout=120, text=None, **environment):
        """Runs one of our programs to its end."""
        return subprocess.run(
            [PROGRAMS / program, *arguments],
            check=False,
            cwd=self.folder,
            env=self.environment(**environment),
            input=text,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
        )

    def start(self, program, *arguments, **environment):
        """Starts one of our programs; its log goes to a file in the folder."""
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [PROGRAMS / program, *arguments],
                cwd=self.folder,
                env=self.environment(**environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def rows(self, query, *parameters):
        """What the database answers, or has changed."""
        with sqlite3.connect(self.folder / "webtoonbot.db") as connection:
            return connection.execute(query, parameters).fetchall()

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory):
    """A home in which `webtoonctl demo` ran: the demo catalogue, ratings, and model."""
    home = Home(tmp_path_factory.mktemp("demo"))
    done = home.run("webtoonctl", "demo")
    assert done.returncode == 0, done.stderr
    return home.folder


@pytest.fixture
def home(demo_template, tmp_path):
    """A demo home of this test's own."""
    shutil.copytree(demo_template, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture(scope="module")
def shared_home(demo_template, tmp_path_factory):
    """A demo home for all tests of a module, each with a reader of its own."""
    folder = tmp_path_factory.mktemp("shared") / "home"
    shutil.copytree(demo_template, folder)
    return Home(folder)


@contextmanager
def stopped(process, kill=False):
    """Ends a process that we started, whatever happens."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class TerminalDoor:
    """`webtoonbot chat` over pipes."""

    def __init__(self, home, name, *options):
        with (home.folder / "chat.log").open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAMS / "webtoonbot", "chat", "--as", name, *options],
                cwd=home.folder,
                env=home.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                bufsize=1,
            )
        self._lines = Queue()
        self._numbers = count(1)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(10) == 0
        self._reader.join()
        self._process.stdout.close()

    def says(self, text, messages=1):
        # An unknown command is answered after all that came before: then this answer is whole.
        mark = f"끝{next(self._numbers)}"
        self._process.stdin.write(f"{text}\n/{mark}\n")
        self._process.stdin.flush()
        lines = []
        while f"/{mark}" not in (line := self._next()):
            lines.append(line)
        shown = [_terminal(block) for block in _blocks(lines)]
        assert len(shown) >= messages, shown
        return shown

    def presses(self, shown, label, messages=1):
        return self.says(shown.handle[_label(shown, label)], messages)

    def changes(self, shown, label):
        replaced = self.presses(shown, label)
        # A card comes after the line that acknowledges it, a slate after the text in its place.
        return replaced[0] if len(replaced) > 2 else replaced[-1]

    def finishes(self, shown, label):
        return self.presses(shown, label, messages=4)

    def exports(self):
        return "\n".join(shown.text for shown in self.says("/export"))

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))

    def _next(self):
        try:
            return self._lines.get(timeout=SECONDS)
        except Empty:
            raise AssertionError("the terminal chat says nothing") from None


class TelegramDoor:
    """One reader's private chat with the running `webtoonbot telegram`."""

    def __init__(self, server, name):
        self._server = server
        self.user = server.user(name, language="ko")

    def close(self):
        pass

    def says(self, text, messages=1):
        before = len(self._server.in_chat(self.user))
        self._server.say(self.user, text)
        return self._new(before, messages)

    def presses(self, shown, label, messages=1):
        before = len(self._server.in_chat(self.user))
        self._server.press(self.user, shown.handle, _label(shown, label))
        return self._new(before, messages)

    def changes(self, shown, label):
        message, edits = shown.handle, len(shown.handle.earlier)
        self._server.press(self.user, message, _label(shown, label))
        self._server.wait_for(lambda: len(message.earlier) > edits, SECONDS, "an edit")
        return self._shown(message)

    def finishes(self, shown, label):
        before = len(self._server.in_chat(self.user))
        replaced = self.changes(shown, label)
        return [replaced, *self._new(before, 3)]

    def exports(self):
        return self.says("/export", messages=2)[1].text

    def _new(self, before, messages):
        self._server.wait_for_message(self.user, before + messages, SECONDS)
        return [self._shown(message) for message in self._server.in_chat(self.user)[before:]]

    @staticmethod
    def _shown(message):
        text = message.text
        if message.document:
            text += message.document["content"].decode()
        return Shown(text, tuple(message.buttons), message)


class DiscordDoor:
    """One reader's direct messages with the running `webtoonbot discord`."""

    def __init__(self, server, name):
        self._server = server
        self.user = server.user(name, locale="ko")
        self._place = server.dm(self.user)

    def close(self):
        pass

    def says(self, text, messages=1):
        name, _, argument = text.removeprefix("/").partition(" ")
        options = {self._option(name): argument} if argument else {}
        return self._answer(self._server.slash(self.user, name, self._place, **options), messages)

    def presses(self, shown, label, messages=1):
        pressed = self._server.press(self.user, shown.handle, _label(shown, label))
        return self._answer(pressed, messages)

    def changes(self, shown, label):
        message, edits = shown.handle, shown.handle.edits
        self._server.press(self.user, message, _label(shown, label))
        self._server.wait_for(lambda: message.edits > edits, SECONDS)
        return self._shown(message)

    def finishes(self, shown, label):
        message, edits = shown.handle, shown.handle.edits
        pressed = self._server.press(self.user, message, _label(shown, label))
        self._server.wait_for(lambda: message.edits > edits, SECONDS)
        return [self._shown(message), *self._answer(pressed, 3)]

    def exports(self):
        return self.says("/export")[0].text

    def _option(self, name):
        (command,) = (
            c
            for c in self._server.commands
            if name in (c["name"], (c.get("name_localizations") or {}).get("ko"))
        )
        return command["options"][0]["name"]

    def _answer(self, interaction, messages):
        self._server.wait_for(lambda: len(interaction.messages) >= messages, SECONDS)
        return [self._shown(message) for message in interaction.messages]

    @staticmethod
    def _shown(message):
        parts = [message.content]
        for embed in message.embeds:
            parts += [embed.get("title", ""), embed.get("url", ""), embed.get("description", "")]
            parts.append(embed.get("footer", {}).get("text", ""))
        parts += [content.decode() for content in message.files.values()]
        text = re.sub(r"\\(?=[^\w\s\"])", "", "\n".join(filter(None, parts)))
        return Shown(text, tuple(message.buttons), message)


@pytest.fixture(scope="module")
def telegram_running(shared_home):
    with TelegramServer() as server, stopped(start_telegram(shared_home, server)):
        server.wait_for_calls("getUpdates", timeout=SECONDS)
        yield server


@pytest.fixture(scope="module")
def discord_running(shared_home):
    with DiscordServer() as server, stopped(start_discord(shared_home, server)):
        server.wait_for(lambda: server.commands and server.gateway.connected, SECONDS)
        yield server


def start_telegram(home, server, **environment):
    """The real bot process, pointed at the server."""
    return home.start(
        "webtoonbot",
        "telegram",
        TELEGRAM_TOKEN=server.token,
        TELEGRAM_API_URL=server.url,
        **environment,
    )


def start_discord(home, server, **environment):
    """The real bot process, pointed at the server."""
    return home.start(
        "webtoonbot",
        "discord",
        DISCORD_TOKEN=server.token,
        DISCORD_API_URL=server.url,
        **environment,
    )


_readers = count(1)


@pytest.fixture(params=["terminal", "telegram", "discord"])
def door(request, shared_home):
    """A new reader at one of the doors."""
    name = f"reader-{next(_readers)}"
    if request.param == "terminal":
        door = TerminalDoor(shared_home, name)
    elif request.param == "telegram":
        door = TelegramDoor(request.getfixturevalue("telegram_running"), name)
    else:
        door = DiscordDoor(request.getfixturevalue("discord_running"), name)
    yield door
    door.close()


def _label(shown, wanted):
    """The first button whose label contains `wanted`."""
    for label in shown.buttons:
        if wanted in label:
            return label
    raise AssertionError(f"no button {wanted!r} among {shown.buttons}")


def _blocks(lines):
    """Splits at the empty line before each card."""
    blocks = [[]]
    for line in lines:
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _terminal(block):
    buttons = {}
    for line in block:
        for number, label in re.findall(r"\[(\d+)\] (.+?)(?=  \[|$)", line):
            buttons.setdefault(label, number)
    return Shown("\n".join(block), tuple(buttons), buttons)
