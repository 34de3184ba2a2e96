"""What a real browser lets out of this machine, and what it says of the pages that came."""

import pytest

from crawler import watcha_pages as pages
from crawler.errors import Refused
from crawler.fetching import NoAnswer
from tests.crawler.conftest import AGENT, host
from tests.crawler.scripted import text
from tests.crawler.serving import Pages
from tests.fakes.waiting import eventually
from tests.replica.visiting import ratings_address

# What a page may try, with somebody else's host or with ours; %s is a host.
ATTEMPTS = """
<link rel=preconnect href="http://%(other)s"><link rel=dns-prefetch href="//%(other)s">
<link rel=prefetch href="http://%(any)s/x1"><link rel=preload as=image href="http://%(any)s/x2.png">
<link rel=icon href="/favicon.ico"><link rel=manifest href="/x3.json">
<link rel=stylesheet href="http://%(other)s/x4.css"><script src="http://%(other)s/x5.js"></script>
<script type=speculationrules>{"prerender": [{"source": "list", "urls": ["/x6"]}],
  "prefetch": [{"source": "list", "urls": ["/x7"]}]}</script>
<img src="http://%(any)s/x8.png"><video src="http://%(any)s/x9.mp4" preload=auto></video>
<style>@font-face {font-family: f; src: url("/x10.woff2")} p {font-family: f}</style>
<iframe src="http://%(other)s/x11"></iframe>
<a id=blank target=_blank rel=opener href="http://%(any)s/x12"></a>
<form id=form target=_blank method=post action="http://%(other)s/x13"></form>
<script>
  const vainly = (attempt) => { try { attempt()?.catch?.(() => {}); } catch {} };
  vainly(() => new WebSocket("ws://%(any)s/x14"));
  vainly(() => navigator.sendBeacon("http://%(any)s/x15", "x"));
  vainly(() => fetch("http://%(other)s/x16", {mode: "no-cors", keepalive: true}));
  vainly(() => new EventSource("http://%(other)s/x17"));
  vainly(() => window.open("http://%(any)s/x18"));
  vainly(() => blank.click());
  vainly(() => form.submit());
  vainly(() => new Worker(URL.createObjectURL(new Blob([
    'fetch("http://%(other)s/x19", {mode: "no-cors"}); new WebSocket("ws://%(any)s/x20")']))));
  vainly(() => import("http://%(other)s/x21.js"));
  setTimeout(() => fetch("/done"), 300);
</script><p>a page</p>
"""


@pytest.fixture
def site():
    with Pages() as pages_:
        yield pages_


@pytest.fixture
def other():
    with Pages() as pages_:
        yield pages_


def whole_list(visitor, url):
    """The codes of a list, scrolled four times at most."""
    found = dict(visitor.open(url, pages.ratings).rows)
    for _ in range(4):
        found |= visitor.more(pages.ratings).rows
    return list(found)


def api(replica):
    return [request.path for request in replica.log if request.path.startswith("/api")]


# What leaves this machine


def test_strictly_no_request_for_a_disallowed_path_leaves(browser, replica):
    replica.robots("watcha", "recorded")
    visitor = browser.visit(host(replica))
    address = ratings_address(replica.world.special["eighteen"])

    page = visitor.open(replica.watcha_url + address, pages.ratings)
    with pytest.raises(Refused) as refused:
        visitor.more(pages.ratings)

    assert (len(page.rows), page.declared) == (9, 18)
    assert "robots.txt disallows /api/users/" in str(refused.value)
    assert [request.path for request in replica.log] == ["/robots.txt", address]
    assert visitor.tally.disallowed > 0


def test_where_only_pages_are_judged_the_same_list_is_whole(browser, replica):
    replica.robots("watcha", "recorded")
    visitor = browser.visit(host(replica), strict=False)
    code = replica.world.special["eighteen"]

    found = whole_list(visitor, replica.watcha_url + ratings_address(code))

    assert set(found) == {row.work for row in replica.world.users[code].rows}
    assert len(api(replica)) == 1


@pytest.mark.parametrize("whose", ["other", "own"])
def test_of_all_that_a_page_may_try_only_its_own_data_leaves(browser, site, other, whose):
    target = other.host if whose == "other" else site.host
    site.pages["/a"] = (200, {}, ATTEMPTS % {"other": other.host, "any": target})
    site.pages["/done"] = (200, {}, "")
    visitor = browser.visit(site.host)

    page = visitor.open(f"{site.url}/a", text)
    eventually(lambda: "/done" in site.asked, "the last request")

    assert "<p>a page</p>" in page
    assert site.asked == ["/robots.txt", "/a", "/done"]
    assert (other.asked, other.met) == ([], 0)


