"""The job that trains: its record, and what a failure of it leaves."""

import subprocess
import sys
from datetime import timedelta

import pytest

from db import alerts, catalogue, jobs, models, outbox
from db.engine import Database
from db.errors import Unreachable
from tasks.errors import Superseded
from tasks.jobs import retrain
from tasks.records import Occasion, Recording


def test_a_run_is_recorded_with_its_model(stocked, crowd, tmp_path, clock):
    crowd(60)
    scheduled = clock() - timedelta(minutes=1)

    trained = retrain(Recording(stocked, clock, Occasion.slot(scheduled)), tmp_path)

    with stocked.read() as session:
        run = jobs.last_runs(session)["retrain"]
    assert (run.outcome, run.model_id, run.error) == ("ok", trained.model.id, None)
    assert (run.scheduled_for, run.started_at, run.finished_at) == (scheduled, clock(), clock())
    assert run.counts["readers"] == trained.model.readers


def test_a_skipped_run_is_recorded_with_its_reason(database, tmp_path, clock):
    trained = retrain(Recording(database, clock), tmp_path)

    with database.read() as session:
        run = jobs.last_runs(session)["retrain"]
    assert (run.outcome, run.model_id) == ("skipped", None)
    assert run.error == trained.skipped


def test_a_failure_leaves_the_old_model_no_folder_and_an_alert(stocked, crowd, tmp_path, clock):
    crowd(60)
    old = retrain(Recording(stocked, clock), tmp_path).model
    full = OSError(28, "No space left on device")

    def fill_the_disk(stage):
        if stage == "publishing":
            raise full

    with pytest.raises(OSError, match="No space left"):
        retrain(Recording(stocked, clock), tmp_path, progress=fill_the_disk)

    with stocked.read() as session:
        run = jobs.last_runs(session)["retrain"]
        (alert,) = alerts.open_alerts(session)
        assert models.active(session) == old
    assert (run.outcome, run.error) == ("failed", "OSError: [Errno 28] No space left on device")
    assert alert.message == f"The job retrain failed: {run.error}"
    assert [path.name for path in tmp_path.iterdir()] == [old.id]


# A limit that the weights of so many works exceed, and the database does not.
DISK_FULL = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from db.engine import Database
from tasks.jobs import retrain
from tasks.records import Recording
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
now = datetime(2026, 5, 5, tzinfo=UTC)
recording = Recording(Database(sys.argv[1]), lambda: now, tell=(("telegram", "42"),))
retrain(recording, Path(sys.argv[2]))
"""


def test_a_model_that_does_not_fit_on_the_disk_leaves_nothing_but_an_incident(
    stocked, crowd, tmp_path, clock, database_url
):
    crowd(60)
    old = retrain(Recording(stocked, clock), tmp_path).model
    with stocked.write() as session:
        more = [catalogue.Facts("naver", f"x{n}", f"more {n}") for n in range(600)]
        catalogue.upsert(session, more, clock())

    done = subprocess.run(
        [sys.executable, "-c", DISK_FULL, database_url, tmp_path], capture_output=True, text=True
    )

    assert done.returncode == 1
    assert "ArtifactNotWritten" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [old.id]
    with stocked.write() as session:
        assert models.every(session) == [old]
        run = jobs.last_runs(session)["retrain"]
        (incident,) = alerts.open_alerts(session)
        (letter,) = outbox.take(session, "telegram", clock(), clock() + timedelta(minutes=1))
    assert (run.outcome, run.model_id) == ("failed", None)
    assert run.error.startswith("ArtifactNotWritten: ")
    assert (incident.key, incident.message) == ("retrain.failed", letter.text)


def test_a_success_closes_the_alert(stocked, crowd, tmp_path, clock):
    crowd(60)
    with stocked.write() as session:
        alerts.open_alert(session, "retrain.failed", "Training failed.", clock())

    retrain(Recording(stocked, clock), tmp_path)

    with stocked.read() as session:
        assert alerts.open_alerts(session) == []


def test_a_model_is_published_with_the_record_of_it_or_not_at_all(
    stocked, crowd, tmp_path, clock, monkeypatch
):
    crowd(60)
    old = retrain(Recording(stocked, clock), tmp_path).model
    monkeypatch.setattr(jobs, "finish", _failing_once(jobs.finish))

    with pytest.raises(Unreachable):
        retrain(Recording(stocked, clock), tmp_path)

    with stocked.read() as session:
        assert models.every(session) == [old]
        assert jobs.last_runs(session)["retrain"].outcome == "failed"
    assert [path.name for path in tmp_path.iterdir()] == [old.id]


def test_a_training_that_was_taken_for_dead_publishes_nothing(stocked, crowd, tmp_path, clock):
    crowd(60)
    old = retrain(Recording(stocked, clock), tmp_path).model

    def lose_the_lock(stage):
        if stage == "publishing":
            with stocked.write() as session:
                jobs.close_dead(session, "retrain", clock())

    with pytest.raises(Superseded):
        retrain(Recording(stocked, clock), tmp_path, progress=lose_the_lock)

    with stocked.read() as session:
        assert models.every(session) == [old]
        assert jobs.last_runs(session)["retrain"].error == jobs.KILLED
    assert [path.name for path in tmp_path.iterdir()] == [old.id]


def test_a_database_that_is_gone_is_the_error_that_is_told(tmp_path, clock):
    gone = Database("postgresql://nobody@127.0.0.1:1/none")

    with pytest.raises(Unreachable):
        retrain(Recording(gone, clock), tmp_path)
    gone.close()


def _failing_once(finish):
    calls = iter([Unreachable("The database does not answer: database is locked")])

    def finished(*arguments, **facts):
        for error in calls:
            raise error
        return finish(*arguments, **facts)

    return finished
