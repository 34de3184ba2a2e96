"""The report: its facts by hand, its page in a real browser, and files that appear whole."""

import re
import shutil
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from selenium import webdriver

from db import catalogue, crawled, foreign, jobs, ratings
from db.catalogue import Facts
from db.foreign import OPERATOR, Foreign, MatchState
from db.ratings import Star
from tasks.errors import NotWritten
from tasks.report import Changes, Genre, facts, gather, write
from tasks.report_figures import DARK, LIGHT, NAMES, draw
from tasks.report_page import number, render, said, share, span
from tests.fakes.closed import closed
from tests.fakes.disks import at_most
from tests.plugins.library import NOON, SHELF, stock
from tests.plugins.missing import missing
from tests.tasks.conftest import sqlite_only

SEOUL = ZoneInfo("Asia/Seoul")
EARLIER = NOON - timedelta(days=7)
CSS = re.compile(r"<style>.*?</style>", re.DOTALL)


def page_of(report):
    return render(report, draw(report), SEOUL)


def words(page):
    """What the page says, without its looks and its pictures."""
    return " ".join(re.sub(r"<[^>]*>", " ", CSS.sub("", page)).split())


@pytest.fixture
def crawled_from(stocked):
    """Eleven crawled readers of eleven matched works, of which two are one of ours; two elsewhere.

    A week later one rating is raised, two are lowered, one is new and one is gone.
    """
    with stocked.write() as session:
        works = catalogue.works(session)
        ids = foreign.upsert(session, "watcha", [Foreign(f"m{n}", f"{n}") for n in range(13)], NOON)
        for n in range(11):
            foreign.settle(session, ids[f"m{n}"], works[n % 10].id, MatchState.MATCHED, OPERATOR)
        foreign.settle(session, ids["m11"], None, MatchState.ELSEWHERE, OPERATOR)
        told = {(f"r{r}", ids[f"m{n}"]): 8 for r in range(11) for n in range(12)}
        crawled.store(session, [(*key, stars) for key, stars in told.items()], EARLIER)
        catalogue.bury(session, "naver", works[29].external_id, EARLIER)
        deed = Facts("naver", works[0].external_id, works[0].title, synopsis="A tower.")
        catalogue.upsert(session, [deed], EARLIER)
        for name, counts in (("crawl_catalogue", {"pages": 1234}), ("crawl_ratings", {"new": 1})):
            run = jobs.begin(session, name, NOON)
            jobs.finish(session, run, "ok", NOON + timedelta(minutes=90), counts=counts)
        moved = [("r0", ids["m1"], 9), ("r0", ids["m2"], 7), ("r1", ids["m1"], 1)]
        crawled.store(session, [*moved, ("new", ids["m12"], 10)], NOON)
        still = [work for rater, work in told if rater == "r10" and work != ids["m9"]]
        crawled.withdraw(session, "r10", still, NOON)
    return stocked


def test_the_facts_are_what_was_stored_and_what_cleaning_leaves(crawled_from):
    found = gather(crawled_from, NOON)

    # 11 readers x 12 works, one gone, one new; without m11 and m12; m0 and m10 are one work.
    assert [(step.rows, step.readers, step.items) for step in found.steps[:4]] == [
        (132, 12, 12),
        (120, 11, 10),
        (109, 11, 10),
        (108, 11, 10),
    ]
    # r10 has nine left and goes; r1 gave one star and has nine likes.
    assert (found.steps[-1].rows, found.steps[-1].readers, found.steps[-1].items) == (0, 0, 0)
    assert found.before.stars == (1, 0, 0, 0, 0, 0, 1, 128, 1, 1)
    assert found.before.readers.ranked == (10,) * 10 + (9,)
    assert found.before.works.ranked == (11,) * 9 + (10,)
    assert (found.crawled.rows, found.crawled.works) == (132, 13)
    assert (found.simulated, found.real_steps, found.likes) == (False, None, 0)


def test_coverage_counts_works_by_what_is_known_of_them(crawled_from):
    seen = gather(crawled_from, NOON).coverage

    assert (seen.works, seen.gone, seen.with_synopsis) == (30, 1, 1)
    assert (seen.with_genres, seen.with_keywords) == (30, 30)
    assert (seen.rated, seen.rated_enough) == (10, 10)
    assert (seen.matches, seen.foreign_gone) == ({"matched": 11, "review": 1, "elsewhere": 1}, 0)


def test_changes_are_those_since_the_last_crawl_began(crawled_from):
    found = gather(crawled_from, NOON)

    assert found.changes == Changes(NOON, new=1, raised=1, lowered=2, removed=1, back=0)
    assert [run.name for run in found.crawls] == ["crawl_catalogue", "crawl_ratings"]


