"""What Prometheus is told of data, models, jobs and queues; beat serves it.

Everything is read from the database and the broker when somebody asks, so that the figures are the
same whichever process they are asked of, and survive each.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from db import alerts, catalogue, duties, feedback, impressions, jobs, models, outbox, pulses, watch
from db import readers as reader_shelf
from db.engine import Database
from db.errors import DatabaseError
from db.jobs import Run
from tasks import broker
from tasks.settings import TaskSettings

KEPT_SECONDS = 15.0  # two Prometheus servers must not ask the database twice
RUNS_COUNTED = timedelta(days=30)
LIKES_COUNTED = timedelta(days=7)
# Policies whose cards say nothing about the model that is active.
NOBODYS_TASTE = ("welcome", "new", "inline")
WAIT_SECONDS = 2.0
MISUSED = 2

Queues: TypeAlias = Callable[[], Mapping[str, int]]  # raises BrokerAway
Samples: TypeAlias = dict[tuple[str, ...], float]  # by the values of the labels


@dataclass(frozen=True, slots=True)
class _Gauges:
    """Metrics under our prefix, each made of samples: label values and a number."""

    metrics: list[Metric]

    def add(
        self,
        name: str,
        help_: str,
        samples: Samples,
        labels: tuple[str, ...] = (),
    ) -> None:
        family = GaugeMetricFamily(f"webtoonbot_{name}", help_, labels=labels)
        for values, number in samples.items():
            family.add_metric(values, number)
        self.metrics.append(family)


class Exporter(Collector):
    """Collects the figures of one database and one broker, at most every 15 seconds.

    What is away is `webtoonbot_up` 0 and leaves its figures out; it is no error.
    """

    def __init__(
        self,
        database: Database,
        queues: Queues,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._queues = database, queues
        self._now, self._monotonic = now, monotonic
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._kept_until = float("-inf")

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not ask the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All figures, as of at most 15 seconds ago."""
        with self._lock:
            if self._monotonic() >= self._kept_until:
                self._kept = self._read()
                self._kept_until = self._monotonic() + KEPT_SECONDS
            return iter(self._kept)

    def _read(self) -> list[Metric]:
        gauges = _Gauges([])
        up: Samples = {("database",): 1.0, ("broker",): 1.0}
        try:
            queued = self._queues()
        except broker.BrokerAway:
            up["broker",] = 0.0
        else:
            samples: Samples = {(queue,): float(waiting) for queue, waiting in queued.items()}
            gauges.add("queue_length", "Tasks that wait for a worker.", samples, ("queue",))
        of_database = _Gauges([])
        try:
            self._ask(of_database)
        except DatabaseError:
            up["database",] = 0.0  # figures that were read before it went are half a picture
        else:
            gauges.metrics.extend(of_database.metrics)
        gauges.add("up", "Whether a part answers.", up, ("part",))
        return gauges.metrics

    def _ask(self, gauges: _Gauges) -> None:
        now = self._now()
        late = watch.late(self._database, now)
        with self._database.read() as session:
            gauges.add("works", "Works in the catalogue.", {(): catalogue.version(session)[0]})
            gauges.add("readers", "Readers the bots know.", {(): reader_shelf.count(session)})
            gauges.add("verdicts", "Verdicts that stand.", {(): feedback.count(session)})
            waiting = outbox.waiting(session)
            gauges.add("outbox_waiting", "Letters that wait for a bot.", {(): waiting})
            _model(gauges, models.active(session), now)
            last = jobs.last_runs(session)
            _runs(gauges, last, jobs.since(session, now - RUNS_COUNTED))
            gauges.add(
                "job_late",
                "1 where a job should have run by now.",
                {(duty.name,): float(duty in late) for duty in duties.every(session)},
                ("job",),
            )
            gauges.add(
                "alerts_open",
                "Incidents that are open.",
                {(incident.key,): 1.0 for incident in alerts.open_alerts(session)},
                ("key",),
            )
            gauges.add(
                "pulse_age_seconds",
                "Since a process last said that it lives; each says so once a minute.",
                {(row.name,): _seconds(now - row.at) for row in pulses.every(session)},
                ("process",),
            )
            rates = impressions.like_rates(
                session, now - LIKES_COUNTED, except_policies=NOBODYS_TASTE
            )
            cards = {(rate.model_id or "", str(rate.position)): rate for rate in rates}
            by = ("model", "position")
            gauges.add(
                "recent_impressions",
                "Cards shown in the last 7 days.",
                {labels: float(rate.impressions) for labels, rate in cards.items()},
                by,
            )
            gauges.add(
                "recent_impression_likes",
                "Those of them that were liked.",
                {labels: float(rate.likes) for labels, rate in cards.items()},
                by,
            )


