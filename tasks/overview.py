"""What an operator wants to know at a glance: data, model, jobs, processes, queue, alerts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from db import alerts, catalogue, feedback, jobs, models, outbox, pulses, ratings, readers, watch
from db.alerts import Incident
from db.engine import Database
from db.jobs import Run
from db.models import ModelRow
from db.outbox import Lost
from db.pulses import PulseRow
from db.ratings import Counts
from tasks.schedule import Slots

SHOWN = timedelta(days=30)
SILENT = timedelta(minutes=3)  # a process that said nothing for so long is not well


@dataclass(frozen=True, slots=True)
class Job:
    """A job's runs, latest first, and its next one, if it has a schedule.

    `late`: it should have run by now. `runs`: those of the last 30 days, and always the latest.
    """

    name: str
    runs: tuple[Run, ...]
    next_run: datetime | None
    late: bool

    @property
    def last(self) -> Run | None:
        """The latest run."""
        return self.runs[0] if self.runs else None


@dataclass(frozen=True, slots=True)
class Letters:
    """How many letters wait for a bot, how many can never be delivered, and the latest of these."""

    waiting: int
    undeliverable: int
    latest: Lost | None


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it, as of one moment; `queue` is None when the broker does not answer."""

    url: str
    works: int
    readers: int
    verdicts: int
    ratings: Counts
    model: ModelRow | None
    jobs: tuple[Job, ...]
    processes: tuple[PulseRow, ...]
    queue: Mapping[str, int] | None
    alerts: tuple[Incident, ...]
    letters: Letters


def overview(
    database: Database,
    schedule: Mapping[str, Slots],
    *,
    queue: Mapping[str, int] | None,
    now: datetime,
) -> Overview:
    """The state of everything at `now`; `schedule` says when which job runs. Raises Unreachable."""
    late = {duty.name for duty in watch.late(database, now)}
    with database.read() as session:
        last = jobs.last_runs(session)
        recent = jobs.since(session, now - SHOWN)
        return Overview(
            # Its query may hold a password too.
            url=database.engine.url.set(query={}).render_as_string(hide_password=True),
            works=catalogue.version(session)[0],
            readers=readers.count(session),
            verdicts=feedback.count(session),
            ratings=ratings.counts(session),
            model=models.active(session),
            jobs=tuple(
                Job(
                    name,
                    tuple(run for run in recent if run.name == name)
                    or tuple(run for run in last.values() if run.name == name),
                    schedule[name].next_after(now) if name in schedule else None,
                    name in late,
                )
                for name in sorted({*schedule, *last})
            ),
            processes=tuple(pulses.every(session)),
            queue=queue,
            alerts=tuple(alerts.open_alerts(session)),
            letters=Letters(outbox.waiting(session), *outbox.lost(session)),
        )


def database_facts(seen: Overview) -> dict[str, object]:
    """The database's part of `status --json`."""
    return {
        "url": seen.url,
        "works": seen.works,
        "readers": seen.readers,
        "verdicts": seen.verdicts,
        "ratings": asdict(seen.ratings),
    }


def letter_facts(letters: Letters) -> dict[str, object]:
    """The letters' part of `status --json`."""
    latest = letters.latest
    return {
        "waiting": letters.waiting,
        "undeliverable": letters.undeliverable,
        "latest": latest
        and {
            "to": f"{latest.platform}:{latest.user_id}",
            "reason": latest.reason,
            "at": latest.at,
        },
    }


def job_facts(job: Job) -> dict[str, object]:
    """A job's part of `status --json`."""
    runs = [
        {name: value for name, value in asdict(run).items() if name != "name"} for run in job.runs
    ]
    return {
        "name": job.name,
        "last": runs[0] if runs else None,
        "next_run": job.next_run,
        "late": job.late,
        "runs": runs,
    }
