"""How often a visitor asks: the pause between two requests, and how many a day."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import BudgetSpent, HostClosed, PageError, Paused
from crawler.politeness import HOPS, JITTER, SLOWNESS, TRIES, Garbled
from crawler.robots import KEPT
from tests.crawler.scripted import BEGAN, HOST, SITE, Scene, said, silence, text

# The pause


def test_between_two_pages_there_is_the_pause_and_a_little_more(scene):
    visitor = scene.visitor(delay_seconds=2)

    for page in range(50):
        visitor.open(f"{SITE}/{page}", text)

    assert len(scene.gaps) == 50
    assert min(scene.gaps) >= 2
    assert max(scene.gaps) <= 2 * (1 + JITTER)
    assert len(set(scene.gaps)) == 50


def test_a_slow_site_gets_longer_pauses(scene):
    scene.pages["/slow"] = [said(takes=7)]
    visitor = scene.visitor(delay_seconds=2)
    visitor.open(f"{SITE}/slow", text)
    visitor.open(f"{SITE}/quick", text)
    visitor.open(f"{SITE}/quick", text)

    after_slow, after_quick = scene.gaps[-2:]

    assert SLOWNESS * 7 <= after_slow <= SLOWNESS * 7 * (1 + JITTER)
    assert 2 <= after_quick <= 2 * (1 + JITTER)


def test_a_page_that_never_came_counts_as_slow(scene):
    scene.pages["/a"] = [silence(takes=20), said()]

    scene.visitor(delay_seconds=2).open(f"{SITE}/a", text)

    assert scene.gaps[-1] >= SLOWNESS * 20


def test_time_that_passed_elsewhere_is_part_of_the_pause(scene):
    visitor = scene.visitor(delay_seconds=2)
    visitor.open(f"{SITE}/a", text)
    waits = len(scene.time.waits)

    scene.time.pass_(60)
    visitor.open(f"{SITE}/b", text)

    assert len(scene.time.waits) == waits


def test_a_scroll_is_paced_and_counted_like_a_page(scene):
    visitor = scene.visitor(delay_seconds=2)
    visitor.open(f"{SITE}/a", text)
    visitor.more(text)
    visitor.more(text)

    assert scene.paths == ["/robots.txt", "/a", "more", "more"]
    assert min(scene.gaps) >= 2
    assert (visitor.tally.pages, scene.state.pages) == (4, 4)
    assert visitor.tally.waited_seconds == sum(scene.time.waits)


def test_the_crawl_delay_of_robots_txt_holds_from_the_first_page_on(scene):
    scene.pages["/robots.txt"] = [said(text="User-agent: *\nCrawl-delay: 10")]
    visitor = scene.visitor(delay_seconds=2)
    visitor.open(f"{SITE}/a", text)
    visitor.open(f"{SITE}/b", text)

    assert min(scene.gaps) >= 10


def test_a_crawl_delay_shorter_than_ours_makes_us_no_quicker(scene):
    scene.pages["/robots.txt"] = [said(text="User-agent: *\nCrawl-delay: 1")]
    visitor = scene.visitor(delay_seconds=2)
    visitor.open(f"{SITE}/a", text)
    visitor.open(f"{SITE}/b", text)

    assert min(scene.gaps) >= 2


def test_a_crawl_delay_of_hours_ends_the_run_and_is_kept_by_the_next(scene):
    scene.pages["/robots.txt"] = [said(text="User-agent: *\nCrawl-delay: 1e300")]
    visitor = scene.visitor(delay_seconds=2)

    with pytest.raises(Paused) as paused:
        visitor.open(f"{SITE}/a", text)
    with pytest.raises(Paused):
        scene.visitor().open(f"{SITE}/a", text)

    assert timedelta(days=1) <= paused.value.until - BEGAN < timedelta(days=1.3)
    assert scene.paths == ["/robots.txt"]


def test_a_site_of_ones_own_is_read_at_full_speed(scene):
    scene.pages["/a"] = [said(takes=3)]
    visitor = scene.visitor(delay_seconds=0)

    for _ in range(3):
        visitor.open(f"{SITE}/a", text)

    assert scene.time.waits == []


def test_its_crawl_delay_is_kept_all_the_same(scene):
    scene.pages["/robots.txt"] = [said(text="User-agent: *\nCrawl-delay: 1")]
    visitor = scene.visitor(delay_seconds=0)

    for _ in range(3):
        visitor.open(f"{SITE}/a", text)

    assert min(scene.gaps) >= 1


# The day's budget


def test_no_more_pages_are_fetched_a_day_than_may_be(scene):
    visitor = scene.visitor(pages_a_day=3)  # robots.txt is one of them
    visitor.open(f"{SITE}/a", text)
    visitor.open(f"{SITE}/b", text)

    with pytest.raises(BudgetSpent) as spent:
        visitor.open(f"{SITE}/c", text)

    assert str(spent.value) == f"3 pages of {HOST} were fetched today, and no more may be"
    assert scene.paths == ["/robots.txt", "/a", "/b"]


def test_scrolls_and_tries_are_paid_for_as_well(scene):
    scene.pages["more"] = [silence(), said()]
    visitor = scene.visitor(pages_a_day=3)
    visitor.open(f"{SITE}/a", text)

    with pytest.raises(BudgetSpent):
        visitor.more(text)

    assert scene.paths == ["/robots.txt", "/a", "more"]


def test_another_run_of_the_day_has_what_the_first_left(scene):
    scene.visitor(pages_a_day=5).open(f"{SITE}/a", text)
    again = scene.visitor(pages_a_day=5)
    again.open(f"{SITE}/b", text)
    again.open(f"{SITE}/c", text)

    with pytest.raises(BudgetSpent):
        again.open(f"{SITE}/d", text)

    assert scene.state.pages == 5


def test_a_new_day_begins_at_midnight_utc_wherever_we_are(scene):
    nine_in_seoul = datetime.fromisoformat("2026-11-26T08:59:50+09:00")
    scene.time.moment = nine_in_seoul
    visitor = scene.visitor(pages_a_day=2)
    visitor.open(f"{SITE}/a", text)
    with pytest.raises(BudgetSpent):
        visitor.open(f"{SITE}/b", text)

    scene.time.moment = nine_in_seoul.astimezone(UTC) + timedelta(seconds=10)
    visitor.open(f"{SITE}/b", text)

    assert (scene.state.day, scene.state.pages) == ("2026-11-26", 1)


# Whatever the site does

TAKES = st.floats(0.01, 30)
ANSWERS = st.one_of(
    st.builds(
        said,
        st.sampled_from([200, 200, 200, 404, 410, 401, 429, 500, 503, 418]),
        takes=TAKES,
        retry_after=st.sampled_from(
            [None, "0", "7", "-3", "soon", "99999999999999999999", "9" * 400]
        ),
    ),
    st.builds(said, text=st.just("garbled"), takes=TAKES),
    st.builds(
        said, st.just(302), takes=TAKES, location=st.sampled_from(["/a", "/b", "http://[", ""])
    ),
    st.builds(silence, TAKES),
)
DEEDS = st.lists(st.sampled_from(["/a", "/b", "more"]), min_size=1, max_size=12)


def read(answer):
    if answer.text == "garbled":
        raise Garbled(answer.text)
    return answer.text


@given(
    deeds=DEEDS,
    answers=st.lists(ANSWERS, max_size=30),
    robots=st.sampled_from(["", "User-agent: *\nCrawl-delay: 5"]),
)
def test_whatever_a_site_answers_it_is_never_pressed(deeds, answers, robots):
    scene = Scene()
    scene.pages["/robots.txt"] = [said(text=robots)]
    # One script for all pages, in the order in which they are asked for.
    script = [*answers, said()]
    scene.pages |= {"/a": script, "/b": script, "more": script}
    visitor = scene.visitor(delay_seconds=2, deadline=BEGAN + timedelta(days=365))
    visitor.open(f"{SITE}/first", text)
    tries = []
    for deed in deeds:
        before = len(scene.asked)
        with suppress(PageError, HostClosed):
            visitor.more(read) if deed == "more" else visitor.open(SITE + deed, read)
        # Its rules are asked for again in time, which is no try of a page: see below.
        tries.append([asked for asked in scene.asked[before:] if asked[0] != "/robots.txt"])

    assert min(scene.gaps) >= (5 if robots else 2) - 1e-3
    for (_, began, ended), (_, after, _) in pairwise(scene.asked):
        assert after - ended >= SLOWNESS * (ended - began) - 1e-3
    redirects = any(getattr(answer, "status", 0) == 302 for _, answer in answers)
    assert max(map(len, tries)) <= TRIES * (1 + HOPS if redirects else 1)
    rules = [began for path, began, _ in scene.asked if path == "/robots.txt"]
    assert all(after - before >= KEPT.total_seconds() for before, after in pairwise(rules))
