"""What a retraining leaves behind when its process is killed, and who does it then."""

import os
import signal
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import redis

from bot.serving import Serving
from db import alerts, jobs, locks, models
from recommender import artifact
from tasks import pruning
from tasks.app import app
from tasks.configuration import configuration
from tasks.jobs import RETRAIN, retrain
from tasks.pruning import Retention
from tasks.records import Recording
from tasks.training import STAGES
from tests.fakes.waiting import SECONDS, eventually
from tests.fakes.workers import Worker
from tests.plugins.chat import ON_SQLITE
from tests.plugins.library import NOON

ON_POSTGRESQL = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
SEOUL = ZoneInfo("Asia/Seoul")
# As in tests/fakes/stalling_worker.py, which only a worker's process can import.
PHASES = (*STAGES, "writing", "registering", "acknowledging")


def only(marks):
    """Runs a test on one kind of database."""

    def marked(test):
        for mark in marks:
            test = mark(test)
        return test

    return marked


class Scene:
    """A database with readers and a first model, a broker, and whoever is started to work."""

    def __init__(self, database, folder, environment):
        self.database, self._folder, self._environment = database, folder, environment
        self.active = retrain(Recording(database, lambda: NOON), folder / "models").model.id
        self.sender = app.__class__("webtoonbot")
        self.sender.add_defaults(configuration)

    def worker(self, name="worker", **options):
        return Worker(self._folder / name, self._environment, **options)

    def sends(self, **kwargs):
        return self.sender.send_task(f"tasks.{RETRAIN}", kwargs=kwargs)

    def runs(self):
        """Key and outcome of every run, newest first."""
        with self.database.read() as session:
            return [(run.key, run.outcome) for run in jobs.since(session, NOON.replace(year=1970))]

    def models(self):
        with self.database.read() as session:
            return {row.id for row in models.every(session)}

    def served(self):
        """The model that a bot serves which starts now and looks at everything it can see."""
        folder = self._folder / "models"
        serving = Serving(self.database, folder, lambda: NOON)
        serving.refresh()
        with self.database.read() as session:
            rows = models.every(session)
            incidents = [alert.key for alert in alerts.open_alerts(session)]
        assert not [key for key in incidents if key.startswith("model-damaged")]
        assert [row.id for row in rows if row.state == "active"] == [serving.library.served.id]
        # What is registered is there as a whole; whatever else there is, is known to be unfinished.
        assert all((folder / row.id / "manifest.json").exists() for row in rows)
        assert self.unfinished() >= self.folders() - {row.id for row in rows}
        return serving.library.served.id

    def folders(self):
        """What is in MODEL_DIR, but for what is just being written."""
        names = {path.name for path in (self._folder / "models").iterdir()}
        return {name for name in names if not name.startswith(artifact.ASIDE)}

    def unfinished(self):
        """The models that were begun, whether or not somebody is still at it."""
        with self.database.read() as session:
            return set(models.candidates(session, datetime.now(UTC) + timedelta(days=1)))

    def tidied(self):
        """What is in MODEL_DIR after a pruning that comes some hours later."""
        later = datetime.now(UTC) + timedelta(hours=2)
        pruning.prune(self.database, self._folder / "models", Retention(365, 10), later)
        assert self.unfinished() == set()
        return {path.name for path in (self._folder / "models").iterdir()}

    def done(self, task):
        """Waits until this task's run has ended well; its model, which is the active one."""

        def made():
            with self.database.read() as session:
                return jobs.done(session, RETRAIN, f"task:{task.id}")

        run = eventually(made, "the end of the job")
        assert self.runs()[0] == (f"task:{task.id}", "ok")
        assert self.served() == run.model_id
        return run.model_id

    def free(self):
        with locks.held(self.database, RETRAIN) as mine:
            return mine


