"""How long the Telegram door waits for what."""

from dataclasses import dataclass
from typing import TypedDict


class Retries(TypedDict):
    """How the pauses between retries grow, in the words of stamina."""

    wait_initial: float
    wait_max: float
    wait_jitter: float


@dataclass(frozen=True, slots=True)
class Pace:
    """Waiting times in seconds; the defaults are for the real Telegram."""

    poll_seconds: int = 25  # how long one getUpdates may stay open
    toast_seconds: float = 1.0  # a press waits this long for its notice, then it is answered empty
    inline_toast_seconds: float = 8.0  # ... and this long where a toast is all that can be said
    offer_seconds: float = 5.0  # an answer to what is being typed is given up after this
    call_seconds: float = 15.0  # until an unanswered call counts as failed
    first_retry_seconds: float = 0.5  # doubled from one retry to the next ...
    longest_retry_seconds: float = 30.0  # ... up to this
    send_seconds: float = 60.0  # what only helps at once, such as a toast, is then given up
    answer_seconds: float = 3600.0  # an answer is; it is given at the next start
    database_seconds: float = 1.0  # between two attempts while the database is away
    drain_seconds: float = 3.0  # what is running at the end may still finish in this time
    post_seconds: float = 5.0  # between two looks for letters
    # Where several processes share an inbox: how long one holds an update that it says nothing
    # more of, and how often it does say so and looks for what others left behind.
    lease_seconds: float = 90.0
    renew_seconds: float = 5.0
    look_seconds: float = 60.0  # between two looks at what Telegram knows of our webhook

    def retries(self) -> Retries:
        """The pauses between retries."""
        return {
            "wait_initial": self.first_retry_seconds,
            "wait_max": self.longest_retry_seconds,
            "wait_jitter": self.first_retry_seconds,
        }


REAL = Pace()