def test_genres_have_their_works_and_the_ratings_of_these(database):
    stock(database, works=[replace(SHELF[0], genres=("판타지", "액션")), SHELF[1]])
    with database.write() as session:
        one, two = (work.id for work in catalogue.works(session))
        ratings.upsert(session, "import", [Star("a", one, 9), Star("b", one, 1), Star("a", two, 8)])

    found = gather(database, NOON).genres

    assert found == (
        Genre("로맨스", 1, 1),
        Genre("스토리", 1, 1),
        Genre("액션", 1, 2),
        Genre("판타지", 1, 2),
    )


def test_the_page_tells_the_facts_in_words_and_with_separators(crawled_from):
    told = words(page_of(gather(crawled_from, NOON)))

    assert "As of 2026-05-04 21:00 (Asia/Seoul)" in told
    assert "one per reader and work 109 11 10 " in told
    assert "pages 1,234" in told
    assert "ok, after 1 h 30 min" in told
    assert "new 1 raised 1 lowered 2 removed 1 came back 0" in told
    assert "To be looked at 1 7.7 %" in told
    assert "simulated" not in told


@sqlite_only
def test_simulated_ratings_are_named_wherever_they_are(crowd, stocked):
    crowd(40, source="demo", simulated=True)
    only = gather(stocked, NOON)
    crowd(30)
    both = gather(stocked, NOON)

    page, told = page_of(both), words(page_of(both))

    assert (only.simulated, only.real_steps) == (True, None)
    assert both.real_steps[0].readers == 30
    assert both.steps[0].readers == 70
    assert "<title>Webtoon data report (simulated ratings included)</title>" in page
    captions = re.findall(r"<figcaption>.*?</figcaption>", page, re.DOTALL)
    assert len(captions) == len(NAMES)
    assert all('class="simulated"' in caption for caption in captions)
    assert "Real ratings alone" in told
    alts = [picture.alt for picture in draw(both)]
    assert all(alt.endswith("Includes simulated ratings.") for alt in alts)
    assert "There are no real ratings yet." in words(page_of(only))


@sqlite_only
def test_simulated_ratings_that_training_leaves_out_are_not_in_the_report(stocked, monkeypatch):
    with stocked.write() as session:
        works = [work.id for work in catalogue.works(session)][:10]
        stars = [Star(f"r{n}", work, 8) for n in range(12) for work in works]
        ratings.upsert(session, "import", stars)
        ratings.upsert(session, "demo", [Star("s", works[0], 8)], simulated=True)
    monkeypatch.setattr("tasks.material.ENOUGH_READERS", 12)

    found = gather(stocked, NOON)

    assert (found.simulated, found.rows) == (False, 120)


def test_with_nothing_in_the_database_the_page_says_so(database):
    found = gather(database, NOON)

    told = words(page_of(found))

    assert found.empty
    assert draw(found) == []
    assert "There is nothing to report on yet: the database holds no work and no rating." in told
    assert "nan" not in told.lower()


@sqlite_only
def test_works_without_ratings_are_a_report_too(stocked):
    told = words(page_of(gather(stocked, NOON)))

    assert "There are no ratings yet" in told
    assert "With a rating 0 0.0 %" in told


@sqlite_only
def test_a_single_rating_is_drawn_too(stocked):
    with stocked.write() as session:
        ratings.upsert(session, "import", [Star("a", 1, 1)])

    assert [picture.name for picture in draw(gather(stocked, NOON))] == list(NAMES)


@sqlite_only
def test_ratings_of_nothing_that_is_ours_are_a_report_too(database):
    with database.write() as session:
        ids = foreign.upsert(session, "watcha", [Foreign("m1", "어느 작품")], NOON)
        crawled.store(session, [("a", ids["m1"], 7)], NOON)
    found = gather(database, NOON)

    told = words(page_of(found))

    assert "as read 1 1 1 3.500 0.000" in told
    assert [picture.name for picture in draw(found)] == ["stars.png", "cleaning.png"]


@sqlite_only
def test_the_same_data_make_the_same_page(crawled_from):
    one, other = (page_of(gather(crawled_from, NOON)) for _ in range(2))

    assert one == other


@sqlite_only
def test_names_from_outside_are_text_and_nothing_else(database):
    stock(database, works=[replace(SHELF[0], genres=("<script>alert(1)</script>",))])
    with database.write() as session:
        run = jobs.begin(session, "crawl_ratings", NOON)
        jobs.finish(session, run, "failed", NOON, counts={"<b>": "<i>"}, error="<img src=x>")

    page = page_of(gather(database, NOON))

    assert re.findall("<script|<b>|<i>|<img src=x", page) == []
    assert "&lt;script&gt;alert(1)" in page


