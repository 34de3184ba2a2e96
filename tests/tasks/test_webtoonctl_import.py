"""`webtoonctl import`: which rows are taken in, and why the others are not."""

import csv
import os
import random
import signal
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from db import catalogue, ratings
from tests.fakes.waiting import eventually
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
        "Taken in: 1 ratings by 1 users of 1 works, from 3 rows; 2 rows do not count "
        "(1 × user is missing; 1 × unknown work).\n"
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
    assert done.json["reasons"] == {"user is missing": 1, "unknown work": 1}
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


def write(path, *rows, encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@sqlite_only
def test_of_many_rejected_rows_the_first_are_listed_and_all_are_counted(
    operator, stocked, tmp_path
):
    bad = [("kim", f"없는 작품 {n}", "4") for n in range(60)]
    wishes = [("kim", "신의 탑", "0")] * 7
    path = write(tmp_path / "r.csv", ("user", "title", "rating"), *bad, *wishes)

    done = operator("import", "ratings", path)
    as_json = operator("import", "ratings", path, "--json")

    lines = done.err.splitlines()
    assert lines[49] == 'line 51: unknown work: no title "없는 작품 49"'
    assert lines[50:53] == [
        "… and 17 more. All 67 by reason:",
        "      60  unknown work",
        "       7  rating is …: a wish, not a rating",
    ]
    assert done.out.endswith("(60 × unknown work; 7 × rating is …: a wish, not a rating).\n")
    assert len(as_json.json["rejected"]) == 67


@sqlite_only
def test_fifty_rejected_rows_are_all_listed(operator, stocked, tmp_path):
    bad = [("kim", f"없는 작품 {n}", "4") for n in range(50)]
    path = write(tmp_path / "r.csv", ("user", "title", "rating"), *bad)

    done = operator("import", "ratings", path)

    assert len([line for line in done.err.splitlines() if line.startswith("line ")]) == 50
    assert "more" not in done.err


@sqlite_only
def test_rejected_rows_are_written_as_they_were_and_taken_in_once_mended(
    operator, stocked, tmp_path
):
    path = write(
        tmp_path / "r.csv",
        ("User", "제목", "별점", "memo"),
        ("kim", "없는 작품", "4", "a, b"),
        ("lee", "신의 탑", "4", ""),
        ("lee", "신의 탑", "5", ""),
        ("park", "신의 탑", "4", "", "more"),
    )

    done = operator("import", "ratings", path, "--rejected", "bad.csv")
    rejected = read(tmp_path / "bad.csv")
    text = (tmp_path / "bad.csv").read_text(encoding="utf-8").replace("없는 작품", "노블레스")
    (tmp_path / "mended.csv").write_text(text, encoding="utf-8")
    again = operator("import", "ratings", "mended.csv", "--rejected", "bad.csv", "--json")

    assert done.code == 0
    assert (tmp_path / "bad.csv").stat().st_mode & 0o777 == 0o600
    assert rejected == [
        {"line": "2", "reason": 'unknown work: no title "없는 작품"', "User": "kim",
         "제목": "없는 작품", "별점": "4", "memo": "a, b", "…": ""},
        {"line": "3", "reason": "the same user rates the same work again in line 4, which counts",
         "User": "lee", "제목": "신의 탑", "별점": "4", "memo": "", "…": ""},
        {"line": "5", "reason": "5 fields, expected 4 as in the header", "User": "park",
         "제목": "신의 탑", "별점": "4", "memo": "", "…": "more"},
    ]  # fmt: skip
    assert (again.json["ratings"], again.json["rejected"]) == (3, [])
    assert (tmp_path / "bad.csv").read_text(encoding="utf-8").splitlines() == ["line,reason"]


@sqlite_only
def test_rows_that_are_rejected_again_have_their_new_line_and_reason(operator, stocked, tmp_path):
    path = write(
        tmp_path / "r.csv", ("user", "title", "rating"), ("a", "신의 탑", "4"), ("", "x", "4")
    )

    operator("import", "ratings", path, "--rejected", "bad.csv")
    text = (tmp_path / "bad.csv").read_text(encoding="utf-8").replace("missing,", "missing,kim")
    (tmp_path / "mended.csv").write_text(text, encoding="utf-8")
    operator("import", "ratings", "mended.csv", "--rejected", "bad.csv")

    assert read(tmp_path / "bad.csv") == [
        {"line": "2", "reason": 'unknown work: no title "x"', "user": "kim", "title": "x",
         "rating": "4"},
    ]  # fmt: skip


@sqlite_only
def test_rejected_rows_are_never_written_over_the_file_that_is_read(operator, rows, tmp_path):
    before = rows.read_bytes()

    (tmp_path / "link.csv").symlink_to(rows)

    done = operator("import", "ratings", rows, "--rejected", "link.csv")

    assert done.code == 2
    assert rows.read_bytes() == before


@sqlite_only
@pytest.mark.parametrize("what", ["catalogue", "feedback"])
def test_rejected_works_and_verdicts_are_written_too(operator, stocked, tmp_path, what):
    header = {"catalogue": ("id", "title"), "feedback": ("platform", "user", "title", "verdict")}
    row = {"catalogue": ("", "x"), "feedback": ("telegram", "7", "신의 탑", "love")}
    path = write(tmp_path / "r.csv", header[what], row[what])

    operator("import", what, path, "--rejected", "bad.csv")

    (rejected,) = read(tmp_path / "bad.csv")
    assert (rejected["line"], tuple(rejected.values())[2:]) == ("2", row[what])


@sqlite_only
def test_a_thumbnail_that_is_none_costs_no_row(operator, database, tmp_path):
    path = write(
        tmp_path / "w.csv",
        ("id", "title", "썸네일"),
        ("1", "a", "//image-comic.pstatic.net/a.jpg?type=m210"),
        ("2", "b", "none"),
    )

    done = operator("import", "catalogue", path)

    assert done.err == 'line 3: the thumbnail "none" is no address: left out\n'
    assert done.out == (
        "Taken in: 2 new works, 0 changed, 0 as they were, from 2 rows; 0 rows do not count.\n"
    )
    with database.read() as session:
        details = catalogue.details(session)
    assert details["import", "1"].thumbnail_url == "https://image-comic.pstatic.net/a.jpg"


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "nfd"])
def test_catalogue_and_ratings_come_in_as_korean_programs_write_them(
    operator, database, tmp_path, encoding
):
    form, encoding = ("NFD", "utf-8") if encoding == "nfd" else ("NFC", encoding)
    works = [("작품명", "id", "작가"), ("똠방각하", "1", "김㈜"), ("신의 탑", "2", "시우")]
    told = [
        ("사용자", "제목", "별점"),
        ("철수", "똠방각하", "★ 4.5"),
        ("철수", "신의\u3000탑", "4,5"),
    ]
    files = [
        write(
            tmp_path / name,
            *[[unicodedata.normalize(form, cell) for cell in row] for row in rows],
            encoding=encoding,
        )
        for name, rows in (("works.csv", works), ("ratings.csv", told))
    ]

    new = operator("import", "catalogue", files[0], "--json").json
    stars = operator("import", "ratings", files[1], "--json").json

    assert (new["new"], new["rejected"]) == (2, [])
    assert (stars["ratings"], stars["users"], stars["rejected"]) == (2, 1, [])
    with database.read() as session:
        assert {work.title for work in catalogue.works(session)} == {"똠방각하", "신의 탑"}


def test_an_import_that_is_killed_is_completed_by_the_same_command(
    operator, stocked, tmp_path, database_url
):
    dice = random.Random(1)
    told = [
        (f"user {user}", str(work), dice.randint(1, 10))
        for user in range(1_500)
        for work in range(1001, 1031)
    ]
    path = write(tmp_path / "r.csv", ("user", "external_id", "half_stars"), *told)
    command = [Path(sys.executable).with_name("webtoonctl"), "import", "ratings", path]
    environment = os.environ | {"DATABASE_URL": database_url}

    with subprocess.Popen(command, cwd=tmp_path, env=environment) as process:
        eventually(lambda: stored(stocked) > 0, "the first rating")
        process.send_signal(signal.SIGKILL)
    some = stored(stocked)
    done = operator("import", "ratings", path, "--json")

    assert 0 < some < len(told)
    assert done.json["ratings"] == stored(stocked) == len(told)


def stored(database):
    with database.read() as session:
        return ratings.counts(session).rows
