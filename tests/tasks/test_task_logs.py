"""What the operator's processes log never shows a password."""

import logging

import pytest
import structlog

from tasks.logs import configure
from tasks.settings import TaskSettings

pytestmark = pytest.mark.usefixtures("logs_as_they_were")

DATABASE = "postgresql://bot:p/a%40ss@db/webtoonbot"


@pytest.mark.parametrize("form", ["json", "console"])
def test_passwords_are_masked_in_values_and_tracebacks(capsys, form):
    redis = "redis://:hunter2@127.0.0.1:6379/0"
    configure(TaskSettings(redis_url=redis, log_format=form), DATABASE)

    try:
        raise ConnectionError(f"cannot reach {redis}")
    except ConnectionError:
        structlog.get_logger().exception("away", url=DATABASE, said="wrong password p/a@ss")
    logging.getLogger("celery").error("lost %s", redis)

    told = capsys.readouterr().err
    assert [secret in told for secret in ("hunter2", "p/a%40ss", "p/a@ss")] == [False] * 3
    assert "redis://:***@127.0.0.1:6379/0" in told
    assert "postgresql://bot:***@db/webtoonbot" in told


def test_a_password_behind_the_question_mark_is_masked_too(capsys):
    url = "postgresql://bot@db/webtoonbot?password=hunter2"
    configure(TaskSettings(log_format="json"), url)

    logging.getLogger("db").error("lost %s", url)

    assert "webtoonbot?password=***" in capsys.readouterr().err
