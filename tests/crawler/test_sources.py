"""Sources are the modules of one folder; one more file is one more source."""

import pytest

from crawler import sources
from crawler.fetching import Answer
from crawler.source import Spot
from crawler.sources.naver import Naver
from crawler.sources.watcha import Watcha
from tests.crawler.saved import rating
from tests.crawler.scripted import BEGAN

TOY = '''
"""A third site."""


class Toy:
    name = "toy"
    home = "https://toy.invalid"

    def __init__(self, url):
        self.url = url


SOURCE = Toy
'''


@pytest.fixture
def third(tmp_path, monkeypatch):
    (tmp_path / "toy.py").write_text(TOY, encoding="utf-8")
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path)])
    yield
    monkeypatch.undo()
    # What import_module leaves behind.
    import sys

    sys.modules.pop("crawler.sources.toy", None)
    vars(sources).pop("toy", None)


def test_there_are_two_sources():
    assert sources.names() == ["naver", "watcha"]


def test_a_source_is_loaded_by_its_name_and_is_at_home():
    assert isinstance(sources.load("naver"), Naver)
    assert isinstance(sources.load("watcha"), Watcha)
    assert sources.load("naver").home == "https://comic.naver.com"


@pytest.mark.parametrize("name", ["naver", "watcha"])
def test_a_source_says_what_a_crawl_has_to_know(name):
    source = sources.load(name)

    assert source.name == name
    assert source.listing <= set(source.kinds)
    assert set(source.subjects) <= set(source.kinds)
    assert {spot.kind for spot in source.seeds(())} <= set(source.kinds)


def test_one_more_file_is_one_more_source(third):
    assert sources.names() == ["naver", "toy", "watcha"]
    assert sources.load("toy").url == "https://toy.invalid"
    assert sources.load("toy", "http://127.0.0.1:8000").url == "http://127.0.0.1:8000"


def test_a_source_that_does_not_exist_is_not_loaded():
    with pytest.raises(ModuleNotFoundError):
        sources.load("kakao")


class OnePage:
    """A site whose every page is this one, and that has no more of it."""

    def __init__(self, html):
        self.html = html

    def open(self, url, read, gated=()):
        return read(Answer(url, 200, self.html))

    def more(self, read):
        return read(Answer("", 200, self.html, requested=False))


@pytest.mark.parametrize(
    ("heading", "rows", "outcome"),
    [
        ("평가한 웹툰 2", ("★ 4.0", "★ 4.5"), "ok"),
        ("평가한 웹툰 3", ("★ 4.0", "★ 4.5"), "incomplete"),
        ("모두", ("★ 4.0", "★ 4.5"), "incomplete"),
        ("평가한 웹툰 2", ("★ 4.0", "★★★★☆"), "drift"),
    ],
)
def test_only_a_list_that_is_whole_and_understood_says_that_these_are_all(heading, rows, outcome):
    told = "".join(rating(f"aaaaaa{n}", text) for n, text in enumerate(rows))
    site = OnePage(f"<main><h2>{heading}</h2><ul>{told}</ul></main>")
    source = sources.load("watcha", "http://127.0.0.1:9")

    found = source.visit(Spot("user", "anna1", "anna1"), site, BEGAN)

    assert found.outcome == outcome
    assert found.all_of == ("anna1" if outcome == "ok" else None)
    assert len(found.stars) == sum("★ " in text for text in rows)
