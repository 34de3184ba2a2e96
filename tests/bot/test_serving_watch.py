"""The library looks for changes by itself, and bears that the database is away."""

import threading

import pytest
import structlog

from bot.serving import Serving
from db.engine import Database
from db.errors import Unreachable
from tests.bot.conftest import incidents, second
from tests.plugins.library import NOON


def test_watching_takes_up_a_new_model_by_itself(served, database, model_dir, clock):
    taken_up = threading.Event()
    refresh = served.refresh

    def watched():
        found = refresh()
        if found:
            taken_up.set()
        return found

    served.refresh = watched
    second(database, model_dir, clock)
    served.watch(every_seconds=0.01)

    assert taken_up.wait(10)
    served.close()
    assert served.library.served.id == "second"


def test_watching_survives_a_database_that_is_away(model_dir):
    tried = threading.Semaphore(0)
    serving = Serving(_gone(), model_dir, lambda: NOON)
    refresh = serving.refresh

    def counted():
        tried.release()
        return refresh()

    serving.refresh = counted
    with structlog.testing.capture_logs() as logs:
        serving.watch(every_seconds=0.01)
        assert tried.acquire(timeout=10) and tried.acquire(timeout=10)
        serving.close()

    assert {entry["log_level"] for entry in logs} == {"warning"}


def test_an_unreachable_database_is_said_and_the_library_stays(served, database):
    before = served.library
    broken = Serving(_gone(), served._model_dir, lambda: NOON)

    with pytest.raises(Unreachable):
        broken.refresh()
    assert served.library is before


def test_what_could_not_be_told_is_told_at_the_next_refresh(
    served, database, model_dir, clock, monkeypatch
):
    second(database, model_dir, clock, damaged=True)
    with monkeypatch.context() as away:
        away.setattr(database, "write", _gone().write)
        with pytest.raises(Unreachable):
            served.refresh()
    assert incidents(database) == []

    served.refresh()

    assert [alert.key for alert in incidents(database)] == ["model-damaged:second"]


def test_a_start_with_nothing_to_tell_writes_nothing(served, database, clock, monkeypatch):
    monkeypatch.setattr(database, "write", _gone().write)
    restarted = Serving(database, served._model_dir, clock)

    assert restarted.refresh() is True
    assert restarted.library.served.id == "first"


def test_closing_does_not_wait_for_a_refresh_that_hangs(served, monkeypatch):
    monkeypatch.setattr("bot.serving._PATIENCE_SECONDS", 0.01)
    refreshing, enough = threading.Event(), threading.Event()

    def hang():
        refreshing.set()
        return enough.wait(10) and False

    served.refresh = hang
    served.watch(every_seconds=0.001)
    assert refreshing.wait(10)

    served.close()

    assert served._thread.is_alive()
    enough.set()
    served._thread.join(10)


def test_close_without_watching_is_no_trouble(serving):
    serving.close()


def _gone():
    return Database("postgresql://nobody@127.0.0.1:1/nothing")
