"""What an operator sees of the broker, also when it is away."""

import socket
import time

import pytest
import redis

from tasks import broker


def test_waiting_jobs_are_counted(valkey_url):
    with redis.Redis.from_url(valkey_url) as client:
        client.rpush("celery", "a job")

    assert broker.waiting(valkey_url) == 1


def test_a_broker_that_refuses_is_away_and_its_password_stays_secret():
    with pytest.raises(broker.BrokerAway) as raised:
        broker.waiting("redis://user:hunter2@127.0.0.1:1/0")

    assert str(raised.value) == "Redis does not answer at 127.0.0.1:1"


def test_a_broker_that_accepts_and_says_nothing_is_away_after_a_second():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(broker.BrokerAway):
            broker.waiting(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        took = time.monotonic() - began

    assert took < 4
