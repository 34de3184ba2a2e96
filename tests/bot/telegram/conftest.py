"""A Telegram door over a real socket to the fake Telegram, and a card that people press."""

import pytest
import structlog

from bot.conversation.reply import Button, Card, Reply
from tests.bot.telegram.scripted import Door, ScriptedHearing
from tests.fakes.telegram_server import TelegramServer

LIKE = ((Button("👍", "like:1"), Button("🙈", "hide:1")),)
CARD = Card("A<b & R&B", "https://comic.naver.com/webtoon/list?titleId=1", buttons=LIKE)


@pytest.fixture(autouse=True)
def plain_log():
    """Tracebacks drawn with colours and locals take so long that presses run late."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
    yield
    structlog.reset_defaults()


@pytest.fixture
def telegram():
    with TelegramServer() as server:
        yield server


@pytest.fixture
def hearing():
    return ScriptedHearing()


@pytest.fixture
def open_door(telegram, hearing):
    """Opens a door to the fake Telegram that listens for all we want; each is closed in the end."""
    doors = []

    def start(**options):
        door = Door(hearing, telegram, **options)
        doors.append(door)
        return door.start()

    yield start
    for door in doors:
        door.stop()


@pytest.fixture
def door(open_door, telegram):
    door = open_door()
    telegram.wait_for_calls("getUpdates")  # from here on reactions are sent to it, too
    return door


def shown(telegram, hearing, user, *cards, chat=None):
    """A message of the bot that shows the cards (one is enough for most)."""
    hearing.answer = lambda event: Reply(cards=cards or (CARD,))
    telegram.say(user, "/recommend", chat)
    return telegram.wait_for_message(chat or user)
