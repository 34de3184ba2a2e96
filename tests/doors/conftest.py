"""What the modules about Telegram share; those about Discord have a server of their own."""

import pytest

from tests.fakes.telegram_server import TelegramServer
from tests.plugins.doors import SECONDS, start_telegram, stopped


@pytest.fixture
def server():
    with TelegramServer() as server:
        yield server


@pytest.fixture
def mina(server):
    return server.user("Mina", language="ko")


@pytest.fixture
def running(home, server):
    with stopped(start_telegram(home, server)) as process:
        server.wait_for_calls("getUpdates", timeout=SECONDS)
        yield process
