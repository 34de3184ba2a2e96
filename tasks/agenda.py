"""Which jobs beat has to send now: their latest slot has come, and nobody did it yet.

Knows neither Celery nor the database: it is told what was done, and what was sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tasks.schedule import Slots

# What was sent and not done by then is sent again, and after twice as long the next time: it was
# lost, or it fails, and nobody wants to hear of that each minute.
SENT_AGAIN_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Sent:
    """A job's slot that was sent, how often, and when last."""

    slot: datetime
    times: int
    at: datetime


@dataclass(slots=True)
class Agenda:
    """The jobs with their slots, and what is known of them.

    `settled` says up to which moment a job owes nothing. Jobs that are `running` are not sent, jobs
    whose queue is `waiting` for a worker not again. A slot older than `worth` is let go.
    """

    slots: Mapping[str, Slots]
    worth: timedelta
    settled: dict[str, datetime]
    running: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()
    _sent: dict[str, Sent] = field(default_factory=dict)

    def due(self, now: datetime) -> list[str]:
        """The jobs to send at `now`."""
        return [job for job in self.slots if self._is_due(job, now)]

    def sent(self, job: str, now: datetime) -> None:
        """Notes that a job was sent for its latest slot."""
        slot, before = self.slots[job].last_until(now), self._sent.get(job)
        times = before.times + 1 if before and before.slot == slot else 1
        self._sent[job] = Sent(slot, times, now)

    def next_slot(self, now: datetime) -> datetime:
        """When the first slot after `now` comes."""
        return min(slots.next_after(now) for slots in self.slots.values())

    def _is_due(self, job: str, now: datetime) -> bool:
        slot = self.slots[job].last_until(now)
        if slot <= self.settled[job] or now - slot > self.worth or job in self.running:
            return False
        before = self._sent.get(job)
        if before is None:
            return True
        if before.slot != slot:
            # What was sent for the slot before may still be in the queue: it does for this one too.
            return not (job in self.waiting and before.slot > self.settled[job])
        patience = SENT_AGAIN_AFTER * 2 ** (before.times - 1)
        return job not in self.waiting and now >= before.at + patience
