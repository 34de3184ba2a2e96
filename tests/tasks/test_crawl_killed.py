"""Crawls of Watcha's replica by real processes that are killed, or told to end, in the middle."""

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.waiting import eventually
from tests.plugins.crawls import KEY, Passing, hashed, left_behind, paths, require_chromium
from tests.replica import Replica
from tests.tasks.conftest import sqlite_only

ROOT = Path(__file__).parents[2]
USER_PAGES = 3  # lists of users that were asked for when the process ends

pytestmark = sqlite_only


@pytest.fixture
def site():
    with Replica(seed=1, users=6, titles=8) as replica:
        yield replica


@pytest.fixture
def begun(crawls, site, database_url, short_folder, tmp_path):
    """A `webtoonctl crawl watcha` that is in the middle of its work, in a folder of its own."""
    require_chromium()
    crawls.run("naver")
    site.reset_log()
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "WATCHA_URL": site.watcha_url,
        "CRAWL_USER_KEY": KEY,
        "CRAWL_DELAY_SECONDS": "0",
        "ADMINS": "telegram:7",
        "TMPDIR": str(short_folder),
        "PYTHONPATH": str(ROOT),
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from tasks.cli import main; main()", "crawl", "watcha"],
            cwd=tmp_path,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )

    def well_begun():
        assert process.poll() is None, (tmp_path / "log").read_text()
        return len(paths(site, "/ko-KR/users/")) >= USER_PAGES

    eventually(well_begun, "a crawl in the middle of its work")
    yield process
    process.kill()
    process.wait()


def of_folder(folder):
    """The processes that have this folder for their temporary files."""
    ours, found = b"TMPDIR=" + os.fsencode(folder), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if ours in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_bytes().split(b"\0")[0])
            except OSError:  # it has just ended
                continue
    return found


def ended_exactly(crawls, site):
    """Goes on with the crawl; which pages of users it asked for that were asked for before."""
    before = Counter(paths(site))
    crawls.time = Passing(datetime.now(UTC))
    site.reset_log()

    report = crawls.run("watcha").report

    assert report.ended is None
    assert crawls.ratings() == hashed(site.truth.ratings())
    again = [path for path in paths(site) if path in before and path != "/robots.txt"]
    return {path.split("/")[3] for path in again if "/users/" in path}, again


def test_a_crawl_that_was_killed_ends_exactly_and_leaves_no_browser(
    begun, crawls, site, short_folder
):
    assert of_folder(short_folder)

    begun.kill()
    begun.wait()

    eventually(lambda: not of_folder(short_folder), "the end of the browser's processes")
    eventually(lambda: not left_behind(short_folder), "the end of its folder")
    users, again = ended_exactly(crawls, site)
    assert len(users) <= 1
    assert len(again) <= 3  # of one place, with its scrolls
    runs = [(run["outcome"], run["error"]) for run in crawls.rows("job_run")]
    assert runs[-2:] == [("failed", "Its process was killed."), ("ok", None)]


def test_a_crawl_that_is_told_to_end_notes_that_and_tells_nobody(begun, crawls, site, short_folder):
    begun.send_signal(signal.SIGTERM)
    begun.wait(30)

    assert begun.returncode == 130
    assert of_folder(short_folder) == []
    assert left_behind(short_folder) == []
    run = crawls.rows("job_run")[-1]
    assert (run["name"], run["outcome"]) == ("crawl_ratings", "failed")
    assert run["error"] == "It was stopped by hand."
    assert crawls.alerts() == {}
    assert crawls.told() == []
    users, again = ended_exactly(crawls, site)
    assert len(users) <= 1
    assert len(again) <= 3
