"""`webtoonctl recommend` and `why`: what a model answers."""

import pytest

from db import catalogue
from tests.plugins.library import NOON
from tests.tasks.conftest import sqlite_only


def test_recommendations_leave_out_the_likes_and_adult_works(trained):
    found = trained("recommend", "신의 탑", "naver:1007", "--count", "30", "--json").json
    everything = trained("recommend", "신의 탑", "--count", "30", "--adult", "--json").json

    ids = [work["external_id"] for work in found["recommendations"]]
    assert [work["external_id"] for work in found["likes"]] == ["1001", "1007"]
    assert not {"1001", "1007", "1028", "1029", "1030"} & set(ids)
    assert len(ids) == 25
    assert len(everything["recommendations"]) == 29
    scores = [work["score"] for work in found["recommendations"]]
    assert scores == sorted(scores, reverse=True)


def test_a_work_that_is_gone_is_not_recommended_and_may_be_liked(trained, stocked):
    with stocked.write() as session:
        catalogue.bury(session, "naver", "1002", NOON)

    found = trained("recommend", "신의 탑", "--count", "30", "--json").json
    because = trained("recommend", "여신강림", "--json").json

    assert "1002" not in {work["external_id"] for work in found["recommendations"]}
    assert [work["external_id"] for work in because["likes"]] == ["1002"]


def test_reasons_add_up_to_the_score_and_their_shares_to_one(trained):
    found = trained("why", "1007", "--likes", "신의 탑", "여신강림", "1009", "--json").json

    amounts = [part["contribution"] for part in found["because"]]
    assert {part["external_id"] for part in found["because"]} == {"1001", "1002", "1009"}
    assert sum(amounts) == pytest.approx(found["score"], abs=1e-6)
    assert amounts == sorted(amounts, reverse=True)
    assert sum(part["share"] for part in found["because"]) == pytest.approx(1)


def test_what_lowers_a_score_is_shown_too(trained):
    likes = [str(1001 + n) for n in range(25) if n != 6]

    done = trained("why", "1007", "--likes", *likes)

    assert done.out.startswith("노블레스: score ")
    assert " -0." in done.out


def test_an_unknown_title_brings_the_nearest_and_1(trained):
    done = trained("recommend", "신의 턉")

    assert done.code == 1
    assert done.err.startswith('No work is called "신의 턉"; the nearest: 신의 탑 (naver:1001)')
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("command", [("recommend", "신의 탑"), ("models", "rollback")])
def test_without_a_model_there_is_one_sentence_and_1(operator, stocked, command):
    done = operator(*command)

    assert done.code == 1
    assert done.err.endswith("run webtoonctl train.\n")


@sqlite_only
def test_a_damaged_model_is_one_sentence_and_1(trained, tmp_path):
    (folder,) = (tmp_path / "models").iterdir()
    (folder / "weights.npy").write_bytes(b"half")

    done = trained("recommend", "신의 탑")

    assert done.code == 1
    assert done.err.startswith(f"The model {folder.name} cannot be used: ")
