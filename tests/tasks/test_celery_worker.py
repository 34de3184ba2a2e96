"""The Celery application, run for real: a worker process and a Valkey server."""

import json
import os
import signal
import subprocess
import sys

import pytest

from db import jobs, models
from recommender.default import DefaultModel
from tasks.app import app
from tasks.configuration import LONGEST_JOB, REDELIVERED_AFTER, configuration

ANSWER_SECONDS = 60


@pytest.fixture
def environment(database_url, valkey_url, tmp_path):
    return os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": valkey_url,
        "MODEL_DIR": str(tmp_path / "models"),
        "LOG_FORMAT": "json",
        "TIMEZONE": "Asia/Seoul",
    }


@pytest.fixture
def sender(environment, monkeypatch):
    """The application as this process sees it, configured by the same environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    fresh = app.__class__("webtoonbot")
    fresh.add_defaults(configuration)
    yield fresh
    fresh.close()


@pytest.fixture
def worker(environment, sender, tmp_path):
    """A worker process that has said that it is ready."""
    command = [sys.executable, "-m", "celery", "-A", "tasks.app", "worker"]
    command += ["--pool", "prefork", "--concurrency", "1", "--loglevel", "INFO"]
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        for _ in range(ANSWER_SECONDS):
            if sender.control.ping(timeout=1):
                break
            assert process.poll() is None, (tmp_path / "worker.log").read_text()
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def test_a_worker_retrains_when_told_and_the_registry_has_the_model(
    database, crowd, sender, worker, tmp_path
):
    crowd(60)

    result = sender.send_task("tasks.retrain", kwargs={"by_schedule": True})
    told = result.get(timeout=ANSWER_SECONDS)

    registered = sender.control.inspect(timeout=5).registered()
    with database.read() as session:
        row = models.active(session)
        run = jobs.last_runs(session)["retrain"]
    assert told["outcome"] == "ok"
    assert told["model_id"] == row.id
    assert DefaultModel.load(tmp_path / "models" / row.id, row.digest).ids[0] == "naver:1001"
    assert run.model_id == row.id
    assert run.scheduled_for.astimezone(sender.timezone).strftime("%H:%M") == "03:00"
    assert list(registered.values()) == [
        [
            "tasks.backup",
            "tasks.crawl_catalogue",
            "tasks.crawl_ratings",
            "tasks.prune",
            "tasks.refresh_popularity",
            "tasks.retrain",
            "tasks.spread_news",
        ]
    ]
    lines = (tmp_path / "worker.log").read_text().splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{")]
    assert {"info"} == {line["level"] for line in logged}
    assert any(line["event"].startswith("Task tasks.retrain[") for line in logged)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_backs_up_once_a_night_however_often_it_is_told(stocked, sender, worker, tmp_path):
    told = [
        sender.send_task("tasks.backup", kwargs={"by_schedule": True}).get(timeout=ANSWER_SECONDS)
        for _ in range(2)
    ]

    (file,) = (tmp_path / "var" / "backups").iterdir()
    assert told[0] == told[1]
    assert told[0]["outcome"] == "ok"
    assert told[0]["counts"]["file"] == f"var/backups/{file.name}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_beat_starts_in_an_empty_folder(environment, tmp_path):
    command = [sys.executable, "-m", "celery", "-A", "tasks.app", "beat"]
    empty = tmp_path / "empty"
    empty.mkdir()
    process = subprocess.Popen(
        command,
        cwd=empty,
        env=environment | {"MODEL_DIR": "var/models", "LOG_LEVEL": "DEBUG"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )

    with process:
        # If it cannot make its schedule, it ends, and so do the lines.
        ticks = any("beat: Ticking" in line for line in process.stderr)
        process.terminate()
        process.stderr.read()

    assert ticks
    assert list(empty.iterdir()) == []  # what it did is in the database


def test_beat_sends_the_nightly_task_by_a_schedule_in_seoul(sender):
    entry = sender.conf.beat_schedule["retrain"]

    assert sender.conf.timezone == "Asia/Seoul"
    assert entry["task"] == "tasks.retrain"
    assert (entry["schedule"].hour, entry["schedule"].minute) == ({3}, {0})


def test_a_job_is_not_handed_out_twice_while_it_may_still_run(sender):
    assert sender.conf.broker_transport_options["visibility_timeout"] == 6 * 3600
    assert LONGEST_JOB < REDELIVERED_AFTER
    assert sender.conf.task_acks_late
    assert sender.conf.task_reject_on_worker_lost


def test_only_json_is_spoken(sender):
    assert sender.conf.accept_content == ["json"]
    assert (sender.conf.task_serializer, sender.conf.result_serializer) == ("json", "json")


def test_importing_the_application_reads_no_setting(tmp_path):
    environment = os.environ | {"REDIS_URL": "nonsense"}
    command = [sys.executable, "-c", "from tasks.app import app; print(app.main)"]

    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout == "webtoonbot\n"


def test_a_worker_with_a_wrong_setting_says_so_and_ends_with_2(tmp_path):
    environment = os.environ | {"REDIS_URL": "nonsense"}
    command = [sys.executable, "-m", "celery", "-A", "tasks.app", "worker"]

    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 2
    assert done.stderr == (
        "The setting REDIS_URL is wrong: redis://host:port/number is expected.\n"
    )
