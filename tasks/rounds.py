"""What beat does: it looks around once a minute, and sends what is due."""

import socket
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from sqlalchemy.orm import Session

from db import duties, jobs, pulses, schema, watch
from db.duties import DutyRow
from db.engine import Database
from db.errors import DatabaseError
from db.jobs import Run
from tasks import broker, resuming
from tasks.agenda import SENT_AGAIN_AFTER, Agenda
from tasks.schedule import GRACE
from tasks.settings import TaskSettings

LOOK_EVERY = timedelta(minutes=1)
# When the broker did not take a task, it is tried again so soon.
TRY_AGAIN_SECONDS = 5.0

log = structlog.get_logger()


@dataclass(slots=True)
class Rounds:
    """One beat: its agenda, and what it saw when it last looked.

    While the database is away it goes on with what it knows; while the broker is, it keeps trying.
    """

    app: Celery
    database: Database
    settings: TaskSettings
    agenda: Agenda
    _next_look: datetime | None = None
    _looking: bool = False
    _checked: bool = False  # the tables are those this code is written for
    _away: str | None = None  # why the broker took nothing, said once
    _killed: list[Run] = field(default_factory=list)  # to be sent again
    _resent: dict[tuple[str, datetime], datetime] = field(default_factory=dict)

    def tick(self, now: datetime) -> float:
        """Does what is to do at `now`; the seconds until there may be more."""
        if self._next_look is None or now >= self._next_look or self._next_look - now > LOOK_EVERY:
            self._next_look = now + LOOK_EVERY
            self._look(now)
        if not self._sent_all(now):
            return TRY_AGAIN_SECONDS
        coming = min(self._next_look, self.agenda.next_slot(now))
        return (coming - now).total_seconds()

    def end(self) -> None:
        """Says that this beat ended as it should."""
        if self._looking:  # a signal came in the middle of a transaction; Celery calls us again
            return
        try:
            with self.database.write() as session:
                pulses.still(session, _name())
        except DatabaseError as error:
            log.warning("cannot say good-bye", reason=str(error))
        self.database.close()

    def _look(self, now: datetime) -> None:
        self._looking = True
        try:
            self._require_tables()
            dead = resuming.killed(self.database, now, self.settings.admins)
            self._killed = self._to_send_again(dead, now)
            self._learn(frozenset(run.name for run in dead), now)
            late = watch.look(self.database, now, self.settings.admins, self.settings.timezone)
        except DatabaseError as error:
            log.error("beat goes on without the database", reason=str(error))
        else:
            for job in late:
                log.error("a job did not run", job=job)
        finally:
            self._looking = False

    def _require_tables(self) -> None:
        if not self._checked:
            schema.require_head(self.database)
            self._checked = True

    def _to_send_again(self, dead: list[Run], now: datetime) -> list[Run]:
        known = {_identity(run) for run in dead}
        self._resent = {which: at for which, at in self._resent.items() if which in known}
        return [
            run
            for run in dead
            if _identity(run) not in self._resent
            or now >= self._resent[_identity(run)] + SENT_AGAIN_AFTER
        ]

    def _learn(self, dead: frozenset[str], now: datetime) -> None:
        """Brings the agenda, the duties and our pulse up to date."""
        queued = _queued(self.settings)
        slots = self.agenda.slots
        with self.database.write() as session:
            pulses.beat(session, _name(), now, {"queue": queued})
            expected = self._expect(session, now)
            self.agenda.running = frozenset(
                run.name for run in jobs.unfinished(session) if run.name not in dead
            )
            for job in slots:
                # Without a run yet, it owes what its first duty says.
                before_duty = expected[job].due_at - timedelta(seconds=1)
                self.agenda.settled[job] = jobs.last_slot(session, job) or before_duty
        self.agenda.waiting = frozenset(
            job for job in slots if (queued or {}).get(self._queue(job))
        )

    def _expect(self, session: Session, now: datetime) -> dict[str, DutyRow]:
        """The duties, with those that are new, at another time now, or no more."""
        expected = {duty.name: duty for duty in duties.every(session)}
        for job in expected.keys() - self.agenda.slots.keys():
            duties.drop(session, job)
        for job, slots in self.agenda.slots.items():
            coming, duty = slots.next_after(now), expected.get(job)
            # One that is due stays until the job runs, or its absence would not be noticed.
            if duty is None or now < duty.due_at != coming:
                expected[job] = DutyRow(job, coming, coming + GRACE)
                duties.expect(session, job, coming, coming + GRACE)
        return expected

    def _sent_all(self, now: datetime) -> bool:
        """Sends what was killed and what is due; False when the broker does not take it."""
        try:
            while self._killed:
                run = self._killed[-1]
                resuming.again(self.app, run)
                self._killed.pop()
                self._resent[_identity(run)] = now
                if run.name in self.agenda.slots and run.scheduled_for is not None:
                    self.agenda.sent(run.name, now)
                log.warning("sent again: its process was killed", job=run.name)
            for job in self.agenda.due(now):
                resuming.send(self.app, job)
                self.agenda.sent(job, now)
                log.info("sent", job=job)
        except OperationalError as error:
            if self._away is None:
                log.error("the broker takes no tasks; trying until it does", reason=str(error))
            self._away = str(error)
            return False
        if self._away is not None:
            log.info("the broker takes tasks again")
        self._away = None
        return True

    def _queue(self, job: str) -> str:
        route = self.app.amqp.router.route({}, f"tasks.{job}")
        return str(route["queue"].name)


def _identity(run: Run) -> tuple[str, datetime]:
    return run.name, run.started_at


def _name() -> str:
    return f"beat@{socket.gethostname()}"


def _queued(settings: TaskSettings) -> dict[str, int] | None:
    try:
        return broker.waiting(settings.redis_url.get_secret_value())
    except broker.BrokerAway:
        return None
