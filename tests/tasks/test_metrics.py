"""The operator's figures: what Prometheus is told, and what it is told when parts are away."""

import socket

import pytest
from prometheus_client import generate_latest

from db import alerts, duties, feedback, impressions, jobs, models, outbox, pulses, readers
from db.engine import Database
from db.impressions import Shown
from db.models import ModelRow
from db.tables import ModelState, Verdict
from tasks import metrics
from tasks.broker import BrokerAway
from tasks.settings import TaskSettings
from tests.plugins.library import NOON, stock


def quiet():
    return {"train": 0, "crawl": 0}


def away():
    raise BrokerAway


class Monotonic:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def read(exporter):
    """Every sample: name and labels -> value."""
    found = {}
    for family in exporter.collect():
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name.removeprefix('webtoonbot_')}{{{labels}}}"] = sample.value
    return found


@pytest.fixture
def exporter(database, clock):
    return metrics.Exporter(database, quiet, now=clock, monotonic=Monotonic())


def test_an_empty_database_has_figures_too(exporter):
    assert read(exporter) == {
        "up{part=database}": 1,
        "up{part=broker}": 1,
        "queue_length{queue=train}": 0,
        "queue_length{queue=crawl}": 0,
        "works{}": 0,
        "readers{}": 0,
        "verdicts{}": 0,
        "outbox_waiting{}": 0,
    }


def test_the_active_model_is_told_with_its_age_and_quality(database, exporter, clock):
    figures = {"ndcg@100": 0.5, "against": "somebody", "demo": True}
    row = ModelRow("m1", ModelState.CANDIDATE, NOON, 400, 30, 9_000, figures, True, "")
    with database.write() as session:
        models.register(session, row)
        models.activate(session, "m1", NOON)
    clock.pass_(hours=49)

    told = read(exporter)

    assert told["model_age_seconds{}"] == 49 * 3600
    assert told["model_info{demo=true,model=m1}"] == 1
    assert told["model_rows{}"] == 9_000
    assert {name for name in told if name.startswith("model_quality")} == {
        "model_quality{metric=ndcg@100}"
    }


def test_each_job_is_told_with_its_runs_their_outcomes_and_what_is_late(database, exporter, clock):
    def ran(name, outcome, seconds):
        with database.write() as session:
            run = jobs.begin(session, name, clock())
            clock.pass_(seconds=seconds)
            if outcome:
                jobs.finish(session, run, outcome, clock())

    ran("prune", "ok", 1)  # so long ago that it counts only as its job's latest
    clock.pass_(days=40)
    first = clock().timestamp()
    ran("retrain", "ok", 20)
    ran("retrain", "ok", 30)
    second = clock().timestamp()
    ran("retrain", "failed", 5)
    ran("backup", None, 7)
    with database.write() as session:
        duties.expect(session, "retrain", clock(), clock())
        duties.expect(session, "prune", clock(), clock.now.replace(year=2030))

    told = read(exporter)

    assert told["job_last_run_timestamp_seconds{job=retrain,outcome=ok}"] == first + 20
    assert told["job_last_run_timestamp_seconds{job=retrain,outcome=failed}"] == second
    assert told["job_last_run_timestamp_seconds{job=prune,outcome=ok}"] == NOON.timestamp()
    assert told["job_last_run_timestamp_seconds{job=backup,outcome=running}"] == second + 5
    assert told["job_last_duration_seconds{job=retrain}"] == 5
    assert told["job_last_duration_seconds{job=prune}"] == 1
    assert "job_last_duration_seconds{job=backup}" not in told
    assert told["job_runs{job=retrain,outcome=ok}"] == 2
    assert told["job_runs{job=retrain,outcome=failed}"] == 1
    assert "job_runs{job=prune,outcome=ok}" not in told
    assert told["job_late{job=retrain}"] == 1
    assert told["job_late{job=prune}"] == 0


def test_people_likes_incidents_letters_and_processes_are_counted(database, exporter, clock):
    stock(database)
    mina = ("telegram", "1")
    with database.write() as session:
        reader = readers.of_account(session, *mina, clock())
        cards = [Shown(1, 0, "model"), Shown(2, 1, "model"), Shown(3, 2, "welcome")]
        shown = impressions.log(session, reader.id, "s", cards, model_id="m1", now=clock())
        feedback.record(
            session,
            reader.id,
            1,
            Verdict.LIKE,
            source="button",
            impression_id=shown[0],
            now=clock(),
        )
        alerts.open_alert(session, "retrain.failed", "It failed.", clock(), tell=[mina, mina])
        (letter, _) = outbox.take(session, "telegram", clock(), clock())
        outbox.done(session, letter.id, clock())
        pulses.beat(session, "telegram@a", clock(), {})
    clock.pass_(minutes=2)

    told = read(exporter)

    assert told["works{}"] == 30
    assert told["readers{}"] == 1
    assert told["verdicts{}"] == 1
    assert told["recent_impressions{model=m1,position=0}"] == 1
    assert told["recent_impressions{model=m1,position=1}"] == 1
    assert told["recent_impression_likes{model=m1,position=0}"] == 1
    assert told["recent_impression_likes{model=m1,position=1}"] == 0
    assert "recent_impressions{model=m1,position=2}" not in told
    assert told["alerts_open{key=retrain.failed}"] == 1
    assert told["outbox_waiting{}"] == 1
    assert told["pulse_age_seconds{process=telegram@a}"] == 120


def test_a_database_that_is_away_is_a_figure_and_no_error(tmp_path, clock):
    missing = Database(f"sqlite:///{tmp_path}/empty.db")  # no tables

    told = read(metrics.Exporter(missing, lambda: {"train": 3}, now=clock))

    missing.close()
    assert told == {"up{part=database}": 0, "up{part=broker}": 1, "queue_length{queue=train}": 3}


def test_a_broker_that_is_away_takes_only_its_own_figures_with_it(database, clock):
    told = read(metrics.Exporter(database, away, now=clock))

    assert (told["up{part=broker}"], told["up{part=database}"], told["works{}"]) == (0, 1, 0)
    assert not any(name.startswith("queue_length") for name in told)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_figures_are_read_at_most_every_15_seconds(database, clock):
    asked = []
    monotonic = Monotonic()

    def queues():
        asked.append(1)
        return {"train": len(asked)}

    exporter = metrics.Exporter(database, queues, now=clock, monotonic=monotonic)
    told = []
    for passed in (0.0, 14.9, 0.2):
        monotonic.now += passed
        told.append(read(exporter)["queue_length{queue=train}"])

    assert told == [1, 1, 2]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_registering_asks_neither_database_nor_broker(database):
    def queues():
        raise AssertionError("asked")

    registered = metrics.registry(database, queues)

    with pytest.raises(AssertionError, match="asked"):
        generate_latest(registered)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_port_nothing_is_served(database_url):
    metrics.serve(TaskSettings(metrics_port=0), database_url)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_port_that_is_taken_is_one_sentence_and_code_2(database_url, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = TaskSettings(metrics_port=port, metrics_host="127.0.0.1")
        with pytest.raises(SystemExit) as ended:
            metrics.serve(settings, database_url)

    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "The metrics cannot be served at METRICS_HOST:METRICS_PORT "
        f"127.0.0.1:{port}: Address already in use.\n"
    )
