"""From what happened to works to the news of readers: to whom, once, and when."""

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from db import catalogue, feedback, follows, jobs, links, locks, news, readers
from db.engine import Database
from db.errors import Unreachable
from db.reader_tables import Follow, News, WorkEvent
from db.tables import Account, Reader, Verdict
from tasks import spreading
from tasks.jobs import spread_news
from tasks.records import Recording
from tasks.spreading import spread
from tests.fakes.waiting import eventually
from tests.plugins.library import NOON

ROOT = Path(__file__).parents[2]
SEOUL = ZoneInfo("Asia/Seoul")
SUNDAY = datetime(2026, 5, 10, 18, tzinfo=SEOUL)  # of the ISO week 2026-W19
WEEK = "weekly:2026-W19"


class People:
    """Readers by the name of their account, and what they do."""

    def __init__(self, database):
        self.database, self.ids = database, {}
        with database.read() as session:
            self.works = {work.title: work.id for work in catalogue.works(session)}

    def follow(self, name, *titles, **choices):
        with self.database.write() as session:
            reader = readers.of_account(session, "telegram", name, NOON).id
            self.ids[name] = reader
            if choices:
                readers.choose(session, reader, **choices)
            for title in titles:
                follows.follow(session, reader, self.works[title], NOON)

    def like(self, name, likes=3, *, seen=SUNDAY - timedelta(days=1), **choices):
        with self.database.write() as session:
            reader = readers.of_account(session, "telegram", name, NOON).id
            self.ids[name] = reader
            readers.spoke(session, "telegram", name, seen)
            if choices:
                readers.choose(session, reader, **choices)
            for work in [*self.works.values()][:likes]:
                feedback.record(session, reader, work, Verdict.LIKE, source="text", now=NOON)

    def close(self, name):
        with self.database.write() as session:
            readers.closed(session, "telegram", name, NOON)


@pytest.fixture
def people(stocked):
    return People(stocked)


@pytest.fixture
def happened(people):
    """Notes that something happened to a work; the event's id."""

    def note(title, kind="chapter", at=NOON):
        with people.database.write() as session:
            event = WorkEvent(webtoon_id=people.works[title], kind=kind, detail="3화", at=at)
            session.add(event)
            session.flush()
            return event.id

    return note


def told(people):
    """(reader, key) of all news, by their order."""
    names = {reader: name for name, reader in people.ids.items()}
    with people.database.read() as session:
        rows = session.scalars(select(News).order_by(News.id))
        return [(names[row.reader_id], row.key) for row in rows]


def done(people, now=NOON, zone=SEOUL):
    return spread(people.database, zone, now).counts


def test_followers_have_the_news_and_nobody_else(people, happened):
    people.follow("mina", "신의 탑", "덴마")
    people.follow("other", "덴마")
    event = happened("신의 탑")

    counts = done(people)

    assert told(people) == [("mina", f"event:{event}")]
    assert counts == {"events": 1, "late": 0, "news": 1, "weekly": 0}


@pytest.mark.parametrize("kind", ["chapter", "returned", "completed"])
def test_news_know_what_they_are_of_and_when_they_are_due(people, happened, kind):
    people.follow("mina", "신의 탑", alerts="digest", zone="Europe/London")
    event = happened("신의 탑", kind)
    done(people)

    columns = (News.event_id, News.made_at, News.letter_id, News.doubt, News.due_at)
    with people.database.read() as session:
        row = session.execute(select(*columns)).one()

    due = datetime(2026, 5, 4, 19, tzinfo=ZoneInfo("Europe/London"))
    assert row == (event, NOON, None, False, due)


def test_who_is_linked_meanwhile_is_told_as_who_they_became(people, happened, monkeypatch):
    people.follow("mina", "덴마")
    people.follow("mina elsewhere", "신의 탑")
    event = happened("신의 탑")
    parts = spreading._parts

    def between(waiting):
        with people.database.write() as session:
            links.unite(session, people.ids["mina"], people.ids["mina elsewhere"], NOON)
        return parts(waiting)

    monkeypatch.setattr(spreading, "_parts", between)
    done(people)

    assert told(people) == [("mina", f"event:{event}")]


