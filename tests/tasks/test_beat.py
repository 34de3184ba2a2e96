"""What beat sends, and when: real databases, a real broker, and a clock that the test sets."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import redis
from kombu.exceptions import OperationalError

from db import alerts, duties, jobs, locks, outbox, pulses
from db.engine import Database
from db.errors import Unreachable
from tasks import resuming
from tasks.app import app
from tasks.beat import Scheduler
from tasks.configuration import configuration
from tasks.records import Occasion, recorded
from tests.fakes.waiting import eventually

THREE = datetime(2026, 5, 3, 18, tzinfo=UTC)  # 03:00 in Seoul
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
ADMIN = ("telegram", "7")


class Beat:
    """A beat that ticks when it is told to, at the time it is told."""

    def __init__(self, application, client, moment):
        self.now = moment
        self.client = client
        self.scheduler = Scheduler(application, clock=lambda: self.now)
        self.scheduler.tick()

    def at(self, moment):
        """Ticks at that moment; the seconds until it wants to tick again."""
        self.now = moment
        return self.scheduler.tick()

    def sent(self):
        """The retrainings that were sent since this was last asked, as (id, arguments)."""
        found = [json.loads(message)["headers"] for message in self.client.lrange("train", 0, -1)]
        self.client.delete("train")
        return [
            (headers["id"], headers["kwargsrepr"])
            for headers in found
            if headers["task"] == "tasks.retrain"
        ]


BY_SCHEDULE = "{'by_schedule': True}"


@pytest.fixture
def broker(valkey_url):
    with redis.Redis.from_url(valkey_url) as client:
        yield client


@pytest.fixture
def application(database_url, valkey_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", valkey_url)
    monkeypatch.setenv("TIMEZONE", "Asia/Seoul")
    monkeypatch.setenv("RETRAIN_AT", "03:00")
    monkeypatch.setenv("ADMINS", ":".join(ADMIN))
    fresh = app.__class__("webtoonbot")
    fresh.add_defaults(configuration)
    yield fresh
    fresh.close()


@pytest.fixture
def start(application, broker):
    """Starts a beat with a moment as its first."""
    started = []

    def begin(moment):
        started.append(Beat(application, broker, moment))
        return started[-1]

    yield begin
    for beat in started:
        beat.scheduler.close()


def did(database, slot, *, job="retrain", ended=None):
    """Records that a job did its work for a slot."""
    with database.write() as session:
        run = jobs.begin(session, job, slot, key=Occasion.slot(slot).key, scheduled_for=slot)
        jobs.finish(session, run, "ok", ended or slot + SECOND)


def began(database, key, *, slot=None, at=THREE):
    """Records that a run began, and no more: its process was killed."""
    with database.write() as session:
        jobs.begin(session, "retrain", at, key=key, scheduled_for=slot)


def test_each_night_it_sends_the_training_once_at_three_in_seoul(database, start):
    beat = start(THREE - 2 * HOUR)
    sent = []
    for day in range(3):
        three = THREE + timedelta(days=day)
        before = beat.at(three - SECOND)
        sent.append((len(beat.sent()), round(before)))
        beat.at(three)
        sent.append(len(beat.sent()))
        did(database, three)
        beat.at(three + MINUTE)
        beat.at(three + 13 * HOUR)
        sent.append(len(beat.sent()))

    assert sent == [(0, 1), 1, 0] * 3


@pytest.mark.parametrize("late", [SECOND, 5 * HOUR, 12 * HOUR])
def test_a_night_that_was_missed_is_caught_up_once(database, start, late):
    did(database, THREE - timedelta(days=3))

    beat = start(THREE + late)
    at_start = beat.sent()
    did(database, THREE)
    beat.at(THREE + late + MINUTE)

    assert [arguments for _, arguments in at_start] == [BY_SCHEDULE]
    assert beat.sent() == []


def test_a_night_that_was_missed_too_long_ago_is_let_go(database, start):
    did(database, THREE - timedelta(days=1))

    beat = start(THREE + 12 * HOUR + SECOND)

    assert beat.sent() == []


def test_a_fresh_installation_waits_for_its_first_night_even_if_beat_starts_anew(database, start):
    first = start(THREE - HOUR)
    again = start(THREE + HOUR)

    assert len(again.sent()) == 1  # the first had noted that it is due
    assert first.sent() == []
    with database.read() as session:
        due = {duty.name: duty.due_at for duty in duties.every(session)}
    assert due["retrain"] == THREE
    assert set(due) == {
        "retrain",
        "refresh_popularity",
        "spread_news",
        "prune",
        "backup",
        "crawl_catalogue",
        "crawl_ratings",
    }
    # 00:30 of that night, an hour and a half before the first look, and 01:30 of its Monday.
    assert due["crawl_catalogue"] == THREE + timedelta(hours=21, minutes=30)
    assert due["crawl_ratings"] == THREE + timedelta(days=7) - timedelta(hours=1, minutes=30)


def test_a_duty_follows_its_schedule_but_not_away_from_a_missed_run(database, start, monkeypatch):
    with database.write() as session:
        duties.expect(session, "gone", THREE, THREE)
    start(THREE - HOUR)
    monkeypatch.setenv("RETRAIN_AT", "05:00")
    start(THREE - MINUTE)
    with database.read() as session:
        moved = {duty.name: duty.due_at for duty in duties.every(session)}
    monkeypatch.setenv("RETRAIN_AT", "09:00")
    start(THREE + 3 * HOUR)
    with database.read() as session:
        kept = {duty.name: duty.due_at for duty in duties.every(session)}

    assert moved["retrain"] == THREE + 2 * HOUR
    assert kept["retrain"] == THREE + 2 * HOUR
    assert "gone" not in moved


def test_what_nobody_did_is_sent_again_with_patience(database, start):
    did(database, THREE - timedelta(days=1))
    beat = start(THREE)
    times = [len(beat.sent())]
    for minutes in (1, 14, 15, 16, 30, 45, 60):
        beat.at(THREE + minutes * MINUTE)
        times.append(len(beat.sent()))

    assert times == [1, 0, 0, 1, 0, 0, 1, 0]


def test_what_waits_in_the_queue_is_not_sent_again(database, start, broker):
    did(database, THREE - timedelta(days=1))
    beat = start(THREE)

    beat.at(THREE + HOUR)

    assert len(beat.sent()) == 1


def test_a_run_that_is_under_way_is_left_alone(database, start):
    did(database, THREE - timedelta(days=1))

    with locks.held(database, "retrain"):
        began(database, Occasion.slot(THREE).key, slot=THREE)
        beat = start(THREE + MINUTE)

    assert beat.sent() == []


def test_a_scheduled_run_whose_process_was_killed_is_sent_again_at_once(database, start):
    did(database, THREE - timedelta(days=1))
    beat = start(THREE)
    first = beat.sent()
    began(database, Occasion.slot(THREE).key, slot=THREE)

    beat.at(THREE + MINUTE)
    again = beat.sent()
    beat.at(THREE + 2 * MINUTE)

    assert [arguments for _, arguments in first + again] == [BY_SCHEDULE, BY_SCHEDULE]
    assert beat.sent() == []  # a worker has fifteen minutes to take it


def test_a_killed_run_for_one_task_is_sent_again_as_that_task(database, start):
    began(database, Occasion.task("abc").key)

    beat = start(THREE + MINUTE)

    assert beat.sent() == [("abc", "{}")]


@pytest.mark.parametrize(
    ("key", "at"), [(None, THREE), ("task:abc", THREE - timedelta(days=2))], ids=["hand", "old"]
)
def test_a_killed_run_that_was_started_by_hand_or_long_ago_is_closed(database, start, key, at):
    began(database, key, at=at)

    beat = start(THREE + MINUTE)

    assert beat.sent() == []
    with database.read() as session:
        assert jobs.last_runs(session)["retrain"].outcome == "failed"


def test_a_job_that_kills_its_process_every_time_is_told_and_not_sent_again(database, start):
    for _ in range(3):
        began(database, Occasion.task("abc").key)

    beat = start(THREE + MINUTE)

    assert beat.sent() == []
    with database.write() as session:
        (incident,) = alerts.open_alerts(session)
        (letter,) = outbox.take(session, ADMIN[0], THREE, THREE)
    assert incident.key == "retrain.failed"
    assert letter.text == "The job retrain was killed 3 times: is there memory enough?"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_that_starts_sends_killed_runs_again_by_itself(
    database, application, broker, tmp_path
):
    began(database, Occasion.task("abc").key, at=datetime.now(UTC))
    command = [sys.executable, "-m", "celery", "-A", "tasks.app", "worker", "--pool", "solo"]
    command += ["--without-mingle", "--without-gossip"]

    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        eventually(lambda: "abc" in _keys_done(database), "the end of the job")
    finally:
        worker.terminate()
        worker.wait(30)

    with database.read() as session:
        runs = jobs.since(session, THREE - HOUR)
    assert [(run.outcome, run.error) for run in runs][1:] == [("failed", jobs.KILLED)]


def _keys_done(database):
    with database.read() as session:
        runs = jobs.since(session, THREE - HOUR)
    return {run.key.removeprefix("task:") for run in runs if run.outcome in jobs.DONE}


@pytest.mark.parametrize("task_id", [None, "abc"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_broker_that_is_away_is_said_to_be_so(application, monkeypatch, task_id):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    away = app.__class__("webtoonbot")
    away.add_defaults(configuration)

    with pytest.raises(OperationalError):
        resuming.send(away, "retrain", task_id)
    away.close()


def test_while_the_broker_is_away_it_keeps_trying(database, start, broker, application):
    did(database, THREE - timedelta(days=1))
    beat = start(THREE - SECOND)
    rounds = beat.scheduler._rounds
    there, rounds.app = rounds.app, _without_broker()

    soon = beat.at(THREE)
    rounds.app = there
    beat.at(THREE + timedelta(seconds=soon))

    assert soon == 5
    assert len(beat.sent()) == 1


def _without_broker():
    from celery import Celery

    nowhere = Celery("nowhere", broker="redis://127.0.0.1:1/0")
    nowhere.conf.broker_transport_options = {"max_retries": 0}
    return nowhere


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_while_the_database_is_away_it_goes_on_with_what_it_knows(database, start, monkeypatch):
    beat = start(THREE - SECOND)

    def away(self):
        message = "The database does not answer"
        raise Unreachable(message)

    with monkeypatch.context() as patch:
        patch.setattr(Database, "write", away)
        patch.setattr(Database, "read", away)
        beat.at(THREE)
        sent = beat.sent()
        beat.at(THREE + MINUTE)

    assert len(sent) == 1
    assert beat.sent() == []


def test_it_says_that_it_lives_and_what_waits(database, start, broker):
    broker.rpush("crawl", "one", "two")
    beat = start(THREE - HOUR)

    with database.read() as session:
        (pulse,) = pulses.every(session)
    beat.scheduler.close()
    with database.read() as session:
        left = pulses.every(session)

    assert pulse.name.startswith("beat@")
    assert (pulse.at, pulse.facts) == (THREE - HOUR, {"queue": {"train": 0, "crawl": 2}})
    assert left == []


def test_two_beats_send_twice_and_the_work_is_done_once(database, start, monkeypatch):
    from tasks.app import _done
    from tasks.records import Ended

    did(database, THREE - timedelta(days=1))
    first, second = start(THREE), start(THREE)
    sent = first.sent()
    effects = []

    def work(recording):
        with recorded("retrain", recording) as record:
            effects.append(record.began)
            record.ended = Ended()
        return record.ended

    monkeypatch.setattr("tasks.app._clock", lambda: THREE + SECOND)

    class Task:
        class request:
            id = "any"

    outcomes = [_done(Task, "retrain", True, work)["outcome"] for _ in sent]

    assert len(sent) == 2
    assert outcomes == ["ok", "ok"]
    assert len(effects) == 1
    second.at(THREE + MINUTE)
    assert second.sent() == []
