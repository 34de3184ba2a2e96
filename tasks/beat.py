"""Celery's beat with the database for its memory: no schedule file, and no slot is lost.

What it does is in `tasks.rounds`; this is how Celery starts, drives and ends it.
"""

from datetime import UTC, datetime
from typing import Any

from celery import Celery, beat

from db.engine import Database
from db.settings import DatabaseSettings, load
from tasks.agenda import Agenda
from tasks.configuration import STILL_WORTH_RUNNING
from tasks.records import Clock
from tasks.rounds import LOOK_EVERY, Rounds
from tasks.schedule import schedules
from tasks.settings import TaskSettings

# Beat has better things to do than to wait for a database that is locked.
WAIT_SECONDS = 5.0


def _clock() -> datetime:
    return datetime.now(UTC)


class Scheduler(beat.Scheduler):
    """Sends each job at its slots, and sends again what was not done.

    Two of them may run at once: what both send is done once.
    """

    def __init__(
        self,
        app: Celery,
        *arguments: Any,  # noqa: ANN401 -- Celery's own
        clock: Clock = _clock,
        **options: Any,  # noqa: ANN401
    ) -> None:
        self._clock = clock
        self._rounds: Rounds | None = None  # a lazy one, which only names itself, has none
        super().__init__(app, *arguments, **options)

    def setup_schedule(self) -> None:
        """Prepares the first look. Raises InvalidSettings and BadUrl."""
        self.merge_inplace(self.app.conf.beat_schedule)
        settings = load(TaskSettings)
        url = load(DatabaseSettings).database_url.get_secret_value()
        slots, now = schedules(settings), self._clock()
        self._rounds = Rounds(
            self.app,
            Database(url, wait_seconds=WAIT_SECONDS),
            settings,
            Agenda(slots, STILL_WORTH_RUNNING, settled=dict.fromkeys(slots, now)),
        )

    def tick(self, *_: Any, **__: Any) -> float:  # noqa: ANN401 -- Celery's own
        """Does what is to do now; the seconds until there may be more."""
        if self._rounds is None:
            return LOOK_EVERY.total_seconds()
        return self._rounds.tick(self._clock())

    def close(self) -> None:
        """Says that it ended as it should. Celery calls this twice when it is told to end."""
        super().close()
        if self._rounds is not None:
            self._rounds.end()
