"""The record of a job: one run at a time, one effect per occasion, and how each run ended."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import stamina

from db import alerts, duties, jobs, locks
from db.engine import Database
from db.errors import DatabaseError, Unreachable
from db.jobs import Run
from db.outbox import Address
from tasks.errors import AlreadyDone, Busy, Deadly
from tasks.schedule import GRACE, Slots

# A job that takes its process with it (out of memory, say) does so every time.
TRIES = 3

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
        return cls(f"task:{task_id}")


BY_HAND = Occasion()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: ok, skipped or rejected, in numbers, and in a sentence unless ok."""

    outcome: str = "ok"
    counts: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None
    model_id: str | None = None


@dataclass(slots=True)
class Record:
    """What a run has to say before its `recorded` ends."""

    began: datetime
    ended: Ended | None = None


@contextmanager
def recorded(
    database: Database,
    job: str,
    *,
    clock: Clock,
    occasion: Occasion = BY_HAND,
    slots: Slots | None = None,
    tell: tuple[Address, ...] = (),
) -> Iterator[Record]:
    """Records a run around the work, which has to set `ended`.

    Incidents are opened and closed, and told to `tell`; if the job has a schedule, `slots`, its
    next slot is noted, so that its absence is noticed. Raises Busy if the job runs elsewhere,
    AlreadyDone if it was done for this occasion, Deadly if that killed too many processes,
    Unreachable, and what the work raises.
    """
    with locks.held(database, job) as mine:
        if not mine:
            raise Busy(job)
        book = _Book(database, job, slots, tell)
        record = Record(clock())
        run = book.begin(occasion, record.began)
        try:
            yield record
            if record.ended is None:
                message = f"the job {job} does not say how it ended"
                raise RuntimeError(message)
        except BaseException as error:
            book.failed(run, error, clock())
            raise
        book.finish(run, record.ended, clock())


@dataclass(frozen=True, slots=True)
class _Book:
    """Where the runs of one job are recorded."""

    database: Database
    job: str
    slots: Slots | None
    tell: tuple[Address, ...]

    def begin(self, occasion: Occasion, now: datetime) -> int:
        key, scheduled_for = occasion.key, occasion.scheduled_for
        with self.database.write() as session:
            before = jobs.done(session, self.job, key) if key else None
            if before is not None:
                raise AlreadyDone(before)
            jobs.close_dead(session, self.job, now)
            hopeless = bool(key) and jobs.killed(session, self.job, str(key)) >= TRIES
            if hopeless:
                alerts.open_alert(session, failed(self.job), deadly(self.job), now, self.tell)
        if hopeless:  # only now, or nothing of it would be written
            raise Deadly(self.job)
        with self.database.write() as session:
            return jobs.begin(session, self.job, now, key=key, scheduled_for=scheduled_for)

    # The work is done by now: a lock that somebody holds must not leave its run unfinished.
    @stamina.retry(on=Unreachable, attempts=5, timeout=120)
    def finish(self, run: int, ended: Ended, now: datetime) -> None:
        rejected = ended.reason if ended.outcome == "rejected" else None
        with self.database.write() as session:
            jobs.finish(
                session,
                run,
                ended.outcome,
                now,
                counts=ended.counts,
                error=ended.reason,
                model_id=ended.model_id,
            )
            for incident in (failed(self.job), missed(self.job)):
                alerts.close_alerts(session, incident, now)
            if rejected:
                alerts.open_alert(session, f"{self.job}.rejected", rejected, now, self.tell)
            else:
                alerts.close_alerts(session, f"{self.job}.rejected", now)
            if self.slots is not None:
                due = self.slots.next_after(now)
                duties.expect(session, self.job, due, due + GRACE)

    def failed(self, run: int, error: BaseException, now: datetime) -> None:
        sentence = f"{type(error).__name__}: {error}"
        message = f"The job {self.job} failed: {sentence}"
        try:
            with self.database.write() as session:
                jobs.finish(session, run, "failed", now, error=sentence)
                alerts.open_alert(session, failed(self.job), message, now, self.tell)
        except DatabaseError:
            # The database is what failed; the first error says so better than this one.
            return


def deadly(job: str) -> str:
    """What an operator is told of a job that never survives."""
    return f"The job {job} was killed {TRIES} times: is there memory enough?"


def failed(job: str) -> str:
    """The key of the incident that this job failed."""
    return f"{job}.failed"


def missed(job: str) -> str:
    """The key of the incident that this job did not run."""
    return f"{job}.missed"


def earlier(run: Run) -> Ended:
    """How a run that was done before ended."""
    return Ended(run.outcome or "", run.counts, run.error, run.model_id)
