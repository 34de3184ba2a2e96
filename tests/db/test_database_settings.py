"""The DATABASE_URL setting, and how a wrong setting is said."""

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from db.settings import DatabaseSettings, InvalidSettings, load


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No .env but the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return tmp_path


def test_by_default_the_database_is_a_file():
    assert load(DatabaseSettings).database_url.get_secret_value() == "sqlite:///var/webtoonbot.db"


def test_the_environment_comes_before_the_file(elsewhere, monkeypatch):
    (elsewhere / ".env").write_text("DATABASE_URL=sqlite:///file.db\nOTHER=1\n")
    assert load(DatabaseSettings).database_url.get_secret_value() == "sqlite:///file.db"

    monkeypatch.setenv("DATABASE_URL", "sqlite:///environment.db")
    assert load(DatabaseSettings).database_url.get_secret_value() == "sqlite:///environment.db"


def test_an_empty_setting_is_no_setting(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "")

    assert load(DatabaseSettings).database_url.get_secret_value() == "sqlite:///var/webtoonbot.db"


def test_its_password_is_never_printed(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://bot:hunter2@host/db")

    assert "hunter2" not in repr(load(DatabaseSettings))


def test_a_wrong_setting_is_one_sentence_that_names_it_and_hides_its_value(monkeypatch):
    class Ports(BaseSettings):
        metrics_port: int = 0
        token: SecretStr = SecretStr("")

    monkeypatch.setenv("METRICS_PORT", "s3cret")

    with pytest.raises(InvalidSettings) as refused:
        load(Ports)

    assert str(refused.value).startswith("The setting METRICS_PORT is wrong: ")
    assert "s3cret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_dotenv_file_in_another_encoding_is_one_sentence(elsewhere):
    (elsewhere / ".env").write_bytes("DATABASE_URL=sqlite:///웹툰.db\n".encode("cp949"))

    with pytest.raises(InvalidSettings, match=r"^The file \.env is not UTF-8 text\.$"):
        load(DatabaseSettings)
