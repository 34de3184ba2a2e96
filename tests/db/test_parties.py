"""Rounds of a chat: one at a time, who is in, and whom they forget."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from db import parties, readers
from tests.plugins.library import NOON

HOUR = timedelta(hours=1)


@pytest.fixture
def world(database):
    with database.write() as session:
        anna, ben = (readers.of_account(session, "telegram", name, NOON).id for name in "ab")
    with database.write() as session:
        yield session, anna, ben


def opened(session, *, chat="town", platform="telegram", now=NOON):
    return parties.opened(session, platform, chat, now=now, since=now - 12 * HOUR)


def test_a_chat_has_one_round_whoever_asks(world):
    session, *_ = world

    first, second = opened(session), opened(session, now=NOON + HOUR)
    elsewhere = opened(session, chat="village")
    other = opened(session, platform="discord")

    assert first == second
    assert len({first.id, elsewhere.id, other.id}) == 3
    assert (first.platform, first.chat_id, first.opened_at) == ("telegram", "town", NOON)


def test_a_round_that_is_too_old_makes_room_for_a_new_one(world):
    session, *_ = world
    old = opened(session)

    still, new = (opened(session, now=NOON + age) for age in (12 * HOUR - HOUR, 12 * HOUR))

    assert still.id == old.id != new.id
    assert parties.held(session, old.id).closed
    assert not parties.held(session, new.id).closed


def test_who_is_in_is_told_in_the_order_of_joining(world):
    session, anna, ben = world
    party = opened(session)

    parties.join(session, party.id, ben, "Ben", NOON)
    parties.join(session, party.id, anna, "Anna", NOON + HOUR)
    both = parties.members(session, party.id)
    parties.leave(session, party.id, ben)

    assert [(m.reader_id, m.name, m.joined_at) for m in both] == [
        (ben, "Ben", NOON),
        (anna, "Anna", NOON + HOUR),
    ]
    assert [m.name for m in parties.members(session, party.id)] == ["Anna"]


def test_a_round_that_never_was_is_not_held(world):
    assert parties.held(world[0], 77) is None


def test_who_is_forgotten_is_in_no_round_and_the_round_goes_on(world):
    session, anna, ben = world
    theirs, other = opened(session), opened(session, chat="village")
    for party in (theirs, other):
        parties.join(session, party.id, anna, "Anna", NOON)
        parties.join(session, party.id, ben, "Ben", NOON)

    readers.forget(session, anna)
    session.expire_all()

    for party in (theirs, other):
        assert [m.name for m in parties.members(session, party.id)] == ["Ben"]


def test_two_who_open_a_round_at_once_open_one(database):
    begin = threading.Barrier(4)

    def ask(_):
        begin.wait()
        with database.write() as session:
            return opened(session).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1


def test_whoever_holds_a_round_sees_all_who_joined_before(database):
    with database.write() as session:
        people = [readers.of_account(session, "telegram", str(n), NOON).id for n in range(6)]
        party = opened(session)
    begin = threading.Barrier(6)

    def join(reader):
        begin.wait()
        with database.write() as session:
            parties.held(session, party.id)
            parties.join(session, party.id, reader, f"reader {reader}", NOON)
            return len(parties.members(session, party.id))

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(join, people)) == [1, 2, 3, 4, 5, 6]
