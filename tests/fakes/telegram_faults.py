"""What a call of the Bot API may meet."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    status: int = 0
    description: str = ""
    parameters: dict = field(default_factory=dict)
    hang_seconds: float = 0.0
    lost: bool = False  # carried out, but the answer never arrives
    late_seconds: float = 0.0  # carried out, and answered so much later


def flood(retry_after):
    said = f"Too Many Requests: retry after {retry_after}"
    return Fault(429, said, {"retry_after": retry_after})


def broken(status=500):
    return Fault(status, "Internal Server Error")


def blocked():
    return Fault(403, "Forbidden: bot was blocked by the user")


def bad(description):
    return Fault(400, f"Bad Request: {description}")


def hang(seconds=60.0):
    return Fault(hang_seconds=seconds)


def lost():
    return Fault(lost=True)


def late(seconds=60.0):
    return Fault(late_seconds=seconds)
