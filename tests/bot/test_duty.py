"""What a bot does for the operators once a minute."""

import threading
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import structlog

from bot.duty import Duty
from bot.serving import Serving
from db import alerts, duties, outbox, pulses
from db.engine import Database
from db.settings import OperatorSettings
from db.watch import missed
from tests.fakes.waiting import eventually
from tests.plugins.library import NOON, activate, saved, stock

OPERATORS = OperatorSettings(admins=(("telegram", "1"),), timezone=ZoneInfo("Asia/Tokyo"))


@pytest.fixture
def serving(database, model_dir, clock):
    return Serving(database, model_dir, clock)


@pytest.fixture
def duty(database, serving, clock):
    return Duty(database, serving, clock, name="telegram@one", operators=OPERATORS)


def expect(database, job, *, late_in):
    with database.write() as session:
        late_at = NOON + late_in
        duties.expect(session, job, late_at - timedelta(minutes=30), late_at)


def seen(database):
    with database.read() as session:
        return alerts.open_alerts(session), pulses.every(session)


def letters(database):
    with database.write() as session:
        return [letter.text for letter in outbox.take(session, "telegram", NOON, NOON)]


def test_it_says_that_it_lives_and_what_it_serves(duty, serving, database, digest, clock):
    stock(database)
    activate(database, "first", digest)
    serving.refresh()
    duty.look()
    clock.pass_(minutes=1)

    duty.look()

    incidents, (pulse,) = seen(database)
    assert (pulse.name, pulse.at, pulse.facts) == ("telegram@one", clock(), {"model": "first"})
    assert incidents == []


def test_a_late_job_is_an_incident_of_which_operators_are_told_once(duty, database, clock):
    expect(database, "retrain", late_in=timedelta(0))
    expect(database, "backup", late_in=timedelta(seconds=1))

    with structlog.testing.capture_logs() as logs:
        duty.look()
        duty.look()

    sentence = (
        "The job retrain was due at 2026-05-04 20:30 (Asia/Tokyo) and has not run: "
        "webtoonctl status shows what lives."
    )
    (incident,), _ = seen(database)
    assert (incident.key, incident.message) == (missed("retrain"), sentence)
    assert letters(database) == [sentence]
    assert [(entry["event"], entry["job"]) for entry in logs] == [("a job did not run", "retrain")]


def test_it_looks_at_once_goes_on_and_takes_its_pulse_back_in_the_end(duty, database):
    looked, look = threading.Semaphore(0), duty.look

    def watched():
        look()
        looked.release()

    duty.look = watched
    duty.start(every_seconds=0.01)
    assert looked.acquire(timeout=10) and looked.acquire(timeout=10)
    _, living = seen(database)

    duty.close()
    duty._thread.join(10)

    assert [pulse.name for pulse in living] == ["telegram@one"]
    assert seen(database) == ([], [])


def test_a_pulse_names_another_model_without_waiting_for_its_minute(
    duty, serving, database, digest, model_dir
):
    stock(database)
    activate(database, "first", digest)
    serving.refresh()
    other = saved(model_dir, "second")

    def named():
        return [pulse.facts["model"] for pulse in seen(database)[1]]

    duty.start()
    eventually(lambda: named() == ["first"], "a pulse")
    activate(database, "second", other)
    serving.refresh()
    eventually(lambda: named() == ["second"], "a pulse with the other model", seconds=30)

    duty.close()
    duty._thread.join(10)


def test_it_survives_a_database_that_is_away(serving, clock):
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    duty = Duty(away, serving, clock, name="telegram@one", operators=OPERATORS)
    tried, look = threading.Semaphore(0), duty.look

    def counted():
        tried.release()
        look()

    duty.look = counted
    with structlog.testing.capture_logs() as logs:
        duty.start(every_seconds=0.01)
        assert tried.acquire(timeout=10) and tried.acquire(timeout=10)
        duty.close()
        duty._thread.join(10)

    assert {(entry["log_level"], entry["event"]) for entry in logs} == {
        ("warning", "duty not done")
    }


def test_closing_what_never_started_is_no_trouble(duty):
    duty.close()
