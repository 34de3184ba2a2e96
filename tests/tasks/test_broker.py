"""What an operator sees of the broker, also when it is away."""

import asyncio

import pytest
import redis

from tasks import broker
from tests.fakes.waiting import SECONDS


def test_waiting_jobs_are_counted(valkey_url):
    with redis.Redis.from_url(valkey_url) as client:
        client.rpush("train", "a job")

    assert broker.waiting(valkey_url) == {"train": 1, "crawl": 0}


def test_a_broker_that_refuses_is_away_and_its_password_stays_secret():
    with pytest.raises(broker.BrokerAway) as raised:
        broker.waiting("redis://user:hunter2@127.0.0.1:1/0")

    assert str(raised.value) == "Redis does not answer at 127.0.0.1:1"


@pytest.mark.parametrize(
    "url",
    [
        "redis://user:hunter/2@127.0.0.1:1/0",
        "redis://user:hunter@2@127.0.0.1:1/0",
        "redis://:12/hunter@127.0.0.1:1/0",
        "redis://user:12?hunter@127.0.0.1:1/0",
        "redis://user:12#hunter@127.0.0.1:1/0",
        "redis://user:hunter@127.0.0.1:port/0",
        "redis://[hunter",
    ],
)
def test_where_a_password_might_be_taken_for_a_place_none_is_named(url):
    with pytest.raises(broker.BrokerAway) as raised:
        broker.waiting(url)

    assert str(raised.value) == "Redis does not answer"


def test_a_broker_that_will_not_have_us_is_told_from_one_that_is_away(valkey_url):
    place = valkey_url.removesuffix("/0").removeprefix("redis://")
    nobody = valkey_url.replace("redis://", "redis://nobody:hunter2@")
    guest = valkey_url.replace("redis://", "redis://guest:hunter2@")

    with redis.Redis.from_url(valkey_url) as client:
        client.execute_command("ACL", "SETUSER", "guest", "on", ">hunter2", "+select")
        said = [refused(url) for url in (nobody, guest, valkey_url.removesuffix("0") + "99")]
        client.execute_command("ACL", "DELUSER", "guest")

    assert said == [
        f"Redis at {place} wants another user name or password",
        f"Redis at {place} wants another user name or password",
        f"Redis at {place} has no database of this number",
    ]


def refused(url):
    with pytest.raises(broker.BrokerRefuses) as raised:
        broker.waiting(url)
    return str(raised.value)


def test_a_socket_is_named_by_its_path():
    with pytest.raises(broker.BrokerAway) as raised:
        broker.waiting("unix://user:hunter2@/no/such.sock?db=0")

    assert str(raised.value) == "Redis does not answer at /no/such.sock"


async def test_a_broker_that_accepts_and_says_nothing_is_called_once_and_given_up():
    called, ended = [], asyncio.Queue()

    async def silent(reader, writer):
        called.append(writer)
        try:
            async with asyncio.timeout(SECONDS):
                await reader.read()
            await ended.put("by the caller")
        except TimeoutError:
            await ended.put("by the broker")
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(broker.BrokerAway):
            await asyncio.to_thread(broker.waiting, f"redis://127.0.0.1:{port}/0")
        by_whom = await ended.get()

    assert by_whom == "by the caller"
    assert len(called) == 1
