"""Who follows what, and who is to be told of it."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from db import catalogue, follows, readers
from db.catalogue import Facts
from db.tables import Account
from tests.plugins.library import NOON, SHELF, stock


@pytest.fixture
def session(database):
    stock(database)
    with database.write() as session:
        yield session


@pytest.fixture
def works(session):
    """The ids of the works on the shelf, in its order."""
    return [work.id for work in catalogue.works(session)]


@pytest.fixture
def person(session):
    """Makes readers by the name of their account."""
    return lambda name, platform="telegram": readers.of_account(session, platform, name, NOON).id


def test_a_work_is_followed_once_and_not_for_ever(session, works, person):
    mina = person("mina")

    assert follows.follow(session, mina, works[0], NOON)
    assert not follows.follow(session, mina, works[0], NOON)
    assert (follows.count(session, mina), follows.ids(session, mina)) == (1, {works[0]})
    assert follows.unfollow(session, mina, works[0])
    assert not follows.unfollow(session, mina, works[0])
    assert follows.count(session, mina) == 0


def test_a_readers_works_come_latest_first_with_how_they_stand(session, works, person):
    mina = person("mina")
    catalogue.upsert(session, [Facts("naver", "1001", "신의 탑", hiatus=True)], NOON)
    for minutes, work in enumerate(works[:3]):
        follows.follow(session, mina, work, NOON + timedelta(minutes=minutes))
    follows.follow(session, person("other"), works[4], NOON)

    found = follows.of_reader(session, mina)

    assert [(f.title, f.external_id, f.resting) for f in found] == [
        ("외모지상주의", "1003", False),
        ("여신강림", "1002", False),
        ("신의 탑", "1001", True),
    ]
    assert found[0].at == NOON + timedelta(minutes=2)
    assert found[0].webtoon_id == works[2]


def test_followers_are_those_who_can_be_told(session, works, person):
    mina, shut, twice = person("mina"), person("shut"), person("twice")
    person("other")
    for reader in (twice, shut, mina):
        follows.follow(session, reader, works[0], NOON)
    readers.closed(session, "telegram", "shut", NOON)
    readers.closed(session, "telegram", "twice", NOON)
    again = readers.of_account(session, "discord", "twice", NOON)
    session.execute(update(Account).where(Account.reader_id == again.id).values(reader_id=twice))

    assert follows.followers(session, works[0]) == [mina, twice]
    assert follows.followers(session, works[1]) == []


def test_who_follows_another_work_by_its_authors_is_told_of_a_new_one(session, works, person):
    # 붉은 등대 and 탑 아래의 밤 are by one author; 노블레스 is by two others.
    lamp, below, noblesse = works[28], works[29], works[6]
    one, both, itself, shut = (person(name) for name in ("one", "both", "itself", "shut"))
    for reader, work in ((one, lamp), (both, lamp), (both, below), (itself, below), (shut, lamp)):
        follows.follow(session, reader, work, NOON)
    follows.follow(session, person("else"), noblesse, NOON)
    readers.closed(session, "telegram", "shut", NOON)

    assert follows.followers_of_others(session, below, [" 등대지기"]) == [one]
    assert follows.followers_of_others(session, works[0], ["등대지기", "SIU"]) == [
        one,
        both,
        itself,
    ]
    assert follows.followers_of_others(session, below, ["", "SIU"]) == []
    assert follows.authors(session) == {"등대지기", "손제호", "이광수"}


def test_nobody_has_a_name_to_follow_where_nothing_is_followed(session):
    assert follows.authors(session) == frozenset()


def test_the_follows_of_who_is_forgotten_are_gone(session, works, person):
    mina = person("mina")
    follows.follow(session, mina, works[0], NOON)

    readers.forget(session, mina)

    assert follows.followers(session, works[0]) == []


def test_the_shelf_is_as_these_tests_need_it():
    assert SHELF[28].authors == SHELF[29].authors == ("등대지기",)
