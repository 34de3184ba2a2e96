"""Lists as people write them and as programs do."""

import json

import pytest

from bot.conversation.entries import Entry, Stars
from bot.conversation.errors import UserError
from bot.conversation.hangul import normalise
from bot.conversation.listing import MOST, of_file, of_text, scale
from db.tables import Verdict

NAMES = ("신의 탑", "덴마", "노블레스", "쿠베라", "봄날", "쌉니다, 천리마마트")
TITLES = {normalise(title) for title in NAMES}


def known(title):
    return normalise(title) in TITLES


def titles(entries):
    return [found.title for found in entries]


def texts(text):
    return of_text(text, known)


def files(content, name="list"):
    return of_file(name, content if isinstance(content, bytes) else content.encode(), known)


def refused(content, name="list"):
    with pytest.raises(UserError) as error:
        files(content, name)
    return error.value.key


@pytest.mark.parametrize(
    "text", ["신의 탑, 덴마, 노블레스", "신의 탑; 덴마 ;노블레스", "신의 탑、덴마、노블레스"]
)
def test_one_line_may_hold_several(text):
    assert titles(texts(text)) == ["신의 탑", "덴마", "노블레스"]


def test_several_lines_may_hold_several_each():
    assert titles(texts("신의 탑, 덴마\n노블레스, 쿠베라")) == [
        "신의 탑",
        "덴마",
        "노블레스",
        "쿠베라",
    ]


def test_a_title_with_a_comma_is_one():
    assert titles(texts("쌉니다, 천리마마트")) == ["쌉니다, 천리마마트"]


def test_slips_are_parted_too():
    assert titles(texts("신의 탐, 덴므")) == ["신의 탐", "덴므"]


def test_a_heading_is_no_work():
    assert titles(texts("내 인생 웹툰:\n\n1. 신의 탑\n2. 덴마\n")) == ["신의 탑", "덴마"]


HEADERS = [
    ("title", "rating"),
    ("제목", "별점"),
    ("작품", "평점"),
    (" 웹툰 ", "My Rating"),
    ("작품명", "점수"),
]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_a_table_says_what_its_columns_are(header, delimiter):
    rows = [header, ("신의 탑", "4.5"), ("모르는 작품", "★2"), ("덴마", "")]
    table = "\n".join(delimiter.join(row) for row in rows)

    assert texts(table) == [
        Entry("신의 탑", stars=Stars(4.5)),
        Entry("모르는 작품", stars=Stars(2)),
        Entry("덴마"),
    ]


def test_a_table_may_hold_verdicts_numbers_and_authors():
    table = "작가,평가,external_id,제목\nSIU,읽음,1001,신의 탑\n,like,x,\n,,,\n양영순,,,덴마"

    assert texts(table) == [
        Entry("신의 탑", "SIU", "1001", Verdict.READ),
        Entry("x", external_id="x", verdict=Verdict.LIKE),
        Entry("덴마", "양영순"),
    ]


def test_half_stars_are_out_of_ten():
    assert texts("title,half_stars\n덴마,5") == [Entry("덴마", stars=Stars(5, 10))]


def test_quotes_hold_a_table_together():
    assert texts('title,rating\n"쌉니다, 천리마마트",3') == [
        Entry("쌉니다, 천리마마트", stars=Stars(3))
    ]


def test_a_table_without_a_header_is_known_by_what_is_in_it():
    assert texts("1,신의 탑,SIU,4\n2,모르는 것,누구,9\n3,덴마,양영순,") == [
        Entry("신의 탑", "SIU", stars=Stars(4)),
        Entry("모르는 것", "누구", stars=Stars(9)),
        Entry("덴마", "양영순"),
    ]


@pytest.mark.parametrize(
    ("numbers", "out_of"), [([4, 5, 0.5], 5), ([4, 5.5], 10), ([4, 20, 95], 100), ([], 5)]
)
def test_ratings_are_out_of_the_least_that_all_fit_into(numbers, out_of):
    assert scale([Entry("x", stars=Stars(number)) for number in numbers]) == out_of


def test_a_rating_that_says_what_it_is_out_of_tells_nothing_of_others():
    assert scale([Entry("x", stars=Stars(9, 10)), Entry("y", stars=Stars(4))]) == 5
    assert scale([Entry("x", stars=Stars(9, 10)), Entry("y", stars=Stars(3, 5))]) == 10


def test_a_column_of_ratings_may_go_to_a_hundred():
    found = texts("title,score\n신의 탑,95\n덴마,20%\n노블레스,60 / 100\n쿠베라,8점")

    assert [entry.stars for entry in found] == [
        Stars(95),
        Stars(20, 100),
        Stars(60, 100),
        Stars(8),
    ]


