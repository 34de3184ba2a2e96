"""Which of our works a foreign one is, decided by hand-made works."""

import unicodedata

import pytest

from db import catalogue, foreign
from db.catalogue import Facts, Work
from db.foreign import Foreign, ForeignRow, MatchState
from tasks import matching
from tasks.errors import UnknownWork
from tasks.matching import Match, Matched, Matcher
from tests.plugins.library import NOON, stock


def ours(number, title, *authors, source="naver", adult=False):
    return Work(
        id=number,
        source=source,
        external_id=str(number),
        title=title,
        title_en=None,
        authors=authors,
        genres=(),
        keywords=(),
        weekdays=(),
        finished=False,
        adult=adult,
        url="",
    )


def theirs(title, *authors, platforms=(), outlinks=()):
    return ForeignRow(
        id=1,
        source="watcha",
        code="w000001",
        title=title,
        year=2020,
        authors=authors,
        platforms=platforms,
        outlinks=outlinks,
        webtoon_id=None,
        state=MatchState.REVIEW,
        matched_by=None,
        gone=False,
    )


LIGHTHOUSE = ours(1, "유리 등대", "먹고래")
SPRING, SPRING_TOO = ours(2, "봄날", "한가람"), ours(3, "봄날", "오누리")
ELSEWHERE = ours(4, "종이 고래", "귤바람", source="kakao")
QUOTED = ours(5, '"따옴표" 상회', "참국수")
SYMBOLS = ours(6, "★★★", "솜사탕")
WORKS = (LIGHTHOUSE, SPRING, SPRING_TOO, ELSEWHERE, QUOTED, SYMBOLS)
NOBODY = Match()


def decided(work):
    return Matcher(WORKS).decide(work)


def test_a_link_decides_whatever_the_title_says():
    work = theirs("다른 제목", "아무개", outlinks=("naver:1",))

    assert decided(work) == Match(LIGHTHOUSE, "outlink")


def test_a_link_to_a_work_that_we_do_not_have_is_for_somebody_to_look_at():
    work = theirs("유리 등대", "먹고래", platforms=("naver",), outlinks=("naver:99",))

    assert decided(work) == NOBODY


def test_links_to_two_of_our_works_are_for_somebody_to_look_at():
    assert decided(theirs("유리 등대", "먹고래", outlinks=("naver:1", "naver:2"))) == NOBODY


def test_a_link_to_ours_beside_one_to_none_of_ours_decides():
    assert decided(theirs("x", outlinks=("naver:99", "naver:1"))) == Match(LIGHTHOUSE, "outlink")


def test_the_platform_and_the_title_decide_where_the_title_is_one_works():
    assert decided(theirs("유리 등대", platforms=("naver",))) == Match(LIGHTHOUSE, "platform")
    assert decided(theirs("봄날", platforms=("naver",))) == NOBODY
    assert decided(theirs("종이 고래", platforms=("naver",))) == NOBODY  # ours is not of Naver
    assert decided(theirs("유리 등대", platforms=("kakao",))) == NOBODY


def test_title_and_author_decide():
    assert decided(theirs("유리 등대", "먹고래")) == Match(LIGHTHOUSE, "author")
    assert decided(theirs("유리 등대", "아무개", "먹고래")) == Match(LIGHTHOUSE, "author")


def test_of_two_works_with_one_title_the_author_chooses():
    assert decided(theirs("봄날", "한가람")) == Match(SPRING, "author")
    assert decided(theirs("봄날", "오누리", platforms=("naver",))) == Match(SPRING_TOO, "author")
    assert decided(theirs("봄날", "한가람", "오누리")) == NOBODY


def test_a_title_alone_decides_nothing_and_is_offered():
    for work in (theirs("유리 등대"), theirs("유리 등대", "아무개")):
        assert decided(work) == NOBODY
        assert Matcher(WORKS).candidates(work)[0] == LIGHTHOUSE


