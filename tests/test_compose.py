"""docker-compose.yml: what it promises. That what it starts does start: test_compose_running.py."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from urllib.parse import urlsplit

import psycopg
import pytest

from bot.settings import BotSettings
from crawler.settings import CrawlerSettings
from db.settings import DatabaseSettings, OperatorSettings
from tasks.settings import TaskSettings
from tests.plugins import compose
from tests.plugins.compose import ROOT, VARIABLES, is_ours, raw, words

SERVICES = raw()["services"]
OURS = sorted(name for name, service in SERVICES.items() if is_ours(service))
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|AUTH|_KEY$")
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
        ("worker-crawl", (TaskSettings, CrawlerSettings, DatabaseSettings, OperatorSettings)),
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
