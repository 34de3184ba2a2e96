"""A job's record: one at a time, one effect per occasion, its incidents."""

from contextlib import contextmanager
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
import stamina
from celery.exceptions import SoftTimeLimitExceeded

from db import alerts, duties, jobs, outbox
from db.errors import Unreachable
from tasks.errors import AlreadyDone, Busy, Deadly, Superseded
from tasks.records import TRIES, Ended, Occasion, Recording, earlier, recorded
from tasks.schedule import GRACE, Daily

ADMINS = (("telegram", "1"),)
OK = Ended()
NIGHTLY = Daily(time(3), ZoneInfo("Asia/Seoul"))


def last(database):
    with database.read() as session:
        return jobs.last_runs(session)["retrain"]


def incidents(database):
    with database.read() as session:
        return {alert.key: alert.message for alert in alerts.open_alerts(session)}


def failing_once(finish):
    away = [Unreachable("gone")]

    def finished(*arguments, **facts):
        if away:
            raise away.pop()
        return finish(*arguments, **facts)

    return finished


def run(database, clock, ended=OK, **more):
    with recorded("retrain", Recording(database, clock, tell=ADMINS, **more)) as record:
        record.ended = ended


def test_nobody_does_a_job_that_is_being_done(database, clock):
    with recorded("retrain", Recording(database, clock)) as record:
        record.ended = OK
        with pytest.raises(Busy, match="The job retrain is running already"):
            run(database, clock)

    assert last(database).outcome == "ok"


def test_an_occasion_has_one_effect_and_the_second_learns_of_the_first(database, clock):
    slot = Occasion.slot(clock())
    run(database, clock, Ended("ok", {"rows": 5}, model_id="m"), occasion=slot)
    clock.pass_(hours=1)

    with pytest.raises(AlreadyDone) as told:
        run(database, clock, occasion=slot)

    assert earlier(told.value.run) == Ended("ok", {"rows": 5}, model_id="m")
    assert incidents(database) == {}
    with database.read() as session:
        assert len(jobs.since(session, clock() - timedelta(days=1))) == 1


def test_a_slot_is_the_same_occasion_in_every_zone(clock):
    seoul = clock().astimezone(ZoneInfo("Asia/Seoul"))

    assert Occasion.slot(seoul).key == Occasion.slot(clock()).key


def test_what_failed_may_be_done_again_for_the_same_occasion(database, clock):
    slot = Occasion.slot(clock())
    with (
        pytest.raises(OSError, match="full"),
        recorded("retrain", Recording(database, clock, slot, tell=ADMINS)),
    ):
        raise OSError("full")
    assert incidents(database) == {"retrain.failed": "The job retrain failed: OSError: full"}

    run(database, clock, occasion=slot)

    assert last(database).outcome == "ok"
    assert incidents(database) == {}
    with database.write() as session:
        letters = outbox.take(session, "telegram", clock(), clock() + timedelta(hours=1))
    assert [letter.text for letter in letters] == ["The job retrain failed: OSError: full"]


def test_a_rejection_is_told_and_ends_with_the_next_good_run(database, clock):
    run(database, clock, Ended("rejected", reason="It is worse."))
    assert incidents(database) == {"retrain.rejected": "It is worse."}

    run(database, clock)

    assert incidents(database) == {}


def test_each_rejection_is_told_as_it_is_of_another_model(database, clock):
    for reason in ("It is worse.", "It is much worse."):
        run(database, clock, Ended("rejected", reason=reason))

    with database.write() as session:
        letters = outbox.take(session, "telegram", clock(), clock() + timedelta(hours=1))
    assert [letter.text for letter in letters] == ["It is worse.", "It is much worse."]
    assert incidents(database) == {"retrain.rejected": "It is much worse."}


def test_a_run_says_when_the_job_is_next_due_and_that_it_is_no_longer_missed(database, clock):
    with database.write() as session:
        alerts.open_alert(session, "retrain.missed", "It did not run.", clock())
        duties.expect(session, "retrain", clock(), clock())

    run(database, clock, slots=NIGHTLY)

    with database.read() as session:
        (duty,) = duties.every(session)
    assert duty.due_at == NIGHTLY.next_after(clock())
    assert duty.late_at == duty.due_at + GRACE
    assert incidents(database) == {}


def test_a_job_that_does_not_say_how_it_ended_has_failed(database, clock):
    with pytest.raises(RuntimeError, match="does not say how it ended"):
        run(database, clock, ended=None)

    assert last(database).outcome == "failed"


