"""How hosts are treated is remembered across runs."""

from datetime import timedelta

from db import hosts
from db.hosts import HostRow
from tests.plugins.library import NOON


def test_what_is_known_of_a_host_is_replaced_as_a_whole(database):
    stopped = HostRow("b.example", "2026-05-04", 7, NOON, NOON, "it answers 403")
    with database.write() as session:
        hosts.put(session, stopped)
        hosts.put(session, HostRow("a.example:8000", "2026-05-04", 1))
    with database.read() as session:
        known = hosts.get(session, "b.example")

    with database.write() as session:
        hosts.put(session, HostRow("b.example", "2026-05-05", 1))

    assert known == stopped
    with database.read() as session:
        assert hosts.every(session) == [
            HostRow("a.example:8000", "2026-05-04", 1),
            HostRow("b.example", "2026-05-05", 1),
        ]


def test_a_host_that_was_never_visited_is_unknown(database):
    with database.read() as session:
        assert hosts.get(session, "nowhere.example") is None


def test_moments_come_back_as_they_were(database):
    later = NOON + timedelta(microseconds=1)
    with database.write() as session:
        hosts.put(session, HostRow("a.example", "2026-05-04", paused_until=later))

    with database.read() as session:
        assert hosts.get(session, "a.example").paused_until == later
