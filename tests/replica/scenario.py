"""What the sites do besides showing the world: generation, robots.txt profile, faults."""

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from tests.replica import answers, robots
from tests.replica.answers import Answer

SITES = ("watcha", "naver")
# What each fault may be told, with what holds if it is not.
FAULTS: dict[str, dict[str, object]] = {
    "status": {"status": 500, "retry_after": None},
    "empty": {},
    "truncated": {},
    "drop": {},
    "hang": {"seconds": 30.0},
    "redirect_loop": {},
    "off_host": {"to": "http://elsewhere.invalid/"},
    "captcha": {},
    "waf": {},
    "login_page": {},
    "deleted": {},
    "stall": {"rows": 9},
    "wall": {},
}
CHANGES_CONTENT = {"stall", "wall"}  # left to the page to obey
CUTS_BODY = {"empty", "truncated", "drop"}  # done to what the page answers
LOOP = "loop"


@dataclass(slots=True)
class Fault:
    site: str
    path: str
    name: str
    left: int | None
    options: Mapping[str, object] = field(default_factory=dict)

    def hits(self, site: str, target: str) -> bool:
        if site != self.site or (target == "/robots.txt" and self.path != "/robots.txt"):
            return False
        return any(fnmatchcase(path, self.path) for path in (target, urlsplit(target).path))


class Scenario:
    """The switches; safe to turn while requests are served."""

    def __init__(self, robots_profile: str) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._robots: dict[str, str] = {}
        self._rotation: tuple[int, int] | None = None
        self._generation = 1
        self.icons = False
        for site in SITES:
            self.set_robots(site, robots_profile)

    @property
    def generation(self) -> int:
        return self._generation

    @generation.setter
    def generation(self, number: int) -> None:
        if number not in range(1, 6):
            raise ValueError(f"no generation {number}, expected 1 to 5")
        self._generation, self._rotation = number, None

    def robots(self, site: str) -> str:
        return self._robots[site]

    def set_robots(self, site: str, profile: str) -> None:
        _known(site, SITES, "site")
        _known(profile, robots.NAMES, "robots profile")
        self._robots[site] = profile

    def rotate_after(self, pages: int, to: int) -> None:
        """After that many more documents of Watcha the generation is `to`."""
        if to not in range(1, 6):
            raise ValueError(f"no generation {to}, expected 1 to 5")
        self._rotation = (pages, to)

    def count_page(self) -> None:
        """A Watcha document is about to be served; the generation may change with it."""
        with self._lock:
            if self._rotation:
                pages, to = self._rotation
                if pages <= 0:
                    self._generation, self._rotation = to, None
                else:
                    self._rotation = (pages - 1, to)

    def add(
        self, site: str, path: str, name: str, times: int | None = None, **options: object
    ) -> None:
        _known(site, SITES, "site")
        _known(name, FAULTS, "fault")
        for option in options:
            _known(option, FAULTS[name], f"option of {name}")
        with self._lock:
            self._faults.append(Fault(site, path, name, times, FAULTS[name] | options))

    def clear_faults(self) -> None:
        with self._lock:
            self._faults.clear()

    def strike(self, site: str, target: str) -> Fault | None:
        """The first live fault that this request meets, which has one time less from then on."""
        original, turns = split_loop(target)
        with self._lock:
            for fault in self._faults:
                if not fault.hits(site, original):
                    continue
                if turns and fault.name == "redirect_loop":
                    return fault  # once begun it has no end, and counts as one
                if fault.left == 0:
                    continue
                if fault.left is not None:
                    fault.left -= 1
                return fault
        return None


def struck(fault: Fault, target: str) -> Answer:
    """What a request gets that met `fault`, one that does not need the page."""
    options = fault.options
    match fault.name:
        case "status":
            answer = _status(target, int(str(options["status"])), options["retry_after"])
        case "hang":
            answer = Answer(status=0, hang_seconds=float(str(options["seconds"])))
        case "redirect_loop":
            original, turns = split_loop(target)
            joint = "&" if "?" in original else "?"
            answer = answers.moved(f"{original}{joint}{LOOP}={turns + 1}")
        case "off_host":
            answer = answers.moved(str(options["to"]))
        case "captcha":
            answer = answers.captcha()
        case "waf":
            answer = answers.message("403 Forbidden", "Request blocked", 403)
        case "login_page":
            answer = answers.login_page()
        case "deleted":
            answer = answers.gone("deleted")
        case name:
            raise AssertionError(name)
    return answer


def cut(fault: Fault, answer: Answer) -> Answer:
    """What is left of `answer`."""
    if fault.name == "empty":
        return replace(answer, body=b"", status=200)
    if fault.name == "truncated":
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    return replace(answer, drop=True)


def _status(target: str, status: int, retry_after: object) -> Answer:
    if target.startswith("/api/"):
        answer = answers.as_json({"code": f"status_{status}", "message": ""}, status)
    else:
        answer = answers.message(str(status), f"오류 {status}", status)
    if retry_after is None:
        return answer
    value = str(retry_after)
    if value.startswith("date:"):
        # A whole second, and never sooner than asked for.
        at = math.ceil(time.time() + float(value.removeprefix("date:")))
        value = formatdate(at, usegmt=True)
    return replace(answer, headers={"retry-after": value})


def split_loop(target: str) -> tuple[str, int]:
    """The address without our counter, and the counter."""
    head, _, last = target.rpartition(f"{LOOP}=")
    if head and head[-1] in "?&" and last.isdecimal():
        return head[:-1], int(last)
    return target, 0


def _known(value: str, known: object, what: str) -> None:
    if value not in known:  # type: ignore[operator]
        raise ValueError(f"no {what} {value!r}, expected one of {', '.join(map(str, known))}")
