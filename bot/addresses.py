"""Where a platform's API may be."""

import re
from urllib.parse import urlsplit


def is_http(url: str) -> bool:
    """True if `url` is an http(s) address with a host, and with a port that is one, if any."""
    try:
        address = urlsplit(url)
        port = address.port
    except ValueError:  # brackets or a port that are none
        return False
    return address.scheme in {"http", "https"} and bool(address.hostname) and port != 0


def shown(url: str) -> str:
    """`url` for a log or an error, without the name and password that a proxy may want.

    Nothing of what is no address: nobody can tell what in it is secret.
    """
    return re.sub(r"^([^/]*//)[^/?#]*@", r"\1***@", url) if is_http(url) else "***"
