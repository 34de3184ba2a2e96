"""Whole crawls of the replica of Watcha Pedia, as `webtoonctl crawl watcha` does them: a real
browser, a real database, and the exact truth at the end.
"""

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from db import foreign
from db.engine import Database
from tasks import crawl_jobs
from tasks.crawl_jobs import Bounds
from tests.plugins.crawls import (
    ADMIN,
    KEY,
    Crawls,
    Passing,
    hashed,
    left_behind,
    paths,
    require_chromium,
    settings_for,
)
from tests.replica import Replica

LATER = timedelta(days=61).total_seconds()  # nothing is fresh by then
WORLD = {"seed": 1, "users": 12, "titles": 14}


@dataclass(frozen=True)
class Complete:
    """A crawl of both sites that was through, and its database to go on with."""

    path: Path
    ended_at: object
    report: object
    log: tuple
    left: tuple

    def copy(self, folder):
        return shutil.copyfile(self.path, folder / "webtoonbot.db")


@pytest.fixture(scope="module")
def complete(sqlite_template, short_folder, tmp_path_factory):
    require_chromium()
    folder = tmp_path_factory.mktemp("complete")
    path = shutil.copyfile(sqlite_template, folder / "webtoonbot.db")
    database = Database(f"sqlite:///{path}")
    with Replica(**WORLD) as site, pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(short_folder))
        crawls = Crawls(database, Passing(), settings_for(site))
        crawls.run("naver")
        done = crawls.run("watcha")
    database.close()
    log = tuple(request for request in site.log if request.site == "watcha")
    return Complete(path, crawls.time.now(), done, log, tuple(left_behind(short_folder)))


@pytest.fixture
def site():
    with Replica(**WORLD) as replica:
        yield replica


@pytest.fixture
def crawls(complete, site, tmp_path):
    """The same world and its database, where the complete crawl left it."""
    database = Database(f"sqlite:///{complete.copy(tmp_path)}")
    yield Crawls(database, Passing(complete.ended_at), settings_for(site))
    database.close()


def matches(crawls):
    """(code → titleId of our work) of all foreign works, and the codes up for review."""
    works = {row["id"]: row["external_id"] for row in crawls.rows("webtoon")}
    with crawls.database.read() as session:
        rows = foreign.every(session)
    found = {row.code: works.get(row.webtoon_id) for row in rows}
    return found, {row.code for row in rows if row.state == "review"}


def test_a_complete_crawl_is_exact(complete, site, crawls):
    report = complete.report.report
    assert report.ended is None

    assert crawls.ratings() == hashed(site.truth.ratings())
    assert {value for _, _, value in crawls.ratings()} == set(range(1, 11))
    assert report.ended is None
    assert report.outcomes == {"ok": report.visits - 1, "login_required": 1}  # the private user
    assert report.new == len(crawls.ratings())
    assert report.notes == {"the profile is private": 1}
    assert crawls.alerts() == {}


def test_a_complete_crawl_visits_no_page_twice_and_asks_for_nothing_else(complete, crawls):
    asked = [request.path for request in complete.log]
    # Works that share a title are searched for one by one.
    others = [path for path in asked if "/search?" not in path]

    assert len(others) == len(set(others))
    assert not [path for path in asked if "sign_in" in path or "thumb" in path]
    assert {request.method for request in complete.log} == {"GET"}
    agents = {request.headers["user-agent"] for request in complete.log}
    assert agents == {"webtoonbot/0.1 (+https://bot.example/about)"}
    assert {request.headers.get("cookie") for request in complete.log} == {None}
    assert complete.left == ()


def test_works_whose_own_page_was_read_are_matched_as_the_evidence_says(site, crawls):
    found, review = matches(crawls)

    assert found == site.truth.matches()
    reviews = {code for code, kind in site.world.kinds.items() if kind in {"review", "other"}}
    assert review == reviews
    counts = crawls.rows("job_run")[-1]["counts"]
    assert counts["matched"] == sum(title_id is not None for title_id in found.values())
    assert counts["review"] == len(review)


