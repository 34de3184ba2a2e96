"""What Prometheus is told of a bot: counted where events are heard, served on a port of its own."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.conversation.events import Platform
from bot.conversation.library import Library
from bot.hearing import Heard
from bot.mailroom import Sent

# Hearing takes milliseconds; an answer waits for its turn and for the platform too.
_HEARING = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_ANSWERING = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """One bot's figures, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._updates = self._counter("updates", "Events heard.", ("platform", "kind", "outcome"))
        self._errors = self._counter(
            "errors", "Events that could not be handled.", ("platform", "kind")
        )
        self._feedback = self._counter(
            "feedback", "Verdicts given and taken back.", ("platform", "verdict", "source")
        )
        self._letters = self._counter(
            "letters", "Letters to readers, and what became of them.", ("platform", "outcome")
        )
        self._impressions = self._counter("impressions", "Cards shown.", ("policy", "position"))
        self._update_seconds = self._histogram(
            "update_seconds", "From hearing an event to having its answer.", _HEARING
        )
        self._answer_seconds = self._histogram(
            "answer_seconds", "From taking an update to its answer being out.", _ANSWERING
        )

    def heard(self, heard: Heard) -> None:
        """Counts one event and what came of it."""
        platform = heard.platform.value
        self._updates.labels(platform, heard.kind, heard.outcome).inc()
        self._update_seconds.labels(platform).observe(heard.seconds)
        if heard.outcome in ("unavailable", "failed"):
            self._errors.labels(platform, heard.outcome).inc()
        for verdict, source in heard.noted.verdicts:
            self._feedback.labels(platform, verdict.value if verdict else "none", source).inc()
        for card in heard.noted.cards:
            self._impressions.labels(card.policy, str(card.position)).inc()

    def sent(self, sent: Sent) -> None:
        """Counts a letter to a reader that was closed, and the cards of one that was written."""
        self._letters.labels(sent.platform, sent.outcome).inc()
        for card in sent.cards:
            self._impressions.labels(card.policy, str(card.position)).inc()

    @contextmanager
    def answering(self, platform: Platform) -> Iterator[None]:
        """Measures how long an answer takes; one that fails is not measured."""
        began = time.perf_counter()
        yield
        self._answer_seconds.labels(platform.value).observe(time.perf_counter() - began)

    def watch(self, library: Callable[[], Library]) -> None:
        """Tells of this library too, as it is whenever somebody asks."""
        self.registry.register(_Served(library))

    @contextmanager
    def served(self, host: str, port: int) -> Iterator[None]:
        """Answers Prometheus at this address meanwhile. Raises OSError if it is taken."""
        server, thread = start_http_server(port, host, self.registry)
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _counter(self, name: str, help_: str, labels: tuple[str, ...]) -> Counter:
        return Counter(f"webtoonbot_{name}", help_, labels, registry=self.registry)

    def _histogram(self, name: str, help_: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(
            f"webtoonbot_{name}", help_, ("platform",), buckets=buckets, registry=self.registry
        )


class _Served(Collector):
    """The library that answers are made from, and its model."""

    def __init__(self, library: Callable[[], Library]) -> None:
        self._library = library

    def collect(self) -> Iterable[Metric]:
        """Asked for at each scrape, so nothing has to be told of a swap."""
        library = self._library()
        there = sum(not work.gone for work in library.works)
        yield GaugeMetricFamily("webtoonbot_library_works", "Works that can be recommended.", there)
        model = GaugeMetricFamily(
            "webtoonbot_served_model_info", "The model that serves.", labels=("model", "demo")
        )
        if library.served is not None:
            model.add_metric((library.served.id, str(library.served.demo).lower()), 1)
        yield model
