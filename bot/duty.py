"""What a bot does for the operators once a minute: it says that it lives, and notices late jobs."""

import threading
from collections.abc import Callable, Collection
from datetime import datetime

import structlog

from bot.serving import Serving
from db import alerts, duties, pulses
from db.duties import DutyRow
from db.engine import Database
from db.errors import DatabaseError
from db.outbox import Address

log = structlog.get_logger()
_EVERY_SECONDS = 60.0
_PATIENCE_SECONDS = 1.0  # for a database that is stuck when the process ends


class Duty:
    """A thread that goes on until `close`; nothing that happens to it disturbs the conversation."""

    def __init__(
        self,
        database: Database,
        serving: Serving,
        clock: Callable[[], datetime],
        *,
        name: str,
        admins: Collection[Address] = (),
    ) -> None:
        """`name` is this process's among all; `admins` are told of late jobs."""
        self._database, self._serving, self._clock = database, serving, clock
        self._name, self._admins = name, tuple(admins)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Says that this process lives, and opens an incident for each job that is late.

        Raises Unreachable.
        """
        now, served = self._clock(), self._serving.library.served
        with self._database.write() as session:
            pulses.beat(session, self._name, now, {"model": served.id if served else None})
            for duty in duties.late(session, now):
                key, message = f"{duty.name}.missed", _missed(duty)
                if alerts.open_alert(session, key, message, now, self._admins):
                    log.error("job missed", job=duty.name, due=duty.due_at.isoformat())

    def start(self, every_seconds: float = _EVERY_SECONDS) -> None:
        """Looks now and again, from a thread of its own until `close`."""
        self._thread = threading.Thread(
            target=self._run, args=(every_seconds,), name="duty", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Ends it and takes the pulse back, without waiting for a database that is stuck."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)

    def _run(self, every_seconds: float) -> None:
        self._try(self.look)
        while not self._stop.wait(every_seconds):
            self._try(self.look)
        self._try(self._still)

    def _still(self) -> None:
        with self._database.write() as session:
            pulses.still(session, self._name)

    def _try(self, deed: Callable[[], None]) -> None:
        try:
            deed()
        except DatabaseError as error:
            log.warning("duty not done", reason=str(error))
        except Exception:  # this thread must outlive any surprise: others rely on its watching
            log.exception("duty not done")


def _missed(duty: DutyRow) -> str:
    """What an operator is told of a job that did not run."""
    return (
        f"The job {duty.name} was due at {duty.due_at:%Y-%m-%d %H:%M} UTC and has not run: "
        "webtoonctl status shows what lives."
    )