def test_what_is_like_none_of_ours_has_no_candidates():
    assert Matcher(WORKS).candidates(theirs("Completely different")) == []


@pytest.mark.parametrize(
    "title",
    [
        unicodedata.normalize("NFD", "유리 등대"),
        "유리등대",
        " 유리  등대! ",
        "유리·등대",
        "『유리 등대』",
    ],
)
def test_titles_are_compared_by_their_letters(title):
    author = unicodedata.normalize("NFD", "먹고래")

    assert decided(theirs(title, author)) == Match(LIGHTHOUSE, "author")


def test_quotes_make_no_difference_and_symbols_alone_do():
    assert decided(theirs("“따옴표” 상회", "참국수")) == Match(QUOTED, "author")
    assert decided(theirs("★★★", "솜사탕")) == Match(SYMBOLS, "author")
    assert decided(theirs("☆☆☆", "솜사탕")) == NOBODY


# -- over a database


@pytest.fixture
def matched(database):
    """Matches these foreign works of a stocked library anew; (state, our title, how) by code."""
    stock(database)

    def match(*told):
        with database.write() as session:
            foreign.upsert(session, "watcha", told, NOON)
        done = matching.match(database)
        with database.read() as session:
            rows = foreign.every(session)
        return done, {row.code: (str(row.state), row.matched_by) for row in rows}

    return match


TOWER = Foreign("w1", "신의 탑", 2010, ("SIU",), read=True)
ALONE = Foreign("w2", "덴마", read=True)


def test_matching_again_changes_nothing_and_new_evidence_does(database, matched):
    first, before = matched(TOWER, ALONE)
    again, _ = matched()
    later, after = matched(Foreign("w2", "덴마", authors=("양영순",), read=True))

    assert (first, again) == (Matched(1, 1, 0, 1), Matched(1, 1, 0, 0))
    assert before == {"w1": ("matched", "author"), "w2": ("review", None)}
    assert later == Matched(2, 0, 0, 1)
    assert after["w2"] == ("matched", "author")


def test_what_an_operator_settled_stays_whatever_the_evidence_becomes(database, matched):
    matched(TOWER, ALONE)
    with database.read() as session:
        other = next(work for work in catalogue.works(session) if work.title == "쿠베라")
    matching.settle(database, "w1", None)
    matching.settle(database, "watcha:w2", other)

    done, found = matched(
        Foreign("w1", "신의 탑", outlinks=("naver:1001",), read=True),
        Foreign("w2", "덴마", authors=("양영순",), read=True),
    )

    assert done == Matched(1, 0, 1, 0)
    assert found == {"w1": ("elsewhere", "operator"), "w2": ("matched", "operator")}
    with database.read() as session:
        assert {row.code: row.webtoon_id for row in foreign.every(session)} == {
            "w1": None,
            "w2": other.id,
        }


def test_what_is_reopened_is_matched_by_its_evidence(database, matched):
    matched(TOWER, ALONE)
    matching.settle(database, "w1", None)

    matching.reopen(database, "w1")

    assert matched()[1]["w1"] == ("matched", "author")


def test_a_code_that_two_sites_have_is_named_with_its_site(database, matched):
    matched(TOWER)
    with database.write() as session:
        foreign.upsert(session, "elsewhere", [Foreign("w1", "신의 탑")], NOON)

    with pytest.raises(UnknownWork, match='"w1" is ambiguous'):
        matching.named(database, "w1")
    with pytest.raises(UnknownWork, match='No foreign work has the code "w9"'):
        matching.named(database, "w9")
    assert matching.named(database, "elsewhere:w1").source == "elsewhere"


def test_a_work_that_only_a_link_told_of_is_matched_once_we_have_it(database, matched):
    _, before = matched(Foreign("w3", "새 등대", outlinks=("naver:77",), read=True))
    with database.write() as session:
        catalogue.upsert(session, [Facts("naver", "77", "새 등대")], NOON)

    _, after = matched()

    assert (before["w3"], after["w3"]) == (("review", None), ("matched", "outlink"))
