"""The webhook over a scripted conversation: order, commits, leases."""

import asyncio
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.conversation.events import Text
from bot.hearing import Unavailable
from bot.telegram.app import _be_called
from bot.telegram.errors import BadHook, BadToken
from bot.telegram.hook import hook
from bot.telegram.webhook import Webhook
from tests.bot.telegram.scripted import QUICK
from tests.fakes.telegram_world import bad, hang

SECRET = SecretStr("s3cret_-")
HOOK = hook("https://bot.example/hook", "127.0.0.1:0", SECRET)


@pytest.fixture
def called(telegram, hearing, open_door):
    """Opens a door that Telegram calls; where it listens."""

    def start():
        with capture_logs() as logs:
            open_door(hook=HOOK)
            telegram.wait_for(
                lambda: [e for e in logs if e["event"] == "telegram.listening"], what="a listener"
            )
            telegram.wait_for(lambda: telegram.webhook, what="a webhook")
        said = next(entry for entry in logs if entry["event"] == "telegram.listening")
        return f"http://{said['address']}"

    return start


class Storing:
    """An intake whose first commit lasts until it is let go."""

    def __init__(self):
        self.commits, self.started, self.away = [], [], False
        self.go = asyncio.Event()

    def read(self, batch):
        return {str(update["update_id"]): (update["update_id"], "{}") for update in batch}

    async def keep(self, fresh):
        self.commits.append(list(fresh))
        await self.go.wait()
        if self.away:
            raise Unavailable
        return list(fresh)

    async def start(self, incoming):
        self.started.append(incoming)


async def test_calls_that_come_while_one_is_kept_share_a_commit_and_are_begun_in_order():
    storing = Storing()
    webhook = Webhook(HOOK, None, storing)
    calls = [asyncio.create_task(webhook.keep({"update_id": n})) for n in (1, 4, 3, 2)]
    await asyncio.sleep(0)

    storing.go.set()
    kept = await asyncio.gather(*calls)

    assert kept == [True] * 4
    assert storing.commits == [["1"], ["2", "3", "4"]]
    assert storing.started == [1, 2, 3, 4]


async def test_of_calls_that_cannot_be_kept_none_is_taken_and_the_next_may_be():
    storing = Storing()
    webhook = Webhook(HOOK, None, storing)
    storing.away = True
    storing.go.set()

    lost = await asyncio.gather(*(webhook.keep({"update_id": n}) for n in (1, 2)))
    storing.away = False

    assert lost == [False, False]
    assert await webhook.keep({"update_id": 1})
    assert storing.started == [1]


def test_what_nobody_holds_any_more_is_taken_over_while_it_runs(telegram, hearing, called):
    mina = telegram.user()
    called()
    update = telegram.say(mina, "of one that died")

    hearing.kept[str(update)] = json.dumps(telegram.updates[update])

    assert telegram.wait_for_message(mina).text == "heard of one that died"
    telegram.wait_for(lambda: hearing.kept == {str(update): None}, what="a blanked update")


def test_what_somebody_else_holds_is_left_to_them(telegram, hearing, called):
    mina = telegram.user()
    theirs = telegram.say(mina, "theirs")
    hearing.kept[str(theirs)] = json.dumps(telegram.updates[theirs])
    hearing.held[str(theirs)] = True

    telegram.call(called())
    telegram.say(mina, "ours")
    telegram.wait_for_message(mina)

    assert hearing.said == [Text("ours")]


def test_what_is_being_answered_is_held_on_to_and_given_back_at_the_end(
    telegram, hearing, open_door
):
    mina, leases, hold = telegram.user(), [], hearing.hold

    def remember(platform, keys, lease):
        leases.append((list(keys), lease))
        hold(platform, keys, lease)

    hearing.hold = remember
    door = open_door(hook=HOOK)
    telegram.wait_for(lambda: telegram.webhook, what="a webhook")
    telegram.fail("sendMessage", hang())
    update = telegram.say(mina, "hello")
    hearing.kept[str(update)] = json.dumps(telegram.updates[update])

    telegram.wait_for(lambda: len(leases) >= 2, what="a lease that is renewed")
    door.stop()

    assert leases[0] == ([str(update)], timedelta(seconds=90))
    assert leases[-1] == ([str(update)], None)
    assert hearing.held == {str(update): False}


async def test_closing_and_what_is_running_at_the_end_share_the_same_seconds():
    ending = Ending(closing_seconds=0.05)
    bot = SimpleNamespace(set_webhook=ending.wait_for_ever)
    called = asyncio.create_task(_be_called(bot, HOOK, ending, ending, QUICK))
    await ending.open_now.wait()

    called.cancel()
    await asyncio.wait({called})

    assert 0 <= ending.left <= QUICK.drain_seconds - 0.05


