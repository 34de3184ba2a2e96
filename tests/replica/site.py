"""The replica itself: both sites and the control port, on three ports of loopback."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from tests.replica import answers, robots
from tests.replica.answers import Answer
from tests.replica.markup import Markup
from tests.replica.naver import Naver
from tests.replica.scenario import CHANGES_CONTENT, CUTS_BODY, Scenario, cut, split_loop, struck
from tests.replica.server import Server
from tests.replica.truth import Truth
from tests.replica.watcha import Watcha
from tests.replica.world import CHANGES, World


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a site, in the order of arrival; `status` is 0 if it was left hanging."""

    at: float  # time.monotonic(), the same clock for all processes of a machine
    site: str
    method: str
    path: str  # with the query
    status: int
    headers: Mapping[str, str]  # names in lower case


class Replica:
    """Watcha Pedia and Naver Webtoon on loopback, made of `seed`, `users` and `titles` alone.

    `many` adds a user with that many ratings. Ports are chosen by the system unless given, as
    (watcha, naver, control).
    """

    def __init__(
        self,
        seed: int = 1,
        users: int = 30,
        titles: int = 40,
        *,
        latency_seconds: float = 0.0,
        many: int = 0,
        robots: str = "permissive",
        ports: tuple[int, int, int] = (0, 0, 0),
    ) -> None:
        self.seed, self._ports, self._latency = seed, ports, latency_seconds
        self.world = World(seed, users, titles, many)
        self.scenario = Scenario(robots)
        self._watcha = Watcha(self.world, self._markup)
        self._naver = Naver(self.world)
        self._log: list[Request] = []
        self._guard = threading.Lock()
        self._servers: list[Server] = []

    def __enter__(self) -> "Replica":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Listens on all three ports."""
        responders = (self._respond_watcha, self._respond_naver, self._respond_control)
        latencies = (self._latency, self._latency, 0.0)
        try:
            for respond, port, latency in zip(responders, self._ports, latencies, strict=True):
                self._servers.append(Server(respond, port, latency))
        except OSError:
            self.close()
            raise
        self.watcha_url, self.naver_url, self.control_url = (server.url for server in self._servers)
        self._naver.base = self.naver_url
        self.truth = Truth(self.world, self.naver_url)

    def close(self) -> None:
        """Ends all connections and threads."""
        while self._servers:
            self._servers.pop().close()

    # What tests see and turn

    @property
    def log(self) -> list[Request]:
        with self._guard:
            return list(self._log)

    def reset_log(self) -> None:
        with self._guard:
            self._log.clear()

    @property
    def generation(self) -> int:
        return self.scenario.generation

    @generation.setter
    def generation(self, number: int) -> None:
        self.scenario.generation = number

    @property
    def icons(self) -> bool:
        return self.scenario.icons

    @icons.setter
    def icons(self, on: bool) -> None:
        self.scenario.icons = on

    def rotate_after(self, pages: int, to: int) -> None:
        """The Watcha documents after the next `pages` are of generation `to`."""
        self.scenario.rotate_after(pages, to)

    def robots(self, site: str, profile: str) -> None:
        """The robots.txt of a site from now on."""
        self.scenario.set_robots(site, profile)

    def fault(
        self, site: str, path: str, name: str, times: int | None = None, **options: object
    ) -> None:
        """A fault for requests whose path, with or without the query, is like the glob `path`."""
        self.scenario.add(site, path, name, times, **options)

    def clear_faults(self) -> None:
        self.scenario.clear_faults()

    # How requests are answered

    def _markup(self) -> Markup:
        return Markup(self.seed, self.scenario.generation, self.scenario.icons)

    def _respond_watcha(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        if self._watcha.is_document(target):
            self.scenario.count_page()
        return self._respond("watcha", method, target, headers)

    def _respond_naver(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        return self._respond("naver", method, target, headers)

    def _respond(self, site: str, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        if target == "/favicon.ico":
            return answers.plain("", 404)  # browsers ask for it by themselves, now and then
        at = time.monotonic()
        answer = self._answer(site, method, target, headers)
        with self._guard:
            self._log.append(Request(at, site, method, target, answer.status, headers))
        return answer

    def _answer(self, site: str, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        if method not in {"GET", "HEAD"}:
            return answers.plain("", 405)
        fault = self.scenario.strike(site, target)
        if fault and fault.name not in CHANGES_CONTENT | CUTS_BODY:
            return struck(fault, target)
        page, _ = split_loop(target)
        if page == "/robots.txt":
            answer = robots.answer(self.scenario.robots(site))
        elif site == "watcha":
            obeyed = fault if fault and fault.name in CHANGES_CONTENT else None
            answer = self._watcha.answer(page, headers, obeyed)
        else:
            answer = self._naver.answer(page, headers)
        return cut(fault, answer) if fault and fault.name in CUTS_BODY else answer

    def _respond_control(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        calls: dict[str, Callable[..., object]] = {
            "GET /truth": self.truth.as_json,
            "GET /log": lambda: [asdict(request) for request in self.log],
            "POST /reset-log": self.reset_log,
            "POST /fault": lambda options=None, **fault: self.fault(**fault, **(options or {})),
            "POST /clear-faults": self.clear_faults,
            "POST /generation": lambda n: setattr(self, "generation", n),
            "POST /icons": lambda on: setattr(self, "icons", on),
            "POST /rotate": self.rotate_after,
            "POST /robots": self.robots,
            "POST /change": self._change,
        }
        call = calls.get(f"{method} {target}")
        if not call:
            return answers.as_json({"error": f"no such call; there are {', '.join(calls)}"}, 404)
        try:
            return answers.as_json(call(**(json.loads(body) if body else {})))
        except (KeyError, TypeError, ValueError) as wrong:
            return answers.as_json({"error": f"{type(wrong).__name__}: {wrong}"}, 400)

    def _change(self, change: str, **details: object) -> object:
        """Does to the world what `change` names; what the method returns."""
        if change not in CHANGES:
            raise ValueError(f"no change {change!r}, expected one of {', '.join(CHANGES)}")
        return getattr(self.world, change)(**details)
