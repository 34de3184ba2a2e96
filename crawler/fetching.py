"""What a way to fetch pages looks like; only crawler.politeness uses one."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request brought: `text` is the body, or the page as a browser shows it.

    `status` is 0 where a browser was refused the page. `location` is where a redirect leads,
    `retry_after` the header as it came. `refused` says why a request was not let out.
    """

    url: str
    status: int
    text: str
    location: str | None = None
    retry_after: str | None = None
    refused: str | None = None
    requested: bool = True  # False: scrolling made the page ask for nothing


class NoAnswer(Exception):
    """No answer came in time, or the connection or the browser broke; the message says which."""


class Fetcher(Protocol):
    """One try at one page, without manners of its own."""

    def fetch(self, url: str) -> Answer:
        """The page. Redirects are followed only where `Rules` let each hop out. Raises NoAnswer."""

    def more(self) -> Answer:
        """The same page after scrolling to its end. Raises NoAnswer."""

    def rest(self) -> None:
        """Gives back what it can do without until the next page."""

    def close(self) -> None:
        """Leaves nothing behind."""


class Rules(Protocol):
    """What a browser asks before it lets a request of its page out."""

    def why_not(self, url: str, *, document: bool) -> str | None:
        """Why this URL may not be requested; None if it may."""
