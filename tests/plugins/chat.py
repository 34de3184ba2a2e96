"""People who chat with the bot, without any platform between: each word goes through Hearing.

Fixtures: `bare_chat` (no works, no model), `unlearned_chat` (works, no model), `chat` (works and
a model), `elsewhere` (the person of `chat` on Discord). `hearing` and `serving` of a chat are the
real ones over the test's database.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from bot.conversation.events import Command, Event, Place, Platform, Press, Reaction, Speaker, Text
from bot.hearing import Hearing
from bot.serving import Serving
from tests.plugins.library import activate, stock

# For a module's pytestmark: what depends on no database's ways is tested on the quicker one.
ON_SQLITE = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


BOSS = ("telegram", "boss")  # runs the bots


class World:
    """What all people of one chat share: the bot, its database, its time.

    `heard` is what was counted of each event.
    """

    def __init__(self, database, model_dir, clock):
        self.database, self.clock = database, clock
        self.serving = Serving(database, model_dir, clock)
        self.heard = []
        self.hearing = Hearing(
            database, self.serving, clock, admins=(BOSS,), count=self.heard.append
        )
        self.keys = count(1)


class Chat:
    """One person in one place; `last` is the answer they got last, of which they press buttons."""

    def __init__(
        self, world, name="mina", language="en", *, shared=False, platform="telegram", called=None
    ):
        self.called = called or name.capitalize()  # what the chat calls them
        self.world, self.name, self.language, self.shared = world, name, language, shared
        self.platform = Platform(platform)
        self.last = None

    def as_(self, name, **where):
        """Somebody else, or the same person elsewhere or in another language."""
        here = {"language": self.language, "shared": self.shared, "platform": self.platform}
        return Chat(self.world, name, **(here | where))

    def in_public(self):
        """The same person where others read along."""
        return self.as_(self.name, shared=True)

    def event(self, said, key=None):
        """What this person did, as an adapter would hand it in."""
        speaker = Speaker(self.platform, self.name, self.language, self.called)
        place = Place("town square" if self.shared else self.name, self.shared)
        return Event(key or str(next(self.world.keys)), speaker, place, said)

    def does(self, said, *, key=None, again=False):
        self.last = self.world.hearing.hear(self.event(said, key), again=again)
        return self.last

    def says(self, line, **how):
        """A command with its slash, or plain words."""
        name, _, argument = line[1:].partition(" ")
        return self.does(Command(name, argument) if line.startswith("/") else Text(line), **how)

    def press(self, label, card=None, **how):
        """Presses the first button of `last`, or of one of its cards, whose label begins so."""
        return self.presses(self.action(label, card), **how)

    def action(self, label, card=None):
        on = buttons(self.last) if card is None else buttons_of(self.last.cards[card].buttons)
        return next(button.action for button in on if button.label.startswith(label))

    def presses(self, action, **how):
        return self.does(Press(action), **how)

    def reacts(self, message, *emoji, **how):
        return self.does(Reaction(message, added=emoji), **how)

    def unreacts(self, message, *emoji, **how):
        return self.does(Reaction(message, removed=emoji), **how)

    def posted(self, *cards):
        """The name of a message that is known to show these cards of `last`; all if none."""
        name = f"{self.platform}:{self.name}:{next(self.world.keys)}"
        shown = [self.last.cards[n] for n in cards] or self.last.cards
        self.world.hearing.delivered([card.impression_id for card in shown], name)
        return name

    def verdicts(self):
        """External id -> verdict, from this person's own export."""
        given = export(Chat(self.world, self.name, platform=self.platform))["feedback"]
        return {entry["external_id"]: entry["verdict"] for entry in given}

    def work(self, external_id):
        """The work with this external id, as the bot serves it."""
        works = self.world.serving.library.works
        return next(work for work in works if work.external_id == external_id)


def buttons_of(rows):
    return [button for row in rows for button in row]


def buttons(reply):
    """Every button of a reply, under its text and under its cards."""
    under_cards = [b for card in reply.cards for b in buttons_of(card.buttons)]
    return [*buttons_of(reply.buttons), *under_cards]


def titles(reply):
    """The Korean titles of a reply's cards."""
    return [card.title.split(" (")[0] for card in reply.cards]


def export(chat):
    """A person's own data, as /export gives it."""
    import json

    return json.loads(chat.says("/export").document.content)


def joins(opener, *others):
    """A round of /together in which these people are; the action by which others join it.

    Each of them has its message before them.
    """
    opener.says("/together")
    action = opener.action("✋")
    for person in (opener, *others):
        person.presses(action)
    return action


def at_once(*does):
    """What these bring, all done at the same time."""
    begin = threading.Barrier(len(does))

    def run(do):
        begin.wait()
        return do()

    with ThreadPoolExecutor(len(does)) as pool:
        return list(pool.map(run, does))


@pytest.fixture
def elsewhere(chat):
    """The person who chats, on Discord, of whom nobody knows yet that it is the same."""
    return chat.as_("mina-d", platform="discord")


@pytest.fixture
def bare_chat(database, model_dir, clock):
    return Chat(World(database, model_dir, clock))


@pytest.fixture
def unlearned_chat(bare_chat):
    stock(bare_chat.world.database)
    bare_chat.world.serving.refresh()
    return bare_chat


@pytest.fixture
def chat(bare_chat, digest):
    stock(bare_chat.world.database)
    activate(bare_chat.world.database, "first", digest)
    bare_chat.world.serving.refresh()
    return bare_chat
