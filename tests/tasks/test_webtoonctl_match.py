"""`webtoonctl match`: what somebody has to look at, and their word that stays."""

import pytest

from db import crawled, foreign
from db.foreign import Foreign
from tests.plugins.library import NOON
from tests.tasks.conftest import sqlite_only

pytestmark = sqlite_only


@pytest.fixture
def foreigners(stocked, operator):
    """Two works of a ratings site: one that has no author, and one that is ours for certain."""
    with stocked.write() as session:
        ids = foreign.upsert(
            session,
            "watcha",
            [
                Foreign("wReview", "덴마", 2010, read=True),
                Foreign("wSure", "신의 탑", 2010, ("SIU",), read=True),
            ],
            NOON,
        )
        crawled.store(session, [("a" * 32, ids["wReview"], 9)], NOON)
    assert operator("match", "again").out == (
        "1 matched, 1 to look at, 0 none of ours; 1 changed.\n"
    )
    return operator


def states(operator):
    found = operator("match", "--all", "--json").json
    return {row["code"]: (row["state"], row["work"], row["matched_by"]) for row in found}


SURE = ("matched", "naver:1001", "author")


def test_it_shows_what_is_to_be_looked_at_with_what_it_may_be(foreigners):
    shown = foreigners("match")

    assert shown.code == 0
    header, row, hint = shown.out.splitlines()
    assert header.split() == ["code", "title", "authors", "ratings", "ours"]
    assert row.split()[:3] == ["wReview", "덴마", "1"]
    assert "naver:1014 덴마 (양영순)" in row
    assert hint.startswith("Settle one with: webtoonctl match settle CODE WORK")


def test_as_json_it_tells_all_there_is_to_decide_by(foreigners):
    (found,) = foreigners("match", "--json").json

    assert found == {
        "source": "watcha",
        "code": "wReview",
        "title": "덴마",
        "year": 2010,
        "authors": [],
        "platforms": [],
        "outlinks": [],
        "ratings": 1,
        "state": "review",
        "matched_by": None,
        "work": None,
        "candidates": found["candidates"],
    }
    assert found["candidates"][0] == "naver:1014"


def test_what_is_settled_survives_until_it_is_reopened(foreigners):
    done = foreigners("match", "settle", "wReview", "덴마")
    foreigners("match", "again")
    settled = states(foreigners)
    again = foreigners("match", "reopen", "wReview")

    assert done.out == "wReview is 덴마 (naver:1014).\n"
    assert settled == {"wReview": ("matched", "naver:1014", "operator"), "wSure": SURE}
    assert again.out == "wReview is review.\n"
    assert states(foreigners) == {"wReview": ("review", None, None), "wSure": SURE}


def test_what_is_none_of_ours_stays_so(foreigners):
    done = foreigners("match", "settle", "wSure", "--none")
    counted = foreigners("match", "again", "--json").json

    assert done.out == "wSure is none of ours.\n"
    assert counted == {"matched": 0, "review": 1, "elsewhere": 1, "changed": 0}
    assert states(foreigners)["wSure"] == ("elsewhere", None, "operator")
    assert foreigners("match", "reopen", "wSure").out == "wSure is matched.\n"


@pytest.mark.parametrize("arguments", [(), ("덴마", "--none")])
def test_settling_wants_one_answer(foreigners, arguments):
    done = foreigners("match", "settle", "wReview", *arguments)

    assert done.code == 2
    assert "name one of our works, or say --none" in done.err


def test_unknown_codes_and_works_are_said_so(foreigners):
    code = foreigners("match", "settle", "wNobody", "덴마")
    work = foreigners("match", "settle", "wReview", "없는 제목이다")

    assert (code.code, work.code) == (1, 1)
    assert code.err == 'No foreign work has the code "wNobody": webtoonctl match shows them.\n'
    assert work.err.startswith('No work is called "없는 제목이다"')


def test_an_empty_list_says_why(stocked, operator):
    assert operator("match").out == "No ratings site was crawled yet.\n"


def test_when_all_is_settled_it_says_so(foreigners):
    foreigners("match", "settle", "wReview", "--none")

    assert foreigners("match").out == "Nothing is to be looked at.\n"
