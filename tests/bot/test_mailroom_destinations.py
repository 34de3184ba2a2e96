"""Letters as several readers and several bots see them: one to a chat, each by its own bot."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.conversation.context import HOME
from bot.conversation.events import Platform
from db import holdings, news, readers
from db.tables import Reader
from tests.plugins.chat import ON_SQLITE
from tests.plugins.happenings import a_week_begins, choose, written
from tests.plugins.library import NOON

GROUP = "telegram:-5"

pytestmark = ON_SQLITE


@pytest.fixture
def compose(town):
    return lambda platform=Platform.TELEGRAM: town.hearing.mailroom.compose(platform, 9)


@pytest.fixture
def said(town):
    """(address, lines) of each open letter."""
    return lambda: [(where, reply.text.splitlines()) for where, reply in written(town.database)]


@pytest.fixture
def group(town):
    """Readers who are told in the same chat."""
    readers = town.readers(3)
    for reader in readers:
        choose(town.database, reader, alerts_to=GROUP)
    return readers


def arrive(town):
    mailroom = town.hearing.mailroom
    for letter in mailroom.take(Platform.TELEGRAM, 9):
        mailroom.arrived(Platform.TELEGRAM, mailroom.going(Platform.TELEGRAM, letter))


def test_a_chat_of_several_readers_is_told_once(town, group, compose, said):
    town.happens(group)
    compose()
    assert said() == [(GROUP, ["📖 신의 탑: 3화 is out"])]
    arrive(town)
    town.happens(group, work=1)
    compose()

    assert said() == [(GROUP, ["📖 여신강림: 3화 is out"])]
    assert compose() == 0


def test_who_hears_of_it_later_does_not_have_the_chat_told_again(town, group, compose, said):
    choose(town.database, group[2], alerts="digest")
    town.happens(group)
    compose()
    arrive(town)
    town.clock.pass_(days=1)

    assert compose() == 1
    assert said() == []
    assert town.news() == [(False, False)] * 3


def test_what_one_reader_takes_apart_is_told_to_the_chat_for_the_others(town, group, compose, said):
    town.happens(group)
    compose()
    with town.database.write() as session:
        news.reschedule(session, group[0], NOON + timedelta(hours=1), HOME)
    compose()

    assert said() == [(GROUP, ["📖 신의 탑: 3화 is out"])]


def test_what_is_in_doubt_for_one_is_told_though_others_letters_go_first(
    town, group, compose, said
):
    town.happens(group[2:], work=1)
    compose()
    mailroom = town.hearing.mailroom
    mailroom.going(Platform.TELEGRAM, mailroom.take(Platform.TELEGRAM, 9)[0])
    town.clock.pass_(minutes=2)
    mailroom.take(Platform.TELEGRAM, 9)  # whoever sent it was killed: nobody knows
    town.happens(group)
    compose()

    assert said() == [
        (GROUP, ["📖 신의 탑: 3화 is out"]),
        (GROUP, ["Perhaps you know this already:", "📖 여신강림: 3화 is out"]),
    ]


def test_the_night_of_one_keeps_nothing_from_the_others_in_the_chat(town, group, compose, said):
    for reader in group[1:]:
        choose(town.database, reader, quiet_from=0, quiet_until=0)
    town.clock.now = town.clock.now.replace(hour=12, minute=59)  # 21:59 in Seoul
    town.happens(group)
    compose()
    mailroom = town.hearing.mailroom
    (letter,) = mailroom.take(Platform.TELEGRAM, 9)
    town.clock.pass_(minutes=2)
    assert mailroom.going(Platform.TELEGRAM, letter) is None
    compose()

    assert said() == [(GROUP, ["📖 신의 탑: 3화 is out"])]


@pytest.mark.parametrize("silent", [False, True])
def test_who_leaves_takes_no_news_of_others_along(town, group, compose, said, silent):
    town.happens(group)
    compose()
    with town.database.write() as session:
        if silent:
            session.get_one(Reader, group[0]).seen_at = NOON - timedelta(days=9)
            session.flush()
            holdings.forget_silent(session, NOON, NOON - timedelta(days=8))
        else:
            readers.forget(session, group[0])
    compose()

    assert said() == [(GROUP, ["📖 신의 탑: 3화 is out"])]


def test_of_a_letter_on_its_way_whose_reader_leaves_the_others_are_in_doubt(town, group, compose):
    town.happens(group)
    compose()
    mailroom = town.hearing.mailroom
    letter = mailroom.going(Platform.TELEGRAM, mailroom.take(Platform.TELEGRAM, 9)[0])
    with town.database.write() as session:
        readers.forget(session, group[0])
    compose()
    assert [doubt for _, doubt in town.news()] == [True, True]

    mailroom.arrived(Platform.TELEGRAM, letter)
    assert [doubt for _, doubt in town.news()] == [False, False]


def test_while_a_letter_to_a_chat_is_under_way_no_bot_takes_another(town, group, compose):
    for work, reader in enumerate(group):
        town.happens([reader], work)
    compose()
    mailroom = town.hearing.mailroom

    assert [len(mailroom.take(Platform.TELEGRAM, 9)) for _ in range(3)] == [1, 0, 0]


def test_a_bot_writes_to_its_own_platform_alone(town, compose, said):
    (mina,) = town.readers(1)
    choose(town.database, mina, alerts_to="discord:77")
    town.happens([mina])

    assert compose() == 0
    assert compose(Platform.DISCORD) == 1
    assert [where for where, _ in said()] == ["discord:77"]


def test_a_chat_whose_bot_does_not_run_keeps_nothing_else_from_a_reader(town, compose, said):
    (mina,) = town.readers(1)
    choose(town.database, mina, alerts_to="discord:77")
    town.happens([mina])
    compose(Platform.DISCORD)  # its last deed
    choose(town.database, mina, alerts_to=None)
    assert compose() == 0
    town.clock.pass_(hours=1)

    assert compose() == 1
    assert said() == [("telegram:1", ["📖 신의 탑: 3화 is out"])]


def test_a_letter_that_cannot_be_written_keeps_nobody_else_waiting(town, compose, said):
    """A week needs a library, and this town has none."""
    mina, jun = town.readers(2)
    a_week_begins(town.database, [mina], now=NOON)
    town.happens([jun])

    with capture_logs() as log:
        compose()
        compose()

    assert [where for where, _ in said()] == ["telegram:2"]
    assert [(entry["event"], entry["reader"]) for entry in log] == [("letter not written", mina)]
    arrive(town)
    town.clock.pass_(minutes=59)
    assert compose() == 0
    town.clock.pass_(minutes=1)
    with capture_logs() as log:
        assert compose() == 1
    assert len(log) == 1
