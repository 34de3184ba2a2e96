"""Rows of Watcha Pedia's lists: the traps one by one, and whatever they may be wrapped in."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler import watcha_pages as pages
from crawler.errors import Drift
from crawler.watcha_pages import Row
from tests.crawler.saved import HEADING, comment, link, page, rating, stars_of
from tests.replica.words import TRAP_COMMENT


def one_star(text):
    """The half-stars of the first of two rows that shows this text."""
    rows = f"<ul>{rating('aaaaaa1', text)}{rating('aaaaaa2', '★ 1.0')}</ul>"
    return stars_of(pages.ratings(page(HEADING.format(2) + rows)))["aaaaaa1"]


# Stars


@pytest.mark.parametrize("half_stars", range(1, 11))
def test_a_star_text_is_exact_in_half_stars(half_stars):
    assert one_star(f"평가함 ★ {half_stars / 2:.1f}") == half_stars
    assert one_star(f"Rated ★{half_stars / 2:.1f}") == half_stars
    assert one_star(f"<span>★</span>\n<b><i>{half_stars / 2:.1f}</i></b>") == half_stars
    if half_stars % 2 == 0:
        assert one_star(f"★ {half_stars // 2}") == half_stars
        assert one_star(f"★ {half_stars // 2} <em>12</em>") == half_stars


@pytest.mark.parametrize(
    "text",
    [
        "★ 5.5",
        "★ 6",
        "★ 10",
        "★ 45",
        "★ 4.3",
        "★ 4.55",
        "★ 0",
        "★ 0.0",
        "★",
        "★ -1",
        "★ 4 <b>.5</b>",
        "★ 4<b>.</b>5",
        "4.5",
        "☆ 4.5",
        "보고싶어요",
        "",
    ],
)
def test_what_is_no_number_of_half_stars_is_no_rating(text):
    assert one_star(text) is None


def test_stars_in_a_title_are_nobodys_rating():
    rows = "".join(
        [
            rating("aaaaaa1", "평가함 ★ 2.0", "★ 5 짜리 인생"),
            rating("aaaaaa2", "보고싶어요", "★ 5 짜리 인생 2"),
            rating("aaaaaa3", "★ 4", "4"),
        ]
    )

    found = pages.ratings(page(f"{HEADING.format(3)}<ul>{rows}</ul>"))

    assert stars_of(found) == {"aaaaaa1": 4, "aaaaaa2": None, "aaaaaa3": 8}


def test_what_heads_a_list_is_not_part_of_its_only_row():
    head = f"<h1>별점 ★ 5 요정</h1>{HEADING.format(1)}<p>평균 ★ 3.5</p>"

    found = pages.ratings(page(f"<div>{head}<ul>{rating('aaaaaa1', '보고싶어요')}</ul></div>"))

    assert stars_of(found) == {"aaaaaa1": None}


def test_a_wish_and_a_row_without_a_mark_are_rows_without_a_rating():
    rows = "".join(
        [
            rating("aaaaaa1", "★ 4.5"),
            rating("aaaaaa2", "보고 싶어요"),
            rating("aaaaaa3", "Wish"),
            rating("aaaaaa4", ""),
        ]
    )

    found = pages.ratings(page(f"{HEADING.format(4)}<ul>{rows}</ul>"))

    told = {code: row.told for code, row in found.rows.items()}
    assert stars_of(found) == {"aaaaaa1": 9, "aaaaaa2": None, "aaaaaa3": None, "aaaaaa4": None}
    assert told == {"aaaaaa1": True, "aaaaaa2": True, "aaaaaa3": True, "aaaaaa4": False}


def test_a_row_that_is_shown_twice_is_one_row():
    rows = rating("aaaaaa1", "★ 4.5") + rating("aaaaaa2", "★ 1.0") + rating("aaaaaa1", "★ 4.5")

    assert stars_of(pages.ratings(page(HEADING.format(2) + rows))) == {"aaaaaa1": 9, "aaaaaa2": 2}


# Comments


def test_a_comment_has_the_stars_beside_it_and_not_those_in_what_people_wrote():
    rows = "".join(
        [
            comment("cccccc1", "uuuuuu1", stars="★ 4"),
            comment("cccccc2", "uuuuuu2", body=TRAP_COMMENT),
            comment("cccccc3", "uuuuuu3", name="★ 5 요정"),
            comment("cccccc4", "uuuuuu4", name="★ 5 요정", stars="★ 0.5", body="<p>★ <b>2</b></p>"),
        ]
    )

    found = pages.comments(page(f"<h2>코멘트 4</h2><ul>{rows}</ul>"))

    assert list(found.rows.values()) == [
        Row("uuuuuu1", "", 8),
        Row("uuuuuu2", "", None),
        Row("uuuuuu3", "", None),
        Row("uuuuuu4", "", 1),
    ]


def test_two_comments_of_one_person_are_two_rows():
    rows = comment("cccccc1", "uuuuuu1", stars="★ 4") + comment("cccccc2", "uuuuuu1")

    found = pages.comments(page(f"<h2>코멘트 2</h2><ul>{rows}</ul>"))

    assert list(found.rows) == ["cccccc1", "cccccc2"]


def test_nothing_that_somebody_wrote_is_kept():
    rows = comment("cccccc1", "uuuuuu1", name="김아무개", body="비밀")

    assert "비밀" not in repr(found := pages.comments(page(f"<h2>코멘트 1</h2>{rows}")))
    assert "김아무개" not in repr(found)


# Links that are no rows


def test_tabs_menus_and_links_of_other_shapes_are_no_rows():
    decoys = "".join(
        [
            f"<nav>{link('aaaaaa7')}</nav>",
            link("webtoons", "웹툰"),
            link("popular", "인기"),
            '<a title="코멘트" href="/ko-KR/contents/aaaaaa8/comments">더보기</a>',
            '<a title="길다" href="/ko-KR/contents/aaaaaaaa8">x</a>',
            '<a title="책" href="/ko-KR/books/aaaaaa8">x</a>',
            '<a href="/ko-KR/contents/aaaaaa8">without a title</a>',
            '<a title="쪽" href="https://elsewhere.invalid/?u=/contents/aaaaaa8">x</a>',
        ]
    )
    around = f"<header>{link('aaaaaa9')}</header><footer>{link('aaaaaa0')}</footer>"
    rows = rating("aaaaaa1", "★ 4.5") + rating("aaaaaa2", "★ 1.0")

    found = pages.ratings(page(f"{decoys}{HEADING.format(2)}<ul>{rows}</ul>", around=around))

    assert stars_of(found) == {"aaaaaa1": 9, "aaaaaa2": 2}


@pytest.mark.parametrize(
    "href",
    [
        "/ko-KR/contents/aaaaaa1",
        "/ko/contents/aaaaaa1",
        "/en-US/contents/aaaaaa1/",
        "/contents/aaaaaa1?from=list",
        "https://pedia.watcha.com/ko-KR/contents/aaaaaa1#top",
    ],
)
def test_a_work_is_known_by_its_code_in_every_form_of_its_address(href):
    row = f'<li><a title="웹툰" href="{href}">웹툰</a><p>★ 4</p></li>'

    assert stars_of(pages.ratings(page(HEADING.format(1) + row))) == {"aaaaaa1": 8}


# Titles


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("&quot;따옴표&quot; 상회", '"따옴표" 상회'),
        ("체력 &lt; 마력 &amp; 지력", "체력 < 마력 & 지력"),
        ("오늘도 맑음☀️🐈", "오늘도 맑음☀️🐈"),
        (unicodedata.normalize("NFD", "봄빛 각성자"), "봄빛 각성자"),
        ("  두  칸\n띄움 ", "두 칸 띄움"),
    ],
)
def test_a_title_is_composed_and_unescaped(written, title):
    found = pages.ratings(page(HEADING.format(1) + rating("aaaaaa1", "★ 4.5", written)))

    assert found.rows["aaaaaa1"].title == title


# Whatever the markup

NAMES = st.text("abcXYZ-_09", min_size=1, max_size=8)
TAGS = st.sampled_from(["div", "section", "article", "span", "ul", "figure", "x-row"])
WRAPPERS = st.lists(st.tuples(TAGS, NAMES), max_size=4)
NOISE = st.sampled_from(["", "<p>12</p>", "<b>2016</b>", "<i></i>", "<button>더보기</button>"])
ROWS = st.lists(
    st.tuples(
        st.text("abcdefgh", min_size=6, max_size=6).map(lambda letters: letters + "1"),
        st.integers(1, 10),
        st.text("가나다라 &<'\"☀", min_size=1, max_size=8).filter(str.strip),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row[0],
)


def wrapped(inner, wrappers):
    for tag, name in wrappers:
        inner = f'<{tag} class="{name}">{inner}</{tag}>'
    return inner


@settings(deadline=None)  # a busy machine is no failure
@given(
    rows=ROWS,
    around_star=WRAPPERS,
    around_link=WRAPPERS,
    around_row=WRAPPERS,
    around_list=WRAPPERS,
    noise=NOISE,
    star_first=st.booleans(),
    headed=st.booleans(),
)
def test_rows_come_out_the_same_whatever_they_are_wrapped_in(
    *, rows, around_star, around_link, around_row, around_list, noise, star_first, headed
):
    made = []
    for code, half_stars, title in rows:
        name = title.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        star = wrapped(f"평가함 ★ {half_stars / 2:.1f}", around_star)
        anchor = wrapped(link(code, name, f"<span>{name}</span>"), around_link)
        parts = [star, anchor] if star_first else [anchor, star]
        made.append(f"<div>{wrapped(noise + ''.join(parts), around_row)}</div>")
    heading = HEADING.format(len(rows))
    listed = wrapped("".join(made), around_list)
    main = f"<div>{heading}{listed}</div>" if headed else heading + listed

    found = pages.ratings(page(main))

    assert stars_of(found) == {code: half_stars for code, half_stars, _ in rows}
    assert [row.title for row in found.rows.values()] == [
        " ".join(title.split()) for _, _, title in rows
    ]
    assert found.declared == len(rows)


@pytest.mark.parametrize("stars", ["★★★★☆", "★ 4.7", "★ 4,5", "☆☆☆"])
def test_a_list_of_stars_in_another_notation_is_drift_and_not_a_list_without_ratings(stars):
    rows = "".join(rating(f"aaaaaa{n}", stars) for n in range(3))

    with pytest.raises(Drift):
        pages.ratings(page(HEADING.format(3) + f"<ul>{rows}</ul>"))


@pytest.mark.parametrize("nothing", ["★ 0", "★ 0.0", "★ -", "보고싶어요"])
def test_a_row_that_says_that_it_is_not_rated_is_understood(nothing):
    rows = rating("aaaaaa1", nothing) + rating("aaaaaa2", "★ 1.0")

    found = pages.ratings(page(HEADING.format(2) + f"<ul>{rows}</ul>"))

    assert all(row.understood for row in found.rows.values())
