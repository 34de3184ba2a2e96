"""Settings: their defaults, and one sentence for a wrong one."""

from datetime import time
from pathlib import Path

import pytest
from celery import Celery

from crawler.settings import CrawlerSettings
from db.settings import InvalidSettings, load
from tasks.broker import waiting
from tasks.configuration import configuration
from tasks.redis_url import for_celery
from tasks.settings import TaskSettings
from tests.plugins.doors import Home

NAMES = (
    "REDIS_URL",
    "DATABASE_URL",
    "ADMINS",
    "MODEL_DIR",
    "TIMEZONE",
    "RETRAIN_AT",
    "LOG_LEVEL",
    "LOG_FORMAT",
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in (*NAMES, "CRAWL_USER_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_needs_to_be_set():
    settings = load(TaskSettings)

    assert settings.redis_url.get_secret_value() == "redis://127.0.0.1:6379/0"
    assert settings.model_dir == Path("var/models")
    assert settings.timezone.key == "Asia/Seoul"
    assert settings.retrain_at == time(3)
    assert (settings.log_level, settings.log_format) == ("INFO", "console")
    assert load(CrawlerSettings).crawl_user_key is None


def test_a_dotenv_file_counts(tmp_path):
    (tmp_path / ".env").write_text("RETRAIN_AT=04:30\nCRAWL_USER_KEY=secret\nOTHER=1\n")

    assert load(TaskSettings).retrain_at == time(4, 30)
    assert load(CrawlerSettings).crawl_user_key.get_secret_value() == "secret"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "http://hunter2@host"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("REDIS_URL", "redis://:hunter2@host:abc/0"),
        ("REDIS_URL", "redis://:hunter2@host:99999"),
        ("REDIS_URL", "redis://:hunter2@host:0"),
        ("REDIS_URL", "redis://:hunter2/@host:6379/0"),
        ("REDIS_URL", "redis://hunter2/x@host/0"),
        ("REDIS_URL", "redis://:hunter2@[::1/0"),
        ("REDIS_URL", "rediss://:hunter2@host/zero"),
        ("REDIS_URL", "redis://:hunter2@host/banana"),
        ("REDIS_URL", "redis://:hunter2@host/0?foo=1"),
        ("REDIS_URL", "redis://:hunter2@host/0?db=1"),
        ("REDIS_URL", "redis://:12?hunter2@host/0"),
        ("REDIS_URL", "redis://:12#hunter2@host/0"),
        ("REDIS_URL", "rediss://:hunter2@host/0?foo=1"),
        ("REDIS_URL", "rediss://:hunter2@host/0?ssl_cert_reqs=hunter2"),
        ("REDIS_URL", "unix://x"),
        ("REDIS_URL", "unix://run/hunter2.sock"),
        ("REDIS_URL", "unix://:hunter2@/"),
        ("REDIS_URL", "unix:///hunter2.sock?db=banana"),
        ("REDIS_URL", "unix:///hunter2.sock?foo=1"),
        ("ADMINS", "telegram:١٢"),
        ("ADMINS", "telegram:" + 32 * "1"),
        ("ADMINS", "telegram:"),
        ("ADMINS", "signal:1"),
        ("TIMEZONE", "Asia/Soul"),
        ("RETRAIN_AT", "25:00"),
        ("RETRAIN_AT", "03:00+09:00"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSettings) as raised:
        load(TaskSettings)

    sentence = str(raised.value)
    assert sentence.startswith(f"The setting {name} is wrong: ")
    assert "\n" not in sentence
    assert "hunter2" not in sentence


def test_secrets_do_not_show():
    settings = TaskSettings(redis_url="redis://:hunter2@host/0")

    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "redis://host",
        "redis://host:6379",
        "redis://host:/",
        "redis://[::1]:6379/0",
        "redis://user:a%2Fb%23c@host:6379/15",
        "rediss://host:6380/0?ssl_cert_reqs=required&ssl_ca_certs=/ca.pem",
        "unix:///run/redis.sock",
        "unix://:hunter2@/run/redis.sock?db=1",
    ],
)
def test_every_place_where_redis_may_be_is_taken(monkeypatch, url):
    monkeypatch.setenv("REDIS_URL", url)

    assert load(TaskSettings).redis_url.get_secret_value() == url


