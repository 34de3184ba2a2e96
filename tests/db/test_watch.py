"""A job that did not run is noticed, told once, and forgotten when it has run."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from db import alerts, duties, jobs, locks, outbox, watch
from tasks.records import Ended, Recording, recorded

THREE = datetime(2026, 5, 3, 18, tzinfo=UTC)  # 03:00 in Seoul
LATE = THREE + timedelta(minutes=30)
SEOUL = ZoneInfo("Asia/Seoul")
ADMINS = (("telegram", "7"), ("discord", "8"))


def test_nobody_is_told_before_a_job_is_late(database):
    with database.write() as session:
        duties.expect(session, "retrain", THREE, LATE)

    found = watch.look(database, LATE - timedelta(seconds=1), ADMINS, SEOUL)

    assert found == []
    with database.read() as session:
        assert alerts.open_alerts(session) == []


def test_a_job_that_did_not_run_is_told_once_to_each_admin_until_it_runs(database):
    with database.write() as session:
        duties.expect(session, "retrain", THREE, LATE)
        duties.expect(session, "prune", LATE, LATE + timedelta(hours=1))

    found = [watch.look(database, LATE + timedelta(minutes=n), ADMINS, SEOUL) for n in range(3)]

    with database.write() as session:
        (incident,) = alerts.open_alerts(session)
        told = [
            letter.text for name, _ in ADMINS for letter in outbox.take(session, name, LATE, LATE)
        ]
    assert found == [["retrain"], [], []]
    assert incident.key == "retrain.missed"
    assert told == [incident.message] * 2
    assert incident.message == (
        "The job retrain was due at 2026-05-04 03:00 (Asia/Seoul) and has not run: "
        "webtoonctl status shows what lives."
    )
    with recorded("retrain", Recording(database, lambda: LATE)) as record:
        record.ended = Ended()
    with database.read() as session:
        assert alerts.open_alerts(session) == []


def test_a_job_that_takes_its_time_is_not_late_until_its_process_is_gone(database):
    with database.write() as session:
        duties.expect(session, "retrain", THREE, LATE)
        duties.expect(session, "prune", THREE, LATE)

    with locks.held(database, "retrain") as mine:
        meanwhile = watch.look(database, LATE, ADMINS, SEOUL)
    afterwards = watch.look(database, LATE, ADMINS, SEOUL)

    assert mine
    assert meanwhile == ["prune"]
    assert afterwards == ["retrain"]


def test_a_job_that_ran_and_failed_is_told_as_failed_and_not_as_missed(database):
    with database.write() as session:
        duties.expect(session, "retrain", THREE, LATE)
    recording = Recording(database, lambda: THREE, tell=ADMINS)

    with pytest.raises(OSError, match="full"), recorded("retrain", recording):
        raise OSError("full")

    assert watch.look(database, LATE, ADMINS, SEOUL) == []
    with database.read() as session:
        assert [incident.key for incident in alerts.open_alerts(session)] == ["retrain.failed"]


def test_a_job_whose_process_was_killed_has_not_run(database):
    with database.write() as session:
        duties.expect(session, "retrain", THREE, LATE)
        jobs.begin(session, "retrain", THREE)

    assert watch.look(database, LATE, ADMINS, SEOUL) == ["retrain"]


def test_a_killed_run_that_was_closed_since_has_not_done_the_job_either(database):
    with database.write() as session:
        duties.expect(session, "retrain", THREE, LATE)
        jobs.begin(session, "retrain", THREE)
        jobs.close_dead(session, "retrain", LATE)

    assert watch.look(database, LATE, ADMINS, SEOUL) == ["retrain"]
