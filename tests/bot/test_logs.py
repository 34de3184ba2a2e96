"""How the bots log: structured, to standard error, and never a secret."""

import json
import logging

import pytest
import structlog

from bot import logs

TOKEN = "123456:AAExample-token"


@pytest.fixture(autouse=True)
def as_before():
    """Leaves the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    chatty = {
        name: logging.getLogger(name).level for name in ("httpx", "httpcore", "telegram", "discord")
    }
    yield
    root.handlers[:], root.level = handlers, level
    for name, before in chatty.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def said(capsys):
    """The entries on standard error; nothing may be on standard output."""
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_our_logs_are_one_json_object_a_line(capsys):
    logs.configure("INFO", "json")

    structlog.get_logger().info("library refreshed", model="신의 탑")

    (entry,) = said(capsys)
    assert (entry["event"], entry["level"], entry["model"]) == (
        "library refreshed",
        "info",
        "신의 탑",
    )
    assert entry["timestamp"].endswith("Z")


def test_libraries_logs_look_the_same(capsys):
    logs.configure("INFO", "json")

    logging.getLogger("apscheduler").warning("late by %s s", 3)

    (entry,) = said(capsys)
    assert (entry["event"], entry["level"], entry["logger"]) == (
        "late by 3 s",
        "warning",
        "apscheduler",
    )


def test_what_is_below_the_level_is_not_said(capsys):
    logs.configure("WARNING", "json")

    structlog.get_logger().info("quiet")
    structlog.get_logger().error("loud")

    assert [entry["event"] for entry in said(capsys)] == ["loud"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_secret_is_masked_wherever_it_stands(capsys, form):
    logs.configure("INFO", form, [TOKEN])
    url = f"https://api.telegram.org/bot{TOKEN}/getMe"

    structlog.get_logger().info(f"event {TOKEN}", url=url, nested={"url": [url]})
    logging.getLogger("other").warning("request to %s", url)
    try:
        raise ValueError(url)
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("other").exception("failed too")

    err = capsys.readouterr().err
    assert TOKEN not in err
    assert err.count("***") >= 6
    assert "ValueError" in err


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("sqlite:///var/webtoonbot.db", []),
        ("postgresql://mina:hush@db/webtoons", ["hush"]),
        ("postgresql://mina:a%2Fb%40c@db/webtoons", ["a%2Fb%40c", "a/b@c"]),
        ("postgresql://mina:a/b@db/webtoons", ["a%2Fb", "a/b"]),
        ("postgresql://db/webtoons?user=mina&password=hush", ["hush"]),
        ("redis://:hush@127.0.0.1:6379/0", ["hush"]),
        ("postgresql://mina:hush@db:notaport/webtoons", []),
        ("no address", []),
    ],
)
def test_an_addresss_password_is_found_in_each_form_it_may_be_logged_in(url, secrets):
    assert sorted(logs.passwords(url)) == secrets


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_http_libraries_do_not_log_urls(capsys, level):
    logs.configure(level, "json")

    logging.getLogger("httpx").info("HTTP Request: POST %s", "https://x/bot1:a/getUpdates")
    logging.getLogger("telegram.ext").info("getting updates")

    assert said(capsys) == []


def test_an_empty_secret_masks_nothing(capsys):
    logs.configure("INFO", "json", ["", TOKEN])

    structlog.get_logger().info("plain words", count=3)

    (entry,) = said(capsys)
    assert (entry["event"], entry["count"]) == ("plain words", 3)


def test_an_exception_is_told_with_its_traceback(capsys):
    logs.configure("INFO", "json")

    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        structlog.get_logger().exception("event failed", key="7")

    (entry,) = said(capsys)
    assert entry["key"] == "7"
    assert "ZeroDivisionError: division by zero" in entry["exception"]