CELERY = ("celery", "-A", "tasks.app")
OPERATORS = [
    (*CELERY, "worker"),
    (*CELERY, "beat"),
    (*CELERY, "flower"),
    (*CELERY, "inspect", "ping"),
    ("webtoonctl", "status"),
    ("webtoonctl", "run"),
]
BOTS = [("webtoonbot", "telegram"), ("webtoonbot", "discord"), ("webtoonbot", "chat")]
TOKENS = {"TELEGRAM_TOKEN": "1:x", "DISCORD_TOKEN": "x"}


def refused(folder, command, **environment):
    """What a process says before it ends with 2."""
    done = Home(folder).run(*command, **TOKENS | environment)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


@pytest.mark.parametrize("command", OPERATORS, ids=" ".join)
def test_every_process_refuses_a_redis_url_in_the_same_words(tmp_path, command):
    said = refused(tmp_path, command, REDIS_URL="redis://:hunter2@127.0.0.1:abc/0")

    assert said == (
        "The setting REDIS_URL is wrong: redis://host:port/number is expected, with a port from "
        "1 to 65535, and in a password %2F for /, %23 for #.\n"
    )


@pytest.mark.parametrize("command", [*OPERATORS, *BOTS], ids=" ".join)
def test_every_process_refuses_a_database_url_in_the_same_words(tmp_path, command):
    said = refused(tmp_path, command, DATABASE_URL="postgresql://u@host/db?pasword=hunter2")

    assert said == (
        "DATABASE_URL must look like sqlite:///file.db or postgresql://user:password@host/db\n"
    )


@pytest.mark.parametrize("command", [(*CELERY, "beat"), *BOTS[:1]], ids=" ".join)
def test_a_database_in_an_impossible_folder_is_not_waited_for(tmp_path, command):
    (tmp_path / "file").touch()

    said = refused(tmp_path, command, DATABASE_URL=f"sqlite:///{tmp_path}/file/x.db")

    assert said == (
        f"DATABASE_URL is in a folder that cannot be made: {tmp_path}/file: file exists\n"
    )


@pytest.mark.parametrize("command", [(*CELERY, "worker"), *BOTS[:1]], ids=" ".join)
def test_a_dotenv_file_that_cannot_be_read_is_one_sentence(tmp_path, command):
    # A regular file that may be opened, and whose beginning nobody may read.
    (tmp_path / ".env").symlink_to("/proc/self/mem")

    said = refused(tmp_path, command)

    assert said == "The file .env cannot be read: input/output error.\n"


@pytest.mark.parametrize(
    ("url", "celery"),
    [
        ("redis://:p%2F@host/3", "redis://:p%2F@host/3"),
        ("rediss://host", "rediss://host?ssl_cert_reqs=required"),
        ("rediss://host?ssl_cert_reqs=none", "rediss://host?ssl_cert_reqs=none"),
        (
            "rediss://host/1?ssl_ca_certs=/ca.pem",
            "rediss://host/1?ssl_ca_certs=/ca.pem&ssl_cert_reqs=required",
        ),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("unix://:p@/r.sock?db=2", "redis+socket://:p@/r.sock?virtual_host=2"),
    ],
)
def test_celery_is_told_of_redis_in_its_own_words(url, celery):
    assert for_celery(url) == celery


def test_a_task_goes_through_a_socket_into_the_database_of_its_number(
    monkeypatch, tmp_path, valkey_socket
):
    monkeypatch.setenv("REDIS_URL", f"unix://{valkey_socket}?db=3")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/webtoonbot.db")
    app = Celery()
    app.config_from_object(configuration())

    app.send_task("tasks.prune")

    with app.connection_or_acquire() as connection:
        assert connection.transport_cls == "redis"
    assert waiting(f"unix://{valkey_socket}?db=3") == {"train": 1, "crawl": 0}
    assert waiting(f"unix://{valkey_socket}") == {"train": 0, "crawl": 0}
    assert app.backend.client.ping()
    app.close()
