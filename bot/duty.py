"""What a bot does for the operators once a minute: it says that it lives, and notices late jobs."""

import threading
import time
from collections.abc import Callable
from datetime import datetime

import structlog

from bot.serving import Serving
from db import pulses, watch
from db.engine import Database
from db.errors import DatabaseError
from db.settings import OperatorSettings

log = structlog.get_logger()
_EVERY_SECONDS = 60.0
_GLANCE_SECONDS = 1.0  # who rolls back wants to see soon that the bots did
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
        operators: OperatorSettings,
    ) -> None:
        """`name` is this process's among all; `operators` are told of late jobs."""
        self._database, self._serving, self._clock = database, serving, clock
        self._name, self._operators = name, operators
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Says that this process lives, and opens an incident for each job that is late.

        Raises Unreachable.
        """
        now, operators = self._clock(), self._operators
        with self._database.write() as session:
            pulses.beat(session, self._name, now, {"model": self._model()})
        for job in watch.look(self._database, now, operators.admins, operators.timezone):
            log.error("a job did not run", job=job)

    def start(self, every_seconds: float = _EVERY_SECONDS) -> None:
        """Looks now and again, from a thread of its own until `close`.

        And at once when another model serves: the pulse names it.
        """
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
        while not self._stop.is_set():
            model = self._model()
            self._try(self.look)
            self._rest(every_seconds, model)
        self._try(self._still)

    def _rest(self, seconds: float, model: str | None) -> None:
        """Waits, until this model no longer serves or all ends at the longest."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self._model() == model:
            if self._stop.wait(min(left, _GLANCE_SECONDS)):
                return

    def _model(self) -> str | None:
        served = self._serving.library.served
        return served.id if served else None

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