@pytest.fixture
def environment(database_url, valkey_url, tmp_path, monkeypatch):
    own = {
        "DATABASE_URL": database_url,
        "REDIS_URL": valkey_url,
        "MODEL_DIR": str(tmp_path / "models"),
        "LOG_FORMAT": "json",
        # No slot comes while a test runs.
        "RETRAIN_AT": f"{datetime.now(SEOUL) - timedelta(hours=6):%H:%M}",
        "PYTHONWARNINGS": "ignore",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return os.environ | own


@pytest.fixture
def scene(database, environment, crowd, tmp_path):
    crowd(60)
    scene = Scene(database, tmp_path, environment)
    yield scene
    scene.sender.close()


@only(ON_SQLITE)
def test_whatever_phase_its_worker_is_killed_in_the_next_worker_does_the_job(scene):
    task, active = None, scene.active
    for number, phase in enumerate(PHASES):
        # A job that was killed three times is given up, so each is killed twice.
        fresh = number % 2 == 0
        with scene.worker(stall_at=None if fresh else phase) as worker:
            if fresh:
                active = scene.done(task) if task else active
                worker.stall_at(phase)
                task = scene.sends()
            worker.stalled()

            worker.kill()

        if phase != "acknowledging":  # then all is done
            assert scene.served() == active, phase
        assert eventually(scene.free, f"a free lock after {phase}")
    with scene.worker():
        assert scene.done(task) != active
    assert len(scene.unfinished()) > 1
    assert scene.tidied() == scene.models()


@only(ON_POSTGRESQL)
def test_a_worker_killed_while_it_publishes_leaves_neither_model_nor_lock(scene):
    task = scene.sends()
    with scene.worker(stall_at="registering") as worker:
        worker.stalled()
        worker.kill()

    assert eventually(scene.free, "a free lock")
    assert scene.served() == scene.active
    with scene.worker():
        made = scene.done(task)
    assert scene.models() == {scene.active, made}
    assert len(scene.unfinished()) == 1
    assert scene.tidied() == scene.models()


@pytest.mark.parametrize("phase", ["fitting", "registering"])
def test_a_pool_process_that_is_killed_is_followed_by_one_that_does_the_job(scene, phase):
    task = scene.sends()
    with scene.worker(stall_at=phase) as worker:
        child = worker.stalled()
        assert child != worker.process.pid

        os.kill(child, signal.SIGKILL)

        told = task.get(timeout=SECONDS)
    assert told["outcome"] == "ok"
    assert told["model_id"] == scene.done(task)
    assert scene.models() == {scene.active, told["model_id"]}
    assert scene.runs()[1] == (f"task:{task.id}", "failed")
    assert eventually(scene.free, "a free lock")


@only(ON_SQLITE)
def test_a_task_delivered_twice_to_two_workers_has_one_effect(scene, valkey_url):
    task = scene.sends()
    with redis.Redis.from_url(valkey_url) as broker:
        broker.rpush("train", *broker.lrange("train", 0, -1))
        with (
            scene.worker("one", stall_at="fitting") as one,
            scene.worker("other", stall_at="fitting") as other,
        ):
            pairs = ((one, other), (other, one))
            at_it, beside = eventually(
                lambda: next((pair for pair in pairs if pair[0].stands_still()), None),
                "a training",
            )
            beside.says("Retry at")
            at_it.go_on()
            made = scene.done(task)
            eventually(
                lambda: not broker.llen("train") and not broker.hlen("unacked"),
                "an end of both deliveries",
            )
            assert not beside.stands_still()

    assert [key for key, _ in scene.runs()] == [f"task:{task.id}", None]
    assert scene.models() == {scene.active, made}


@only(ON_POSTGRESQL)
def test_two_beats_two_workers_one_slot_one_training(scene):
    tasks = [scene.sends(by_schedule=True) for _ in range(2)]

    with scene.worker("one"), scene.worker("other"):
        first, second = [task.get(timeout=SECONDS) for task in tasks]

    assert first == second
    (key, outcome), by_hand = scene.runs()
    assert (key.partition(":")[0], outcome) == ("slot", "ok")
    assert by_hand == (None, "ok")
    assert scene.models() == {scene.active, first["model_id"]}


@only(ON_SQLITE)
def test_a_job_waits_for_the_one_before_it_however_often_it_has_to_look(scene):
    retries = app.tasks[f"tasks.{RETRAIN}"].max_retries
    with scene.worker() as worker:
        with locks.held(scene.database, RETRAIN):
            task = scene.sender.send_task(f"tasks.{RETRAIN}", retries=retries)
            worker.says("Retry at")
            worker.says("is running already")

        made = scene.done(task)

    assert made != scene.active