def test_what_is_spread_is_spread_once(people, happened):
    people.follow("mina", "신의 탑")
    happened("신의 탑")
    done(people)
    people.follow("later", "신의 탑")

    assert done(people) == {"events": 0, "late": 0, "news": 0, "weekly": 0}
    assert len(told(people)) == 1


def test_a_new_work_is_told_to_who_follows_another_by_its_author(people, happened):
    people.follow("one", "붉은 등대")
    people.follow("both", "붉은 등대", "탑 아래의 밤")
    people.follow("itself", "탑 아래의 밤")
    people.follow("else", "덴마")
    event = happened("탑 아래의 밤", "new")

    done(people)

    assert told(people) == [("one", f"event:{event}")]


def test_who_can_or_wants_to_be_told_nothing_is_told_nothing(people, happened):
    people.follow("shut", "신의 탑")
    people.close("shut")
    people.follow("off", "신의 탑", alerts="off")
    happened("신의 탑")

    assert done(people)["news"] == 0


def test_what_is_older_than_three_days_when_it_is_seen_is_told_to_nobody(people, happened):
    people.follow("mina", "신의 탑")
    happened("신의 탑", at=NOON - timedelta(days=3, microseconds=1))
    young = happened("신의 탑", "completed", at=NOON - timedelta(days=3))

    counts = done(people)

    assert told(people) == [("mina", f"event:{young}")]
    assert (counts["events"], counts["late"]) == (2, 1)
    assert done(people)["events"] == 0


def test_many_events_and_many_followers_come_in_small_transactions(people, happened, monkeypatch):
    monkeypatch.setattr(spreading, "_EVENTS", 2)
    monkeypatch.setattr(spreading, "_READERS", 3)
    for number in range(8):
        people.follow(f"n{number}", "신의 탑")
    events = [happened("신의 탑"), happened("덴마"), happened("신의 탑", "completed")]

    counts = done(people)

    assert Counter(key for _, key in told(people)) == {
        f"event:{events[0]}": 8,
        f"event:{events[2]}": 8,
    }
    assert (counts["events"], counts["news"]) == (3, 16)


def test_what_ends_in_the_middle_of_an_events_followers_goes_on_there(
    people, happened, monkeypatch
):
    monkeypatch.setattr(spreading, "_READERS", 3)
    for number in range(8):
        people.follow(f"n{number}", "신의 탑")
    event = happened("신의 탑")
    real, calls = news.add, []

    def away(*arguments, **named):
        calls.append(arguments)
        if len(calls) == 2:
            raise Unreachable("away")
        return real(*arguments, **named)

    monkeypatch.setattr(news, "add", away)
    with pytest.raises(Unreachable):
        done(people)
    before = told(people)

    assert done(people)["news"] == 5
    assert len(before) == 3
    assert told(people) == [(f"n{number}", f"event:{event}") for number in range(8)]


def crowd(database, people, events):
    """So many readers who all follow a work to which so much happened."""
    with database.write() as session:
        work = catalogue.works(session)[0].id
        made = [Reader(created_at=NOON, adult=False, trains=True) for _ in range(people)]
        session.add_all(made)
        session.flush()
        session.add_all(
            row
            for reader in made
            for row in (
                Account(platform="telegram", user_id=str(reader.id), reader_id=reader.id),
                Follow(reader_id=reader.id, webtoon_id=work, at=NOON),
            )
        )
        now = datetime.now(UTC)
        session.add_all(
            WorkEvent(webtoon_id=work, kind="chapter", detail=str(n), at=now) for n in range(events)
        )


def marked(url):
    """How many events are spread."""
    database = Database(url)
    with database.read() as session:
        found = session.scalar(select(func.count()).where(WorkEvent.spread_at.is_not(None)))
    database.close()
    return found


