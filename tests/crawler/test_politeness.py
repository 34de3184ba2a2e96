"""Where a visitor goes at all: hosts, redirects, robots.txt, and what pages request themselves."""

from datetime import timedelta

import pytest

from crawler.errors import Paused, Refused
from tests.crawler.scripted import BEGAN, HOST, PAGE, SITE, said, silence, text
from tests.replica.robots import PROFILES

LIST = "/ko-KR/users/aB3dE6g/contents/webtoons/ratings"
API = "/api/users/aB3dE6g/contents/webtoons/ratings?page=2"


def refusal(visitor, url):
    """Why a page is refused, or its host is left alone; None if neither."""
    try:
        visitor.open(url, text)
    except (Refused, Paused) as refused:
        return str(refused)
    return None


# Hosts


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere.invalid/",
        "http://127.0.0.1:8001/",
        "http://127.0.0.1/",
        f"http://{HOST}@elsewhere.invalid/",
        "http://elsewhere.invalid/?http://127.0.0.1:8000/",
        "file:///etc/passwd",
        "ftp://127.0.0.1:8000/",
        "data:text/html,hello",
        "http://[broken/",
        "",
    ],
)
def test_no_address_but_those_of_its_hosts_is_asked_for(scene, url):
    refused = refusal(scene.visitor(), url)

    assert "may not be visited" in refused
    assert scene.asked == []


def test_a_page_of_its_host_is_read(scene):
    page = scene.visitor().open(f"{SITE}/a", text)

    assert page == PAGE
    assert scene.paths == ["/robots.txt", "/a"]


def test_the_name_of_a_host_is_the_same_in_capitals(scene):
    visitor = scene.visitor(hosts=frozenset({"localhost:8000"}))

    assert refusal(visitor, "http://LocalHost:8000/a") is None


# Redirects


def test_a_redirect_is_followed_at_the_pace_of_pages(scene):
    scene.pages["/ko/a"] = [said(302, "", location="/ko-KR/a")]

    page = scene.visitor(delay_seconds=2).open(f"{SITE}/ko/a", text)

    assert page == PAGE
    assert scene.paths == ["/robots.txt", "/ko/a", "/ko-KR/a"]
    assert min(scene.gaps) >= 2


@pytest.mark.parametrize(
    "location",
    ["http://elsewhere.invalid/", "//elsewhere.invalid/a", "ftp://127.0.0.1:8000/", "http://[oh"],
)
def test_a_redirect_off_the_host_is_refused(scene, location):
    scene.pages["/a"] = [said(302, "", location=location)]

    refused = refusal(scene.visitor(), f"{SITE}/a")

    assert "may not be visited" in refused
    assert scene.paths == ["/robots.txt", "/a"]


def test_a_redirect_to_what_robots_txt_disallows_is_refused(scene):
    scene.pages["/robots.txt"] = [said(text="User-agent: *\nDisallow: /sign_in")]
    scene.pages["/a"] = [said(302, "", location="/sign_in?next=/a")]

    refused = refusal(scene.visitor(), f"{SITE}/a")

    assert refused == f"{SITE}/a: robots.txt disallows /sign_in"
    assert scene.paths == ["/robots.txt", "/a"]


def test_a_loop_of_redirects_ends_after_five(scene):
    scene.pages["/a"] = [said(302, "", location="/a")]

    refused = refusal(scene.visitor(), f"{SITE}/a")

    assert refused == f"{SITE}/a redirects again and again"
    assert scene.paths.count("/a") == 6


def test_five_redirects_are_followed(scene):
    for hop in range(5):
        scene.pages[f"/{hop}"] = [said(301, "", location=f"/{hop + 1}")]

    assert scene.visitor().open(f"{SITE}/0", text) == PAGE


# robots.txt


@pytest.mark.parametrize(
    ("profile", "allowed"),
    [
        ("recorded", [True, True, False]),
        ("permissive", [True, True, True]),
        ("wildcard", [True, True, False]),
        ("crawl-delay", [True, True, True]),
        ("deny", [False, False, False]),
    ],
)
def test_robots_txt_decides_which_pages_are_opened(scene, profile, allowed):
    scene.pages["/robots.txt"] = [said(text=PROFILES[profile])]
    visitor = scene.visitor()

    reasons = [refusal(visitor, SITE + path) for path in ("/ko-KR/contents/aB3dE6g", LIST, API)]

    assert [reason is None for reason in reasons] == allowed
    assert len(scene.asked) == 1 + sum(allowed)


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [
        (said(404, ""), True),
        (said(403, "no"), True),
        (said(401, "no"), True),
        (said(410, ""), True),
        (said(429, ""), False),
        (said(500, ""), False),
        (said(503, ""), False),
        (said(304, ""), False),
        (silence(), False),
        (said(302, "", location="/robots.txt"), False),
        (said(302, "", location="http://elsewhere.invalid/robots.txt"), False),
        (said(302, "", location="http://[oh"), False),
    ],
)
def test_without_robots_txt_all_is_allowed_and_with_an_ill_one_nothing(scene, answer, allowed):
    scene.pages["/robots.txt"] = [answer]

    reason = refusal(scene.visitor(), f"{SITE}/a")

    assert (reason is None) == allowed
    assert ("/a" in scene.paths) == allowed
    assert allowed or "robots.txt" in reason