def test_a_request_says_who_we_are_and_what_we_read(browser, site):
    site.pages["/a"] = (200, {"set-cookie": "a=1"}, "<p>a page</p>")

    browser.visit(site.host).open(f"{site.url}/a", text)

    assert site.headers[-1]["user-agent"] == AGENT
    assert site.headers[-1]["accept-language"].startswith("ko-KR,ko")
    assert "referer" not in site.headers[-1]


def test_what_others_would_have_shown_in_a_page_is_no_reason_to_refuse_it(browser, site, other):
    frames = f'<iframe src="{other.url}/ad"></iframe><iframe src="/own"></iframe><p>a page</p>'
    site.pages |= {"/a": (200, {}, frames), "/own": (503, {"retry-after": "9"}, "<p>own</p>")}
    browser.visit(site.host)

    answer = browser.fetcher.fetch(f"{site.url}/a")

    assert "<p>a page</p>" in answer.text
    assert (answer.status, answer.retry_after, answer.refused) == (200, None, None)
    assert site.asked == ["/robots.txt", "/a", "/own"]


def test_a_scroll_that_tells_a_statistician_is_not_a_refused_list(browser, replica, other):
    replica.robots("watcha", "permissive")
    visitor = browser.visit(host(replica))
    code = replica.world.special["ten"]
    visitor.open(replica.watcha_url + ratings_address(code), pages.ratings)
    driver = browser.fetcher._running.driver
    driver.execute_script(f"addEventListener('scroll', () => fetch('{other.url}/count'))")

    found = visitor.more(pages.ratings)

    assert len(found.rows) == 10
    assert other.asked == []


# Redirects


def test_a_redirect_off_the_host_is_refused(browser, replica, other):
    replica.fault("watcha", "/ko-KR/users/*", "off_host", to=f"{other.url}/trap")
    visitor = browser.visit(host(replica))

    with pytest.raises(Refused) as refused:
        visitor.open(replica.watcha_url + ratings_address("aB3dE6g"), text)

    assert f"leads to {other.host}, which may not be visited" in str(refused.value)
    assert other.asked == []


def test_a_loop_of_redirects_is_refused_after_five(browser, replica):
    replica.fault("watcha", "/ko-KR/users/*", "redirect_loop")
    visitor = browser.visit(host(replica))

    with pytest.raises(Refused) as refused:
        visitor.open(replica.watcha_url + ratings_address("aB3dE6g"), text)

    assert str(refused.value).endswith("redirects again and again")
    assert len(replica.log) == 1 + 6


@pytest.mark.parametrize("page", ["<script>location.replace('/b')</script>", None])
def test_each_redirect_waits_for_its_turn_whoever_makes_it(browser, site, page):
    site.pages["/a"] = (200, {}, page) if page else (302, {"location": "/b"}, "")
    site.pages["/b"] = (200, {}, "<p>a page</p>")
    visitor = browser.visit(site.host, delay_seconds=2)

    found = visitor.open(f"{site.url}/a", text)

    assert "<p>a page</p>" in found
    assert site.asked == ["/robots.txt", "/a", "/b"]
    assert [wait >= 1.9 for wait in visitor.time.waits] == [True, True]
    assert visitor.tally.pages == 3


def test_a_redirect_to_a_disallowed_page_is_refused(browser, site):
    site.pages["/robots.txt"] = (200, {}, "User-agent: *\nDisallow: /sign_in")
    site.pages["/a"] = (302, {"location": "/sign_in"}, "")

    with pytest.raises(Refused):
        browser.visit(site.host).open(f"{site.url}/a", text)

    assert "/sign_in" not in site.asked


def test_data_that_is_redirected_for_ever_is_refused_after_five(browser, replica):
    replica.fault("watcha", "/api/*", "redirect_loop")
    visitor = browser.visit(host(replica))
    address = ratings_address(replica.world.special["ten"])
    visitor.open(replica.watcha_url + address, pages.ratings)

    with pytest.raises(Refused):
        visitor.more(pages.ratings)

    assert len(api(replica)) == 6


def test_data_that_is_redirected_off_the_host_does_not_come(browser, replica, other):
    replica.fault("watcha", "/api/*", "off_host", to=f"{other.url}/trap")
    visitor = browser.visit(host(replica))
    address = ratings_address(replica.world.special["ten"])
    visitor.open(replica.watcha_url + address, pages.ratings)

    found = visitor.more(pages.ratings)

    assert (len(found.rows), found.declared) == (9, 10)
    assert other.asked == []


