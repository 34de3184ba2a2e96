"""The record of a job: one run at a time, one effect per occasion, and how each run ended."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import stamina
from sqlalchemy.orm import Session

from db import alerts, duties, jobs, locks, watch
from db.engine import Database
from db.errors import DatabaseError, Unreachable
from db.jobs import Run
from db.outbox import Address
from tasks.errors import AlreadyDone, Busy, Deadly, Superseded
from tasks.schedule import GRACE, Slots

# A job that takes its process with it (out of memory, say) does so every time.
TRIES = 3
TASK = "task:"  # how the key of a run for one task begins

# For a database that is away as a job ends; somebody who waits for a command has less.
PATIENCE_SECONDS, AT_HAND_SECONDS = 60, 3

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a job runs: for a slot of its schedule, or because of one task; by hand neither.

    Work that was done for a `key` is not done for it again.
    """

    key: str | None = None
    scheduled_for: datetime | None = None

    @classmethod
    def slot(cls, moment: datetime) -> "Occasion":
        """A slot of the schedule, whoever sends the task for it, and how often."""
        return cls(f"slot:{moment.astimezone(UTC):%Y-%m-%dT%H:%M}", moment)

    @classmethod
    def task(cls, task_id: str) -> "Occasion":
        """One task that somebody sent, however often it is delivered."""
        return cls(TASK + task_id)


BY_HAND = Occasion()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: ok, skipped or rejected, in numbers, and in a sentence unless ok."""

    outcome: str = "ok"
    counts: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None
    model_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """Where a run is recorded, and what is known of it before it begins.

    Incidents are told to `tell`. If the job has a schedule, `slots`, it is next due at the slot
    after its end.
    """

    database: Database
    clock: Clock
    occasion: Occasion = BY_HAND
    slots: Slots | None = None
    tell: tuple[Address, ...] = ()


@dataclass(slots=True)
class Record:
    """What a run has to say before its `recorded` ends: it sets `ended`, or calls `end`."""

    began: datetime
    _book: "_Book"
    _run: int
    ended: Ended | None = None
    so_far: Mapping[str, object] = field(default_factory=dict)  # what a run that fails had done
    _noted: bool = False

    def end(self, session: Session, ended: Ended) -> None:
        """Notes how the run ended in the transaction that has its effect: both, or neither.

        Raises Superseded, which must not be caught within that transaction.
        """
        self._book.finish(session, self._run, ended)
        self.ended, self._noted = ended, True

    def close(self) -> None:
        """Notes how the run ended, unless `end` did."""
        if self.ended is None:
            message = f"the job {self._book.job} does not say how it ended"
            raise RuntimeError(message)
        if not self._noted:
            self._book.close(self._run, self.ended)

    def fail(self, error: BaseException) -> None:
        """Notes that the run failed, unless the database knows better or is away."""
        # Whatever fails here, the first error says better what is wrong.
        with suppress(DatabaseError, KeyboardInterrupt):
            self._book.fail(self._run, error, self.so_far)


@contextmanager
def recorded(job: str, recording: Recording) -> Iterator[Record]:
    """Records a run around the work.

    Raises Busy if the job runs elsewhere, AlreadyDone if it was done for this occasion, Deadly if
    that killed too many processes, Superseded if the run was taken for dead, Unreachable, and what
    the work raises.
    """
    with locks.held(recording.database, job) as mine:
        if not mine:
            raise Busy(job)
        book = _Book(job, recording)
        began = recording.clock()
        record = Record(began, book, book.begin(began))
        try:
            yield record
            record.close()
        except BaseException as error:
            record.fail(error)
            raise


@dataclass(frozen=True, slots=True)
class _Book:
    """Where the runs of one job are recorded."""

    job: str
    recording: Recording

    def begin(self, now: datetime) -> int:
        occasion, tell = self.recording.occasion, self.recording.tell
        key = occasion.key
        with self.recording.database.write() as session:
            before = jobs.done(session, self.job, key) if key else None
            if before is not None:
                raise AlreadyDone(before)
            jobs.close_dead(session, self.job, now)
            if not key or jobs.killed(session, self.job, key) < TRIES:
                moment = occasion.scheduled_for
                return jobs.begin(session, self.job, now, key=key, scheduled_for=moment)
            alerts.open_alert(session, failed(self.job), deadly(self.job), now, tell)
        raise Deadly(self.job)  # only now, or nothing of it would be written

    def finish(self, session: Session, run: int, ended: Ended) -> None:
        now, slots = self.recording.clock(), self.recording.slots
        if not jobs.finish(
            session,
            run,
            ended.outcome,
            now,
            counts=ended.counts,
            error=ended.reason,
            model_id=ended.model_id,
        ):
            raise Superseded(self.job)
        # Another rejection is another incident: of another model, with figures of its own.
        for incident in (failed, watch.missed, rejected):
            alerts.close_alerts(session, incident(self.job), now)
        if ended.outcome == "rejected":
            message = ended.reason or "It was rejected."
            alerts.open_alert(session, rejected(self.job), message, now, self.recording.tell)
        if slots is not None:
            due = slots.next_after(now)
            duties.put_off(session, self.job, due, due + GRACE)

    def close(self, run: int, ended: Ended) -> None:
        for attempt in self._patiently():
            with attempt, self.recording.database.write() as session:
                self.finish(session, run, ended)

    def fail(self, run: int, error: BaseException, counts: Mapping[str, object]) -> None:
        now, sentence = self.recording.clock(), _sentence(error)
        for attempt in self._patiently():
            with attempt, self.recording.database.write() as session:
                noted = jobs.finish(session, run, "failed", now, counts=counts, error=sentence)
                if noted and not isinstance(error, KeyboardInterrupt):
                    message = f"The job {self.job} failed: {sentence}"
                    alerts.open_alert(session, failed(self.job), message, now, self.recording.tell)

    def _patiently(self) -> Iterable[stamina.Attempt]:
        """What ended must not look like killed because the database was away just then."""
        seconds = PATIENCE_SECONDS if self.recording.occasion.key else AT_HAND_SECONDS
        return stamina.retry_context(on=Unreachable, attempts=None, timeout=seconds, wait_max=5)


def _sentence(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "It was stopped by hand."
    name, told = type(error).__name__, str(error)
    return f"{name}: {told}" if told and not told.startswith(name) else name


def deadly(job: str) -> str:
    """What an operator is told of a job that never survives."""
    return f"The job {job} was killed {TRIES} times: is there memory enough?"


def failed(job: str) -> str:
    """The key of the incident that this job failed."""
    return f"{job}.failed"


def rejected(job: str) -> str:
    """The key of the incident that what this job made was not let serve."""
    return f"{job}.rejected"


def earlier(run: Run) -> Ended:
    """How a run that was done before ended."""
    return Ended(run.outcome or "", run.counts, run.error, run.model_id)
