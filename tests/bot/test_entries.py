"""What one line of a list says."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.conversation.entries import Entry, Stars, entry, stars, verdict
from bot.conversation.hangul import normalise
from db.tables import Verdict

LIKE, DISLIKE, READ, HIDDEN = Verdict.LIKE, Verdict.DISLIKE, Verdict.READ, Verdict.HIDDEN
TITLES = {
    normalise(title)
    for title in (
        "신의 탑",
        "덴마",
        "Tower of God",
        "Love 2.0",
        "1인용 기분",
        "232",
        "10월의 별",
        "7. 끝",
    )
} | {normalise("쌉니다, 천리마마트"), normalise("봄, 좋아요")}


def known(title):
    return normalise(title) in TITLES


def read(line):
    return entry(line, known)


@pytest.mark.parametrize(
    "line",
    [
        "덴마", "  덴마  ", "- 덴마", "* 덴마", "• 덴마", "1. 덴마", "12) 덴마", "(3) 덴마",
        "#4 덴마", "①덴마", "[ ] 덴마", "[x] 덴마", "- [ ] 덴마", "> 덴마", "3 덴마", "“덴마”",
        "《덴마》", "「덴마」", "'덴마'", "**덴마**", "덴마 ★", "덴마,", "1. 《덴마》", "🔥 덴마",
    ],
)  # fmt: skip
def test_bullets_numbers_and_quotes_are_no_part_of_a_title(line):
    assert read(line) == Entry("덴마")


@pytest.mark.parametrize(
    ("line", "number", "of"),
    [
        ("덴마 ★4.5", 4.5, None),
        ("1. 덴마 ⭐ 4", 4, None),
        ("덴마, 4.5", 4.5, None),
        ("덴마 - 9", 9, None),
        ("덴마: 4,5점", 4.5, None),
        ("덴마\t3", 3, None),
        ("덴마 (4.5)", 4.5, None),
        ("덴마 8점", 8, None),
        ("덴마 별점 4", 4, None),
        ("덴마 4.5", 4.5, None),
        ("덴마 9/10", 9, 10),
        ("덴마 ★ 4.5/5", 4.5, 5),
        ("덴마 (7 / 10)", 7, 10),
        ("덴마 ★★★★☆", 4, 5),
        ("덴마 ⭐⭐", 2, 5),
    ],
)
def test_a_rating_may_follow_a_title(line, number, of):
    assert read(line) == Entry("덴마", stars=Stars(number, of))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("덴마 👍", LIKE),
        ("👍 덴마", LIKE),
        ("덴마👍🏽", LIKE),
        ("덴마 ❤️", LIKE),
        ("덴마 👎", DISLIKE),
        ("✅ 덴마", READ),
        ("🙈 덴마", HIDDEN),
        ("덴마, 좋아요", LIKE),
        ("덴마 좋아요", LIKE),
        ("덴마 - 별로", DISLIKE),
        ("덴마: not for me", DISLIKE),
        ("덴마 (읽음)", READ),
        ("- 덴마 | read", READ),
    ],
)
def test_a_verdict_may_stand_at_either_end(line, said):
    assert read(line) == Entry("덴마", verdict=said)


def test_a_rating_and_a_verdict_may_both_follow():
    assert read("덴마, 4.5, 별로") == Entry("덴마", verdict=DISLIKE, stars=Stars(4.5))


@pytest.mark.parametrize(
    "title", ["Love 2.0", "1인용 기분", "232", "7. 끝", "쌉니다, 천리마마트", "봄, 좋아요"]
)
def test_what_belongs_to_a_title_that_there_is_stays_with_it(title):
    assert read(f"1. {title}") == Entry(title)


@pytest.mark.parametrize("line", ["덴마 2", "모르는 작품 3", "모르는 추천", "100 도씨", "1.5세대"])
def test_a_bare_number_or_word_may_be_a_titles_own(line):
    assert read(line) == Entry(line)


@pytest.mark.parametrize(
    "line", ["신의 탑, SIU", "신의 탑 - SIU", "신의 탑 / SIU", "신의 탑 by SIU", "SIU - 신의 탑"]
)
def test_what_stands_beside_a_title_that_there_is_may_be_its_author(line):
    assert read(line) == Entry("신의 탑", "SIU")


def test_a_page_of_the_catalogue_is_its_number():
    found = read("👍 https://comic.naver.com/webtoon/list?titleId=1001&tab=mon")

    assert found.external_id == "1001"


@pytest.mark.parametrize("line", ["", "   ", "---", "👍", "★★★", "내 인생 웹툰:", "\u3164", "!?"])
def test_what_names_nothing_is_none(line):
    assert read(line) is None


def test_of_an_endless_line_only_the_beginning_counts():
    assert len(read("가" * 10_000).title) == 200


@pytest.mark.parametrize("word", ["좋아요", "LIKE", "👍", " 추천 ", "👍🏿"])
def test_likes_have_many_words(word):
    assert verdict(word) is LIKE


@pytest.mark.parametrize("text", ["", "좋아요", "11", "100", "-1", "4.5.6", "신의 탑", "nan"])
def test_other_texts_are_no_rating(text):
    assert stars(text) is None


@given(st.text(max_size=400))
@example("(" * 300)
@example("가 " * 150)
@example("4.5 " * 100)
@example(", " * 200)
def test_no_line_takes_long_or_fails(line):
    began = time.process_time()

    read(line)

    assert time.process_time() - began < 0.2