# Answers


@pytest.mark.parametrize(
    ("status", "retry_after"),
    [(200, None), (401, None), (403, None), (404, None), (429, "7"), (500, None), (503, "date:9")],
)
def test_a_page_has_its_status_and_its_wish_for_a_pause(browser, replica, status, retry_after):
    address = replica.watcha_url + ratings_address(replica.world.special["nine"])
    if status != 200:
        replica.fault("watcha", "*", "status", status=status, retry_after=retry_after)
    browser.visit(host(replica))

    answer = browser.fetcher.fetch(address)

    assert answer.status == status
    if retry_after and retry_after.startswith("date:"):
        assert answer.retry_after.endswith(" GMT")
    else:
        assert answer.retry_after == retry_after


@pytest.mark.parametrize(("status", "retry_after"), [(429, "7"), (503, None), (500, None)])
def test_a_scroll_has_the_status_of_what_it_asked_for(browser, replica, status, retry_after):
    replica.fault("watcha", "/api/*", "status", times=1, status=status, retry_after=retry_after)
    browser.visit(host(replica))
    browser.fetcher.fetch(replica.watcha_url + ratings_address(replica.world.special["ten"]))

    first = browser.fetcher.more()
    second = browser.fetcher.more()

    assert (first.status, first.retry_after) == (status, retry_after)
    assert (second.status, second.text.count("평가함 ★")) == (200, 10)


def test_a_scroll_at_the_end_of_a_list_asks_for_nothing(browser, replica):
    browser.visit(host(replica))
    browser.fetcher.fetch(replica.watcha_url + ratings_address(replica.world.special["nine"]))

    answer = browser.fetcher.more()

    assert (answer.status, answer.requested) == (200, False)


def test_what_was_gone_is_asked_for_again(browser, site):
    site.pages["/a"] = (410, {"cache-control": "max-age=9999"}, "<p>gone</p>")
    browser.visit(site.host)
    first = browser.fetcher.fetch(f"{site.url}/a")
    site.pages["/a"] = (200, {"cache-control": "max-age=9999"}, "<p>back</p>")

    second = browser.fetcher.fetch(f"{site.url}/a")

    assert (first.status, second.status) == (410, 200)
    assert "<p>back</p>" in second.text


@pytest.mark.parametrize(
    "answer",
    [
        (204, {}, ""),
        (200, {"content-disposition": "attachment; filename=a.bin"}, "not a page"),
        (200, {"content-type": "application/octet-stream"}, "not a page"),
    ],
)
def test_an_answer_without_a_page_is_not_taken_for_the_page_before(browser, site, answer):
    site.pages |= {"/a": (200, {}, "<p>somebody else's</p>"), "/b": answer}
    browser.visit(site.host)
    browser.fetcher.fetch(f"{site.url}/a")

    with pytest.raises(NoAnswer) as none:
        browser.fetcher.fetch(f"{site.url}/b")

    assert str(none.value) == "the page did not load"


def test_a_page_that_asks_a_question_is_no_answer_and_the_next_one_is(browser, site):
    site.pages |= {"/a": (200, {}, "<script>alert(1)</script>"), "/b": (200, {}, "<p>a page</p>")}
    browser.visit(site.host)

    with pytest.raises(NoAnswer):
        browser.fetcher.fetch(f"{site.url}/a")

    assert "<p>a page</p>" in browser.fetcher.fetch(f"{site.url}/b").text


def test_scripts_styles_and_drawings_are_no_part_of_a_page(browser, site):
    site.pages["/a"] = (
        200,
        {},
        "<title>T</title><style>p {}</style><svg><text>★ 5</text></svg><noscript>n</noscript>"
        "<script>document.body.append('made by a script')</script><p>a page</p>",
    )
    browser.visit(site.host)

    page = browser.fetcher.fetch(f"{site.url}/a").text

    assert page == (
        "<html><head><title>T</title></head><body>made by a script<p>a page</p></body></html>"
    )


def test_an_empty_page_has_its_status_and_nothing_in_it(browser, replica):
    replica.fault("watcha", "/ko-KR/users/*", "empty")
    browser.visit(host(replica))

    answer = browser.fetcher.fetch(replica.watcha_url + ratings_address("aB3dE6g"))

    assert (answer.status, answer.text) == (200, "<html><head></head><body></body></html>")
