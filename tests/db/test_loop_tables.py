"""Locks of jobs, letters, duties, pulses, and the keys by which runs are done once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from db import alerts, catalogue, duties, jobs, locks, outbox, popularity, pulses
from db.engine import Database
from db.errors import Unreachable
from tests.fakes.waiting import blocked, eventually
from tests.plugins.library import NOON, stock

HOUR = timedelta(hours=1)
HOLD = """
import sys
from db import locks
from db.engine import Database
from db.errors import Unreachable
with locks.held(Database(sys.argv[1]), "retrain") as mine:
    print(mine, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def session(database):
    with database.write() as session:
        yield session


def test_a_job_is_done_by_one_at_a_time_and_other_jobs_beside_it(database, database_url):
    other = Database(database_url)

    with (
        locks.held(database, "retrain") as first,
        locks.held(other, "retrain") as second,
        locks.held(other, "prune") as beside,
    ):
        assert (first, second, beside) == (True, False, True)

    with locks.held(other, "retrain") as afterwards:
        assert afterwards is True
    other.close()


def test_a_killed_process_leaves_no_lock_behind(database, database_url):
    command = [sys.executable, "-c", HOLD, database_url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "True\n"
        with locks.held(database, "retrain") as meanwhile:
            assert meanwhile is False
        process.kill()
        process.wait()

    # The server notices a lost connection on its own time, within moments.
    assert any(_free(database) for _ in range(1000))


def _free(database):
    with locks.held(database, "retrain") as mine:
        return mine


def test_an_occasion_is_done_once_it_ended_otherwise_than_by_failing(session):
    first = jobs.begin(session, "retrain", NOON, key="slot:1", scheduled_for=NOON)
    assert jobs.done(session, "retrain", "slot:1") is None

    jobs.finish(session, first, "failed", NOON, error="No.")
    assert jobs.done(session, "retrain", "slot:1") is None
    assert jobs.last_slot(session, "retrain") is None

    second = jobs.begin(session, "retrain", NOON + HOUR, key="slot:1", scheduled_for=NOON)
    jobs.finish(session, second, "skipped", NOON + HOUR)
    assert jobs.done(session, "retrain", "slot:1").outcome == "skipped"
    assert jobs.done(session, "prune", "slot:1") is None
    assert jobs.last_slot(session, "retrain") == NOON


def test_old_runs_go_but_the_latest_of_each_job_stays(session):
    for name, hours in (("retrain", 0), ("retrain", 1), ("prune", 0)):
        run = jobs.begin(session, name, NOON + hours * HOUR)
        jobs.finish(session, run, "ok", NOON + hours * HOUR)

    assert jobs.prune(session, NOON + 2 * HOUR) == 1

    left = [(run.name, run.started_at) for run in jobs.since(session, NOON)]
    assert left == [("prune", NOON), ("retrain", NOON + HOUR)]


def test_an_incident_writes_to_every_operator_once(session):
    admins = (("telegram", "1"), ("discord", "2"))

    alerts.open_alert(session, "retrain.failed", "It failed.", NOON, admins)
    alerts.open_alert(session, "retrain.failed", "It failed again.", NOON, admins)

    until = NOON + HOUR
    letters = outbox.take(session, "telegram", NOON, until)
    assert [(letter.user_id, letter.text) for letter in letters] == [("1", "It failed.")]
    assert [letter.user_id for letter in outbox.take(session, "discord", NOON, until)] == ["2"]


def test_a_letter_is_given_to_one_at_a_time_until_it_is_done(session):
    outbox.put(session, ("telegram", "1"), "a", NOON)
    (letter,) = outbox.take(session, "telegram", NOON, NOON + HOUR)

    assert outbox.take(session, "telegram", NOON, NOON + HOUR) == []
    (again,) = outbox.take(session, "telegram", NOON + HOUR, NOON + 2 * HOUR)
    assert again == letter

    outbox.done(session, letter.id, NOON)
    assert outbox.take(session, "telegram", NOON + 9 * HOUR, NOON + 10 * HOUR) == []
    assert outbox.prune(session, NOON + HOUR) == 1


def test_a_duty_is_late_from_its_late_hour_on(session):
    duties.expect(session, "retrain", NOON, NOON + HOUR)
    duties.expect(session, "prune", NOON + 9 * HOUR, NOON + 10 * HOUR)

    assert duties.late(session, NOON + HOUR - timedelta(seconds=1)) == []
    assert [duty.name for duty in duties.late(session, NOON + HOUR)] == ["retrain"]

    duties.expect(session, "retrain", NOON + 24 * HOUR, NOON + 25 * HOUR)
    assert duties.late(session, NOON + HOUR) == []


def test_a_process_that_ended_well_is_forgotten_and_so_is_one_long_silent(session):
    pulses.beat(session, "beat@a", NOON, {"queue": {"train": 0}})
    pulses.beat(session, "telegram@a", NOON, {})
    pulses.beat(session, "telegram@a", NOON + HOUR, {"model": "m"})
    pulses.beat(session, "discord@a", NOON + HOUR, {})
    pulses.still(session, "discord@a")

    assert pulses.prune(session, NOON + HOUR) == 1

    (left,) = pulses.every(session)
    assert (left.name, left.at, left.facts) == ("telegram@a", NOON + HOUR, {"model": "m"})


def alive(session):
    pulses.beat(session, "beat@a", NOON, {"queue": None})


def owing(session):
    duties.expect(session, "retrain", NOON, NOON + HOUR)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer
@pytest.mark.parametrize("say", [alive, owing])
def test_two_beats_may_say_the_same_for_the_first_time_at_once(database, say):
    def other():
        with database.write() as session:
            say(session)

    with ThreadPoolExecutor() as pool, database.write() as session:
        say(session)
        saying = pool.submit(other)
        eventually(lambda: blocked(database), "the other's turn")
        session.commit()
        saying.result()

    with database.read() as session:
        assert len(pulses.every(session)) + len(duties.every(session)) == 1


def test_popularity_is_replaced_as_a_whole(database):
    stock(database)
    with database.write() as session:
        works = catalogue.works(session)
        assert popularity.counted_at(session) is None
        popularity.store(session, {works[0].id: 3.0, works[1].id: 1.0}, NOON)
        popularity.store(session, {works[1].id: 2.5}, NOON + HOUR)

        assert popularity.scores(session) == {works[1].id: 2.5}
        assert popularity.counted_at(session) == NOON + HOUR


def test_a_lock_that_cannot_be_opened_is_a_database_that_is_away(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    (tmp_path / "a.db.prune.lock").mkdir()

    with pytest.raises(Unreachable, match="lock file"), locks.held(database, "prune"):
        pass
