"""Settings: their defaults, and one sentence for a wrong one."""

from datetime import time
from pathlib import Path

import pytest

from crawler.settings import CrawlerSettings
from db.settings import InvalidSettings, load
from tasks.settings import TaskSettings

NAMES = ("REDIS_URL", "MODEL_DIR", "TIMEZONE", "RETRAIN_AT", "LOG_LEVEL", "LOG_FORMAT")


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
