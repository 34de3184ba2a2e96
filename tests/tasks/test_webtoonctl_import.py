"""`webtoonctl import`: which rows are taken in, and why the others are not."""

import csv
import sys

import pytest

from db import ratings
from tests.tasks.conftest import sqlite_only


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "ratings.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [
                ("user", "title", "rating"),
                ("kim", "신의 탑", "4.5"),
                ("", "신의 탑", "4.5"),
                ("lee", "없는 작품", "4"),
            ]
        )
    return path


def test_an_import_tells_what_it_took_and_why_it_left_the_rest(operator, stocked, rows):
    done = operator("import", "ratings", rows)

    assert done.code == 0
    assert done.out == (
        "Taken in: 1 ratings by 1 users of 1 works, from 3 rows; 2 rows do not count.\n"
    )
    assert done.err.splitlines()[:2] == [
        "line 3: user is missing",
        'line 4: unknown work: no title "없는 작품"',
    ]
    assert "CRAWL_USER_KEY" in done.err


def test_an_import_as_json(operator, stocked, rows, monkeypatch, database):
    monkeypatch.setenv("CRAWL_USER_KEY", "a long secret")

    done = operator("import", "ratings", rows, "--source", "friends", "--json")

    assert done.json["ratings"] == 1
    assert [row["line"] for row in done.json["rejected"]] == [3, 4]
    assert done.err == ""
    with database.read() as session:
        ((rater, _, half_stars),) = ratings.triples(session, simulated=False)
    assert rater.startswith("friends:")
    assert "kim" not in rater
    assert half_stars == 9


@sqlite_only
def test_a_dry_run_writes_nothing(operator, stocked, rows, database):
    done = operator("import", "ratings", rows, "--dry-run")

    assert done.out.startswith("Would take in: 1 ratings")
    with database.read() as session:
        assert ratings.counts(session).rows == 0


@sqlite_only
@pytest.mark.parametrize("name", ["demo", "reader", "a:b", ""])
def test_a_source_that_would_be_taken_for_another_is_wrong_usage(operator, rows, name):
    assert operator("import", "ratings", rows, "--source", name).code == 2


@sqlite_only
def test_an_import_of_which_nothing_counts_ends_with_1(operator, rows, tmp_path):
    assert operator("import", "ratings", rows).code == 1
    assert operator("import", "ratings", tmp_path / "gone.csv").code == 1
    assert operator("import", "catalogue", sys.executable).code == 1


def test_movielens_is_imported_as_it_comes(operator, tmp_path):
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,Toy Story (1995),Comedy\n")
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n7,1,4.0,964982703\n")

    works = operator("import", "catalogue", tmp_path / "movies.csv", "--json").json
    stars = operator("import", "ratings", tmp_path / "ratings.csv", "--json").json

    assert (works["new"], works["rejected"]) == (1, [])
    assert (stars["ratings"], stars["rejected"]) == (1, [])
    assert operator("status", "--json").json["database"]["ratings"]["rows"] == 1
