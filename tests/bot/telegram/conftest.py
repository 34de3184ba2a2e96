import pytest
import structlog

from tests.bot.telegram.scripted import Door, ScriptedHearing
from tests.fakes.telegram_server import TelegramServer


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
