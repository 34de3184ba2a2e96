"""`webtoonctl report`: a page, its figures, its facts, and what it says where it cannot."""

import json
import subprocess
import sys

import pytest

from tests.fakes.closed import closed
from tests.tasks.conftest import sqlite_only


def test_the_page_and_its_figures_are_written(operator, crowd, tmp_path):
    crowd(40, source="demo", simulated=True)

    done = operator("report")

    folder = tmp_path / "var" / "report"
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("var/report/report.html: 30 works, ")
    assert done.out.endswith(" ratings, SIMULATED ones among them.\n")
    assert sorted(path.name for path in folder.iterdir()) == [
        "cleaning.png",
        "readers.png",
        "report.html",
        "stars.png",
        "works.png",
    ]
    assert (folder / "stars.png").read_bytes().startswith(b"\x89PNG")
    assert "http" not in (folder / "report.html").read_text(encoding="utf-8").replace(
        "http-equiv", ""
    )


def test_an_empty_database_is_a_page_of_one_sentence(operator, tmp_path):
    done = operator("report", "--to", "here")

    assert (done.code, done.err) == (0, "")
    assert done.out == "here/report.html: there is nothing to report on yet.\n"
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["report.html"]


def test_the_facts_as_json(operator, crowd):
    crowd(40)

    found = operator("report", "--json").json
    steps = operator("train", "--json").json["cleaning"]

    assert list(found) == [
        "page",
        "made_at",
        "simulated",
        "crawled",
        "likes",
        "cleaning",
        "cleaning_real",
        "before",
        "after",
        "genres",
        "coverage",
        "crawls",
        "changes",
    ]
    assert found["page"] == "var/report/report.html"
    assert found["cleaning"] == steps
    assert sum(found["before"]["stars"].values()) == steps[0]["rows"]
    assert found["crawled"] == {"rows": 0, "readers": 0, "works": 0, "mean": None, "sd": None}


@sqlite_only
@pytest.mark.parametrize("kind", ["closed", "file"])
def test_a_folder_that_cannot_be_written_is_one_sentence_and_1(operator, stocked, tmp_path, kind):
    folder = tmp_path / "reports"
    if kind == "file":
        folder.write_text("mine")
        done = operator("report", "--to", folder)
    else:
        folder.mkdir()
        with closed(folder, 0o500):
            done = operator("report", "--to", folder)

    assert done.code == 1
    assert done.err.startswith(f"The file {folder}/report.html was not written: ")
    assert done.err.count("\n") == 1
    assert done.out == ""
    assert folder.read_text() == "mine" if kind == "file" else not list(folder.iterdir())


@sqlite_only
def test_only_the_report_loads_what_draws(operator):
    program = (
        "import sys, json; import tasks.cli; from tasks import cli_report, report;"
        "print(json.dumps([n for n in ('matplotlib', 'jinja2') if n in sys.modules]))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert json.loads(done.stdout) == []
