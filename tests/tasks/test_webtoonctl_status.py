"""`webtoonctl status` and `doctor`: how things stand, and what is wrong."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import redis

from db import alerts, duties, jobs, outbox, pulses
from tasks import checks
from tests.plugins.library import NOON
from tests.tasks.conftest import KEYS, sqlite_only


def test_status_is_as_promised(trained, database):
    with database.write() as session:
        alerts.open_alert(session, "model.damaged", "The model is damaged.", NOON)

    found = trained("status", "--json").json

    assert list(found) == ["database", "model", "jobs", "processes", "queue", "alerts", "letters"]
    assert set(found["model"]) == KEYS
    assert found["database"]["works"] == 30
    assert found["database"]["ratings"]["simulated_rows"] == 0
    assert [job["name"] for job in found["jobs"]] == [
        "backup",
        "crawl_catalogue",
        "crawl_ratings",
        "prune",
        "refresh_popularity",
        "retrain",
        "spread_news",
    ]
    job = found["jobs"][-2]
    assert set(job) == {"name", "last", "next_run", "late", "runs"}
    assert job["runs"] == [job["last"]]
    assert (job["name"], job["last"]["outcome"]) == ("retrain", "ok")
    coming = datetime.fromisoformat(job["next_run"])
    assert (coming.hour, coming.minute, coming.utcoffset()) == (3, 0, timedelta(hours=9))
    assert found["queue"] is None
    (alert,) = found["alerts"]
    assert alert["key"] == "model.damaged"
    assert datetime.fromisoformat(alert["opened_at"]) == NOON
    assert found["letters"] == {"waiting": 0, "undeliverable": 0, "latest": None}


def test_status_tells_late_jobs_silent_processes_and_every_run(trained, database):
    now = datetime.now(UTC)  # the training ended before: it is not what is due
    with database.write() as session:
        duties.expect(session, "retrain", now, now)
        pulses.beat(session, "telegram@here", NOON, {"model": "m"})

    done = trained("status", "--runs")

    assert "retrain: LATE, ok at" in done.out
    assert "Process   telegram@here: SILENT, seen" in done.out
    assert "s ago, serves m\n" in done.out
    listed = done.out.split("REASON\n")[1]
    assert listed.startswith("retrain")
    assert len(listed.splitlines()) == 1


def test_status_marks_what_is_simulated(operator, crowd):
    crowd(60)
    crowd(200, source="demo", simulated=True)
    operator("train")

    done = operator("status")

    assert "SIMULATED by 200 made-up readers" in done.out
    assert "DEMO MODEL" in done.out
    assert "Redis does not answer at 127.0.0.1:1; jobs wait until it does" in done.out
    assert "Alerts    none" in done.out


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_status_hides_the_databases_password(operator, monkeypatch, database_url):
    secret = database_url.replace("postgres@", "postgres:hunter2@")
    monkeypatch.setenv("DATABASE_URL", f"{secret}&password=hunter3")

    done = operator("status")

    assert done.out.startswith("Database  postgresql://postgres:***@/")
    assert "hunter" not in done.out + done.err


def test_what_cannot_be_delivered_is_told(operator, stocked, monkeypatch):
    monkeypatch.setenv("ADMINS", "telegram:7,discord:9")
    with stocked.write() as session:
        for number, reason in enumerate(["Blocked", "Chat not found", None]):
            outbox.put(session, ("telegram", "7"), "An alert.", NOON)
            (letter,) = outbox.take(session, "telegram", NOON, NOON + timedelta(minutes=1))
            if reason:
                outbox.done(session, letter.id, NOON + timedelta(days=number), reason)

    told, facts = operator("status").out, operator("status", "--json").json["letters"]
    warned = finding(operator, "letters")

    assert (
        "Letters   1 waiting, 2 undeliverable, "
        "the latest to telegram:7 at 2026-05-05 21:00 (Chat not found)\n" in told
    )
    assert facts == {
        "waiting": 1,
        "undeliverable": 2,
        "latest": {
            "to": "telegram:7",
            "reason": "Chat not found",
            "at": "2026-05-05T12:00:00+00:00",
        },
    }
    assert warned == (
        "warn",
        "no alert reaches telegram:7 of ADMINS: Chat not found (2026-05-05 21:00)",
    )


def test_an_admin_who_is_reached_again_or_none_any_more_is_no_trouble(
    operator, stocked, monkeypatch
):
    with stocked.write() as session:
        for user, reason in (("7", "Blocked"), ("7", None), ("8", "Blocked")):
            outbox.put(session, ("telegram", user), "An alert.", NOON)
            (letter,) = outbox.take(session, "telegram", NOON, NOON + timedelta(minutes=1))
            outbox.done(session, letter.id, NOON, reason)
    monkeypatch.setenv("ADMINS", "telegram:7")

    assert finding(operator, "letters") == ("ok", "0 wait for a bot to deliver them")


def finding(operator, check):
    (found,) = (f for f in operator("doctor", "--json").json if f["check"] == check)
    return found["state"], found["message"]


@sqlite_only
@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/New_York"])
def test_status_tells_all_moments_in_one_zone_that_it_names_once(trained, monkeypatch, zone):
    monkeypatch.setenv("TIMEZONE", zone)

    done = trained("status", "--runs")

    assert done.out.count(zone) == 1
    assert f"Times     {zone}\n" in done.out
    assert re.search(r"\bUTC\b|[+-]\d\d:\d\d", done.out) is None
    now = datetime.now(ZoneInfo(zone))
    (line,) = (line for line in done.out.splitlines() if line.startswith("Job       retrain"))
    ran, coming = (
        datetime.strptime(moment, "%Y-%m-%d %H:%M").replace(tzinfo=now.tzinfo)
        for moment in re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", line)
    )
    assert ran <= now < ran + timedelta(hours=1)
    assert (coming.hour, coming.minute) == (3, 0)


@sqlite_only
def test_a_broker_that_refuses_is_told_apart(operator, stocked, monkeypatch, valkey_url):
    monkeypatch.setenv("REDIS_URL", valkey_url.replace("redis://", "redis://nobody:hunter2@"))

    told, checked, run = operator("status"), finding(operator, "redis"), operator("run")

    refused = f"Redis at {valkey_url[8:-2]} wants another user name or password"
    assert f"Queue     {refused}; jobs wait until REDIS_URL is correct\n" in told.out
    assert checked == ("fail", f"{refused}: correct REDIS_URL")
    assert run.code == 2
    assert run.err.splitlines()[-1] == f"The setting REDIS_URL is wrong: {refused}."
    assert "hunter2" not in run.err


@sqlite_only
def test_status_before_anything_happened(operator):
    found = operator("status", "--json").json

    assert found["model"] is None
    assert found["jobs"][0]["last"] is None
    assert "none yet: run webtoonctl train" in operator("status").out


@sqlite_only
def test_status_counts_the_queue(operator, monkeypatch, valkey_url):
    monkeypatch.setenv("REDIS_URL", valkey_url)
    with redis.Redis.from_url(valkey_url) as client:
        client.rpush("train", "one", "two")

    assert operator("status", "--json").json["queue"] == {"train": 2, "crawl": 0}


def test_the_doctor_says_a_line_a_check(trained):
    done = trained("doctor")
    found = trained("doctor", "--json").json

    lines = [line.split()[:2] for line in done.out.splitlines()]
    assert [check for _, check in lines] == [
        "settings",
        "database",
        "redis",
        "model",
        "clock",
        "letters",
        "crawling",
        "browser",
    ]
    states = {finding["check"]: finding["state"] for finding in found}
    assert (states["database"], states["model"], states["clock"]) == ("ok", "ok", "ok")
    assert (states["settings"], states["redis"]) == ("warn", "warn")
    assert done.code == 0


@sqlite_only
def test_the_doctor_ends_with_1_when_something_is_broken(trained, tmp_path, monkeypatch):
    (folder,) = (tmp_path / "models").iterdir()
    (folder / "manifest.json").write_text("{}")

    damaged = trained("doctor", "--json")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///empty.db")
    empty = trained("doctor", "--json")
    monkeypatch.setenv("TIMEZONE", "Mars")
    unset = trained("doctor", "--json")

    assert damaged.code == empty.code == unset.code == 1
    assert {f["check"] for f in damaged.json if f["state"] == "fail"} == {"model"}
    assert {f["check"] for f in empty.json if f["state"] == "fail"} == {"database"}
    assert [(f["check"], f["state"]) for f in unset.json] == [("settings", "fail")]


def test_the_doctor_sees_a_clock_that_runs_behind(stocked, monkeypatch, database_url):
    monkeypatch.setenv("DATABASE_URL", database_url)
    with stocked.write() as session:
        jobs.begin(session, "retrain", NOON)

    found = {f.check: f for f in checks.examine(NOON - timedelta(hours=1), which=lambda _: None)}

    assert found["clock"].state == "fail"
    assert found["browser"].state == "warn"
