"""What a visitor makes of answers that are no page: it waits, tries again, gives up, or stops."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from crawler.errors import (
    Failed,
    Paused,
)
from crawler.manners import retry_after
from crawler.politeness import BREAK, Garbled
from tests.crawler.scripted import BEGAN, PAGE, SITE, said, silence, text


def later(seconds):
    return format_datetime(BEGAN + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), (" 90 ", 90), (None, 30), ("soon", 30), ("", 30), ("-5", 30)]
)
def test_a_busy_site_is_given_the_time_it_asks_for(scene, visitor, status, header, seconds):
    scene.pages["/a"] = [said(status, retry_after=header), said()]

    page = visitor.open(f"{SITE}/a", text)

    assert page == PAGE
    assert scene.time.waits == [seconds]


def test_it_may_ask_for_a_date(scene, visitor):
    scene.pages["/a"] = [said(429, retry_after=later(60)), said()]

    visitor.open(f"{SITE}/a", text)

    assert scene.asked[-1][1] >= 60


def test_a_date_that_has_passed_asks_for_no_more_than_the_usual_pause(scene):
    scene.pages["/a"] = [said(429, retry_after=later(-60)), said()]

    scene.visitor(delay_seconds=2).open(f"{SITE}/a", text)

    assert 2 <= scene.gaps[-1] <= 2.5


def test_where_it_says_nothing_the_wait_doubles(scene, visitor):
    scene.pages["/a"] = [said(429), said(503), said()]

    visitor.open(f"{SITE}/a", text)

    assert scene.time.waits == [30, 60]


def test_after_three_tries_it_is_left_alone_for_half_an_hour(scene, visitor):
    scene.pages["/a"] = [said(429)]

    with pytest.raises(Failed) as failed:
        visitor.open(f"{SITE}/a", text)

    assert str(failed.value) == f"{SITE}/a: it answers 429 (3 tries)"
    assert scene.paths == ["/a"] * 3
    assert scene.state.paused_until == scene.time.now() + BREAK


def test_the_break_holds_for_scrolls_and_other_pages_and_the_next_run(scene, visitor):
    visitor.open(f"{SITE}/b", text)
    scene.pages["more"] = [said(429)]
    with pytest.raises(Failed):
        visitor.more(text)
    scene.asked.clear()

    for request in (
        lambda: visitor.more(text),
        lambda: visitor.open(f"{SITE}/b", text),
        lambda: scene.visitor().open(f"{SITE}/b", text),
    ):
        with pytest.raises(Paused):
            request()

    assert scene.asked == []


def test_a_break_that_ends_before_the_deadline_is_waited_for(scene, visitor):
    scene.pages["/a"] = [said(503)]
    with pytest.raises(Failed):
        visitor.open(f"{SITE}/a", text)
    until = scene.state.paused_until
    in_time = scene.visitor(deadline=until + timedelta(minutes=1))

    in_time.open(f"{SITE}/b", text)

    assert scene.time.now() >= until
    assert scene.paths[-1] == "/b"


def test_a_break_that_ends_after_the_deadline_is_not(scene, visitor):
    scene.pages["/a"] = [said(503)]
    with pytest.raises(Failed):
        visitor.open(f"{SITE}/a", text)
    until, now = scene.state.paused_until, scene.time.now()

    with pytest.raises(Paused) as paused:
        scene.visitor(deadline=until - timedelta(seconds=1)).open(f"{SITE}/b", text)

    assert (paused.value.until, scene.time.now()) == (until, now)


@pytest.mark.parametrize("header", ["3600", later(3600)])
def test_a_site_that_asks_for_longer_than_a_break_is_not_waited_for(scene, visitor, header):
    scene.pages["/a"] = [said(429, retry_after=header)]

    with pytest.raises(Paused) as paused:
        visitor.open(f"{SITE}/a", text)

    assert scene.paths == ["/a"]
    assert timedelta(minutes=59) < paused.value.until - BEGAN <= timedelta(minutes=61)
    assert scene.state.paused_until == paused.value.until


@pytest.mark.parametrize("header", ["9" * 20, "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_nobody_asks_for_more_than_a_month(header):
    assert retry_after(header, BEGAN) == timedelta(days=30).total_seconds()


def test_a_busy_site_that_is_well_again_begins_anew_with_half_a_minute(scene, visitor):
    scene.pages["/a"] = [said(429), said(), said(429), said()]

    visitor.open(f"{SITE}/a", text)
    visitor.open(f"{SITE}/a", text)

    assert scene.time.waits == [30, 30]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said(500), "it answers 500"),
        (said(502), "it answers 502"),
        (said(text="cut off"), "the page is cut off"),
        (silence(), "it does not answer"),
    ],
)
def test_a_page_that_failed_is_tried_three_times_in_bounded_time(scene, visitor, answer, why):
    scene.pages["/a"] = [answer]

    with pytest.raises(Failed) as failed:
        visitor.open(f"{SITE}/a", whole)

    assert str(failed.value) == f"{SITE}/a: {why} (3 tries)"
    assert scene.paths == ["/a"] * 3
    assert scene.time.waits == [5, 10]


@pytest.mark.parametrize("answer", [said(500), said(text="cut off"), silence()])
def test_a_page_that_failed_once_is_read_after_all(scene, visitor, answer):
    scene.pages["/a"] = [answer, said()]

    assert visitor.open(f"{SITE}/a", whole) == PAGE
    assert len(scene.asked) == 2


def whole(answer):
    if answer.text == "cut off":
        raise Garbled("the page is cut off")
    return answer.text


def fail(visitor, path="/a"):
    with pytest.raises(Failed):
        visitor.open(SITE + path, text)


def test_after_five_failed_pages_in_a_row_the_site_gets_its_break(scene, visitor):
    scene.pages["/a"] = [said(500)]
    for _ in range(4):
        fail(visitor)
    before = scene.state.paused_until

    fail(visitor)

    assert before is None
    assert scene.state.paused_until == scene.time.now() + BREAK


def test_five_failed_pages_with_a_good_one_between_are_no_reason(scene, visitor):
    scene.pages["/a"] = [said(500)]
    for _ in range(4):
        fail(visitor)
    visitor.open(f"{SITE}/b", text)
    fail(visitor)

    assert scene.state.paused_until is None


def test_after_a_lost_answer_the_page_is_opened_anew(scene, visitor):
    scene.pages["more"] = [silence(), said()]
    visitor.open(f"{SITE}/a", text)

    visitor.more(text)

    assert scene.paths == ["/a", "more", "/a"]


def test_after_an_answer_of_any_kind_it_is_scrolled_again(scene, visitor):
    scene.pages["more"] = [said(500), said(429), said(text="more of it")]
    visitor.open(f"{SITE}/a", text)

    page = visitor.more(text)

    assert page == "more of it"
    assert scene.paths == ["/a", "more", "more", "more"]


def test_a_scroll_that_fails_three_times_has_failed(scene, visitor):
    scene.pages["more"] = [silence()]
    visitor.open(f"{SITE}/a", text)
    scene.pages["/a"] = [silence()]

    with pytest.raises(Failed):
        visitor.more(text)

    assert scene.paths == ["/a", "more", "/a", "/a"]


def test_whoever_begins_anew_in_a_pause_waits_for_its_end(scene, visitor):
    asked_for = []
    scene.pages["/a"] = [said(429, retry_after="60"), said()]
    sleep = scene.time.sleep

    def interrupted(seconds):
        asked_for.append(scene.state.paused_until)
        raise KeyboardInterrupt

    scene.time.sleep = interrupted
    with pytest.raises(KeyboardInterrupt):
        visitor.open(f"{SITE}/a", text)
    scene.time.sleep = sleep

    with pytest.raises(Paused):
        scene.visitor().open(f"{SITE}/a", text)

    assert scene.state.paused_until == asked_for[-1]
    assert scene.state.paused_until - scene.time.now() == timedelta(seconds=60)


def test_nothing_is_waited_for_beyond_the_deadline(scene):
    visitor = scene.visitor(deadline=BEGAN + timedelta(seconds=40), delay_seconds=30.0)
    visitor.open(f"{SITE}/a", text)

    with pytest.raises(Paused, match="The time for crawling was over"):
        visitor.open(f"{SITE}/b", text)

    assert "/b" not in scene.paths
    assert scene.time.now() <= BEGAN + timedelta(seconds=40)