def test_while_robots_txt_is_ill_no_page_is_to_blame_and_the_host_is_left_alone(scene):
    scene.pages["/robots.txt"] = [said(500, ""), said(500, ""), said(text="")]
    by_hand, at_night = scene.visitor(), scene.visitor(deadline=BEGAN + timedelta(hours=2))

    with pytest.raises(Paused) as paused:
        by_hand.open(f"{SITE}/a", text)
    page = at_night.open(f"{SITE}/a", text)

    assert paused.value.until - BEGAN == pytest.approx(timedelta(minutes=30), abs=timedelta(1))
    assert str(paused.value).endswith("UTC: its robots.txt answers 500")
    assert page == PAGE
    assert scene.paths == ["/robots.txt"] * 3 + ["/a"]
    assert scene.time.now() - BEGAN >= timedelta(minutes=60)


def test_a_redirect_of_robots_txt_is_followed_on_the_host(scene):
    scene.pages["/robots.txt"] = [said(301, "", location="/static/robots.txt")]
    scene.pages["/static/robots.txt"] = [said(text="User-agent: *\nDisallow: /a")]

    reason = refusal(scene.visitor(), f"{SITE}/a")

    assert reason == f"{SITE}/a: robots.txt disallows /a"


def test_robots_txt_is_read_once_a_day(scene):
    visitor = scene.visitor()
    visitor.open(f"{SITE}/a", text)
    scene.pages["/robots.txt"] = [said(text="User-agent: *\nDisallow: /")]

    scene.time.moment += timedelta(hours=23, minutes=59)
    before = refusal(visitor, f"{SITE}/a")
    scene.time.moment += timedelta(minutes=1)
    after = refusal(visitor, f"{SITE}/a")

    assert before is None
    assert after == f"{SITE}/a: robots.txt disallows /a"
    assert scene.paths.count("/robots.txt") == 2


def test_what_is_refused_is_not_tried_again(scene):
    scene.pages["/robots.txt"] = [said(text=PROFILES["deny"])]

    refusal(scene.visitor(), f"{SITE}/a")

    assert scene.paths == ["/robots.txt"]


# What a page requests by itself


def why_not(scene, path, *, document=False, **manners):
    visitor = scene.visitor(**manners)
    visitor.robots(SITE)
    return visitor, visitor.why_not(path if ":" in path else SITE + path, document=document)


def test_strictly_a_page_may_not_request_what_robots_txt_disallows(scene):
    scene.pages["/robots.txt"] = [said(text=PROFILES["recorded"])]

    visitor, reason = why_not(scene, API, strict=True)

    assert reason == "robots.txt disallows /api/users/aB3dE6g/contents/webtoons/ratings"
    assert visitor.tally.disallowed == 1


def test_otherwise_only_the_page_itself_is_judged_by_robots_txt(scene):
    scene.pages["/robots.txt"] = [said(text=PROFILES["recorded"])]

    visitor, reason = why_not(scene, API, strict=False)

    assert reason is None
    assert visitor.why_not(SITE + API, document=True) is not None
    assert visitor.tally.disallowed == 0


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://elsewhere.invalid/a.js", "elsewhere.invalid is not a host that may be visited"),
        ("ws://127.0.0.1:8000/a", "another protocol"),
        ("file:///etc/passwd", "another protocol"),
        ("data:image/gif;base64,R0", None),
        ("blob:http://127.0.0.1:8000/1", None),
        ("about:blank", None),
    ],
)
def test_a_page_requests_nothing_of_other_hosts(scene, url, reason, strict):
    assert why_not(scene, url, strict=strict)[1] == reason


def test_before_robots_txt_was_read_a_page_requests_nothing(scene):
    visitor = scene.visitor()

    assert visitor.why_not(f"{SITE}/a.js", document=False) == "its robots.txt was not read"
    assert scene.asked == []


def test_a_page_that_the_browser_was_refused_is_refused(scene):
    scene.pages["/a"] = [said(0, "", refused="it leads elsewhere")]

    assert refusal(scene.visitor(), f"{SITE}/a") == f"{SITE}/a: it leads elsewhere"
