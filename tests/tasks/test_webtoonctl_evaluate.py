"""`webtoonctl evaluate`: models beside each other, on the database or on a file as it comes."""

from dataclasses import replace

import pytest

from recommender import contenders
from tests.fakes.closed import closed
from tests.tasks.conftest import sqlite_only
from tests.tasks.rating_files import QUICK, rated, write


@pytest.fixture
def ratings(tmp_path):
    return write(tmp_path / "ratings.csv", rated())


def test_models_are_compared_on_the_readers_of_the_database(crowd, operator):
    crowd(150)

    found = operator("evaluate", *QUICK, "--json").json

    assert (found["protocol"], found["seeds"], found["simulated"]) == ("strong", 1, False)
    assert list(found["models"]) == ["popularity", "ease"]
    one = found["models"]["ease"]["ndcg@100"]
    assert 0 < one["low"] < one["mean"] < one["high"] < 1
    assert list(found["paired"]) == ["popularity"]
    gain = found["paired"]["popularity"]["ndcg@10"]
    means = [found["models"][name]["ndcg@10"]["mean"] for name in ("popularity", "ease")]
    assert gain["mean"] == pytest.approx(means[0] - means[1])
    assert set(gain) == {"mean", "low", "high", "p", "p_holm"}
    assert found["models"]["ease"]["fit_seconds"] > 0


@sqlite_only
def test_simulated_readers_are_called_so(operator, crowd, fits_here, tmp_path):
    crowd(150, source="demo", simulated=True)

    done = operator("evaluate", *QUICK, "--html", tmp_path / "page.html")
    found = operator("evaluate", *QUICK, "--json").json

    assert done.code == 0
    assert "SIMULATED" in done.err
    assert "<strong>These figures are of simulated readers.</strong>" in (
        tmp_path / "page.html"
    ).read_text(encoding="utf-8")
    assert found["simulated"] is True


@sqlite_only
def test_an_evaluation_of_nothing_ends_with_1(operator, stocked):
    done = operator("evaluate")

    assert done.code == 1
    assert done.err.count("\n") == 1


@sqlite_only
def test_a_file_needs_no_database(operator, ratings, fits_here, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "nonsense")

    done = operator("evaluate", "--data", ratings, *QUICK, "--seeds", "2")

    assert (done.code, done.err) == (0, "")
    assert " new readers (strong generalisation) of 60, 30 works, " in done.out
    assert "MODEL       NDCG@10 " in done.out
    assert "More than ease, reader by reader" in done.out
    assert "FIT (S)" in done.out


@sqlite_only
@pytest.mark.parametrize("protocol", ["weak", "time"])
def test_other_protocols_are_asked_for_by_name(operator, ratings, fits_here, protocol):
    found = operator("evaluate", "--data", ratings, *QUICK, "--protocol", protocol, "--json").json

    assert found["protocol"] == protocol
    assert found["asked"] > 30


@sqlite_only
def test_there_is_one_future_whatever_the_seeds(operator, ratings, fits_here):
    time = ("--data", ratings, *QUICK, "--protocol", "time")

    once, often = operator("evaluate", *time), operator("evaluate", *time, "--seeds", "3")
    found = operator("evaluate", *time, "--seeds", "3", "--json").json

    assert (often.code, once.err, often.err.count("\n")) == (0, "", 1)
    assert often.err.startswith("--seeds changes nothing about the protocol time")
    assert often.out.splitlines()[:6] == once.out.splitlines()[:6]
    assert (found["seeds"], found["protocol"]) == (1, "time")


@sqlite_only
def test_what_was_liked_later_needs_to_be_known(operator, crowd, tmp_path):
    untimed = write(tmp_path / "ratings.csv", rated(), header=("user", "item", "rating"))
    crowd(150)

    file = operator("evaluate", "--data", untimed, "--protocol", "time")
    database = operator("evaluate", "--protocol", "time")

    assert (file.code, database.code) == (1, 1)
    assert file.err.endswith(f"to know when all was rated: {untimed} does not say.\n")
    assert database.err.startswith("The protocol time needs --data: ")


@sqlite_only
@pytest.mark.parametrize(
    ("models", "sentence"),
    [
        ("svd", "--models: found the model 'svd', expected one of default, ease, popularity, "),
        ("ease,als", "--models: found no package no_such_package, which the model als needs."),
        (" , ", "--models: found no name, expected some, parted by commas."),
        ("content", "--models: content needs to know what the items are about: --features."),
    ],
)
def test_models_that_are_not_to_be_had_end_with_2(operator, ratings, monkeypatch, models, sentence):
    absent = replace(contenders.CONTENDERS["als"], needs="no_such_package")
    monkeypatch.setattr(contenders, "CONTENDERS", {**contenders.CONTENDERS, "als": absent})

    done = operator("evaluate", "--data", ratings, "--models", models)

    assert done.code == 2
    assert done.err.startswith(sentence)
    assert (done.out, done.err.count("\n")) == ("", 1)


@sqlite_only
def test_features_without_data_and_unknown_choices_end_with_2(operator, ratings):
    assert operator("evaluate", "--features", ratings).code == 2
    assert operator("evaluate", "--data", ratings, "--protocol", "odd").code == 2
    assert operator("evaluate", "--data", ratings, "--scale", "7").code == 2
    assert operator("evaluate", "--data", ratings, "--seeds", "0").code == 2


@sqlite_only
def test_by_default_those_are_fitted_that_are_quick_and_can_be(
    operator, ratings, fits_here, monkeypatch
):
    kept = {name: contenders.CONTENDERS[name] for name in ("popularity", "content", "bert4rec")}
    kept["bert4rec"] = replace(kept["bert4rec"], fit=kept["popularity"].fit)
    monkeypatch.setattr(contenders, "CONTENDERS", kept)
    monkeypatch.setattr(contenders, "find_spec", lambda name: object())

    some = operator("evaluate", "--data", ratings, "--json").json
    everything = operator("evaluate", "--data", ratings, "--models", "all", "--json").json

    assert list(some["models"]) == ["popularity"]
    assert list(everything["models"]) == ["popularity", "bert4rec"]


@sqlite_only
def test_the_page_is_written_whole_or_not_at_all(operator, ratings, fits_here, tmp_path):
    folder = tmp_path / "pages"
    done = operator("evaluate", "--data", ratings, *QUICK, "--html", folder / "page.html", "--json")
    with closed(folder, 0o500):
        failed = operator("evaluate", "--data", ratings, *QUICK, "--html", folder / "other.html")

    assert done.json["page"] == f"{folder}/page.html"
    assert [path.name for path in folder.iterdir()] == ["page.html"]
    assert failed.code == 1
    assert "MODEL       NDCG@10" in failed.out  # what was measured is not lost with the page
    assert failed.err.startswith(f"The file {folder}/other.html was not written: ")
