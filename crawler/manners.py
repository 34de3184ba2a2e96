"""What a polite visitor is told and remembers: its rules, its time, and what hosts asked for."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

LONGEST_ASKED = timedelta(days=30)  # that a Retry-After is believed


class Time(Protocol):
    """The time, and a way to let it pass."""

    def now(self) -> datetime:
        """The present moment."""

    def sleep(self, seconds: float) -> None:
        """Returns so much later."""


@dataclass(frozen=True, slots=True)
class HostState:
    """What has to be known of a host across runs; `day` (UTC) is when `pages` were fetched."""

    host: str
    day: str = ""
    pages: int = 0
    paused_until: datetime | None = None
    stopped_at: datetime | None = None
    stopped_because: str | None = None


@dataclass(frozen=True, slots=True)
class Manners:
    """How hosts are treated: only these, so slowly, so often a day.

    `strict`: what robots.txt disallows a browser's page may not request by itself either.
    `deadline`: a pause that ends later is not waited for; None: no pause of the host's is.
    """

    hosts: frozenset[str]
    delay_seconds: float = 2.0
    pages_a_day: int = 5_000
    strict: bool = True
    deadline: datetime | None = None


@dataclass(slots=True)
class Tally:
    """What a run cost the sites, and how long it waited out of politeness."""

    pages: int = 0
    waited_seconds: float = 0.0
    disallowed: int = 0  # requests of pages themselves that robots.txt kept in


def retry_after(header: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, given as seconds or as a date.

    LONGEST_ASKED at most.
    """
    if not header:
        return None
    text, longest = header.strip(), LONGEST_ASKED.total_seconds()
    if text.isdecimal():
        return min(float(text), longest)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return min(max(0.0, (then - now).total_seconds()), longest)
