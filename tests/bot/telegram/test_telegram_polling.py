"""Asking Telegram for updates: what fails is asked again, and only a wrong token ends it."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.telegram.errors import BadAddress, BadToken
from bot.telegram.sending import make_bot
from tests.bot.telegram.scripted import QUICK
from tests.fakes.telegram_world import bad, broken, flood, hang


@pytest.mark.parametrize("fault", [broken(500), broken(502), flood(1), bad("strange")])
def test_a_failed_poll_is_repeated(telegram, hearing, open_door, fault):
    mina = telegram.user()
    telegram.fail("getUpdates", fault, times=1 if fault.parameters else 3)
    open_door()

    telegram.say(mina, "hello")

    assert telegram.wait_for_message(mina).text == "heard hello"


def test_a_poll_told_to_wait_waits_as_long(telegram, open_door):
    telegram.fail("getUpdates", flood(1))
    open_door()

    first, second, *_ = telegram.wait_for_calls("getUpdates", 2)

    assert second.at - first.at >= 1.0


def test_a_poll_that_hangs_is_given_up(telegram, hearing, open_door):
    mina = telegram.user()
    telegram.fail("getUpdates", hang())
    open_door(pace=replace(QUICK, poll_seconds=0, call_seconds=0.3))

    telegram.say(mina, "hello")

    assert telegram.wait_for_message(mina).text == "heard hello"


def test_telegram_away_at_the_start_is_waited_for(telegram, hearing, open_door):
    mina = telegram.user()
    telegram.fail("getMe", broken(502), times=2)
    telegram.fail("deleteWebhook", broken(500))
    open_door()

    telegram.say(mina, "hello")

    assert telegram.wait_for_message(mina).text == "heard hello"


def test_a_connection_lost_for_a_while_is_made_again(telegram, hearing, door):
    mina = telegram.user()
    telegram.stop()
    telegram.say(mina, "into the dark")

    telegram.start()

    assert telegram.wait_for_message(mina).text == "heard into the dark"


def test_a_second_poller_is_said_clearly_and_waited_out(telegram, hearing, open_door):
    mina = telegram.user()
    with capture_logs() as logs:
        one, two = open_door(), open_door()
        telegram.wait_for(
            lambda: any(call.status == 409 for call in telegram.calls), what="a conflict"
        )
        telegram.wait_for(
            lambda: any(entry["event"] == "telegram.second_poller" for entry in logs),
            what="a word about it",
        )
        two.stop()
        telegram.say(mina, "hello")
        telegram.wait_for_message(mina)

    said = next(entry for entry in logs if entry["event"] == "telegram.second_poller")
    assert said["log_level"] == "error"
    assert "let only one run" in said["hint"]
    assert one.stop() is None


def test_a_webhook_left_behind_is_taken_back(telegram, hearing, open_door):
    mina = telegram.user()
    telegram.webhook = "https://elsewhere.example/hook"
    open_door()

    telegram.say(mina, "hello")

    assert telegram.wait_for_message(mina).text == "heard hello"


def test_a_token_nobody_knows_ends_it_with_a_sentence_that_does_not_show_it(telegram, open_door):
    door = open_door(token="4242:wrong-one")

    error = door.ended()

    assert isinstance(error, BadToken)
    assert "TELEGRAM_TOKEN" in str(error)
    assert "wrong-one" not in str(error)
    assert error.__suppress_context__  # the library's own error has the token in it


def test_a_token_revoked_while_it_runs_ends_it(telegram, door):
    telegram.token = "4242:another"

    telegram.fail("getUpdates", broken(500))
    telegram.say(telegram.user(), "end this poll")

    assert isinstance(door.ended(), BadToken)


@pytest.mark.parametrize("token", [" ", "42:a b", "42:a/b", "42:가"])
def test_a_token_that_cannot_be_one_is_refused_without_asking(telegram, open_door, token):
    error = open_door(token=token).ended()

    assert isinstance(error, BadToken)
    assert telegram.calls == []


def test_an_address_that_is_none_is_refused(telegram, hearing):
    for address in ("api.telegram.org", "ftp://x", "http://", "", "http://[::1", "http://h:x"):
        with pytest.raises(BadAddress, match="TELEGRAM_API_URL"):
            make_bot("4242:x", address, QUICK)


def test_no_log_line_shows_the_token(telegram, hearing, open_door, caplog, capfd):
    caplog.set_level("DEBUG")
    mina = telegram.user()
    telegram.fail("sendMessage", broken(502))
    telegram.fail("getUpdates", broken(500))
    open_door()
    telegram.say(mina, "hello")
    telegram.wait_for_message(mina)

    out, err = capfd.readouterr()
    secret = telegram.token.split(":")[1]
    assert secret not in caplog.text + out + err
