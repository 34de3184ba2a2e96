"""What platforms delivered: kept, handled once, and blanked."""

from datetime import timedelta

import pytest

from db import inbox
from tests.plugins.library import NOON


@pytest.fixture
def session(database):
    with database.write() as session:
        yield session


def test_a_key_is_kept_once(session):
    assert inbox.keep(session, "telegram", [("1", "a"), ("1", "b")], NOON) == ["1"]
    assert inbox.keep(session, "discord", [("1", "c")], NOON) == ["1"]
    assert inbox.waiting(session, "telegram") == [("1", "a")]


def test_a_new_key_and_a_kept_one_are_ours_to_handle(session):
    inbox.keep(session, "telegram", [("kept", "a")], NOON)

    assert inbox.claim(session, "telegram", "new", NOON) is None
    assert inbox.claim(session, "telegram", "kept", NOON) is None


def test_a_handled_key_is_known_with_its_reply_until_it_is_answered(session):
    inbox.claim(session, "telegram", "1", NOON)
    inbox.handled(session, "telegram", "1", "hello", NOON)
    before = inbox.claim(session, "telegram", "1", NOON)
    inbox.answered(session, "telegram", "1", NOON)
    after = inbox.claim(session, "telegram", "1", NOON)

    assert (before.handled, before.answered, before.reply) == (True, False, "hello")
    assert (after.handled, after.answered, after.reply) == (True, True, None)


def test_answered_before_it_was_handled_it_is_not_handled_any_more(session):
    inbox.keep(session, "telegram", [("1", "a")], NOON)
    inbox.answered(session, "telegram", "1", NOON)

    assert inbox.claim(session, "telegram", "1", NOON).answered


def test_what_waits_is_in_the_order_in_which_it_came(session):
    inbox.keep(session, "telegram", [("9", "x"), ("10", "y"), ("2", "z")], NOON)
    inbox.claim(session, "telegram", "10", NOON)
    inbox.handled(session, "telegram", "10", None, NOON)

    assert inbox.waiting(session, "telegram") == [("9", "x"), ("10", "y"), ("2", "z")]


def test_only_what_is_old_and_done_is_pruned(session):
    later = NOON + inbox.DELIVERED_WITHIN + timedelta(seconds=1)
    inbox.keep(session, "telegram", [("waiting", "a"), ("done", "b")], NOON)
    inbox.answered(session, "telegram", "done", NOON)
    inbox.claim(session, "discord", "handled", NOON)
    inbox.handled(session, "discord", "handled", None, NOON)
    inbox.claim(session, "telegram", "fresh", later)
    inbox.handled(session, "telegram", "fresh", None, later)

    assert inbox.prune(session, later) == 2
    assert inbox.waiting(session, "telegram") == [("waiting", "a")]
    assert inbox.claim(session, "telegram", "fresh", later).handled


def test_contents_of_any_length_and_alphabet_come_back_whole(session):
    payload = '{"text": "신의 탑 🔥 \\u0000 \' \\" %s"}' * 500
    inbox.keep(session, "telegram", [("1", payload)], NOON)

    assert inbox.waiting(session, "telegram") == [("1", payload)]


def test_what_is_taken_is_nobody_elses_until_its_lease_runs_out(session):
    soon, later = NOON + timedelta(seconds=90), NOON + timedelta(seconds=180)
    inbox.keep(session, "telegram", [("1", "a")], NOON, soon)
    inbox.keep(session, "telegram", [("2", "b"), ("3", "c")], NOON)

    free = inbox.take(session, "telegram", NOON, soon)
    none = inbox.take(session, "telegram", NOON, soon)
    inbox.hold(session, "telegram", ["3"], later)
    inbox.answered(session, "telegram", "2", NOON)

    assert free == [("2", "b"), ("3", "c")]
    assert none == []
    assert inbox.take(session, "telegram", soon, later) == [("1", "a")]
    assert inbox.unanswered(session, "telegram") == 2


def test_what_is_given_back_is_free_at_once(session):
    inbox.keep(session, "telegram", [("1", "a")], NOON, NOON + timedelta(seconds=90))

    inbox.hold(session, "telegram", ["1"], None)

    assert inbox.take(session, "telegram", NOON, NOON + timedelta(seconds=90)) == [("1", "a")]
