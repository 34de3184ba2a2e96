"""How sites are visited: allow-list, robots.txt, pace, budget, patience. Nothing goes around it.

A source is handed a Visitor and has no other way to a page; import-linter keeps it so.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar
from urllib.parse import urljoin

from crawler.errors import (
    Blocked,
    BudgetSpent,
    Drift,
    Failed,
    Gated,
    Gone,
    LoginRequired,
    Paused,
    Refused,
)
from crawler.fetching import Answer, Fetcher, NoAnswer
from crawler.hosts import host_of
from crawler.manners import HostState, Manners, Tally, Time, retry_after
from crawler.robots import Robots, RobotsShelf

T = TypeVar("T")

TRIES = 3
PRESSED = (429, 503)  # the site has too much to do
PRESSED_SECONDS, LONGEST_PRESSED_SECONDS = 30, 120  # where it does not say how long to wait
FAILED_SECONDS = 5  # before a page that failed otherwise is tried again, then twice as long
BREAK = timedelta(minutes=30)
FAILURES_IN_A_ROW = 5  # pages; then the host counts as ill
HOPS = 5  # redirects of one page
JITTER = 0.25  # of the pause, at most
SLOWNESS = 2.0  # the pause is at least so many times what the last page took
# In a page's markup and headings only: what somebody wrote may speak of captchas, too.
_CHALLENGE = re.compile(
    r"<[^>]*(?:challenge-form|cf-challenge|g-recaptcha|h-captcha)"
    r"|<(?:title|h1|h2)\b[^>]*>[^<]*자동\s?입력\s?방지"
)


class Garbled(Exception):
    """A page came, and is not what it should be: cut off, empty, an error in disguise."""


@dataclass(slots=True)
class Visitor:
    """The one way to a site's pages; for one source and one host at a time.

    `plain` fetches robots.txt, `fetcher` the pages. `remember` is told of each change of a host's
    state, so that neither a new run nor a crash gets around a pause or the budget.
    """

    fetcher: Fetcher
    plain: Fetcher
    manners: Manners
    time: Time
    recall: Callable[[str], HostState]
    remember: Callable[[HostState], None]
    tally: Tally = field(default_factory=Tally)
    rng: random.Random = field(default_factory=random.Random)
    _robots: RobotsShelf = field(init=False)
    _hosts: dict[str, HostState] = field(default_factory=dict)
    _last: dict[str, tuple[datetime, float]] = field(default_factory=dict)  # end, seconds it took
    _pressed: int = 0  # times in a row that the host had too much to do
    _failures: int = 0  # pages in a row that failed
    _at: str = ""  # the page that `more` scrolls

    def __post_init__(self) -> None:
        self._robots = RobotsShelf(self._fetch_robots, self.time.now)

    def open(self, url: str, read: Callable[[Answer], T], gated: tuple[int, ...] = ()) -> T:
        """What `read` makes of the page at `url`.

        `read` may raise Garbled, which is tried again, and any PageError. `gated`: the statuses
        that mean an adult's login here. Raises PageError and HostClosed.
        """
        self._refuse_closed(host_of(url))
        self._at = url
        return self._patiently(lambda: self._follow(url), read, gated)

    def more(self, read: Callable[[Answer], T]) -> T:
        """The same page after scrolling to its end, at the pace and at the price of a page.

        Where that brought no answer the page is opened anew, and so begins anew as well.
        """
        url, lost = self._at, False
        self._refuse_closed(host_of(url))

        def request() -> Answer:
            nonlocal lost
            if lost:
                return self._follow(url)
            lost = True
            answer = self._once(url, self.fetcher.more)
            lost = False
            return answer

        return self._patiently(request, read, ())

    def why_not(self, url: str, *, document: bool) -> str | None:
        """Why a browser may not request this for the page it shows (see Rules)."""
        if not url.startswith(("http://", "https://")):
            return None if url.startswith(("data:", "blob:", "about:")) else "another protocol"
        if host_of(url) not in self.manners.hosts:
            return f"{host_of(url)} is not a host that may be visited"
        if not document and not self.manners.strict:
            return None
        robots = self._robots.known(url)
        reason = robots.why_not(url) if robots else "its robots.txt was not read"
        if reason and not document:
            self.tally.disallowed += 1
        return reason

    # -- one page, several tries

    def _patiently(
        self, request: Callable[[], Answer], read: Callable[[Answer], T], gated: tuple[int, ...]
    ) -> T:
        trouble = ""
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            try:
                answer = request()
                if answer.status in PRESSED:
                    trouble = f"it answers {answer.status}"
                    self._give_way(answer, last=last)
                    continue
                self._judge(answer, gated)
                found = read(answer)
            except (NoAnswer, Garbled) as error:
                trouble = str(error)
                if not last:
                    self._wait(FAILED_SECONDS * 2**attempt)
                continue
            except (Gone, Gated, LoginRequired, Drift):  # the host is well, it just says no
                self._well()
                raise
            except Blocked as blocked:
                self._stop(str(blocked))
                raise
            self._well()
            return found
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            self._failures = 0
            self._pause(self.time.now() + BREAK)
        raise Failed(f"{self._at}: {trouble} ({TRIES} tries)")

    def _judge(self, answer: Answer, gated: tuple[int, ...]) -> None:
        """Raises what the status, or a challenge in place of the page, means."""
        status = answer.status
        if answer.refused:
            raise Refused(f"{self._at}: {answer.refused}")
        if status in gated:
            raise Gated(f"{self._at} wants a login (status {status})")
        if status == 401:
            raise LoginRequired(f"{self._at} wants a login (status 401)")
        if status == 403 or _is_challenge(answer.text):
            how = "403" if status == 403 else "a captcha"
            raise Blocked(f"{host_of(self._at)} answers with {how} and does not want us")
        if status in (404, 410):
            raise Gone(f"{self._at} is gone (status {status})")
        if status >= 500:
            raise Garbled(f"it answers {status}")
        if not 200 <= status < 300:
            raise Failed(f"{self._at}: it answers {status}")

    def _follow(self, url: str) -> Answer:
        """The page, after at most HOPS redirects that all stay where we may go."""
        for _ in range(HOPS + 1):
            self._require_allowed(url)
            answer = self._once(url, partial(self.fetcher.fetch, url))
            if answer.location is None:
                return answer
            url = _joined(url, answer.location)
        raise Refused(f"{self._at} redirects again and again")

    def _once(self, url: str, request: Callable[[], Answer]) -> Answer:
        """One request, at the pace and within the budget of its host."""
        host = host_of(url)
        self._await_turn(url)
        self._count(host)
        began = self.time.now()
        try:
            return request()
        finally:
            ended = self.time.now()
            self._last[host] = ended, (ended - began).total_seconds()

    # -- whether and when

    def _require_allowed(self, url: str) -> None:
        if not url.startswith(("http://", "https://")) or host_of(url) not in self.manners.hosts:
            where = host_of(url) or url or "no address"
            raise Refused(f"{self._at} leads to {where}, which may not be visited")
        robots = self._robots.of(url)
        while robots.unreachable:  # nobody knows what may be fetched, and no page is to blame
            self._pause(self.time.now() + BREAK)
            self._refuse_closed(host_of(url), robots.unreachable)
            robots = self._robots.of(url)
        if reason := robots.why_not(url):
            raise Refused(f"{self._at}: {reason}")

    def _delay(self, url: str) -> float:
        robots = self._robots.known(url)
        return max(self.manners.delay_seconds, robots.delay_seconds if robots else 0.0)

    def _await_turn(self, url: str) -> None:
        """Waits until the last page of this host is as long ago as it has to be."""
        if host_of(url) not in self._last:
            if self._state(host_of(url)).pages:  # the last one may have been a moment ago
                self._wait(self._delay(url))
            return
        ended, took = self._last[host_of(url)]
        delay = self._delay(url)  # robots.txt may have set it since
        pause = max(delay, SLOWNESS * took) if delay else 0.0  # 0: a site of one's own
        free = ended + timedelta(seconds=pause * (1 + self.rng.uniform(0, JITTER)))
        if pause > BREAK.total_seconds():
            self._pause(free)
            raise Paused(f"{host_of(url)} wants {pause:.0f} s between two pages", free)
        self._wait((free - self.time.now()).total_seconds())

    def _refuse_closed(self, host: str, because: str = "it asked for a pause") -> None:
        """Raises Blocked or Paused where the host is closed to us; waits for a pause to end."""
        state = self._state(host)
        if state.stopped_at is not None:
            raise Blocked(
                f"{state.stopped_because or host} (since {state.stopped_at:%Y-%m-%d %H:%M} UTC); "
                "webtoonctl crawl with --resume tries again"
            )
        now, until = self.time.now(), state.paused_until
        if until is None or until <= now:
            return
        if self.manners.deadline is None or until > self.manners.deadline:
            when = f"{until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            raise Paused(f"{host} is left alone until {when}: {because}", until)
        self._wait((until - now).total_seconds())

    def _count(self, host: str) -> None:
        state, today = self._state(host), f"{self.time.now().astimezone(UTC):%Y-%m-%d}"
        pages = state.pages if state.day == today else 0
        if pages >= self.manners.pages_a_day:
            raise BudgetSpent(f"{pages} pages of {host} were fetched today, and no more may be")
        self.tally.pages += 1
        self._keep(replace(state, day=today, pages=pages + 1))

    # -- a host that has enough

    def _give_way(self, answer: Answer, *, last: bool) -> None:
        """Waits as long as the host asks for; after the last try it is left alone for a while."""
        self._pressed += 1
        asked = retry_after(answer.retry_after, self.time.now())
        doubled = PRESSED_SECONDS * 2 ** (self._pressed - 1)
        seconds = float(min(doubled, LONGEST_PRESSED_SECONDS)) if asked is None else asked
        if last or seconds > BREAK.total_seconds():
            until = self.time.now() + max(BREAK, timedelta(seconds=asked or 0))
            self._pause(until)
            if not last:
                self._refuse_closed(host_of(self._at))
            return
        # Whoever begins anew in the meantime has to know.
        self._pause(self.time.now() + timedelta(seconds=seconds))
        self._wait(seconds)

    def _pause(self, until: datetime) -> None:
        self._keep(replace(self._state(host_of(self._at)), paused_until=until))

    def _stop(self, because: str) -> None:
        state = self._state(host_of(self._at))
        self._keep(replace(state, stopped_at=self.time.now(), stopped_because=because))

    def _well(self) -> None:
        self._pressed = self._failures = 0

    # -- small things

    def _wait(self, seconds: float) -> None:
        if seconds <= 0:
            return
        then, deadline = self.time.now() + timedelta(seconds=seconds), self.manners.deadline
        if deadline is not None and then > deadline:
            message = f"The time for crawling was over at {deadline.astimezone(UTC):%H:%M} UTC."
            raise Paused(message, then)
        self.time.sleep(seconds)
        self.tally.waited_seconds += seconds

    def _state(self, host: str) -> HostState:
        if host not in self._hosts:
            self._hosts[host] = self.recall(host)
        return self._hosts[host]

    def _keep(self, state: HostState) -> None:
        self._hosts[state.host] = state
        self.remember(state)

    def _fetch_robots(self, address: str) -> Answer:
        """robots.txt itself needs no permission, but a turn; redirects of it stay on the host."""
        url = address
        for _ in range(HOPS + 1):
            answer = self._once(url, partial(self.plain.fetch, url))
            if answer.location is None:
                return answer
            url = _joined(url, answer.location)
            if host_of(url) not in self.manners.hosts:
                break
        return Answer(address, 500, "")  # unreachable, so nothing is allowed

    def rest(self) -> None:
        """Lets a browser go: nothing is fetched for a while."""
        self.fetcher.rest()

    @property
    def stopped(self) -> bool:
        """Whether a host blocked us."""
        return any(state.stopped_at is not None for state in self._hosts.values())

    def robots(self, url: str) -> Robots:
        """The rules of the site at `url`, read if need be."""
        return self._robots.of(url)


def _joined(url: str, location: str) -> str:
    """Where a redirect leads; "" if that is no address."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def _is_challenge(text: str) -> bool:
    """Whether a page asks for proof that we are human; JSON never does."""
    return text.lstrip().startswith("<") and _CHALLENGE.search(text) is not None
