"""webtoonctl status: what there is, what runs when, and what is wrong."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tasks.cli_common import AsJson, as_json, clock, opened, say, table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from db.jobs import Run
    from db.models import ModelRow
    from db.pulses import PulseRow
    from db.ratings import Counts
    from tasks.overview import Job, Letters, Overview


def status(
    runs: Annotated[
        bool, typer.Option("--runs", help="List every run of the last 30 days too.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Say what there is, what runs when, and what is wrong.

    Works, ratings, readers, the model, jobs with their next run, living processes, the queue,
    letters to admins, open alerts. Times are in TIMEZONE.
    """
    from db.settings import load  # noqa: PLC0415 -- pydantic
    from tasks import broker  # noqa: PLC0415 -- loads redis
    from tasks.cli_models import facts  # noqa: PLC0415
    from tasks.overview import (  # noqa: PLC0415
        database_facts,
        job_facts,
        letter_facts,
        overview,
    )
    from tasks.schedule import schedules  # noqa: PLC0415
    from tasks.settings import TaskSettings  # noqa: PLC0415

    settings = load(TaskSettings)
    queue, away = None, ""
    try:
        queue = broker.waiting(settings.redis_url.get_secret_value())
    except broker.BrokerRefuses as error:
        away = f"{error}; jobs wait until REDIS_URL is correct"
    except broker.BrokerAway as error:
        away = f"{error}; jobs wait until it does"
    with opened() as database:
        seen = overview(database, schedules(settings), queue=queue, now=clock())
    if json:
        as_json(
            {
                "database": database_facts(seen),
                "model": facts(seen.model) if seen.model else None,
                "jobs": [job_facts(job) for job in seen.jobs],
                "processes": [asdict(process) for process in seen.processes],
                "queue": seen.queue,
                "alerts": [
                    {"key": alert.key, "message": alert.message, "opened_at": alert.opened_at}
                    for alert in seen.alerts
                ],
                "letters": letter_facts(seen.letters),
            }
        )
        return
    _tell(seen, away, clock().astimezone(settings.timezone), settings.timezone.key)
    if runs:
        _list(seen, settings.timezone)


def _tell(seen: "Overview", away: str, now: "datetime", zone: str) -> None:
    """Prints it all; `now` has the zone that all moments are told in, which is called `zone`."""
    local = now.tzinfo
    say(f"Database  {seen.url}")
    say(f"Times     {zone}")
    say(f"Works     {seen.works}")
    say(f"Readers   {seen.readers}, {seen.verdicts} verdicts")
    say(f"Ratings   {_ratings(seen.ratings)}")
    say(f"Model     {_model(seen.model, local)}")
    for job in seen.jobs:
        say(f"Job       {_job(job, local)}")
    for process in seen.processes:
        say(f"Process   {_process(process, now)}")
    say(f"Queue     {away if seen.queue is None else _queue(seen.queue)}")
    say(f"Letters   {_letters(seen.letters, local)}")
    for alert in seen.alerts:
        say(f"Alert     {alert.message} (since {_at(alert.opened_at, local)})")
    if not seen.alerts:
        say("Alerts    none")


def _at(moment: "datetime", zone: "tzinfo | None") -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _letters(letters: "Letters", zone: "tzinfo | None") -> str:
    counted = f"{letters.waiting} waiting, {letters.undeliverable} undeliverable"
    if (latest := letters.latest) is None:
        return counted
    to = f"{latest.platform}:{latest.user_id}"
    return f"{counted}, the latest to {to} at {_at(latest.at, zone)} ({latest.reason})"


def _queue(queue: "Mapping[str, int]") -> str:
    return ", ".join(f"{name} {waiting}" for name, waiting in queue.items())


def _ratings(counts: "Counts") -> str:
    real = counts.rows - counts.simulated_rows
    people = counts.raters - counts.simulated_raters
    return (
        f"{real} by {people} people, "
        f"and {counts.simulated_rows} SIMULATED by {counts.simulated_raters} made-up readers"
    )


def _model(model: "ModelRow | None", zone: "tzinfo | None") -> str:
    if model is None:
        return "none yet: run webtoonctl train"
    demo = " DEMO MODEL, learnt from simulated ratings too:" if model.demo else ""
    return (
        f"{model.id}{demo} {model.rows} ratings by {model.readers} readers, "
        f"{model.items} works, made {_at(model.created_at, zone)}"
    )


def _process(process: "PulseRow", now: "datetime") -> str:
    from tasks.overview import SILENT  # noqa: PLC0415

    seconds = max(0, round((now - process.at).total_seconds()))
    silent = "SILENT, " if now - process.at > SILENT else ""
    model = process.facts.get("model")
    return f"{process.name}: {silent}seen {seconds} s ago" + (f", serves {model}" if model else "")


def _list(seen: "Overview", zone: "tzinfo") -> None:
    found = sorted(
        (run for job in seen.jobs for run in job.runs), key=lambda run: run.started_at, reverse=True
    )
    header = ("JOB", "BEGAN", "SECONDS", "OUTCOME", "MODEL", "REASON")
    table(header, [_run(run, zone) for run in found])


def _run(run: "Run", zone: "tzinfo") -> tuple[str, ...]:
    took = run.finished_at - run.started_at if run.finished_at else None
    return (
        run.name,
        f"{run.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        f"{took.total_seconds():.1f}" if took is not None else "",
        run.outcome or "running",
        run.model_id or "",
        run.error or "",
    )


def _job(job: "Job", zone: "tzinfo | None") -> str:
    coming = f"next {_at(job.next_run, zone)}" if job.next_run else "not scheduled"
    if job.last is None:
        return f"{job.name}: never ran, {coming}"
    outcome = job.last.outcome or "running"
    error = f" ({job.last.error})" if job.last.error else ""
    late = "LATE, " if job.late else ""
    return f"{job.name}: {late}{outcome} at {_at(job.last.started_at, zone)}{error}, {coming}"
