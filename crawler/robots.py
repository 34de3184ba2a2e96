"""What a site's robots.txt lets us fetch, and how fast; Protego understands it, we keep it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from protego import Protego

from crawler.fetching import Answer, NoAnswer

PRODUCT = "webtoonbot"  # the name that robots.txt may speak to
KEPT = timedelta(hours=24)
KEPT_UNREACHABLE = timedelta(minutes=30)
LONGEST_DELAY_SECONDS = 24 * 3600.0  # a page a day is as slow as it gets
_LARGEST = 512 * 1024  # characters that are read of it; RFC 9309, section 2.5, wants 500 KiB


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one origin at one time; `unreachable` allows nothing."""

    read_at: datetime
    _rules: Protego | None = None
    unreachable: str | None = None

    @classmethod
    def of(cls, answer: Answer, now: datetime) -> "Robots":
        """By RFC 9309, section 2.3.1: 4xx allows everything; 5xx and all else nothing."""
        if 200 <= answer.status < 300:
            # A mark of the byte order would hide the first line, and with it all rules.
            return cls(now, Protego.parse(answer.text.lstrip("\ufeff")[:_LARGEST]))
        if 400 <= answer.status < 500 and answer.status != 429:
            return cls(now, Protego.parse(""))
        return cls(now, unreachable=f"its robots.txt answers {answer.status}")

    @property
    def kept(self) -> timedelta:
        """How long these rules hold: it may answer again soon."""
        return KEPT_UNREACHABLE if self.unreachable else KEPT

    def allows(self, url: str) -> bool:
        """Whether robots.txt lets us fetch this."""
        return self._rules is not None and self._rules.can_fetch(url, PRODUCT)

    def why_not(self, url: str) -> str | None:
        """Why we may not fetch this; None if we may."""
        if self.unreachable:
            return self.unreachable
        if self.allows(url):
            return None
        return f"robots.txt disallows {urlsplit(url).path}"

    @property
    def delay_seconds(self) -> float:
        """The Crawl-delay, 0 if there is none."""
        asked = float((self._rules and self._rules.crawl_delay(PRODUCT)) or 0)
        return min(asked, LONGEST_DELAY_SECONDS)


class RobotsShelf:
    """The robots.txt of each origin, fetched with `fetch` when it is first asked or too old."""

    def __init__(self, fetch: Callable[[str], Answer], now: Callable[[], datetime]) -> None:
        self._fetch, self._now = fetch, now
        self._known: dict[str, Robots] = {}

    def of(self, url: str) -> Robots:
        """The rules for the origin of `url`."""
        parts = urlsplit(url)
        origin, now = f"{parts.scheme}://{parts.netloc}", self._now()
        known = self._known.get(origin)
        if known is None or now - known.read_at >= known.kept:
            self._known[origin] = known = self._read(f"{origin}/robots.txt")
        return known

    def known(self, url: str) -> Robots | None:
        """The rules if they were read already; asks nobody, for it is asked in mid-request."""
        parts = urlsplit(url)
        return self._known.get(f"{parts.scheme}://{parts.netloc}")

    def _read(self, address: str) -> Robots:
        try:
            return Robots.of(self._fetch(address), self._now())
        except NoAnswer as error:
            return Robots(self._now(), unreachable=f"its robots.txt does not answer: {error}")
