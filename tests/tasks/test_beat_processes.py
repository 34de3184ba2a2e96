"""Two beats by mistake, as processes beside one worker: what both send is done once."""

import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from db import duties, jobs, models, pulses
from tasks.records import Occasion
from tasks.schedule import GRACE, RETRAIN
from tests.fakes.waiting import SECONDS, eventually
from tests.fakes.workers import ROOT, Worker


class Beat:
    """A beat process of its own folder."""

    def __init__(self, folder, environment):
        folder.mkdir()
        self._log = folder / "beat.log"
        command = [sys.executable, "-m", "celery", "-A", "tasks.app", "beat"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment | {"PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def sent(self, job):
        """How often it says that it sent this job."""
        assert self.process.poll() is None, self._log.read_text()
        lines = self._log.read_text().splitlines()
        return sum(f'"job": "{job}"' in line and '"event": "sent"' in line for line in lines)

    def end(self):
        """Tells it to end; its exit code."""
        self.process.terminate()
        return self.process.wait(SECONDS)


@contextmanager
def beats(folder, environment):
    """Two beats, started at once."""
    started = []
    try:
        for name in ("one", "other"):
            started.append(Beat(folder / name, environment))
        yield started
    finally:
        for beat in started:
            beat.process.kill()
            beat.process.wait()


@pytest.fixture
def slot():
    """A minute that came a little while ago, for which everything is scheduled."""
    return (datetime.now(UTC) - timedelta(minutes=5)).replace(second=0, microsecond=0)


@pytest.fixture
def environment(database_url, valkey_url, tmp_path, slot):
    clock = f"{slot:%H:%M}"
    return os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": valkey_url,
        "MODEL_DIR": str(tmp_path / "models"),
        "TIMEZONE": "UTC",
        "RETRAIN_AT": clock,
        "BACKUP_AT": clock,
        "PRUNE_AT": clock,
        "POPULARITY_MINUTE": f"{slot.minute}",
        "LOG_FORMAT": "json",
        "PYTHONWARNINGS": "ignore",
    }


def test_a_night_that_two_beats_send_is_done_once_by_the_worker(
    database, environment, crowd, slot, tmp_path
):
    crowd(60)
    with database.write() as session:
        duties.expect(session, RETRAIN, slot, slot + GRACE)

    with beats(tmp_path, environment) as both:
        # Nobody works yet, so whichever looks last still finds the night undone.
        eventually(lambda: [beat.sent(RETRAIN) for beat in both] == [1, 1], "a task of each beat")
        with database.read() as session:
            living = pulses.every(session)
        with Worker(tmp_path / "worker", environment) as worker:
            done = f"Task tasks.{RETRAIN}["
            eventually(lambda: _ended(worker, done) == 2, "the end of both tasks")
        codes = [beat.end() for beat in both]

    with database.read() as session:
        runs = [run for run in jobs.since(session, slot) if run.name == RETRAIN]
        made = models.every(session)
    assert {pulse.name.partition("@")[0] for pulse in living} == {"beat"}
    assert [(run.key, run.outcome) for run in runs] == [(Occasion.slot(slot).key, "ok")]
    assert [model.id for model in made] == [runs[0].model_id]
    assert codes == [0, 0]


def _ended(worker, beginning):
    """How many of these tasks ended well, by the worker's log."""
    return sum(beginning in line and "succeeded" in line for line in worker.log().splitlines())
