"""Files that readers send: fetched if they may be a list, and never more than that."""

import pytest
import structlog

from bot.conversation.events import MAX_FILE, File
from tests.fakes.telegram_world import bad, broken


@pytest.fixture
def mina(telegram):
    return telegram.user("Mina", language="ko")


def sent(telegram, hearing, *arguments, **more):
    """What the conversation heard of a file."""
    telegram.send_file(*arguments, **more)
    telegram.wait_for(lambda: hearing.heard, what="a file to be heard")
    return hearing.said[-1]


def test_a_file_in_private_is_fetched_and_heard(door, telegram, hearing, mina):
    said = sent(telegram, hearing, mina, "list.csv", "제목\n덴마".encode())

    assert said == File("list.csv", "제목\n덴마".encode(), 13)
    assert [call.status for call in telegram.made("(download)")] == [200]


def test_a_file_of_megabytes_is_not_fetched(door, telegram, hearing, mina):
    said = sent(telegram, hearing, mina, "film.mp4", b"", size=20 * 2**20)

    assert said == File("film.mp4", None, 20 * 2**20)
    assert not telegram.made("getFile")


def test_the_largest_list_is_fetched(door, telegram, hearing, mina):
    said = sent(telegram, hearing, mina, "list.txt", b"a" * MAX_FILE)

    assert said.content == b"a" * MAX_FILE


def test_a_file_that_fails_at_first_is_fetched_again(door, telegram, hearing, mina):
    telegram.fail("(download)", broken(502), times=2)
    telegram.fail("getFile", broken(500))

    assert sent(telegram, hearing, mina, "list.txt", "덴마".encode()).content == "덴마".encode()


@pytest.mark.parametrize("method", ["getFile", "(download)"])
def test_a_file_that_cannot_be_had_is_heard_without_what_is_in_it(
    door, telegram, hearing, mina, method
):
    telegram.fail(method, bad("wrong file_id"))

    assert sent(telegram, hearing, mina, "list.txt", b"x").content is None


def test_the_address_of_a_file_is_not_logged(door, telegram, hearing, mina):
    telegram.fail("(download)", broken(404))
    with structlog.testing.capture_logs() as logs:
        sent(telegram, hearing, mina, "list.txt", b"x")

    assert [entry["event"] for entry in logs] == ["telegram.file_not_fetched"]
    assert telegram.token not in str(logs)


def test_what_was_kept_before_a_crash_is_fetched_by_the_next_process(
    open_door, telegram, hearing, mina
):
    first = open_door()
    telegram.wait_for_calls("getUpdates")
    telegram.fail("(download)", broken(500), times=100)
    telegram.send_file(mina, "list.txt", "덴마".encode())
    telegram.wait_for_calls("(download)")
    first.stop()
    telegram.mend()

    open_door()
    telegram.wait_for(lambda: hearing.heard, what="the file to be heard")

    assert hearing.said == [File("list.txt", "덴마".encode(), 6)]