def test_the_error_of_a_database_that_is_away_is_the_one_that_is_seen(database, clock):
    with pytest.raises(Unreachable, match="gone"), recorded("retrain", Recording(database, clock)):
        raise Unreachable("gone")

    assert last(database).error == "Unreachable: gone"


def test_what_kills_its_process_each_time_is_given_up_and_told(database, clock):
    slot = Occasion.slot(clock())
    for _ in range(TRIES):
        with database.write() as session:
            jobs.begin(session, "retrain", clock(), key=slot.key, scheduled_for=clock())

    with pytest.raises(Deadly):
        run(database, clock, occasion=slot)

    assert incidents(database) == {
        "retrain.failed": "The job retrain was killed 3 times: is there memory enough?"
    }
    run(database, clock, occasion=Occasion.slot(clock() + timedelta(days=1)))
    assert incidents(database) == {}


def test_a_run_that_was_taken_for_dead_says_nothing_more(database, clock):
    recording = Recording(database, clock, tell=ADMINS)

    with pytest.raises(Superseded), recorded("retrain", recording) as record:
        with database.write() as session:
            jobs.close_dead(session, "retrain", clock())
        record.ended = OK

    assert last(database).error == jobs.KILLED
    assert incidents(database) == {}


def test_what_is_done_with_its_record_is_not_done_by_a_run_that_was_taken_for_dead(database, clock):
    with pytest.raises(Superseded), recorded("retrain", Recording(database, clock)) as record:
        with database.write() as session:
            jobs.close_dead(session, "retrain", clock())
        with database.write() as session:
            alerts.open_alert(session, "effect", "It was done.", clock())
            record.end(session, OK)

    assert incidents(database) == {}


def test_an_effect_and_its_record_are_there_together(database, clock):
    with recorded("retrain", Recording(database, clock)) as record, database.write() as session:
        alerts.open_alert(session, "effect", "It was done.", clock())
        record.end(session, Ended(counts={"rows": 5}))

    assert incidents(database) == {"effect": "It was done."}
    assert (last(database).outcome, last(database).counts) == ("ok", {"rows": 5})


def test_a_failure_while_the_database_is_away_does_not_look_like_a_killed_process(
    database, clock, monkeypatch
):
    monkeypatch.setattr(jobs, "finish", failing_once(jobs.finish))
    with (
        stamina.set_testing(True, attempts=2),
        pytest.raises(Unreachable, match="in the middle"),
        recorded("retrain", Recording(database, clock)),
    ):
        raise Unreachable("in the middle")

    assert last(database).error == "Unreachable: in the middle"


def test_a_run_is_finished_also_where_the_database_was_away_for_a_moment(
    database, clock, monkeypatch
):
    monkeypatch.setattr(jobs, "finish", failing_once(jobs.finish))
    with stamina.set_testing(True, attempts=2):
        run(database, clock)

    assert last(database).outcome == "ok"


def test_where_no_beat_expects_a_job_a_run_by_hand_makes_nobody_wait_for_the_next(database, clock):
    run(database, clock, slots=NIGHTLY)

    with database.read() as session:
        assert duties.every(session) == []


def test_a_record_whose_answer_was_lost_is_a_record_all_the_same(database, clock, monkeypatch):
    lost = [Unreachable("gone")]
    noting = database.write

    @contextmanager
    def write():
        with noting() as session:
            yield session
        if lost and last(database).outcome:
            raise lost.pop()

    monkeypatch.setattr(database, "write", write)
    with stamina.set_testing(True, attempts=2):
        run(database, clock, Ended(counts={"rows": 5}))

    assert lost == []
    assert (last(database).outcome, last(database).counts) == ("ok", {"rows": 5})


def test_who_stops_a_command_is_not_told_of_an_incident(database, clock):
    recording = Recording(database, clock, tell=ADMINS)

    with pytest.raises(KeyboardInterrupt), recorded("retrain", recording):
        raise KeyboardInterrupt

    assert (last(database).outcome, last(database).error) == ("failed", "It was stopped by hand.")
    assert incidents(database) == {}


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "MemoryError"),
        (ValueError("too large"), "ValueError: too large"),
        (SoftTimeLimitExceeded(), "SoftTimeLimitExceeded"),
    ],
)
def test_an_error_is_told_once(database, clock, error, sentence):
    with (
        pytest.raises(type(error)),
        recorded("retrain", Recording(database, clock)),
    ):
        raise error

    assert last(database).error == sentence