@pytest.mark.parametrize("cell", ["-1", "101", "abc", "보고싶어요"])
def test_what_is_no_rating_in_a_column_of_ratings_is_unclear(cell):
    found = texts(f"title,score\n신의 탑,4\n덴마,{cell}\n노블레스,")

    assert [(entry.stars, entry.unclear) for entry in found] == [
        (Stars(4), False),
        (None, True),
        (None, False),
    ]


EXPORT = {
    "reader": 1,
    "accounts": [{"platform": "telegram", "user_id": "1"}],
    "feedback": [
        {"title": "신의 탑", "external_id": "1001", "verdict": "dislike", "at": "2026-05-04"},
        {"title": "", "external_id": "7", "verdict": "hidden", "at": "2026-05-04"},
    ],
    "settings": {"language": None},
}


@pytest.mark.parametrize(
    ("data", "entries"),
    [
        (["덴마 ★4", "신의 탑"], [Entry("덴마", stars=Stars(4)), Entry("신의 탑")]),
        (
            [{"title": "덴마", "rating": 4.5}, {"제목": "신의 탑", "별점": 9}, 5, None, {"x": 1}],
            [Entry("덴마", stars=Stars(4.5)), Entry("신의 탑", stars=Stars(9))],
        ),
        ({"덴마": 4.5, "신의 탑": "별로"}, [Entry("덴마", stars=Stars(4.5)),
                                       Entry("신의 탑", verdict=Verdict.DISLIKE)]),
        ({"title": "덴마", "verdict": "like"}, [Entry("덴마", verdict=Verdict.LIKE)]),
        ({"works": [{"title": "덴마", "authors": ["양영순", 3], "verdict": True}]},
         [Entry("덴마", "양영순")]),
        ({"library": {"name": "x", "webtoons": [{"title": "덴마"}, "신의 탑"]}},
         [Entry("덴마"), Entry("신의 탑")]),
        ({"title": "덴마", "site": {"tags": []}}, [Entry("덴마")]),
        (EXPORT, [Entry("신의 탑", external_id="1001", verdict=Verdict.DISLIKE),
                  Entry("7", external_id="7", verdict=Verdict.HIDDEN)]),
    ],
)  # fmt: skip
def test_json_may_have_many_shapes(data, entries):
    assert files(json.dumps(data, ensure_ascii=False)) == entries
    assert files(json.dumps(data, indent=2), "export.JSON") == entries


def test_json_lines_are_a_list():
    assert titles(files('{"title": "덴마"}\n\n{"title": "신의 탑"}\n')) == ["덴마", "신의 탑"]


def test_a_list_that_begins_with_a_bracket_is_no_json():
    assert titles(files("[x] 덴마\n[ ] 신의 탑")) == ["덴마", "신의 탑"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949", "euc_kr"])
def test_a_file_may_be_in_any_encoding_of_korean_programs(encoding):
    content = "제목,평점\r\n신의 탑,8\r\n덴마,3".encode(encoding)

    assert files(content) == [Entry("신의 탑", stars=Stars(8)), Entry("덴마", stars=Stars(3))]


@pytest.mark.parametrize(
    "content",
    [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"PK\x03\x04\x14\0\0\0", bytes(range(256)), b"\xff\xfe\0",
     b"a\0b", b"\xc0\x80" * 50],
)  # fmt: skip
def test_a_binary_file_is_said(content):
    assert refused(content) == "lists.binary"


@pytest.mark.parametrize(
    "content", ["", " \n\t\n", "\ufeff", "---\n★\n", "[]", "{}", '[{"x": 2}, 1]']
)
def test_a_file_without_a_title_is_said(content):
    assert refused(content) == "lists.empty"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('{"feedback": [', "list"),
        ('["덴마", ', "list"),
        ("덴마", "list.JSON"),
        ("[" * 100_000, "list.json"),
        ('{"a":' * 100_000, "list"),
        ('[{"title": "덴마", "rating": ' + "9" * 5_000 + "}]", "list"),
    ],
)
def test_broken_and_endless_json_is_said(content, name):
    assert refused(content, name) == "lists.broken"


@pytest.mark.parametrize("number", ["1" + "0" * 400, "1e999", "-1e999", "NaN"])
def test_a_number_beyond_all_ratings_is_none(number):
    assert files(f'[{{"title": "덴마", "rating": {number}}}]', "list.json") == [
        Entry("덴마", unclear=True)
    ]
    assert refused(f'[{{"author": {number}}}]', "list.json") == "lists.empty"


@pytest.mark.parametrize(
    "content",
    ["덴마\n" * (MOST + 1), json.dumps(["덴마"] * (MOST + 1)), "title\n" + "덴마\n" * (MOST + 1)],
)
def test_more_than_thousands_are_too_many(content):
    assert refused(content) == "lists.too_many"


def test_as_many_as_may_be_are_read():
    assert len(files("덴마\n" * MOST)) == MOST
    assert len(files("title\n" + "덴마\n" * (MOST - 1))) == MOST - 1
