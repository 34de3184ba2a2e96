"""A bot as those who run it see it: metrics, /ops, late jobs, letters, and its pulse."""

import re
import signal
import socket
import urllib.request

import pytest

from tests.fakes.discord_server import DiscordServer
from tests.plugins.doors import SECONDS, start_discord, stopped


@pytest.fixture
def server():
    with DiscordServer() as server:
        yield server
        assert server.violations == []


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def scraped(port):
    """The samples of our metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    lines = re.findall(r"^(webtoonbot_\S+) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in lines}


def test_those_who_run_it_are_told_of_a_late_job_and_can_ask_how_it_is(home, server, port):
    boss, mina = server.user("Boss", locale="en-US"), server.user("Mina", locale="en-US")
    home.rows("INSERT INTO duty VALUES ('backup', '2026-01-01 03:00', '2026-01-01 03:30')")
    environment = {"ADMINS": f"discord:{boss.id}", "METRICS_PORT": str(port)}

    with stopped(start_discord(home, server, **environment)) as process:
        server.wait_for(lambda: server.commands and server.gateway.connected, SECONDS)
        server.wait_for(lambda: server.posted(server.dm(boss)), SECONDS)
        asked = {user: server.slash(user, "ops") for user in (boss, mina)}
        shown = server.slash(mina, "recommend")
        server.wait_for(lambda: [m for m in shown.messages if m.embeds], SECONDS)
        told = {u: server.wait_for(lambda i=i: i.messages, SECONDS) for u, i in asked.items()}
        letter = server.posted(server.dm(boss))
        living = home.rows("SELECT name FROM pulse")
        server.wait_for(
            lambda: scraped(port)['webtoonbot_answer_seconds_count{platform="discord"}'] == 3,
            SECONDS,
        )
        figures = scraped(port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    sentence = "The job backup was due at 2026-01-01 12:00 (Asia/Seoul) and has not run"
    assert len(letter) == 1
    assert letter[0].content.startswith(sentence)
    assert home.rows("SELECT key FROM alert WHERE closed_at IS NULL") == [("backup.missed",)]
    assert home.rows("SELECT count(*) FROM outbox WHERE done_at IS NOT NULL") == [(1,)]
    assert sentence in told[boss][0].content
    assert told[mina][0].content == "I don't know /ops. See /help."
    assert [m.ephemeral for m in (*told[boss], *told[mina])] == [True, True]
    assert living == [(f"discord@{socket.gethostname()}",)]
    assert home.rows("SELECT name FROM pulse") == []
    command = 'webtoonbot_updates_total{kind="command",outcome="answered",platform="discord"}'
    assert figures[command] == 3
    assert figures["webtoonbot_library_works"] > 100
    (model,) = [name for name in figures if "served_model_info" in name]
    assert 'demo="true"' in model


@pytest.mark.parametrize("bot", ["telegram", "discord"])
def test_a_port_for_metrics_that_is_taken_is_one_sentence_and_exit_code_2(home, bot):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = home.run(
            "webtoonbot", bot, TELEGRAM_TOKEN="1:x", DISCORD_TOKEN="x", METRICS_PORT=str(port)
        )

    assert done.returncode == 2
    assert done.stderr.strip() == (
        f"The metrics cannot be served at METRICS_HOST:METRICS_PORT 127.0.0.1:{port}: "
        "address already in use."
    )
