"""The tour: what it says that was answered is what the programs answer."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture
def tour(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])
    yield import_module("tour")
    sys.modules.pop("tour")


@pytest.fixture
def page():
    return (DOCS / "tour.md").read_text(encoding="utf-8")


def test_the_tour_is_what_the_programs_say(tour, page):
    with tour.Tour() as programs:
        assert programs.replayed(page) == page


def test_the_tour_says_something_everywhere(tour, page):
    for block in tour.BLOCK.finditer(page):
        if block["kind"] == "text":
            lines = block["body"].splitlines()
            said = [line for line in lines if tour.SAID.fullmatch(line) or line.startswith("$ ")]
            assert said
            assert len(lines) > 2 * len(said)


def test_what_differs_from_run_to_run_is_not_written_down(tour, page):
    for volatile, _ in tour.VOLATILE:
        assert not volatile.search(page)
