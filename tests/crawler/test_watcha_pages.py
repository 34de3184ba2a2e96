"""What pages of Watcha Pedia say, in every markup they ever had, and in what they might have."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import watcha_pages as pages
from crawler.errors import Drift, Gone, LoginRequired
from crawler.politeness import Garbled
from crawler.source import ForeignItem
from tests.crawler.saved import HEADING, Saved, comment, page, rating, shown, stars_of
from tests.replica import answers
from tests.replica.listing import comments_of, live_rows, ratings_of
from tests.replica.model import PAGE
from tests.replica.words import TRAP_COMMENT
from tests.replica.world import World

GENERATIONS = range(1, 6)


@pytest.fixture(scope="module")
def world():
    return World(1, 30, 40)


# Every generation


@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_users_first_rows_come_out_exactly(world, generation):
    saved = Saved(world, generation)
    open_ = [user for user in world.users.values() if not user.private and user.rows]
    for user in open_:
        rows = ratings_of(world, user).page(1)

        found = pages.ratings(saved.user(user.code))

        assert stars_of(found) == {
            row.work: row.value if row.mark == "rated" else None for row in rows
        }
        assert found.declared == len(live_rows(world, user))
        assert [row.title for row in found.rows.values()] == [
            unicodedata.normalize("NFC", world.watcha[row.work].title) for row in rows
        ]
    values = {row.value for user in open_ for row in user.rows[:PAGE] if row.mark == "rated"}
    assert values == set(range(1, 11))


@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_works_first_comments_come_out_exactly(world, generation):
    saved = Saved(world, generation)
    said = {comment.work for comment in world.comments}
    for code in said:
        comments = comments_of(world, world.watcha[code])

        found = pages.comments(saved.comments(code))

        assert {key: (row.code, row.half_stars) for key, row in found.rows.items()} == {
            comment.code: (comment.user, world.stars(comment)) for comment in comments.page(1)
        }
        assert found.declared == comments.declared
    assert TRAP_COMMENT in {comment.text for comment in world.comments}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_work_says_who_made_it_and_where_it_is_to_be_read(world, generation):
    saved = Saved(world, generation)
    for code, work in world.watcha.items():
        outlinks = [f"naver:{work.title_id}"] if work.kind in ("outlink", "both") else []
        names = {"네이버웹툰": "naver", "카카오웹툰": "kakao"}

        found = pages.work(saved.watcha(f"/ko-KR/contents/{code}"), code)

        composed = [unicodedata.normalize("NFC", name) for name, _ in work.authors]
        assert (found.title, found.year) == (unicodedata.normalize("NFC", work.title), work.year)
        assert found.authors == tuple(composed)
        assert found.outlinks == tuple(outlinks)
        assert set(found.platforms) == {names[name] for name in work.platforms}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_search_finds_each_work_by_its_title(world, generation):
    saved = Saved(world, generation)
    for code, work in world.watcha.items():
        found = pages.results(saved.watcha(f"/ko-KR/search?query={work.title}&domain=webtoons"))

        assert (code, unicodedata.normalize("NFC", work.title)) in found


@pytest.mark.parametrize("generation", GENERATIONS)
def test_lists_without_rows_say_why(world, generation):
    saved = Saved(world, generation)

    empty = pages.ratings(saved.user(world.special["zero"]))
    with pytest.raises(LoginRequired):
        pages.ratings(saved.user(world.special["private"]))
    with pytest.raises(Garbled):
        pages.ratings(saved.watcha("/ko-KR/settings"))

    assert (empty.rows, empty.declared, empty.wall) == ({}, 0, False)


@pytest.mark.parametrize("generation", [1, 2, 3, 4])
def test_stars_that_only_eyes_can_read_are_an_alarm(world, generation):
    saved = Saved(world, generation, icons=True)

    with pytest.raises(Drift) as drift:
        pages.ratings(saved.user(world.special["nine"]))

    assert str(drift.value) == "9 of 9 rows have no stars that can be read"


# How many there are


@pytest.mark.parametrize(
    ("heading", "declared"),
    [
        ("<h2>평가한 웹툰 18</h2>", 18),
        ("<h2>평가한 웹툰 <span>1,500</span></h2>", 1500),
        ("<h3>Rated webtoons (1,234,567</h3>", 1_234_567),
        ("<h1>평가 · 3</h1>", 3),
        ("<h1>평가 500</h1><h2>평가한 웹툰 18</h2>", 18),  # a nickname
        ("<h2>평가한 웹툰 18</h2><h3>평가 500</h3>", 18),  # a title
        ("<h2>평가한 웹툰 ,</h2>", None),
        ("<h2>평가 1,013명</h2>", None),
        ("<p>평가한 웹툰 18</p>", None),
    ],
)
def test_a_list_declares_its_length_in_its_heading(heading, declared):
    rows = rating("aaaaaa1", "★ 4.5") + rating("aaaaaa2", "★ 1.0")

    assert pages.ratings(page(heading + rows)).declared == declared


# No list


@pytest.mark.parametrize("read", [pages.ratings, pages.comments, pages.results])
def test_a_page_that_is_empty_or_cut_off_is_tried_again(read):
    for text in ("", "<html></html>", "<html><body><main></main></body></html>", "<htm"):
        with pytest.raises(Garbled):
            read(type(page(""))("http://a", 200, text))


@pytest.mark.parametrize("read", [pages.ratings, pages.comments, pages.results])
def test_a_page_of_what_was_deleted_says_that_it_is_gone(read):
    deleted = type(page(""))("http://a", 200, shown(answers.gone("deleted").body.decode()))

    with pytest.raises(Gone):
        read(deleted)
    with pytest.raises(Gone):
        pages.work(deleted, "aaaaaa1")


def test_somebody_who_writes_of_deleted_works_deletes_nothing():
    rows = comment("cccccc1", "uuuuuu1", body="삭제된 콘텐츠라니, 존재하지 않는 페이지라니")

    assert len(pages.comments(page(f"<h2>코멘트 1</h2>{rows}")).rows) == 1


@pytest.mark.parametrize("text", ["비공개 프로필이에요", "This profile is private"])
def test_a_private_profile_wants_a_login(text):
    with pytest.raises(LoginRequired):
        pages.ratings(page(f"<h1>어떤 사람</h1><p>{text}</p>"))


def test_a_wall_among_the_rows_is_noticed_and_one_in_the_menu_is_not():
    wall = '<div><p>로그인이 필요해요</p><a href="/ko-KR/sign_in">로그인</a></div>'
    rows = HEADING.format(20) + rating("aaaaaa1", "★ 4.5")

    assert pages.ratings(page(rows + wall)).wall
    assert not pages.ratings(page(rows, around=f"<header>{wall}</header>")).wall
    with pytest.raises(LoginRequired):
        pages.ratings(page(HEADING.format(20) + wall))


def test_rows_that_are_declared_and_not_there_are_an_alarm():
    with pytest.raises(Drift) as drift:
        pages.ratings(page(f"{HEADING.format(18)}<ul><li>어떤 웹툰 ★ 4.5</li></ul>"))

    assert str(drift.value) == "18 rows are declared, and none can be read"


def test_a_search_without_hits_has_to_say_so():
    assert pages.results(page("<p>검색 결과가 없어요</p>")) == []
    assert pages.results(page("<p>No results found</p>")) == []
    with pytest.raises(Drift):
        pages.results(page("<p>무언가 다른 것</p>"))


# A work


def test_a_work_is_what_its_page_says_outside_of_comments():
    found = pages.work(
        page(
            "<h1>귤밭 2019</h1><div>2016년 · 웹툰</div><h2>평가 2,013명</h2>"
            '<a title="김 귤" href="/ko-KR/people/pppppp1">김 귤</a>'
            '<a href="/ko-KR/people/pppppp2">박 밭</a>'
            '<a href="https://comic.naver.com/webtoon/list?titleId=812000">보러 가기</a>'
            '<a href="https://comic.naver.com.evil.invalid/webtoon/list?titleId=1">x</a>'
            "<span>카카오 웹툰</span>"
            "<section>"
            + comment("cccccc1", "uuuuuu1", body="레진코믹스에서 2024년에 봤다")
            + comment("cccccc2", "uuuuuu2")
            + "</section>"
        ),
        "aaaaaa1",
    )

    assert found == ForeignItem(
        code="aaaaaa1",
        title="귤밭 2019",
        year=2016,
        authors=("김 귤", "박 밭"),
        platforms=("kakao",),
        outlinks=("naver:812000",),
        read=True,
    )


def test_a_work_without_a_heading_is_called_by_its_metadata():
    head = '<meta property="og:title" content="귤밭 &amp; 소금">'

    assert pages.work(page("<p>2016 · 웹툰</p>", head), "aaaaaa1").title == "귤밭 & 소금"
    with pytest.raises(Drift):
        pages.work(page("<p>2016 · 웹툰</p>"), "aaaaaa1")


@given(st.text("<>/=\"' abhrefliconts★4.5&;ko-KRusermain\n", max_size=300))
def test_no_page_whatever_is_more_than_a_page_error(text):
    for read in (pages.ratings, pages.comments, pages.results):
        try:
            read(type(page(""))("http://a", 200, text))
        except (Garbled, Drift, Gone, LoginRequired):
            continue