def test_a_run_that_is_killed_loses_nothing_and_tells_nothing_twice(
    stocked, database_url, operator, tmp_path
):
    crowd(stocked, people=200, events=100)
    environment = os.environ | {"DATABASE_URL": database_url, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", "from tasks.cli import main; main()", "news"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: marked(database_url), "a run in the middle of its work")
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    eventually(lambda: not locks.taken(stocked, "spread_news"), "the end of its connection")
    before = marked(database_url)

    again = operator("news", "--json")

    assert 0 < before < 100
    assert again.json["events"] == 100 - before
    with stocked.read() as session:
        rows = Counter(session.scalars(select(News.key)))
        ends = [(run.outcome, run.error) for run in jobs.since(session, NOON)][::-1]
        every = {f"event:{event}" for event in session.scalars(select(WorkEvent.id))}
    assert rows == dict.fromkeys(every, 200)
    assert marked(database_url) == 100
    assert ends == [("failed", "Its process was killed."), ("ok", None)]


def test_the_command_says_what_it_did(people, happened, operator):
    people.follow("mina", "신의 탑")
    happened("신의 탑", at=datetime.now(UTC))

    first, second = operator("news"), operator("news", "--json")

    assert first.out == (
        "Happened: 1, of which 0 too long ago to tell. "
        "News for readers: 1, and suggestions of the week: 0.\n"
    )
    assert second.json == {"events": 0, "late": 0, "news": 0, "weekly": 0}
    assert (first.code, second.code) == (0, 0)


# Once a week.


def test_on_sunday_evening_who_likes_three_works_has_three_more_to_look_forward_to(people):
    people.like("mina")

    assert done(people, SUNDAY - timedelta(minutes=1))["weekly"] == 0
    assert done(people, SUNDAY + timedelta(minutes=3))["weekly"] == 1
    assert told(people) == [("mina", WEEK)]
    assert done(people, SUNDAY + timedelta(minutes=13))["weekly"] == 0
    assert done(people, SUNDAY + timedelta(days=7))["weekly"] == 1


@pytest.mark.parametrize(
    "otherwise",
    [
        {"likes": 2},
        {"weekly": False},
        {"alerts": "off"},
        {"seen": SUNDAY - timedelta(days=60, seconds=1)},
    ],
    ids=str,
)
def test_who_is_not_suggested_anything(people, otherwise):
    people.like("mina", **otherwise)

    assert done(people, SUNDAY)["weekly"] == 0


def test_who_can_be_told_nothing_is_suggested_nothing(people):
    people.like("mina")
    people.close("mina")

    assert done(people, SUNDAY)["weekly"] == 0


def test_likes_that_were_left_out_do_not_count(people):
    people.like("mina")
    with people.database.write() as session:
        session.get_one(
            feedback.Feedback, (people.ids["mina"], people.works["신의 탑"])
        ).ignored = True

    assert done(people, SUNDAY)["weekly"] == 0


def test_sunday_evening_comes_to_each_in_their_own_zone(people):
    people.like("seoul")
    people.like("london", zone="Europe/London")
    people.like("nowhere", zone="Mars/Olympus")

    assert done(people, SUNDAY)["weekly"] == 2
    assert done(people, SUNDAY + timedelta(hours=8))["weekly"] == 1
    assert sorted(told(people)) == [("london", WEEK), ("nowhere", WEEK), ("seoul", WEEK)]


def test_an_evening_that_no_run_came_to_is_made_up_for_within_half_a_day(people):
    people.like("mina")
    assert done(people, SUNDAY + timedelta(hours=12))["weekly"] == 0

    assert done(people, SUNDAY + timedelta(hours=11, minutes=59))["weekly"] == 1


def recorded_run(people, now):
    return spread_news(Recording(people.database, lambda: now), SEOUL).counts["weekly"]


def test_what_a_run_did_the_next_need_not_even_look_for(people):
    people.like("mina")
    assert recorded_run(people, SUNDAY) == 1
    people.like("later")

    assert recorded_run(people, SUNDAY + timedelta(minutes=10)) == 0
    assert recorded_run(people, SUNDAY + timedelta(days=7)) == 2


def test_after_a_run_that_failed_the_evening_still_comes(people):
    people.like("mina")
    recorded_run(people, SUNDAY - timedelta(minutes=10))
    with people.database.write() as session:
        run = jobs.begin(session, "spread_news", SUNDAY)
        jobs.finish(session, run, "failed", SUNDAY, error="x")

    assert recorded_run(people, SUNDAY + timedelta(minutes=10)) == 1
