"""What REDIS_URL may be, and how Celery spells it."""

from typing import Annotated, TypeAlias
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, SecretStr
from pydantic_core import PydanticCustomError

_REDIS = "redis://host:port/number is expected"
_SOCKET = "unix:///path/of/the/socket?db=number is expected"
_CERTIFICATES = ("required", "optional", "none")
# What our own client and Celery both understand behind the ? of a URL.
_OPTIONS = {
    "redis": frozenset[str](),
    "rediss": frozenset({"ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}),
    "unix": frozenset({"db"}),
}


def _checked(value: SecretStr) -> SecretStr:
    """The URL, if Redis may be there. What is said of a wrong one shows no part of it."""
    url = value.get_secret_value()
    if not url.startswith(tuple(f"{scheme}://" for scheme in _OPTIONS)):
        raise PydanticCustomError("redis_url", _REDIS)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # a / or # in a password ends the host and port early, too
        port = 0
    if port == 0:
        raise PydanticCustomError(
            "redis_port",
            f"{_REDIS}, with a port from 1 to 65535, and in a password %2F for /, %23 for #",
        )
    options = _options(parts)
    if parts.scheme == "unix":
        if parts.hostname or not parts.path.strip("/") or not _is_number(options.get("db", "0")):
            raise PydanticCustomError("redis_socket", _SOCKET)
    elif not _is_number(parts.path.strip("/") or "0"):
        raise PydanticCustomError("redis_number", f"{_REDIS}, with a database's number or none")
    known = _OPTIONS[parts.scheme]
    if parts.fragment or not options.keys() <= known:
        only = f"with no options but {', '.join(sorted(known))}" if known else "without options"
        raise PydanticCustomError(
            "redis_options", f"a URL {only} is expected, and in a password %3F for ?, %23 for #"
        )
    if options.get("ssl_cert_reqs", "none") not in _CERTIFICATES:
        message = f"ssl_cert_reqs is expected to be one of {', '.join(_CERTIFICATES)}"
        raise PydanticCustomError("redis_certificates", message)
    return value


# Whether a server is there, takes the password and has the database, `tasks.broker` asks it.
RedisUrl: TypeAlias = Annotated[SecretStr, AfterValidator(_checked)]


def for_celery(url: str) -> str:
    """The same place in Celery's words: a scheme of its own for a socket, and a word on trust.

    Celery does not know unix://, and takes rediss:// only if it is told what to ask of the server.
    """
    parts = urlsplit(url)
    if parts.scheme == "unix":
        number = _options(parts).get("db", "0")
        return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={number}"
    if parts.scheme == "rediss" and "ssl_cert_reqs" not in _options(parts):
        query = "&".join(filter(None, (parts.query, "ssl_cert_reqs=required")))
        return parts._replace(query=query).geturl()
    return url


def _options(parts: SplitResult) -> dict[str, str]:
    pairs = (part.partition("=") for part in parts.query.split("&") if part)
    return {name: value for name, _, value in pairs}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
