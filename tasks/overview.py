"""What an operator wants to know at a glance: data, model, jobs, queue, alerts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from db import alerts, catalogue, feedback, jobs, models, ratings, readers
from db.alerts import Incident
from db.engine import Database
from db.jobs import Run
from db.models import ModelRow
from db.ratings import Counts
from tasks.schedule import Slots


@dataclass(frozen=True, slots=True)
class Job:
    """A job's latest run, if any, and its next one, if it has a schedule."""

    name: str
    last: Run | None
    next_run: datetime | None


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
    queue: Mapping[str, int] | None
    alerts: tuple[Incident, ...]


def overview(
    database: Database,
    schedule: Mapping[str, Slots],
    *,
    queue: Mapping[str, int] | None,
    now: datetime,
) -> Overview:
    """The state of everything at `now`; `schedule` says when which job runs. Raises Unreachable."""
    with database.read() as session:
        last = jobs.last_runs(session)
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
                    last.get(name),
                    schedule[name].next_after(now) if name in schedule else None,
                )
                for name in sorted({*schedule, *last})
            ),
            queue=queue,
            alerts=tuple(alerts.open_alerts(session)),
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


def job_facts(job: Job) -> dict[str, object]:
    """A job's part of `status --json`."""
    last = None
    if job.last:
        last = {name: value for name, value in asdict(job.last).items() if name != "name"}
    return {"name": job.name, "last": last, "next_run": job.next_run}
