"""Plain HTTP with a real server: what is sent, what is taken for an answer, and what is not."""

import gzip

import httpx
import pytest

from crawler import http
from crawler.fetching import Answer, NoAnswer
from crawler.http import HttpFetcher
from tests.crawler.serving import Pages

AGENT = "webtoonbot/0.1 (+https://example.org/bot)"


@pytest.fixture
def site():
    with Pages() as pages:
        yield pages


@pytest.fixture
def fetcher(monkeypatch):
    # Where there is a proxy, it is none of ours.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    fetcher = HttpFetcher(AGENT, httpx.Timeout(5.0))
    yield fetcher
    fetcher.close()


def test_a_request_says_who_we_are_and_nothing_else(site, fetcher):
    site.pages["/a"] = (200, {"set-cookie": "session=1; Path=/"}, "a page")
    fetcher.fetch(f"{site.url}/a")

    fetcher.fetch(f"{site.url}/a")

    assert site.headers[0] == site.headers[1]
    assert {name: site.headers[1].get(name) for name in ("user-agent", "cookie", "referer")} == {
        "user-agent": AGENT,
        "cookie": None,
        "referer": None,
    }
    assert set(site.headers[1]) == {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "accept-language",
        "connection",
    }


def test_an_answer_has_its_status_its_text_and_its_wish_for_a_pause(site, fetcher):
    site.pages["/a"] = (503, {"retry-after": "7"}, "바빠요")

    answer = fetcher.fetch(f"{site.url}/a")

    assert answer == Answer(f"{site.url}/a", 503, "바빠요", retry_after="7")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_told_and_not_followed(site, fetcher, status):
    site.pages["/a"] = (status, {"location": "/b"}, "")

    answer = fetcher.fetch(f"{site.url}/a")

    assert (answer.status, answer.location) == (status, "/b")
    assert site.asked == ["/a"]


def test_a_location_without_a_redirect_leads_nowhere(site, fetcher):
    site.pages["/a"] = (200, {"location": "/b"}, "a page")

    assert fetcher.fetch(f"{site.url}/a").location is None


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("euc-kr", "웹툰".encode("euc-kr"), "웹툰"),
        ("utf-8", "웹".encode()[:2] + b"!", "\ufffd!"),
        ("klingon", "웹툰".encode(), "웹툰"),
        ("hex", "웹툰".encode(), "웹툰"),
        ("idna", "웹툰".encode(), "웹툰"),
        ("undefined", "웹툰".encode(), "웹툰"),
        ("punycode", b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_a_body_in_any_charset_is_text(site, fetcher, charset, body, text):
    site.pages["/a"] = (200, {"content-type": f"text/html; charset={charset}"}, body)

    assert fetcher.fetch(f"{site.url}/a").text == text


def test_a_packed_body_is_unpacked(site, fetcher):
    site.pages["/a"] = (200, {"content-encoding": "gzip"}, gzip.compress("웹툰".encode()))

    assert fetcher.fetch(f"{site.url}/a").text == "웹툰"


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_that_is_too_large_is_no_answer(site, fetcher, monkeypatch, packed):
    monkeypatch.setattr(http, "LARGEST", 1_000_000)
    body = b"x" * 1_500_000
    site.pages["/a"] = (
        (200, {"content-encoding": "gzip"}, gzip.compress(body)) if packed else (200, {}, body)
    )

    with pytest.raises(NoAnswer) as none:
        fetcher.fetch(f"{site.url}/a")

    assert str(none.value) == "the page has more than 1000000 bytes"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Header: ",
        b"HT",
    ],
)
def test_what_drips_for_ever_is_cut_off(site, fetcher, monkeypatch, head):
    monkeypatch.setattr(http, "LONGEST_SECONDS", 0.2)
    site.pages["/a"] = site.drip(head)

    with pytest.raises(NoAnswer) as none:
        fetcher.fetch(f"{site.url}/a")

    assert str(none.value) == "the page was not whole after 0 s"


def test_after_what_was_cut_off_the_next_page_is_whole(site, fetcher, monkeypatch):
    site.pages["/b"] = (200, {}, "a page")
    fetcher.fetch(f"{site.url}/b")
    site.pages["/a"] = site.drip(b"HTTP/1.1 200 OK\r\n\r\n")
    monkeypatch.setattr(http, "LONGEST_SECONDS", 0.2)
    with pytest.raises(NoAnswer):
        fetcher.fetch(f"{site.url}/a")
    monkeypatch.undo()

    assert fetcher.fetch(f"{site.url}/b").text == "a page"


def test_a_page_that_hangs_is_no_answer(site):
    site.pages["/a"] = site.hang
    fetcher = HttpFetcher(AGENT, httpx.Timeout(0.2))

    with pytest.raises(NoAnswer) as none:
        fetcher.fetch(f"{site.url}/a")

    fetcher.close()
    assert str(none.value) == "timed out"


@pytest.mark.parametrize(
    "bytes_",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"SSH-2.0\r\n",
        b"HTTP/1.1 2\r\n\r\n",
    ],
)
def test_a_broken_answer_is_no_answer(site, fetcher, bytes_):
    site.pages["/a"] = lambda file: file.write(bytes_)

    with pytest.raises(NoAnswer):
        fetcher.fetch(f"{site.url}/a")


@pytest.mark.parametrize(
    "url",
    [
        "http://[oh",
        "http://127.0.0.1:99999/",
        "data:,a",
        "http:///a",
        "",
        "http://a\x01/",
        "http://xn--/",
    ],
)
def test_what_is_no_address_is_no_answer(fetcher, url):
    with pytest.raises(NoAnswer):
        fetcher.fetch(url)


def test_where_nobody_listens_there_is_no_answer(fetcher):
    with Pages() as site:
        url = site.url

    with pytest.raises(NoAnswer):
        fetcher.fetch(url)
