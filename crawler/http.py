"""Pages over plain HTTP, one request at a time; redirects are for the caller to follow."""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx

from crawler.fetching import Answer, NoAnswer

TIMEOUT = httpx.Timeout(20.0, connect=10.0)
LONGEST_SECONDS = 60.0
LARGEST = 16 * 1024 * 1024  # bytes


class HttpFetcher:
    """Fetches with an honest User-Agent, without cookies, proxies or a referer."""

    def __init__(self, agent: str, timeout: httpx.Timeout = TIMEOUT) -> None:
        self._client = httpx.Client(
            headers={"User-Agent": agent, "Accept-Language": "ko-KR,ko;q=0.9"},
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
        )
        self._socket: socket.socket | None = None  # of the connection in use

    def fetch(self, url: str) -> Answer:
        """The answer to one request. Raises NoAnswer."""
        self._client.cookies.clear()
        late = threading.Event()
        # Each read has a timeout of its own; what drips for ever needs one for the whole.
        timer = threading.Timer(LONGEST_SECONDS, self._cut, [late])
        timer.daemon = True
        timer.start()
        try:
            with self._client.stream("GET", url, extensions={"trace": self._note}) as response:
                body = self._body(response)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise NoAnswer(_said(late) or str(error) or type(error).__name__) from error
        finally:
            timer.cancel()
        if said := _said(late):  # where nothing says how long a body is, it ended without an error
            raise NoAnswer(said)
        where = response.headers.get("location") if response.is_redirect else None
        encoding = response.charset_encoding or "utf-8"
        try:
            text = body.decode(encoding, errors="replace")
        except (LookupError, ValueError):  # a charset that nobody knows, or none for bodies
            text = body.decode("utf-8", errors="replace")
        retry = response.headers.get("retry-after")
        return Answer(url, response.status_code, text, where, retry)

    def more(self) -> Answer:
        """Not for plain HTTP: what a page loads when scrolled needs a browser."""
        message = "only a browser can scroll"
        raise NotImplementedError(message)

    def rest(self) -> None:
        """Keeps the connection: it costs nothing."""

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _note(self, event: str, details: Mapping[str, Any]) -> None:
        """Keeps the socket of a new connection; httpcore calls this with all that it does."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = details["return_value"].get_extra_info("socket")

    def _cut(self, late: threading.Event) -> None:
        late.set()
        if self._socket is not None:
            with suppress(OSError):  # it was closed already
                self._socket.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _body(response: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LARGEST:
                message = f"the page has more than {LARGEST} bytes"
                raise NoAnswer(message)
        return bytes(body)


def _said(late: threading.Event) -> str:
    return f"the page was not whole after {LONGEST_SECONDS:.0f} s" if late.is_set() else ""
