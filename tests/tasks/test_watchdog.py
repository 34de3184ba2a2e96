"""A job that did not run is noticed, told once, and forgotten when it has run."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from db import alerts, duties, outbox
from tasks import watchdog
from tasks.records import Ended, recorded

THREE = datetime(2026, 5, 3, 18, tzinfo=UTC)  # 03:00 in Seoul
LATE = THREE + timedelta(minutes=30)
SEOUL = ZoneInfo("Asia/Seoul")
ADMINS = (("telegram", "7"), ("discord", "8"))


def test_nobody_is_told_before_a_job_is_late(database):
    with database.write() as session:
        duties.expect(session, "retrain", THREE, LATE)

    found = watchdog.look(database, LATE - timedelta(seconds=1), ADMINS, SEOUL)

    assert found == []
    with database.read() as session:
        assert alerts.open_alerts(session) == []


def test_a_job_that_did_not_run_is_told_once_to_each_admin_until_it_runs(database):
    with database.write() as session:
        duties.expect(session, "retrain", THREE, LATE)
        duties.expect(session, "prune", LATE, LATE + timedelta(hours=1))

    found = [watchdog.look(database, LATE + timedelta(minutes=n), ADMINS, SEOUL) for n in range(3)]

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
    with recorded(database, "retrain", clock=lambda: LATE) as record:
        record.ended = Ended()
    with database.read() as session:
        assert alerts.open_alerts(session) == []
