"""What becomes of jobs and answers when Redis, or PostgreSQL, goes away and comes back."""

import os
import socket
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import kombu.exceptions
import pytest
import redis
import structlog

from db import jobs, models
from db.engine import Database
from tasks import jobs as work
from tasks.app import app
from tasks.configuration import configuration
from tasks.records import Recording
from tests.fakes.waiting import SECONDS, eventually
from tests.fakes.workers import Worker
from tests.plugins.chat import Chat, World
from tests.plugins.library import NOON, stock

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
QUEUED = 20


@pytest.fixture
def working(tmp_path, monkeypatch):
    """Sets the environment of this process, and gives what starts a worker with the same."""

    def set_(database_url, redis_url):
        own = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "MODEL_DIR": str(tmp_path / "models"),
            "LOG_FORMAT": "json",
            "PYTHONWARNINGS": "ignore",
        }
        for name, value in own.items():
            monkeypatch.setenv(name, value)

        def worker(more=None, **options):
            return Worker(tmp_path / "worker", os.environ | own | (more or {}), **options)

        return worker

    return set_


@pytest.fixture
def sender():
    """The application as a process sees it that sends tasks."""
    fresh = app.__class__("webtoonbot")
    fresh.add_defaults(configuration)
    yield fresh
    fresh.close()


@contextmanager
def hanging_up():
    """A port where all who call are hung up on, and a list that grows with each call."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with suppress(OSError):  # shut down
                while True:
                    server.accept()[0].close()
                    calls.append(None)

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield server.getsockname()[1], calls
        finally:
            server.shutdown(socket.SHUT_RDWR)
            serving.join()


def answers(chat):
    """Whether a reader who asks for something is shown works."""
    return len(chat.says("/recommend").cards) == 3


def done(database, job, task_id):
    with database.read() as session:
        return jobs.done(session, job, f"task:{task_id}")


@pytest.fixture
def learned(database, crowd, tmp_path, clock):
    """Somebody who chats with a bot that serves a first model."""
    crowd(60)
    work.retrain(Recording(database, lambda: NOON), tmp_path / "models")
    chat = Chat(World(database, tmp_path / "models", clock))
    chat.world.serving.refresh()
    return chat


@ON_SQLITE
def test_tasks_outlive_redis_and_bots_do_not_notice(learned, working, sender, mortal_valkey):
    chat, database = learned, learned.world.database
    active = chat.world.serving.library.served.id
    start = working(f"sqlite:///{database.engine.url.database}", mortal_valkey.url)

    with start(stall_at="fitting", alone=False) as worker:
        training = sender.send_task("tasks.retrain")
        worker.stalled()
        queued = [sender.send_task("tasks.refresh_popularity").id for _ in range(QUEUED)]
        mortal_valkey.kill()

        assert answers(chat)
        with pytest.raises((kombu.exceptions.OperationalError, RuntimeError)):
            sender.send_task("tasks.refresh_popularity")
        worker.go_on()
        trained = eventually(lambda: done(database, "retrain", training.id), "the training")
        assert answers(chat)
        mortal_valkey.start()

        assert training.get(timeout=SECONDS)["model_id"] == trained.model_id
        for task_id in queued:
            eventually(lambda id_=task_id: done(database, "refresh_popularity", id_), "a job")
        chat.world.serving.refresh()
        assert chat.world.serving.library.served.id == trained.model_id != active
        assert answers(chat)
        told = sender.send_task("tasks.refresh_popularity").get(timeout=SECONDS)
        assert told["outcome"] == "ok"
    with database.read() as session:
        runs = jobs.since(session, NOON.replace(year=1970))
        assert {row.id for row in models.every(session)} == {active, trained.model_id}
    # By hand, the training that outlived its broker, what was queued, and what came later.
    assert [run.outcome for run in runs] == ["ok"] * (1 + 1 + QUEUED + 1)


@ON_SQLITE
def test_a_worker_that_was_idle_for_longer_than_a_socket_may_be_silent_takes_the_next_task(
    database_url, working, sender, valkey_url
):
    start = working(database_url, valkey_url)
    with (
        redis.Redis.from_url(valkey_url) as broker,
        start({"SOCKET_SECONDS": "0.5"}, alone=False) as worker,
    ):
        worker.says("ready.")

        def silences():
            # Each asks for a task and hears nothing for a second, twice as long as is allowed.
            return broker.info("commandstats").get("cmdstat_brpop", {"calls": 0})["calls"]

        before = silences()
        assert eventually(lambda: silences() > before + 2, "a worker that is idle")
        told = sender.send_task("tasks.refresh_popularity").get(timeout=SECONDS)

        assert told["outcome"] == "ok"
        assert "onnection to broker lost" not in worker.log()


@pytest.mark.parametrize("ignore_result", [False, True])
def test_whoever_sends_a_task_while_redis_is_away_is_told_so_after_few_tries(
    working, sender, ignore_result
):
    told = []

    def send():
        try:
            sender.send_task("tasks.retrain", ignore_result=ignore_result)
        except (kombu.exceptions.OperationalError, RuntimeError) as error:
            told.append(error)

    with hanging_up() as (port, calls):
        working("sqlite:///nowhere.db", f"redis://127.0.0.1:{port}/0")
        # A thread that does not keep the tests from ending if it never gives up.
        threading.Thread(target=send, daemon=True).start()
        eventually(lambda: told, "word that Redis is away")

    # By hand, where results are kept: the first call, and two to make up for it. Left to itself,
    # Celery calls more than twenty times.
    assert len(calls) <= 4


def test_a_restarted_postgresql_costs_one_apology_and_no_job(
    mortal_cluster, working, sender, valkey_url, clock
):
    with mortal_cluster.database("upgraded") as url:
        start = working(url, valkey_url)
        database = Database(url)
        stock(database)
        chat = Chat(World(database, Path("models"), clock))
        chat.world.serving.refresh()
        with start() as worker:
            sender.send_task("tasks.refresh_popularity").get(timeout=SECONDS)
            assert answers(chat)
            mortal_cluster.stop()
            with structlog.testing.capture_logs():
                assert chat.says("/recommend").text.startswith("I can't save anything right now.")
            waiting = sender.send_task("tasks.refresh_popularity")
            worker.says("Retry in")
            mortal_cluster.start()

            assert answers(chat)
            assert waiting.get(timeout=SECONDS)["outcome"] == "ok"
        database.close()
