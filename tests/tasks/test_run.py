"""`webtoonctl run`: real programs that live, work, come back when they are killed, and end."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import redis

from db import alerts, duties, schema
from db.engine import Database
from tasks import children, redis_server
from tasks.children import Child, Program, pause_seconds
from tasks.redis_server import Listener
from tasks.settings import RunSettings, TaskSettings
from tasks.supervisor import Told, _broker, programs
from tests.fakes.waiting import SECONDS, eventually, eventually_async
from tests.fakes.whole import Running, members
from tests.plugins.doors import Home

PROGRAMS = {"valkey", "worker-train", "worker-crawl", "beat"}


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def owes(database_url, job):
    """Notes a job that was due two hours ago, as if this had run before."""
    with closing(Database(database_url)) as database:
        schema.upgrade(database)
        due = datetime.now(UTC) - timedelta(hours=2)
        with database.write() as session:
            duties.expect(session, job, due, due)


@pytest.fixture
def running(tmp_path, port):
    home = Home(tmp_path)
    owes(home.database_url, "refresh_popularity")
    with Running(home, port) as run:
        yield run


def test_everything_on_one_machine_works_comes_back_and_ends(running):
    names = {name.partition("@")[0] for name in eventually(running.up, "all programs")}
    eventually(lambda: running.ran("refresh_popularity"), "what was owed")
    second = running.home.run("webtoonctl", "run", "--redis-port", str(running.port))

    os.kill(running.started("valkey")[0], signal.SIGKILL)
    os.kill(running.started("worker-crawl")[0], signal.SIGKILL)
    eventually(
        lambda: all(len(running.started(program)) == 2 for program in ("valkey", "worker-crawl")),
        "both again",
    )
    eventually(running.up, "all programs again")
    with running.client() as client:
        client.send_task("tasks.refresh_popularity", queue="train", ignore_result=True)
    eventually(lambda: len(running.ran("refresh_popularity")) == 2, "what was asked for")
    caught_up, asked_for = sorted(running.ran("refresh_popularity"), key=lambda run: run.started_at)

    running.process.send_signal(signal.SIGTERM)
    code = running.process.wait(timeout=SECONDS)
    assert names == {"train", "crawl"}
    assert (second.returncode, second.stderr) == (
        1,
        "webtoonctl run is running over this database already.\n",
    )
    assert (caught_up.key or "").startswith("slot:")
    assert (asked_for.key or "").startswith("task:")
    assert code == 0
    assert [group for group in running.groups() if members(group)] == []
    assert "no bot runs" in running.log()
    assert (running.home.folder / "valkey" / "appendonlydir").is_dir()


def test_an_end_that_comes_while_programs_are_being_started_ends_them_too(running):
    eventually(lambda: running.started("valkey"), "a first program")

    running.process.send_signal(signal.SIGTERM)

    assert running.process.wait(timeout=SECONDS) == 0
    assert [group for group in running.groups() if members(group)] == []


def test_nothing_lives_on_when_the_supervisor_is_killed(running):
    eventually(lambda: all(map(running.started, PROGRAMS)), "all programs")

    running.process.kill()
    running.process.wait()

    eventually(lambda: not any(map(members, running.groups())), "the end of all")


def test_a_port_that_is_taken_is_one_sentence_and_2(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = Home(tmp_path).run("webtoonctl", "run", "--redis-port", str(port))

    assert done.returncode == 2
    assert done.stderr == (
        f"The port {port} is taken by another program: set REDIS_URL, "
        "or choose another port with --redis-port.\n"
    )


async def test_it_knows_who_listens_on_a_port(port, valkey_url):
    def with_password(reader, writer):
        writer.write(b"-NOAUTH Authentication required.\r\n")
        writer.close()

    server = await asyncio.start_server(with_password, "127.0.0.1")
    locked = server.sockets[0].getsockname()[1]
    with redis.Redis.from_url(valkey_url) as client:
        ours = client.connection_pool.connection_kwargs["port"]

    found = [await redis_server.listener(each) for each in (port, ours, locked)]

    server.close()
    assert found == [Listener.NOBODY, Listener.REDIS, Listener.LOCKED_REDIS]


async def test_a_redis_that_is_named_or_runs_already_is_used(valkey_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REDIS_URL", raising=False)
    with redis.Redis.from_url(valkey_url) as client:
        port = client.connection_pool.connection_kwargs["port"]

    running = await _broker(TaskSettings(), port)
    (tmp_path / ".env").write_text("REDIS_URL=redis://elsewhere/0")
    named = await _broker(TaskSettings(), port)

    assert running == (None, redis_server.url(port))
    assert named == (None, None)  # the programs read it where we did
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_bots_run_where_they_have_a_token_and_metrics_have_a_port_each(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = TaskSettings(metrics_port=9100)
    doors = RunSettings(telegram_token="1:a", discord_token="b")

    found = programs(settings, doors, "redis://127.0.0.1:7/0")

    ports = {program.name: program.environment["METRICS_PORT"] for program in found}
    assert ports == {
        "worker-train": "0",
        "worker-crawl": "0",
        "beat": "9100",
        "telegram": "9101",
        "discord": "9102",
    }
    assert {program.environment["REDIS_URL"] for program in found} == {"redis://127.0.0.1:7/0"}
    assert "1:a" not in " ".join(part for program in found for part in program.command)
    assert [p.name for p in programs(TaskSettings(), RunSettings(), None)] == [
        "worker-train",
        "worker-crawl",
        "beat",
    ]


def test_pauses_double_up_to_a_minute():
    assert [pause_seconds(deaths) for deaths in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]


class Heard:
    """Hears of incidents, and lets a test wait for the next."""

    def __init__(self):
        self.news = asyncio.Queue()

    async def open(self, program, message):
        await self.news.put(("open", program, message))

    async def close(self, program):
        await self.news.put(("close", program))


def script(code):
    return Program("thing", (sys.executable, "-S", "-c", code), {})


async def test_a_program_that_is_set_up_wrongly_is_not_started_again():
    heard = Heard()

    await Child(script("raise SystemExit(2)"), heard).keep()

    assert heard.news.get_nowait() == (
        "open",
        "thing",
        "The program thing is set up wrongly: its log says how.",
    )


async def test_a_program_that_is_not_there_is_told():
    heard = Heard()

    await Child(Program("thing", ("/nowhere/to/be/found",), {}), heard).keep()

    kind, _, message = heard.news.get_nowait()
    assert kind == "open"
    assert message.startswith("The program thing cannot be started: ")


async def test_one_that_dies_three_times_is_told_and_one_that_settles_is_mended(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(children, "pause_seconds", lambda deaths: 0)
    monkeypatch.setattr(children, "SETTLED_SECONDS", 0.5)
    tries = tmp_path / "tries"
    code = (
        f"f = open({str(tries)!r}, 'a+'); f.write('x'); f.flush(); f.seek(0)\n"
        "import time; len(f.read()) > 3 and time.sleep(60); raise SystemExit(1)"
    )
    heard = Heard()
    child = Child(script(code), heard)
    keeping = asyncio.create_task(child.keep())

    first = await asyncio.wait_for(heard.news.get(), SECONDS)
    second = await asyncio.wait_for(heard.news.get(), SECONDS)
    await child.end(10, asyncio.Event())
    await keeping

    assert first == (
        "open",
        "thing",
        "The program thing ends again and again, the last time with exit code 1.",
    )
    assert second == ("close", "thing")
    assert tries.read_text() == "xxxx"


async def test_who_does_not_end_is_killed_with_its_children_when_there_is_hurry(tmp_path):
    ready = tmp_path / "ready"
    code = (
        "import os, signal, time, pathlib\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"os.fork() or pathlib.Path({str(ready)!r}).touch()\n"
        "time.sleep(60)"
    )
    child = Child(script(code), Heard())
    keeping = asyncio.create_task(child.keep())
    await eventually_async(ready.exists, "a program with a child")
    group = child._process.pid
    hurry = asyncio.Event()
    hurry.set()

    await child.end(60, hurry)
    await keeping

    await eventually_async(lambda: not members(group), "the end of both")


async def test_admins_are_told_of_a_program_that_does_not_live_until_it_does(database):
    told = Told(database, (("telegram", "7"),))

    await told.open("beat", "The program beat is gone.")
    await told.open("beat", "The program beat is gone.")
    with database.read() as session:
        incidents = alerts.open_alerts(session)
    await told.close("beat")

    assert [(i.key, i.message) for i in incidents] == [
        ("process.beat", "The program beat is gone.")
    ]
    with database.read() as session:
        assert alerts.open_alerts(session) == []