def _model(gauges: _Gauges, row: models.ModelRow | None, now: datetime) -> None:
    """The active model; without one these metrics have no samples."""
    quality = row.metrics if row else {}
    age: Samples = {(): _seconds(now - row.created_at)} if row else {}
    info: Samples = {(row.id, str(row.demo).lower()): 1.0} if row else {}
    gauges.add("model_age_seconds", "Since the active model was made.", age)
    gauges.add("model_info", "Which model is active.", info, ("model", "demo"))
    gauges.add("model_rows", "Ratings it learnt from.", {(): float(row.rows)} if row else {})
    figures: Samples = {
        (name,): float(value)
        for name, value in quality.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    gauges.add("model_quality", "How it did on held-out readers.", figures, ("metric",))


def _runs(gauges: _Gauges, last: Mapping[str, Run], recent: list[Run]) -> None:
    """When each job ran, how that went, and how long it took."""
    started: Samples = {}
    counted: Samples = {}
    took: Samples = {}
    for run in [*recent, *last.values()]:  # the newest first
        started.setdefault((run.name, _outcome(run)), run.started_at.timestamp())
        if run.finished_at is not None:
            took.setdefault((run.name,), _seconds(run.finished_at - run.started_at))
    for run in recent:
        counted[run.name, _outcome(run)] = counted.get((run.name, _outcome(run)), 0.0) + 1
    by = ("job", "outcome")
    help_ = "When a job last began a run that went so."
    gauges.add("job_last_run_timestamp_seconds", help_, started, by)
    gauges.add("job_last_duration_seconds", "How long a job last took.", took, ("job",))
    gauges.add("job_runs", "Runs in the last 30 days.", counted, by)


def _outcome(run: Run) -> str:
    return run.outcome or "running"


def _seconds(span: timedelta) -> float:
    return max(0.0, span.total_seconds())


def registry(database: Database, queues: Queues) -> CollectorRegistry:
    """The figures of this database and broker, and those of this process."""
    own = CollectorRegistry()
    own.register(Exporter(database, queues))
    ProcessCollector(registry=own)
    return own


def serve(settings: TaskSettings, database_url: str) -> None:
    """Serves /metrics on METRICS_HOST:METRICS_PORT for as long as this process lives.

    Nothing where the port is 0. Ends the process with 2 and one sentence if it cannot be had.
    """
    if settings.metrics_port == 0:
        return
    redis_url = settings.redis_url.get_secret_value()
    try:
        database = Database(database_url, wait_seconds=WAIT_SECONDS, statement_seconds=WAIT_SECONDS)
    except DatabaseError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(MISUSED) from None
    figures = registry(database, lambda: broker.waiting(redis_url))
    try:
        start_http_server(settings.metrics_port, settings.metrics_host, registry=figures)
    except OSError as taken:
        place = f"METRICS_HOST:METRICS_PORT {settings.metrics_host}:{settings.metrics_port}"
        reason = taken.strerror or taken
        sys.stderr.write(f"The metrics cannot be served at {place}: {reason}.\n")
        raise SystemExit(MISUSED) from None
