"""Reads the replica over plain HTTP, for the tests of the replica itself."""

import json
import time
import urllib.error
import urllib.request

from selectolax.lexbor import LexborHTMLParser

CLIENT = {"x-frograms-client": "a", "x-frograms-app-code": "b", "x-frograms-version": "1"}


class Unredirected(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(Unredirected, urllib.request.ProxyHandler({}))


def get(url, headers=CLIENT, data=None, timeout=5):
    """Status, text and headers."""
    request = urllib.request.Request(url, data, dict(headers))
    try:
        with OPENER.open(request, timeout=timeout) as response:
            return response.status, response.read().decode(), response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def found(url, **more):
    status, text, _ = get(url, **more)
    assert status == 200, text
    return json.loads(text)


def post(url, **body):
    return found(url, data=json.dumps(body).encode())


def ratings_address(code):
    return f"/ko-KR/users/{code}/contents/webtoons/ratings"


def setup_of(site, path):
    """The rows on a page, and what its script is told: where the next ones are."""
    status, text, _ = get(site.watcha_url + path)
    tree = LexborHTMLParser(text)
    setup = tree.css_first("#list-setup")
    return status, tree, json.loads(setup.text()) if setup else None


def wait_until(true, seconds=5):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def whole_list(site, api):
    """All entries of a list of the API, next_uri by next_uri; what stopped it, if anything did."""
    entries, uri = [], api
    while uri:
        status, text, _ = get(site.watcha_url + uri)
        if status != 200:
            return entries, status
        result = json.loads(text)["result"]
        entries += result["result"]
        uri = result["next_uri"]
    return entries, None
