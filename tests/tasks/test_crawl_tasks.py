"""Crawls by the schedule and by a real worker, each in its queue and in its night."""

import os
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
import redis

from db import catalogue, jobs
from tasks import crawl_nights
from tasks.app import app
from tasks.configuration import configuration
from tasks.records import Occasion, Recording
from tasks.settings import TaskSettings
from tests.fakes.workers import Worker
from tests.plugins.crawls import KEY
from tests.plugins.library import Clock
from tests.tasks.conftest import sqlite_only

ANSWER_SECONDS = 60
SEOUL = ZoneInfo("Asia/Seoul")
DUE = datetime(2026, 5, 4, 0, 30, tzinfo=SEOUL)  # a Monday


@pytest.fixture
def environment(database_url, valkey_url, site, tmp_path):
    """Naver is the replica; Watcha is the live site, which nobody switched on."""
    return os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": valkey_url,
        "MODEL_DIR": str(tmp_path / "models"),
        "TIMEZONE": "Asia/Seoul",
        "NAVER_URL": site.naver_url,
        "CRAWL_USER_KEY": KEY,
        "CRAWL_DELAY_SECONDS": "0",
    }


@pytest.fixture
def sender(environment, monkeypatch, tmp_path):
    """The application as this process sees it, configured by the same environment."""
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    fresh = app.__class__("webtoonbot")
    fresh.add_defaults(configuration)
    yield fresh
    fresh.close()


def runs(database):
    with database.read() as session:
        return jobs.last_runs(session)


@sqlite_only
def test_a_worker_of_the_crawl_queue_crawls_and_says_why_it_does_not(
    database, site, sender, environment, tmp_path
):
    with Worker(tmp_path / "worker", environment, "--queues", "crawl") as worker:
        worker.says("ready.")

        told = sender.send_task("tasks.crawl_catalogue").get(timeout=ANSWER_SECONDS)
        off = sender.send_task("tasks.crawl_ratings").get(timeout=ANSWER_SECONDS)

    with database.read() as session:
        works = {work.external_id for work in catalogue.works(session)}
    assert (told["outcome"], told["counts"]["through"]) == ("ok", True)
    assert works == set(site.truth.works())
    assert off["outcome"] == "skipped"
    assert off["reason"].startswith("The live site pedia.watcha.com is off: ")
    recorded = runs(database)
    assert recorded["crawl_catalogue"].key.startswith("task:")
    assert recorded["crawl_ratings"].error == off["reason"]


@sqlite_only
def test_crawls_wait_in_a_queue_of_their_own(sender, valkey_url):
    sender.send_task("tasks.crawl_catalogue")
    sender.send_task("tasks.crawl_ratings")
    sender.send_task("tasks.prune")

    with redis.Redis.from_url(valkey_url) as client:
        assert (client.llen("crawl"), client.llen("train")) == (2, 1)


@pytest.fixture
def night(database, sender):
    """Runs the catalogue's crawl that was due at half past twelve, at this moment."""

    def crawl(moment, name="naver", clock=None):
        recording = Recording(database, clock or Clock(moment), Occasion.slot(DUE))
        return crawl_nights.crawl(recording, name, TaskSettings())

    return crawl


@pytest.mark.parametrize("late", [timedelta(hours=6), timedelta(hours=9)])
def test_a_crawl_that_comes_after_its_night_is_skipped(database, site, night, late):
    ended = night(DUE + late)

    assert ended.outcome == "skipped"
    assert ended.reason == "It was due at 00:30, and the night for crawling is over."
    assert site.log == []
    run = runs(database)["crawl_catalogue"]
    assert (run.outcome, run.scheduled_for) == ("skipped", DUE)


@sqlite_only
def test_a_crawl_of_the_night_ends_with_it(database, site, night):
    began = DUE + timedelta(hours=2)
    quarters = (began + n * timedelta(minutes=15) for n in count())  # each look at it takes one

    ended = night(began, clock=lambda: next(quarters))

    assert ended.outcome == "ok"
    assert ended.reason == "The time for crawling was over at 21:30 UTC."  # 06:30 in Seoul
    assert ended.counts["through"] is False
    assert 0 < ended.counts["visits"] < 20


@sqlite_only
def test_ratings_of_no_works_are_skipped(database, site, night, monkeypatch):
    monkeypatch.setenv("WATCHA_URL", site.watcha_url)

    ended = night(DUE, "watcha")

    assert ended.outcome == "skipped"
    assert ended.reason == "There are no works yet: crawl naver, or import a catalogue, first."
    assert site.log == []


@sqlite_only
def test_without_a_key_ratings_are_skipped(database, night, site, monkeypatch):
    monkeypatch.setenv("WATCHA_URL", site.watcha_url)
    monkeypatch.delenv("CRAWL_USER_KEY")

    ended = night(DUE, "watcha")

    assert ended.outcome == "skipped"
    assert ended.reason.startswith("The setting CRAWL_USER_KEY is missing: ")
