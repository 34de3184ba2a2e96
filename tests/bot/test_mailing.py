"""Letters to readers on their way: each once, whatever happens to it or to the bot."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.conversation.events import Platform
from bot.hearing import Unavailable
from bot.mailing import Moved, NotTaken, Shut
from bot.post import Undeliverable
from db.engine import Database
from db.tables import Account, Reader
from tests.fakes.town import BeforeGoing, Platforms, Town, until
from tests.plugins.happenings import choose
from tests.plugins.library import NOON


async def test_what_is_due_arrives_once_however_many_bots_there_are(town, database_url, clock):
    send, beside = Platforms(), Database(database_url)
    other = Town(beside, clock)  # of a process of its own, but for the process
    town.happens(town.readers(40))

    async with town.mailing(send), other.mailing(send):
        await until(lambda: len(town.outbox()) == 40)
    beside.close()

    assert sorted(int(user) for user, _ in send.came) == list(range(1, 41))
    assert {text for _, text in send.came} == {"📖 신의 탑: 3화 is out"}
    assert {error for _, error in town.outbox()} == {None}


async def test_several_are_on_their_way_at_once_and_no_more_than_may_be(town):
    go = asyncio.Event()
    send = Platforms(**{f"to_{number}": [go] for number in range(1, 13)})
    town.happens(town.readers(12))

    async with town.mailing(send, at_once=5):
        await until(lambda: send.now == 5)
        go.set()
        await until(lambda: len(town.outbox()) == 12)

    assert send.most == 5


async def test_what_was_not_taken_goes_again_after_its_lease(town):
    send = Platforms(to_1=[NotTaken("a 503"), None])
    town.happens(town.readers(1))

    async with town.mailing(send):
        await until(lambda: send.ended == 1)
        town.clock.pass_(seconds=61)
        await until(lambda: town.outbox() == [("1", None)])

    assert send.tried == ["1", "1"]
    assert len(send.came) == 1


async def test_what_failed_before_it_went_goes_again(town):
    send = Platforms(to_1=[BeforeGoing(OSError("no connection")), None])
    town.happens(town.readers(1))

    async with town.mailing(send):
        await until(lambda: send.ended == 1)
        town.clock.pass_(seconds=61)
        await until(lambda: town.outbox() == [("1", None)])

    assert len(send.came) == 1


async def test_what_nobody_knows_of_is_not_sent_again_but_comes_with_the_next(town):
    send = Platforms(to_1=[OSError("the connection broke"), None])
    (mina,) = town.readers(1)
    town.happens([mina])

    async with town.mailing(send):
        await until(lambda: len(town.outbox()) == 1)
        town.clock.pass_(seconds=600)
        town.happens([mina], work=1)
        await until(lambda: len(town.outbox()) == 2)

    assert send.came == [
        (
            "1",
            "📖 여신강림: 3화 is out\nPerhaps you know this already:\n📖 신의 탑: 3화 is out",
        )
    ]
    assert town.news() == [(False, False), (False, False)]


async def test_on_discord_what_nobody_knows_of_is_sent_anew_with_the_same_name(town):
    send = Platforms(to_1=[OSError("the connection broke"), None])
    town.happens(town.readers(1, "discord"))

    async with town.mailing(send, Platform.DISCORD):
        await until(lambda: send.ended == 1)
        town.clock.pass_(seconds=61)
        await until(lambda: town.outbox() == [("1", None)])

    assert send.tried == ["1", "1"]


async def test_a_platform_that_takes_nothing_is_tried_with_one_letter_at_a_time(town):
    refusals = {f"to_{number}": [NotTaken("a 502")] * 9 for number in range(1, 41)}
    send = Platforms(**refusals)
    town.happens(town.readers(40))

    async with town.mailing(send, at_once=5):
        await until(lambda: len(send.tried) >= 11)
        written = sum(not waits for waits, _ in town.news())
        tried = len(send.tried)

    assert written <= tried + 1  # what is not sent is not written either
    assert send.most <= 5
    assert town.outbox() == []


async def test_who_blocked_us_is_not_asked_again(town):
    send = Platforms(to_1=[Shut("Forbidden: bot was blocked by the user")])
    (mina,) = town.readers(1)
    town.happens([mina])

    async with town.mailing(send):
        await until(town.outbox)
        town.happens([mina], work=1)
        town.clock.pass_(hours=1)
        await asyncio.sleep(0.1)

    assert send.tried == ["1"]
    assert town.outbox() == [("1", "Forbidden: bot was blocked by the user")]
    with town.database.read() as session:
        assert session.scalars(select(Account.closed_at)).one() == NOON


async def test_what_a_refused_letter_said_comes_below_the_next(town):
    send = Platforms(to_1=[Undeliverable("can't parse entities")])
    (mina,) = town.readers(1)
    town.happens([mina])

    async with town.mailing(send):
        await until(town.outbox)
        town.happens([mina], work=1)
        await until(lambda: len(town.outbox()) == 2)

    assert town.outbox() == [("1", "can't parse entities"), ("1", None)]
    assert [text.splitlines() for _, text in send.came] == [
        ["📖 여신강림: 3화 is out", "Perhaps you know this already:", "📖 신의 탑: 3화 is out"]
    ]


@pytest.mark.parametrize("refusal", [Shut("bot was kicked"), Undeliverable("TOPIC_CLOSED")])
async def test_a_group_that_takes_no_letter_is_left_for_the_readers_own_chat(town, refusal):
    send = Platforms(**{"to_-5": [refusal]})
    (mina,) = town.readers(1)
    choose(town.database, mina, alerts_to="telegram:-5")
    town.happens([mina])

    async with town.mailing(send):
        await until(lambda: len(town.outbox()) == 2)

    assert send.tried == ["-5", "1"]
    assert [user for user, _ in send.came] == ["1"]
    with town.database.read() as session:
        assert session.scalars(select(Reader.alerts_to)).all() == [None]


async def test_a_group_that_moved_is_told_where_it_is_now(town):
    send = Platforms(**{"to_-5": [Moved("-1005")]})
    (mina,) = town.readers(1)
    choose(town.database, mina, alerts_to="telegram:-5")
    town.happens([mina])

    async with town.mailing(send):
        await until(town.outbox)

    assert [user for user, _ in send.came] == ["-1005"]
    with town.database.read() as session:
        assert session.scalars(select(Reader.alerts_to)).one() == "telegram:-1005"


async def test_two_letters_to_one_chat_do_not_go_at_once(town):
    send = Platforms()
    for work, reader in enumerate(town.readers(2)):
        choose(town.database, reader, alerts_to="telegram:-5")
        town.happens([reader], work)

    async with town.mailing(send):
        await until(town.outbox)
        await asyncio.sleep(0.2)  # the other may only come six seconds later

    assert [user for user, _ in send.came] == ["-5"]


async def test_an_orderly_stop_lets_what_is_on_its_way_arrive_and_gives_the_rest_back(town):
    go, late = asyncio.Event(), asyncio.Event()
    send = Platforms(to_1=[go])

    async def queue(reply, claim):
        if claim.letter.user_id == "2":
            await late.wait()  # for its turn
        return await send(reply, claim)

    town.happens(town.readers(2))
    async with town.mailing(queue) as running:
        await until(lambda: send.now == 1)
        running.cancel()
        await asyncio.sleep(0.05)
        late.set()
        go.set()

    assert [user for user, _ in send.came] == ["1"]
    assert town.outbox() == [("1", None)]
    async with town.mailing(send):  # another bot has the other at once
        await until(lambda: len(town.outbox()) == 2)
    assert [user for user, _ in send.came] == ["1", "2"]


async def test_a_stop_waits_no_longer_than_its_patience(town):
    send = Platforms(to_1=[asyncio.Event()])
    town.happens(town.readers(1))

    async with asyncio.timeout(5), town.mailing(send, patience=0.05):
        await until(lambda: send.now == 1)

    assert send.came == []
    assert town.outbox() == []


async def test_what_arrived_while_the_database_was_away_is_noted_when_it_is_back(town):
    send = Platforms()
    arrived, away = town.hearing.mailroom.arrived, [Unavailable(), Unavailable()]

    def unsure(*told):
        if away:
            raise away.pop()
        arrived(*told)

    town.hearing.mailroom.arrived = unsure
    town.happens(town.readers(1))

    async with town.mailing(send):
        await until(lambda: town.outbox() == [("1", None)])

    assert len(send.came) == 1


async def test_a_letter_whose_evening_came_is_not_sent_until_morning(town):
    go = asyncio.Event()
    send = Platforms()

    async def slow(reply, claim):
        await go.wait()
        return await send(reply, claim)

    town.happens(town.readers(1))
    async with town.mailing(slow):
        await until(lambda: town.news() == [(False, False)])
        town.clock.pass_(hours=2)  # 23:00 in Seoul
        go.set()
        await until(lambda: town.news() == [(True, False)])
        town.clock.pass_(hours=9)
        await until(lambda: town.outbox() == [("1", None)])

    assert len(send.came) == 1


def test_a_letter_is_sent_or_given_up_while_it_is_ours():
    from bot.mailing import _SEND_SECONDS
    from bot.mailroom import LEASE

    assert timedelta(seconds=_SEND_SECONDS) < LEASE
