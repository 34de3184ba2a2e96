"""What can go wrong while items are fetched or read.

CrawlerError
├── UnreadableFile    a file is missing, binary, in no known encoding, or not the table expected
├── NotSwitchedOn     the site is live, and no operator has switched it on
├── NoBrowser         there is no browser or driver to be had
├── PageError         one page cannot be had; the others can
│   ├── Failed        it did not answer, or not with what it should, in three tries
│   ├── Gone          the site says that it has it no more
│   ├── Gated         it wants an adult's login
│   ├── LoginRequired it wants a login, or its owner keeps it private
│   ├── Refused       we do not go there: robots.txt, another host, a loop of redirects
│   └── Drift         it has another shape than expected, and nothing can be read from it
└── HostClosed        no page of this host for now
    ├── Blocked       it does not want us; an operator decides what then
    ├── Paused        it asked for a pause that is longer than we can wait
    └── BudgetSpent   we fetched as many pages today as we may
"""

from datetime import datetime


class CrawlerError(Exception):
    """The root of the family; the message is one sentence for an operator."""


class UnreadableFile(CrawlerError):
    """A file is missing, binary, in no known encoding, or not the table that was expected."""


class NotSwitchedOn(CrawlerError):
    """The site is live, and CRAWL_LIVE_HOSTS does not name it, or what that needs is missing."""


class NoBrowser(CrawlerError):
    """No browser or driver is installed, or it does not start."""


class PageError(CrawlerError):
    """One page cannot be had. `outcome` is the word for it in the frontier and in reports."""

    outcome = "failed"


class Failed(PageError):
    """The page did not answer, or not with what it should, in three tries."""


class Gone(PageError):
    """The site says that it does not have this any more, or never had."""

    outcome = "gone"


class Gated(PageError):
    """The page wants an adult's login; we have none."""

    outcome = "gated"


class LoginRequired(PageError):
    """The page wants a login, or its owner keeps it private; we do not try."""

    outcome = "login_required"


class Refused(PageError):
    """We do not go there: robots.txt, a host that is not allowed, or a loop of redirects."""

    outcome = "refused"


class Drift(PageError):
    """The page says that it has rows, and none can be read: the site has changed."""

    outcome = "drift"


class HostClosed(CrawlerError):
    """No page of this host for now."""


class Blocked(HostClosed):
    """The host does not want us (403, a captcha): we stop, and an operator decides what then."""


class Paused(HostClosed):
    """The host asked for a pause, or does not get well; nothing is fetched before `until`."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class BudgetSpent(HostClosed):
    """As many pages were fetched from this host today as may be."""
