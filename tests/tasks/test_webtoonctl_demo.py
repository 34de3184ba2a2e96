"""`webtoonctl demo`: a catalogue, simulated readers and a model of theirs, made once."""

import shutil
import subprocess
import sys

import pytest

from db import catalogue, models, ratings, schema
from db.probe import newest
from tasks import demo
from tests.tasks.conftest import KEYS, sqlite_only

NO_MODEL = "There is no active model, or its files are gone: run webtoonctl train.\n"


def shelves(database):
    """What a demo adds to: works, ratings, and which models there are."""
    with database.read() as session:
        states = {model.id: model.state for model in models.every(session)}
        return catalogue.works(session), ratings.counts(session), states


def test_the_demo_fills_trains_and_then_has_nothing_to_do(operator, monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "READERS", 200)
    operator("db", "downgrade", "base", "--yes")

    first = operator("demo", "--if-empty")
    silent = operator("demo", "--if-empty")
    again = operator("demo")

    assert first.code == silent.code == again.code == 0
    assert first.out.startswith("Works: 4")
    assert "The demo model " in first.out
    assert (silent.out, silent.err) == ("", "")
    assert "Simulated ratings written: 0." in again.out
    assert again.out.rstrip().endswith(" stays active.")
    assert len(list((tmp_path / "models").iterdir())) == 1


@sqlite_only
def test_the_demo_as_json(operator, monkeypatch):
    monkeypatch.setattr(demo, "READERS", 200)

    first = operator("demo", "--json").json
    again = operator("demo", "--json").json

    assert list(first) == ["works", "ratings", "outcome", "reason", "model", "cleaning"]
    assert (first["outcome"], set(first["model"])) == ("ok", KEYS)
    assert first["works"]["new"] == again["works"]["same"] > 400
    assert first["ratings"] == first["cleaning"][0]["rows"] > again["ratings"] == 0
    assert (again["outcome"], again["model"]["id"]) == ("unchanged", first["model"]["id"])


@sqlite_only
def test_the_demo_trains_again_when_the_models_folder_is_gone(operator, monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "READERS", 200)
    operator("demo")
    shutil.rmtree(tmp_path / "models")

    warned = operator("demo", "--if-empty")
    done = operator("demo")

    assert (warned.code, warned.out, warned.err) == (0, "", NO_MODEL)
    assert "The demo model " in done.out
    assert len(list((tmp_path / "models").iterdir())) == 1


@pytest.mark.parametrize("revision", ["0001", newest()])
def test_works_of_ones_own_are_brought_up_to_date_and_not_mixed_with_the_demo(
    operator, crowd, database, revision
):
    crowd(20)
    before = shelves(database)
    operator("db", "downgrade", revision, "--yes")

    done = operator("demo", "--if-empty")

    now = "" if revision == newest() else f"The tables are now at {newest()}.\n"
    assert (done.code, done.out, done.err) == (0, "", now + NO_MODEL)
    assert schema.revision(database) == newest()
    assert shelves(database) == before


def test_an_upgrade_leaves_works_and_model_as_they_were(operator, trained, database):
    before = shelves(database)
    operator("db", "downgrade", "0001", "--yes")

    done = operator("demo", "--if-empty")
    again = operator("demo", "--if-empty")

    assert (done.code, done.out, done.err) == (0, "", f"The tables are now at {newest()}.\n")
    assert (again.code, again.out, again.err) == (0, "", "")
    assert shelves(database) == before


@sqlite_only
def test_a_second_start_loads_neither_sqlalchemy_nor_numpy(operator, monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "READERS", 200)
    operator("demo")
    script = (
        "import sys; from tasks import cli; sys.argv = ['webtoonctl', 'demo', '--if-empty']\n"
        "try:\n    cli.main()\nfinally:\n"
        "    print(sorted({'sqlalchemy', 'numpy', 'alembic', 'rich'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")


@sqlite_only
def test_a_demo_that_is_rejected_ends_with_1(trained, monkeypatch):
    monkeypatch.setattr(demo, "READERS", 200)

    told = trained("demo")
    as_json = trained("demo", "--json")

    assert (told.code, as_json.code) == (1, 0)
    assert "does not serve. It learnt from simulated readers too" in told.err
    assert as_json.json["outcome"] == "unchanged"
