"""The broker as an operator sees it: does it answer, and how many jobs wait in it."""

from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TRAIN, CRAWL = "train", "crawl"  # a crawl of hours must not keep the training waiting
QUEUES = (TRAIN, CRAWL)  # each is a Redis list of this name
PATIENCE_SECONDS = 1.0


class BrokerAway(Exception):
    """Redis does not answer within a second; the message is one clause without its password."""


class BrokerRefuses(BrokerAway):
    """Redis answers, and will not have us: REDIS_URL is wrong, and waiting does not mend it."""


def waiting(url: str) -> dict[str, int]:
    """How many tasks wait in each queue to be taken by a worker.

    Raises BrokerAway, and BrokerRefuses where the password, the user or the number is wrong.
    """
    try:
        client = redis.Redis.from_url(
            url,
            socket_connect_timeout=PATIENCE_SECONDS,
            socket_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        with client:
            return {queue: client.llen(queue) for queue in QUEUES}
    except (redis.AuthenticationError, redis.exceptions.NoPermissionError):
        message = f"Redis{_place(url)} wants another user name or password"
        raise BrokerRefuses(message) from None
    except redis.ResponseError as error:
        if "out of range" in str(error):
            message = f"Redis{_place(url)} has no database of this number"
            raise BrokerRefuses(message) from None
        message = f"Redis{_place(url)} does not answer as it should"
        raise BrokerAway(message) from None
    except (redis.RedisError, OSError, ValueError):
        message = f"Redis does not answer{_place(url)}"
        raise BrokerAway(message) from None


def _place(url: str) -> str:
    """ " at " and the host and port, or the socket, of a URL that may hold a password.

    Nothing where it cannot be told apart from a password with a / or @ in it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "127.0.0.1", parts.port or 6379
    except ValueError:
        return ""
    if url.count("@") > 1 or "@" in parts.path + parts.query + parts.fragment:
        return ""
    if parts.scheme == "unix":
        return f" at {parts.path}"
    return f" at [{host}]:{port}" if ":" in host else f" at {host}:{port}"
