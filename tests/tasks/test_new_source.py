"""What docs/new-source.md promises: one new file is a whole source."""

import importlib
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from crawler import sources
from crawler.settings import CrawlerSettings
from db import catalogue
from tasks.crawl_jobs import Bounds, crawl
from tasks.records import Recording

PAGE = Path(__file__).parents[2] / "docs" / "new-source.md"
WORKS = {
    "7": {"id": 7, "title": "유리 등대", "authors": ["물결"], "genres": ["스릴러"]},
    "8": {"id": 8, "title": "종이 고래", "authors": ["먹구름"], "finished": True},
}


class Publisher:
    """A site on this machine with the works that it has at the moment, one a page."""

    def __init__(self):
        self.works = dict(WORKS)
        self.hidden = set()  # listed, and yet their own pages are not to be had
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                found = publisher.answer(self.path)
                body = json.dumps(found).encode()
                self.send_response(404 if found is None else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, path):
        if found := re.fullmatch(r"/shelf/(\d+)\.json", path):
            number, rows = int(found[1]), list(self.works.values())
            following = str(number + 1) if number < len(rows) else None
            return {"works": rows[number - 1 : number], "next": following}
        found = re.fullmatch(r"/works/(\d+)\.json", path)
        if found is None or found[1] in self.hidden:
            return None
        return self.works.get(found[1])


@pytest.fixture
def publisher():
    publisher = Publisher()
    thread = Thread(target=publisher.server.serve_forever, daemon=True)
    thread.start()
    yield publisher
    publisher.server.shutdown()
    publisher.server.server_close()
    thread.join()


@pytest.fixture
def shelf(publisher, tmp_path, monkeypatch):
    """The source of the documentation, as one file among the sources."""
    code = re.search(r"```python\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    (tmp_path / "shelf.py").write_text(code.replace("https://shelf.example", publisher.url))
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    yield
    sys.modules.pop("crawler.sources.shelf", None)


@pytest.fixture
def crawled(database, clock, shelf):
    def run():
        clock.pass_(days=1)
        settings = CrawlerSettings(crawl_delay_seconds=0, _env_file=None)
        return crawl(Recording(database, clock), "shelf", settings, Bounds()).report

    return run


def known(database):
    with database.read() as session:
        return {work.key: work for work in catalogue.works(session)}


def test_one_new_file_is_a_whole_source(database, crawled):
    report = crawled()

    assert "shelf" in sources.names()
    assert (report.new, report.outcomes) == (2, {"ok": 2})
    work = known(database)["shelf:7"]
    assert (work.title, work.authors, work.genres) == ("유리 등대", ("물결",), ("스릴러",))


def test_what_it_has_no_more_is_gone_after_two_runs_and_back_when_it_returns(
    database, publisher, crawled
):
    crawled()
    lost = publisher.works.pop("8")

    crawled()
    assert not known(database)["shelf:8"].gone
    crawled()
    assert known(database)["shelf:8"].gone

    publisher.works["8"] = lost
    crawled()
    assert not known(database)["shelf:8"].gone


def test_a_work_that_is_listed_again_is_not_gone_though_its_own_page_is(
    database, publisher, crawled
):
    crawled()
    work = publisher.works.pop("8")
    crawled()  # neither listed nor to be had: the first strike
    publisher.works["8"], publisher.hidden = work, {"8"}

    crawled()
    crawled()

    assert not known(database)["shelf:8"].gone
