"""`webtoonbot telegram` behind a webhook, as one process and as two that share a database."""

import json
import re
import signal
import sqlite3
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from tests.fakes.telegram_world import hang
from tests.plugins.doors import SECONDS, start_telegram, stopped

SECRET = "a-secret_nobody-may-see"
HOOK = {
    "TELEGRAM_WEBHOOK_URL": "https://bot.example/hook",
    "TELEGRAM_WEBHOOK_LISTEN": "127.0.0.1:0",
    "TELEGRAM_WEBHOOK_SECRET": SECRET,
}
HEADER = "X-Telegram-Bot-Api-Secret-Token"


def addresses(home):
    """Where the processes of this home listen, in the order in which they began to."""
    found = re.findall(r"telegram.listening\W.*?(127\.0\.0\.1:\d+)", home.log("telegram"))
    return [f"http://{address}" for address in found]


def start(home, server, number=1):
    """The `number`-th process of this home, once it listens, and where."""
    process = start_telegram(home, server, **HOOK)
    try:
        server.wait_for(lambda: len(addresses(home)) >= number, SECONDS, "a bot that listens")
        server.wait_for(lambda: server.webhook, SECONDS, "a webhook")
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process, addresses(home)[number - 1]


@pytest.fixture
def running(home, server):
    process, address = start(home, server)
    with stopped(process):
        server.call(address)
        yield process


def let_leases_run_out(home):
    home.rows("UPDATE inbox SET taken_until = '2020-01-01 00:00:00' WHERE answered_at IS NULL")


def post(url, body, secret=SECRET):
    """The status of a call that is none of Telegram's."""
    return status(Request(url, data=body, headers={} if secret is None else {HEADER: secret}))


def status(request):
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=10) as response:
            return response.status
    except HTTPError as refused:
        with refused:
            return refused.code


def test_only_a_call_that_shows_the_secret_is_taken(home, server, mina, running):
    (address,) = server.replicas
    url = f"{address}/hook"
    update = json.dumps({"update_id": 1}).encode()
    server.call()  # holds what Mina says back
    said = server.say(mina, "/like 신의 탑")
    hers = json.dumps(server.updates[said]).encode()

    strangers = [post(url, hers, secret) for secret in (None, "", "wrong", SECRET + "x", "é")]
    stored = home.rows("SELECT * FROM inbox")
    wrong = [post(url, body) for body in (b"", b"[1]", b"{", b"{}", b'{"update_id": "1"}', b"\xff")]
    large = post(url, b" " * 2**20 + update)
    elsewhere = post(f"{address}/other", update)
    nothing = post(url, update)
    health = status(f"{address}/healthz")
    server.call(address)
    server.wait_for_message(mina, timeout=SECONDS)

    assert strangers == [403] * 5
    assert stored == []
    assert wrong == [400] * 6
    assert (large, elsewhere, nothing, health) == (413, 404, 200, 200)
    assert home.rows("SELECT key FROM inbox") == [(str(said),)]
    assert server.secret == SECRET
    assert len(server.allowed) == 5
    assert SECRET not in home.log("telegram")


def test_an_update_is_kept_before_it_is_taken_and_outlives_a_kill(home, server, mina):
    process, address = start(home, server)
    with stopped(process, kill=True):
        server.call(address)
        server.fail("sendMessage", hang())
        update = server.say(mina, "/like 신의 탑")
        server.wait_until_taken(update, timeout=SECONDS)
        process.kill()
        process.wait()
    kept = home.rows("SELECT key, answered_at FROM inbox")
    server.mend()
    let_leases_run_out(home)

    process, address = start(home, server, 2)
    with stopped(process):
        server.wait_for_message(mina, timeout=SECONDS)
        server.call(address)
        server.redeliver(update)
        server.wait_until_taken(update, 2, SECONDS)
        server.say(mina, "/list")
        server.wait_for_message(mina, 2, SECONDS)

    assert kept == [(str(update), None)]
    assert [m.text[:5] for m in server.in_chat(mina)] == ["👍 신의 ", "내가 남긴"]
    assert home.rows("SELECT count(*) FROM feedback_event") == [(1,)]


