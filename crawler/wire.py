"""Chromium's own protocol (CDP), for the one thing WebDriver cannot do: decide on each request.

Every request of a page is held until `Rules` are asked, so that what robots.txt disallows, what is
on another host and what is only a picture never leaves the machine. Answers are noted on the way,
with their status and Retry-After.
"""

import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from time import monotonic
from typing import Any
from urllib.request import ProxyHandler, build_opener

import websocket

from crawler.fetching import NoAnswer, Rules
from crawler.hosts import host_of

HOPS = 5  # redirects of one request for data
COMMAND_SECONDS = 10.0
# What a page's rows do without.
_NOT_NEEDED = frozenset(
    # Other: favicons, manifests, plug-ins
    {"Image", "Media", "Font", "TextTrack", "Prefetch", "Ping", "Manifest", "Other"}
)
_DATA = frozenset({"XHR", "Fetch"})
_ATTACH = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
# What a page could reach the network by without a request that can be held.
_NO_SOCKETS = """
for (const name of ["WebSocket", "WebTransport", "RTCPeerConnection"]) delete globalThis[name];
"""
_WATCHED = ("page", "iframe", "worker", "shared_worker", "service_worker")


class Asked(Enum):
    """What came of a page's own requests for data."""

    NOTHING = "it asked for nothing"
    ANSWERED = "it has what it asked for"
    IN_VAIN = "what it asked for did not come in time"


@dataclass(slots=True)
class Traffic:
    """What a page asked for since it was last looked at; `data` are the answers to its scripts.

    `moved` is where the document would have gone next, by a redirect or of its own accord: that is
    another page, for whoever sets the pace to open.
    """

    document: str | None = None  # its address
    document_refused: str | None = None
    document_retry_after: str | None = None
    moved: str | None = None
    shown: bool = False  # the document took the place of the one before
    data: list[tuple[int, str | None]] = field(default_factory=list)  # status, Retry-After
    data_refused: str | None = None
    started: int = 0  # requests of scripts for data
    ended: int = 0