def test_who_rated_is_known_by_a_hash_alone(site, crawls):
    text = str({name: crawls.rows(name) for name in crawls.findings()})

    assert KEY not in text
    assert set(crawls.addresses("user")) == {None}
    for user in site.world.users.values():
        assert user.code not in text
        assert user.nickname not in text
    for comment in site.world.comments:
        assert comment.code not in text


def test_a_day_later_nothing_is_asked_for(site, crawls):
    before = crawls.findings()

    report = crawls.run("watcha", seconds_later=24 * 3600).report

    assert paths(site) == []
    assert (report.visits, report.ended) == (0, None)
    assert crawls.findings() == before


@pytest.mark.parametrize(("days", "comments"), [(6, 0), (8, 10)])
def test_after_a_week_comments_are_read_again_for_whoever_wrote_them(crawls, site, days, comments):
    now = crawls.time.now() + timedelta(days=days)

    plan = crawl_jobs.plan(crawls.database, "watcha", crawls.settings, Bounds(), now)

    matched = [code for code, title_id in site.truth.matches().items() if title_id]
    assert len(matched) == 10
    assert plan.due == ({"comments": comments} if comments else {})


def test_a_second_look_at_other_markup_of_the_same_writes_only_when_it_was_seen(site, crawls):
    site.generation = 5
    before = crawls.findings()
    seen = {(row["rater"], row["work_id"]): row["seen_at"] for row in crawls.rows("crawled_rating")}

    report = crawls.run("watcha", seconds_later=LATER).report

    assert report.new == report.changed == report.gone == 0
    assert crawls.findings() == before
    assert all(
        row["seen_at"] > seen[row["rater"], row["work_id"]] for row in crawls.rows("crawled_rating")
    )


def test_what_changed_between_two_crawls_is_exact_and_kept(site, crawls):
    site.generation = 4
    world, special = site.world, site.world.special
    ten = special["ten"]
    kept, changed, removed, wished = (row.work for row in world.users[ten].rows[:4])
    was = {row.work: row.value for row in world.users[ten].rows}
    world.rate(ten, changed, 11 - was[changed])
    world.unrate(ten, removed)
    world.wish(ten, wished)
    added = world.add_user({kept: 9, changed: 2})
    _, new_work = world.add_work("새 등대", ["먹고래"])
    world.rate(added, new_work, 10)
    private = next(code for code in world.users if code not in special.values())
    world.go_private(private)
    gone = special["nine"]
    world.remove_user(gone)
    crawls.run("naver", seconds_later=LATER)

    first = crawls.run("watcha").report

    # Who went private, or is gone for the first time, keeps what was seen of them.
    kept_of = {private: Replica(**WORLD), gone: Replica(**WORLD)}
    still = set()
    for code, as_it_was in kept_of.items():
        rows = as_it_was.world.users[code].rows
        still |= {(code, row.work, row.value) for row in rows if row.mark == "rated"}
    assert crawls.ratings() == hashed(site.truth.ratings() | still)
    assert set(crawls.events()) == {
        (was[changed], 11 - was[changed]),
        (was[removed], None),
        (was[wished], None),
    }
    assert (first.changed, first.gone) == (1, 2)
    assert hashed({(added, new_work, 10)}) < crawls.ratings()
    assert matches(crawls)[0][new_work] == site.truth.matches()[new_work]


def test_icons_in_place_of_stars_raise_an_alarm_and_remove_nothing(site, crawls):
    site.icons = True
    before = crawls.ratings()

    done = crawls.run("watcha", seconds_later=LATER, limit=12).report
    told, opened = crawls.told(), crawls.alerts()

    assert done.outcomes["drift"] > 1
    assert set(opened) == {"crawl_ratings.drift"}
    assert told == [(*ADMIN, opened["crawl_ratings.drift"])]
    assert crawls.ratings() == before
    assert crawls.events() == []
