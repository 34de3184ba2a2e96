"""`webtoonctl run` alone, as a reader in the chat and an operator at the command line see it."""

import ast
import json
import signal
import urllib.error
import urllib.request
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from sqlalchemy import select

from db import models, pulses
from db.tables import Feedback, Impression
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.waiting import SECONDS, eventually
from tests.fakes.whole import Running, inhabitants, members
from tests.plugins.compose import free_port
from tests.plugins.doors import TelegramDoor

SWAP_SECONDS = 30.0  # promised
QUESTIONS = ("ping", "registered", "active")


class Operator:
    """Somebody at the machine: our commands, Celery's, and Flower in a browser."""

    def __init__(self, running):
        self._running, self._home = running, running.home
        self._port = free_port()
        self._flower = self._home.start(
            "celery",
            *("-A", "tasks.app", "flower", "--address=127.0.0.1", f"--port={self._port}"),
            REDIS_URL=running.redis_url,
            FLOWER_BASIC_AUTH="admin:sesame",
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._flower.kill()
        self._flower.wait()

    def celery(self, *words):
        """What `celery -A tasks.app` answers."""
        done = self._home.run(
            "celery", "-A", "tasks.app", *words, REDIS_URL=self._running.redis_url
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def inspect(self, question):
        """What the workers answer, as {worker without its host: answer}."""
        told = json.loads(self.celery("inspect", "--json", question))
        return {worker.partition("@")[0]: answer for worker, answer in told.items()}

    def webtoonctl(self, *words):
        """What one of our commands answers as JSON."""
        done = self._home.run("webtoonctl", *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def flower(self, path, password="sesame"):
        """What Flower answers; None if it refuses to."""
        assert self._flower.poll() is None, self._home.log("-A")
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}")
        token = b64encode(f"admin:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                assert refused.code == 401
            return None

    def sees_workers(self):
        """Whether Flower hears of all workers."""
        with suppress(OSError):  # it is not there yet
            return len(self.flower("/workers?json=1")["data"]) == 2
        return False

    def sees_done(self, task_id):
        """The task as Flower shows it, once it succeeded."""
        task = self.flower("/api/tasks").get(task_id, {})
        return task if task.get("state") == "SUCCESS" else None


def bot_serves(running):
    """The model that the bot's pulse names; None as long as there is none."""
    with running.database.read() as session:
        told = {pulse.name.partition("@")[0]: pulse.facts for pulse in pulses.every(session)}
    return told.get("telegram", {}).get("model")


def shown_by(running):
    """The models that chose the cards shown so far, in order, each once in a row."""
    with running.database.read() as session:
        found = session.scalars(select(Impression.model_id).order_by(Impression.id))
        return [model for model, _ in groupby(found)]


def verdicts(running):
    with running.database.read() as session:
        return list(session.scalars(select(Feedback.verdict)))


@pytest.fixture
def server():
    with TelegramServer() as server:
        yield server


@pytest.fixture
def night():
    """Half a day away: whatever is done in this test, somebody asked for."""
    far = datetime.now(UTC) + timedelta(hours=12, minutes=30)
    daily = dict.fromkeys(("RETRAIN_AT", "BACKUP_AT", "PRUNE_AT"), f"{far:%H:%M}")
    return {"TIMEZONE": "UTC", "POPULARITY_MINUTE": str(far.minute)} | daily


@pytest.fixture
def running(home, server, night):
    bot = {"TELEGRAM_TOKEN": server.token, "TELEGRAM_API_URL": server.url}
    with Running(home, free_port(), **bot, **night) as run:
        yield run


def test_one_bot_takes_up_a_training_and_its_rollback_while_it_answers(home, server, running):
    with running.database.read() as session:
        first = models.active(session).id
    mina = TelegramDoor(server, "Mina")

    with Operator(running) as operator, ThreadPoolExecutor() as beside:
        workers = eventually(running.up, "all programs")
        server.wait_for_calls("getUpdates", timeout=SECONDS)
        (liked,) = mina.says("/like 신의 탑")
        before = mina.says("/recommend", messages=3)
        eventually(operator.sees_workers, "Flower with both workers")

        called = operator.celery("call", "tasks.retrain", "--kwargs", '{"by_schedule": true}')
        done = eventually(lambda: operator.sees_done(called.strip()), "a model")
        result = ast.literal_eval(done["result"])
        second = result["model_id"]
        asked = {word: beside.submit(operator.inspect, word) for word in QUESTIONS}
        eventually(lambda: bot_serves(running) == second, "the bot with it", SWAP_SECONDS)
        relearnt = mina.says("/recommend", messages=3)
        answers = {word: answer.result() for word, answer in asked.items()}

        moved = operator.webtoonctl("models", "rollback")
        eventually(lambda: bot_serves(running) == first, "the bot without it", SWAP_SECONDS)
        after = mina.says("/recommend", messages=3)
        stranger = operator.flower("/api/tasks", password="open sesame")

    running.process.send_signal(signal.SIGTERM)
    code = running.process.wait(SECONDS)

    assert liked.text.startswith("👍 신의 탑을")
    assert [len(slate) for slate in (before, relearnt, after)] == [3, 3, 3]
    assert shown_by(running) == [first, second, first]
    assert verdicts(running) == ["like"]
    assert moved == {"left": second, "active": first}
    assert len(running.started("telegram")) == 1
    assert "Traceback" not in running.log()
    assert '"level": "error"' not in running.log()
    shown = {key: done[key] for key in ("name", "args", "kwargs", "worker")}
    assert shown == {
        "name": "tasks.retrain",
        "args": "()",
        "kwargs": "{'by_schedule': True}",
        "worker": next(name for name in workers if name.startswith("train@")),
    }
    assert (result["outcome"], first != second) == ("ok", True)
    assert stranger is None
    assert answers["ping"] == {"train": {"ok": "pong"}, "crawl": {"ok": "pong"}}
    assert "tasks.retrain" in answers["registered"]["train"]
    assert answers["active"] == {"train": [], "crawl": []}
    assert code == 0
    assert [group for group in running.groups() if members(group)] == []
    assert inhabitants(home.folder) == []
    assert bot_serves(running) is None