class Ending:
    """A webhook that takes its time to close, and an intake that is told what is left."""

    def __init__(self, closing_seconds):
        self._closing_seconds, self.left = closing_seconds, None
        self.open_now = asyncio.Event()

    async def open(self):
        pass

    async def wait_for_ever(self, *_, **__):
        self.open_now.set()
        await asyncio.Event().wait()

    async def close(self):
        await asyncio.sleep(self._closing_seconds)

    async def renew(self):
        pass

    async def recover(self):
        pass

    async def drain(self, seconds):
        self.left = seconds


def test_a_webhook_that_telegram_refuses_is_said_and_tried_again(telegram, hearing, open_door):
    telegram.fail("setWebhook", bad("bad webhook: Failed to resolve host"))

    with capture_logs() as logs:
        open_door(hook=HOOK)
        telegram.wait_for(lambda: telegram.webhook, what="a webhook")

    said = [entry for entry in logs if entry["event"] == "telegram.webhook_refused"]
    assert [entry["log_level"] for entry in said] == ["error"]


def test_a_webhook_that_another_took_is_said_and_not_fought_over(telegram, called):
    with capture_logs() as logs:
        called()
        telegram.webhook = ""
        telegram.wait_for(
            lambda: [e for e in logs if e["event"] == "telegram.webhook_replaced"],
            what="a word about it",
        )

    assert telegram.webhook == ""
    assert len(telegram.made("setWebhook")) == 1


def test_what_keeps_telegram_from_calling_is_said(telegram, called):
    with capture_logs() as logs:
        called()
        telegram.call("http://127.0.0.1:1")  # nobody listens there
        telegram.say(telegram.user(), "hello")
        telegram.wait_for(
            lambda: [e for e in logs if e["event"] == "telegram.webhook_troubled"],
            what="a word about it",
        )


def test_a_token_revoked_while_it_is_called_ends_it(telegram, open_door):
    door = open_door(hook=HOOK)
    telegram.wait_for(lambda: telegram.webhook, what="a webhook")

    telegram.token = "4242:another"

    assert isinstance(door.ended(), BadToken)


def test_letters_are_delivered_as_plain_words(telegram, hearing, door):
    from db.outbox import Letter

    mina, jun = telegram.user(), telegram.user("Jun")
    telegram.say(mina, "hello")
    telegram.wait_for_message(mina)
    letters = [(1, str(jun.id)), (2, "nobody"), (3, str(mina.id))]
    hearing.mail += [Letter(number, user, "Alert: <b>a&b</b>") for number, user in letters]

    telegram.wait_for_message(mina, 2)
    telegram.wait_for(lambda: len(hearing.post) == 3, what="three letters done with")

    assert telegram.in_chat(mina)[1].text == "Alert: <b>a&b</b>"
    assert [(number, bool(error)) for number, error in hearing.post] == [
        (1, True),
        (2, True),
        (3, False),
    ]


def test_an_address_already_taken_is_said_in_one_sentence(telegram, hearing, called, open_door):
    address = called().removeprefix("http://")

    error = open_door(hook=hook("https://bot.example/hook", address, SECRET)).ended()

    assert isinstance(error, BadHook)
    assert str(error).startswith("TELEGRAM_WEBHOOK_LISTEN")


@pytest.mark.parametrize(
    ("url", "listen", "secret", "named"),
    [
        ("https://bot.example/x", "127.0.0.1:80", None, "TELEGRAM_WEBHOOK_SECRET"),
        ("https://bot.example/x", "127.0.0.1:80", SecretStr("가"), "TELEGRAM_WEBHOOK_SECRET"),
        ("https://bot.example/x", "127.0.0.1:80", SecretStr("a\n"), "TELEGRAM_WEBHOOK_SECRET"),
        ("ftp://bot.example/x", "127.0.0.1:80", SECRET, "TELEGRAM_WEBHOOK_URL"),
        ("https:///x", "127.0.0.1:80", SECRET, "TELEGRAM_WEBHOOK_URL"),
        ("https://[x", "127.0.0.1:80", SECRET, "TELEGRAM_WEBHOOK_URL"),
        ("https://bot.example/x", "127.0.0.1", SECRET, "TELEGRAM_WEBHOOK_LISTEN"),
        ("https://bot.example/x", "127.0.0.1:99999", SECRET, "TELEGRAM_WEBHOOK_LISTEN"),
        ("https://bot.example/x", "http://127.0.0.1:80", SECRET, "TELEGRAM_WEBHOOK_LISTEN"),
    ],
)
def test_a_hook_that_cannot_be_names_the_setting_that_is_wrong(url, listen, secret, named):
    with pytest.raises(BadHook, match=f"^{named}"):
        hook(url, listen, secret)


def test_a_hook_has_the_path_of_its_address_and_listens_elsewhere():
    one = hook("https://bot.example:8443/a/b%20c", "[::1]:8081", SECRET)
    other = hook("http://127.0.0.1:9", "0.0.0.0:0", SECRET)

    assert (one.path, one.host, one.port) == ("/a/b%20c", "::1", 8081)
    assert (other.path, other.host, other.port) == ("/", "0.0.0.0", 0)
