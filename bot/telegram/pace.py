"""How long the Telegram door waits for what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Waiting times in seconds; the defaults are for the real Telegram."""

    poll_seconds: int = 25  # how long one getUpdates may stay open
    toast_seconds: float = 1.0  # a press waits this long for its notice, then it is answered empty
    call_seconds: float = 15.0  # until an unanswered call counts as failed
    first_retry_seconds: float = 0.5  # doubled from one retry to the next ...
    longest_retry_seconds: float = 30.0  # ... up to this
    send_seconds: float = 60.0  # a message that cannot be sent for so long is given up
    database_seconds: float = 1.0  # between two attempts while the database is away
    drain_seconds: float = 3.5  # what is running at the end may still finish in this time


REAL = Pace()
