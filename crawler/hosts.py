"""Which hosts may be visited at all: this machine's own, and live ones that were switched on."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from crawler.errors import NotSwitchedOn

LIVE_DELAY_SECONDS = 2.0  # nobody may be quicker with a live host


def host_of(url: str) -> str:
    """The host of an address, with its port if it names one, in lower case; "" if it has none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:  # no address at all
        return ""


def is_loopback(host: str) -> bool:
    """Whether `host` (with or without a port) is this machine itself."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def require_on(url: str, live_hosts: frozenset[str], contact: str | None) -> None:
    """Raises NotSwitchedOn unless the site at `url` may be visited."""
    host = host_of(url)
    if is_loopback(host):
        return
    if host not in live_hosts:
        raise NotSwitchedOn(
            f"The live site {host} is off: to switch it on, set CRAWL_LIVE_HOSTS={host} (its "
            "robots.txt is obeyed; Watcha's disallows /api, which leaves 9 ratings of each list, "
            "and more needs Watcha's permission)."
        )
    if not contact:
        raise NotSwitchedOn(
            f"The live site {host} has to know whom to ask about us: set CRAWL_CONTACT to an "
            "address or a page of yours."
        )
