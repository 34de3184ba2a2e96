"""A visitor who is told no, or that a site is closed to it, takes that for an answer."""

from datetime import timedelta

import pytest

from crawler.errors import (
    Blocked,
    Drift,
    Failed,
    Gated,
    Gone,
    LoginRequired,
    PageError,
)
from tests.crawler.scripted import HOST, SITE, said, text
from tests.replica import answers

CAPTCHA = answers.captcha().body.decode()


def fail(visitor, path="/a"):
    with pytest.raises(Failed):
        visitor.open(SITE + path, text)


@pytest.mark.parametrize("status", [400, 405, 418, 304, 100])
def test_an_answer_that_means_nothing_to_us_is_a_failure_at_once(scene, visitor, status):
    scene.pages["/a"] = [said(status)]

    with pytest.raises(Failed) as failed:
        visitor.open(f"{SITE}/a", text)

    assert str(failed.value) == f"{SITE}/a: it answers {status}"
    assert len(scene.asked) == 1


@pytest.mark.parametrize(
    ("status", "gated", "error"),
    [
        (401, (), LoginRequired),
        (404, (), Gone),
        (410, (), Gone),
        (401, (401, 403, 404), Gated),
        (403, (401, 403, 404), Gated),
        (404, (401, 403, 404), Gated),
        (404, (401, 403), Gone),
    ],
)
def test_a_no_is_taken_for_an_answer(scene, visitor, status, gated, error):
    scene.pages["/a"] = [said(status)]

    with pytest.raises(PageError) as no:
        visitor.open(f"{SITE}/a", text, gated)

    assert type(no.value) is error
    assert len(scene.asked) == 1
    assert (scene.state.stopped_at, scene.state.paused_until) == (None, None)


@pytest.mark.parametrize("error", [Drift, Gone, Gated, LoginRequired])
def test_what_reading_a_page_says_is_not_tried_again(scene, visitor, error):
    def read(_):
        raise error("so it is")

    with pytest.raises(error):
        visitor.open(f"{SITE}/a", read)

    assert len(scene.asked) == 1


@pytest.mark.parametrize("error", [Drift, Gone, Gated, LoginRequired])
def test_pages_that_say_no_are_no_failures(scene, visitor, error):
    def read(_):
        raise error("so it is")

    scene.pages["/a"] = [said(500)]
    for _ in range(4):
        fail(visitor)
    with pytest.raises(error):
        visitor.open(f"{SITE}/b", read)
    fail(visitor)

    assert scene.state.paused_until is None


@pytest.mark.parametrize("answer", [said(403, "no"), said(200, CAPTCHA), said(404, CAPTCHA)])
def test_a_site_that_blocks_us_is_left_alone_for_good(scene, visitor, answer):
    scene.pages["/a"] = [answer]
    with pytest.raises(Blocked) as blocked:
        visitor.open(f"{SITE}/a", text)
    scene.time.moment += timedelta(days=300)
    scene.asked.clear()

    for request in (
        lambda: visitor.more(text),
        lambda: visitor.open(f"{SITE}/b", text),
        lambda: scene.visitor().open(f"{SITE}/b", text),
    ):
        with pytest.raises(Blocked) as again:
            request()

    assert HOST in str(blocked.value)
    assert "since 2026-11-25 12:00 UTC" in str(again.value)
    assert visitor.stopped
    assert scene.asked == []


@pytest.mark.parametrize(
    "page",
    [
        "<main><p>자동 입력 방지 문자를 만든 사람의 이야기</p></main>",
        "<main><p>g-recaptcha</p></main>",
        '<main>id="challenge-form", h-captcha &lt;div class="cf-challenge"&gt;</main>',
        '{"synopsis": "<h1>자동 입력 방지</h1> g-recaptcha"}',
    ],
)
def test_a_page_that_only_speaks_of_captchas_is_a_page(scene, visitor, page):
    scene.pages["/a"] = [said(text=page)]

    assert visitor.open(f"{SITE}/a", text) == page
    assert not visitor.stopped


@pytest.mark.parametrize(
    "page",
    [
        '<form id="challenge-form" action="/x">',
        '<div class="g-recaptcha" data-sitekey="1"></div>',
        '<div class="a h-captcha"></div>',
        "<head><title>자동입력 방지</title></head>",
    ],
)
def test_a_page_that_asks_for_proof_is_a_block(scene, visitor, page):
    scene.pages["/a"] = [said(text=f"\n<html>{page}</html>")]

    with pytest.raises(Blocked):
        visitor.open(f"{SITE}/a", text)