def test_while_the_database_is_locked_telegram_is_asked_to_come_again(home, server, mina, running):
    lock = sqlite3.connect(home.folder / "webtoonbot.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    update = server.say(mina, "/like 신의 탑")
    server.wait_for(lambda: server.deliveries, SECONDS, "a delivery")
    lock.execute("ROLLBACK")
    lock.close()
    server.wait_for_message(mina, timeout=SECONDS)
    server.say(mina, "/list")
    server.wait_for_message(mina, 2, SECONDS)

    assert server.deliveries[0] == (update, server.replicas[0], 503)
    assert [m.text[:5] for m in server.in_chat(mina)] == ["👍 신의 ", "내가 남긴"]
    assert home.rows("SELECT count(*) FROM feedback_event") == [(1,)]


def test_of_two_replicas_each_update_is_answered_by_one_though_one_is_killed(home, server, mina):
    jun = server.user("Jun", language="ko")
    one, first = start(home, server)
    with stopped(one, kill=True):
        two, second = start(home, server, 2)
        with stopped(two):
            server.call(first, second)
            updates = [server.say(mina, "/help") for _ in range(6)]
            for update in updates:
                server.wait_until_taken(update, timeout=SECONDS)
                server.redeliver(update)
                server.redeliver(update)
            for update in updates:
                server.wait_until_taken(update, 3, SECONDS)
            server.wait_for_message(mina, 6, SECONDS)
            server.call(first)
            server.fail("sendMessage", hang())
            cut_short = server.say(jun, "/like 신의 탑")
            server.wait_until_taken(cut_short, timeout=SECONDS)
            server.wait_for_calls("sendMessage", 7, SECONDS)  # the one that hangs

            one.kill()
            one.wait()
            server.call(second)
            let_leases_run_out(home)
            server.wait_for_message(jun, timeout=SECONDS)
            server.say(jun, "/list")
            server.wait_for_message(jun, 2, SECONDS)
            open_ = "SELECT count(*) FROM inbox WHERE answered_at IS NULL"
            server.wait_for(lambda: home.rows(open_) == [(0,)], SECONDS, "all answered")

    assert len(server.in_chat(mina)) == 6
    assert [m.text[:5] for m in server.in_chat(jun)] == ["👍 신의 ", "내가 남긴"]
    assert home.rows("SELECT count(*) FROM feedback_event") == [(1,)]


def test_told_to_stop_it_ends_cleanly_and_leaves_the_webhook_to_others(home, server, mina, running):
    server.say(mina, "/help")
    server.wait_for_message(mina, timeout=SECONDS)

    running.send_signal(signal.SIGTERM)
    code = running.wait(10)

    assert code == 0
    assert home.rows("SELECT count(*) FROM inbox WHERE payload IS NOT NULL") == [(0,)]
    assert server.webhook == HOOK["TELEGRAM_WEBHOOK_URL"]
    assert server.made("deleteWebhook") == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("TELEGRAM_WEBHOOK_SECRET", ""),
        ("TELEGRAM_WEBHOOK_SECRET", "no spaces"),
        ("TELEGRAM_WEBHOOK_SECRET", "x" * 257),
        ("TELEGRAM_WEBHOOK_URL", "bot.example/hook"),
        ("TELEGRAM_WEBHOOK_LISTEN", "8080"),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence_and_exit_code_2(home, server, setting, value):
    done = home.run(
        "webtoonbot",
        "telegram",
        TELEGRAM_TOKEN=server.token,
        TELEGRAM_API_URL=server.url,
        **(HOOK | {setting: value}),
        timeout=30,
    )

    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith(setting)
    assert "Traceback" not in done.stderr
    assert server.calls == []