class Wire:
    """A connection to one browser; its thread answers for `rules` until the browser ends."""

    def __init__(self, address: str, rules: Rules) -> None:
        """Connects to the browser whose debugger is at `address`. Raises NoAnswer."""
        self._rules = rules
        self._numbers = 0
        self._lock = threading.Lock()  # of what follows
        self._changed = threading.Condition(self._lock)
        self._answers: dict[int, Mapping[str, Any]] = {}
        self._traffic = Traffic()
        self._hops: dict[str, int] = {}  # network id of a request -> redirects so far
        self._session = ""  # the page's
        self._windows: set[str] = set()  # sessions of windows that a page opened
        self._frame = ""  # the one that the document is in; the others are a page's own matter
        self._data: set[str] = set()  # network ids of requests for data under way
        self._broken: str | None = None
        try:
            self._socket = websocket.create_connection(
                _browser_socket(address),
                timeout=COMMAND_SECONDS,
                suppress_origin=True,
                socket=None if _is_servers(address) else _direct(address),
            )
        except (OSError, ValueError, websocket.WebSocketException) as error:
            raise NoAnswer(f"the browser's debugger does not answer: {error}") from error
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._listen, name="wire", daemon=True)
        self._thread.start()
        self._attach()

    def begin(self, *, document: bool) -> None:
        """Forgets what was asked for so far; `document`: for a new one, which may be let out."""
        with self._lock:
            self._traffic = Traffic(None if document else self._traffic.document)
            self._data.clear()
            self._hops.clear()

    def traffic(self) -> Traffic:
        """What was asked for since `begin`. Raises NoAnswer if nobody watched any more."""
        with self._lock:
            if self._broken:
                raise NoAnswer(self._broken)
            return self._traffic

    def shows(self, seconds: float) -> bool:
        """Waits until the new document has taken the place of the one before; whether it did.

        Raises NoAnswer if nobody watched any more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._traffic.shown or self._broken, seconds)
            if self._broken:
                raise NoAnswer(self._broken)
            return self._traffic.shown

    def settled(self, seconds: float, started: float) -> Asked:
        """Waits until the page's scripts asked for data and have it.

        They have `started` seconds to begin, and `seconds` in all. Raises NoAnswer if nobody
        watched any more.
        """
        now = monotonic()
        end, begin_by = now + seconds, now + started
        with self._changed:
            while True:
                if self._broken:
                    raise NoAnswer(self._broken)
                going = self._traffic
                if going.data_refused or (going.started and going.ended >= going.started):
                    return Asked.ANSWERED
                limit = end if going.started else begin_by
                left = limit - monotonic()
                if left <= 0:
                    return Asked.IN_VAIN if going.started else Asked.NOTHING
                self._changed.wait(left)

    def close(self) -> None:
        """Lets the browser go."""
        with self._lock:
            self._broken = self._broken or "the connection to the browser was closed"
        self._socket.close()
        self._thread.join(COMMAND_SECONDS)

    # -- commands

    def _attach(self) -> None:
        targets = self._ask("Target.getTargets")["targetInfos"]
        page = next((target for target in targets if target["type"] == "page"), None)
        if page is None:
            raise NoAnswer("the browser shows no page")
        self._frame = page["targetId"]
        # This attaches the page, which is here already, as well as windows that it will open.
        self._ask("Target.setAutoAttach", _ATTACH)
        with self._lock:
            session = self._session
        for method, parameters in _watch("page"):
            self._ask(method, parameters, session)

    def _ask(
        self, method: str, parameters: Mapping[str, Any] | None = None, session: str | None = None
    ) -> Mapping[str, Any]:
        """Sends a command and waits for what it brings; not to be called by the thread."""
        number = self._send(method, parameters, session)
        with self._changed:
            if not self._changed.wait_for(
                lambda: number in self._answers or self._broken, COMMAND_SECONDS
            ):
                raise NoAnswer(f"the browser does not answer to {method}")
            if number not in self._answers:
                raise NoAnswer(self._broken or "")
            answer = self._answers.pop(number)
        if "error" in answer:
            raise NoAnswer(f"the browser refuses {method}: {answer['error'].get('message')}")
        result: Mapping[str, Any] = answer["result"]
        return result

    def _send(self, method: str, parameters: Mapping[str, Any] | None, session: str | None) -> int:
        with self._lock:
            self._numbers += 1
            number = self._numbers
        message = {"id": number, "method": method, "params": dict(parameters or {})}
        if session:
            message["sessionId"] = session
        try:
            self._socket.send(json.dumps(message))
        except (OSError, websocket.WebSocketException) as error:
            raise NoAnswer(f"the browser is gone: {error}") from error
        return number

    # -- events; all of this in the thread

    def _listen(self) -> None:
        said = "the browser is gone"
        try:
            while text := self._socket.recv():
                message = json.loads(text)
                if "id" in message:
                    self._note_answer(message)
                else:
                    self._hear(message)
        except (OSError, websocket.WebSocketException, NoAnswer) as error:
            said = f"the browser is gone: {error}"
        finally:
            with self._changed:
                self._broken = self._broken or said
                self._changed.notify_all()

    def _note_answer(self, message: Mapping[str, Any]) -> None:
        with self._changed:
            self._answers[message["id"]] = message
            # Nobody waits for the answers to what this thread sends.
            for old in [number for number in self._answers if number < message["id"] - 500]:
                del self._answers[old]
            self._changed.notify_all()

    def _hear(self, message: Mapping[str, Any]) -> None:
        parameters, session = message.get("params", {}), message.get("sessionId")
        match message["method"]:
            case "Fetch.requestPaused":
                self._decide(parameters, session)
            case "Network.responseReceived":
                self._note_response(parameters)
            case "Network.loadingFinished" | "Network.loadingFailed":
                self._note_end(parameters["requestId"])
            case "Page.frameNavigated" if parameters["frame"]["id"] == self._frame:
                with self._changed:
                    self._traffic.shown = True
                    self._changed.notify_all()
            case "Target.attachedToTarget":
                inner = parameters["sessionId"]
                self._receive(parameters["targetInfo"], inner, session)
            case "Inspector.targetCrashed":
                raise NoAnswer("the page crashed")

    def _receive(self, target: Mapping[str, Any], inner: str, session: str | None) -> None:
        """Watches what belongs to the page, and closes what would be a page of its own."""
        kind = target["type"]
        if target["targetId"] == self._frame:
            with self._lock:
                self._session = inner
            return
        window = session is None and kind == "page"
        if window:
            self._windows.add(inner)
        if kind in _WATCHED:
            for method, more in _watch(kind):
                self._send(method, more, inner)
        self._send("Runtime.runIfWaitingForDebugger", None, inner)
        if window:
            self._send("Target.closeTarget", {"targetId": target["targetId"]}, None)

    def _decide(self, paused: Mapping[str, Any], session: str | None) -> None:
        url, kind = paused["request"]["url"], paused["resourceType"]
        if kind in _NOT_NEEDED or "Sec-Purpose" in paused["request"]["headers"]:  # to prefetch
            reason: str | None = "not needed"
        elif session in self._windows:
            reason = "one page at a time"
        elif kind == "Document" and paused.get("frameId") == self._frame:
            reason = self._why_not_document(url)
        else:
            reason = self._why_not_part(url, kind, paused.get("networkId", ""))
        if reason is None:
            self._send("Fetch.continueRequest", {"requestId": paused["requestId"]}, session)
            return
        failed = {"requestId": paused["requestId"], "errorReason": "BlockedByClient"}
        self._send("Fetch.failRequest", failed, session)

    def _why_not_document(self, url: str) -> str | None:
        """Why a document is not let out; notes it."""
        reason = self._rules.why_not(url, document=True)
        with self._changed:
            if self._traffic.document is not None:
                self._traffic.moved = url
                return "one page at a time"
            self._traffic.document, self._traffic.document_refused = url, reason
        return reason

    def _why_not_part(self, url: str, kind: str, network: str) -> str | None:
        """Why what a document asks for is not let out; notes what its scripts do."""
        reason = self._rules.why_not(url, document=False)
        with self._changed:
            self._hops[network] = self._hops.get(network, -1) + 1
            if self._hops[network] > HOPS:
                reason = "it redirects again and again"
            if kind not in _DATA:
                return reason
            if reason is None and network not in self._data:
                self._data.add(network)
                self._traffic.started += 1
            # What goes to other hosts is seldom what the page shows.
            elif reason and (network in self._data or self._is_at_home(url)):
                self._traffic.data_refused = reason
            self._changed.notify_all()
        return reason

    def _is_at_home(self, url: str) -> bool:
        return host_of(url) == host_of(self._traffic.document or "")

    def _note_response(self, received: Mapping[str, Any]) -> None:
        response = received["response"]
        headers = {name.lower(): value for name, value in response["headers"].items()}
        retry = headers.get("retry-after")
        with self._changed:
            if received["type"] == "Document":
                if received.get("frameId") == self._frame:
                    self._traffic.document_retry_after = retry
            elif received["requestId"] in self._data:
                self._traffic.data.append((response["status"], retry))
                # A script need not read the body of an error, which then never ends.
                if response["status"] >= 400:
                    self._end(received["requestId"])

    def _note_end(self, network: str) -> None:
        with self._changed:
            self._end(network)

    def _end(self, network: str) -> None:
        if network in self._data:
            self._data.discard(network)
            self._traffic.ended += 1
            self._changed.notify_all()


def _watch(kind: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """What is told to each page, frame and worker before it may begin."""
    if kind in ("page", "iframe"):
        lame: tuple[str, dict[str, Any]] = (
            "Page.addScriptToEvaluateOnNewDocument",
            {"source": _NO_SOCKETS},
        )
    else:
        lame = ("Runtime.evaluate", {"expression": _NO_SOCKETS})
    return (
        ("Page.enable", {}),
        lame,
        ("Fetch.enable", {"patterns": [{"urlPattern": "*"}]}),
        ("Network.enable", {}),
        # A cached 410 would be believed for ever.
        ("Network.setCacheDisabled", {"cacheDisabled": True}),
        ("Network.setBypassServiceWorker", {"bypass": True}),
        ("Target.setAutoAttach", _ATTACH),
    )


def _is_servers(address: str) -> bool:
    return address.startswith(("ws://", "wss://"))


def _direct(address: str) -> socket.socket:
    """A connection that no proxy of the machine's comes between."""
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=COMMAND_SECONDS)


def _browser_socket(address: str) -> str:
    """The address of the browser itself; `address` is host:port, or already a WebSocket's."""
    if _is_servers(address):
        return address
    opener = build_opener(ProxyHandler({}))
    with opener.open(f"http://{address}/json/version", timeout=COMMAND_SECONDS) as answer:
        found: str = json.load(answer)["webSocketDebuggerUrl"]
    return found
