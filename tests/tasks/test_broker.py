"""What an operator sees of the broker, also when it is away."""

import socket
import time

import pytest
import redis

from tasks import broker


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


def test_a_socket_is_named_by_its_path():
    with pytest.raises(broker.BrokerAway) as raised:
        broker.waiting("unix://user:hunter2@/no/such.sock?db=0")

    assert str(raised.value) == "Redis does not answer at /no/such.sock"


def test_a_broker_that_accepts_and_says_nothing_is_away_after_a_second():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(broker.BrokerAway):
            broker.waiting(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        took = time.monotonic() - began

    assert took < 4