def test_before_and_after_differ_in_lightness_on_light_and_on_dark():
    def lightness(colour):
        red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
        return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2

    for theme in (LIGHT, DARK):
        one, other = sorted(map(lightness, (theme.before, theme.after)))
        assert (other + 0.05) / (one + 0.05) > 2


@pytest.mark.parametrize(
    ("value", "words_"),
    [
        (1234567, "1,234,567"),
        (2466.54, "2,466.5"),
        (None, "–"),
        ([], "–"),
        (True, "yes"),
        ({"naver": 1200, "watcha": None}, "naver 1,200, watcha –"),
        (["a", 1], "a, 1"),
        ("any word", "any word"),
    ],
)
def test_whatever_a_crawl_counted_is_said_in_words(value, words_):
    assert said(value) == words_


def test_numbers_shares_and_spans_are_readable():
    assert (number(0), number(153.5), number(96051)) == ("0", "153.5", "96,051")
    assert (share(1, 8), share(0, 0)) == ("12.5 %", "–")
    spans = [timedelta(seconds=s) for s in (-1, 59, 61, 3600 * 30)]
    assert [span(s) for s in spans] == ["0 s", "59 s", "1 min 1 s", "30 h 0 min"]


def test_pictures_of_an_older_report_do_not_stay_beside_a_newer_one(tmp_path):
    write(tmp_path, "old", dict.fromkeys(NAMES, b"old"), NAMES)
    (tmp_path / "mine.png").write_bytes(b"")

    path = write(tmp_path, "new", {"stars.png": b"new"}, NAMES)

    assert path.read_text() == "new"
    names = {found.name: found.read_bytes() for found in tmp_path.iterdir()}
    assert names == {"report.html": b"new", "stars.png": b"new", "mine.png": b""}


def test_where_nothing_can_be_written_the_old_report_stays_as_it_was(tmp_path):
    write(tmp_path, "old", {"stars.png": b"old"}, NAMES)

    with closed(tmp_path, 0o500), pytest.raises(NotWritten, match=r"was not written: permission"):
        write(tmp_path, "new", {"stars.png": b"new"}, NAMES)

    names = {found.name: found.read_bytes() for found in tmp_path.iterdir()}
    assert names == {"report.html": b"old", "stars.png": b"old"}


def test_a_disk_without_room_for_one_file_keeps_all_others_back(tmp_path):
    write(tmp_path, "old", {"stars.png": b"old"}, NAMES)

    with at_most(1000), pytest.raises(NotWritten, match="was not written"):
        write(tmp_path, "new", {"stars.png": b"new", "works.png": b"new" * 1000}, NAMES)

    names = {found.name: found.read_bytes() for found in tmp_path.iterdir()}
    assert names == {"report.html": b"old", "stars.png": b"old"}


@sqlite_only
def test_facts_are_what_json_can_hold(crawled_from):
    found = facts(gather(crawled_from, NOON))

    assert found["before"]["stars"]["4"] == 128
    assert found["before"]["per_reader"] == {
        "number": 11,
        "lowest": 9,
        "median": 10,
        "highest": 10,
        "counts": {"9": 1, "10": 10},
    }
    assert found["after"]["per_work"]["median"] is None


@pytest.fixture
def browser():
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        missing("Chromium", "apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.binary_location = shutil.which("chromium")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    driver.execute_cdp_cmd("Network.enable", {})
    yield driver
    driver.quit()


@sqlite_only
def test_a_browser_shows_the_page_and_asks_nobody_for_anything(browser, crowd, stocked, tmp_path):
    crowd(40, source="demo", simulated=True)
    found = gather(stocked, NOON)
    path = write(tmp_path, page_of(found), {}, NAMES)
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    phone = {"width": 400, "height": 800, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    browser.get_log("performance")

    browser.get(path.as_uri())

    messages = [entry["message"] for entry in browser.get_log("performance")]
    asked = {
        url.partition(",")[0]
        for message in messages
        if '"Network.requestWillBeSent"' in message
        for url in re.findall(r'"request":\{.*?"url":"([^"]*)"', message)
    }
    shown = browser.execute_script(
        "return [...document.images].map(i => [i.complete && i.naturalWidth > 0, i.width > 200])"
    )
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert asked - {"data:image/png;base64"} == {path.as_uri()}
    assert shown == [[True, True]] * len(NAMES)
    assert wide == 400
    assert browser.get_log("browser") == []
