"""Ratings and works from files: what counts, and what is said of rows that do not."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import files
from crawler.errors import UnreadableFile
from crawler.items import RatingItem, Rejected, WorkItem


@pytest.fixture
def file(tmp_path):
    def write(content, name="rows.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def test_a_csv_row_is_a_rating_in_half_stars(file):
    path = file("user,title,rating,time\nkim,신의 탑,4.5,2024-05-01T09:00:00+09:00\n")

    found = list(files.ratings(path))

    noon = datetime(2024, 5, 1, tzinfo=UTC)
    assert found == [RatingItem(2, "kim", 9, title="신의 탑", rated_at=noon)]


def test_movielens_ratings_are_read_as_they_are(file):
    path = file("userId,movieId,rating,timestamp\n1,50,4.0,964982703\n")

    found = list(files.ratings(path))

    at = datetime(2000, 7, 30, 18, 45, 3, tzinfo=UTC)
    assert found == [RatingItem(2, "1", 8, external_id="50", rated_at=at)]
    assert files.is_movielens(path)


def test_movielens_films_are_works_with_genres(file):
    path = file("movieId,title,genres\n1,Toy Story (1995),Adventure|Comedy\n2,X,(no genres listed)")

    found = list(files.works(path))

    assert found == [
        WorkItem(2, "1", "Toy Story (1995)", genres=("Adventure", "Comedy")),
        WorkItem(3, "2", "X"),
    ]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("User ID,Webtoon-Id,HALF STARS", "kim,7,9"),
        ("half_stars;item;reader", "9;7;kim"),
        ("rater\ttitle_id\tstars", "kim\t7\t4.5"),
        ("사용자,external_id,별점", "kim,7,4.5"),
    ],
)
def test_columns_go_by_many_names_in_any_order(file, header, row):
    path = file(f"{header}\n{row}\n")

    found = list(files.ratings(path))

    assert found == [RatingItem(2, "kim", 9, external_id="7")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",신의 탑,4,", "user is missing"),
        ("kim,,4,", "neither a title nor an external id"),
        ("kim,신의 탑,,", "rating is missing"),
        ("kim,신의 탑,good,", 'rating "good" is not a number'),
        ("kim,신의 탑,NaN,", 'rating "NaN" is not a number'),
        ("kim,신의 탑,-inf,", 'rating "-inf" is not a number'),
        ("kim,신의 탑,4.2,", 'rating "4.2" is not a half star'),
        ("kim,신의 탑,0,", 'rating "0" is out of range, expected 0.5 to 5.0 stars'),
        ("kim,신의 탑,5.5,", 'rating "5.5" is out of range, expected 0.5 to 5.0 stars'),
        (
            "kim,신의 탑,4,yesterday",
            'unreadable time "yesterday", expected ISO 8601 or Unix seconds',
        ),
        ("kim,신의 탑,4,1e18", 'unreadable time "1e18", expected ISO 8601 or Unix seconds'),
        ("kim,신의 탑,4,,more", "5 fields, expected 4 as in the header"),
    ],
)
def test_a_row_that_does_not_count_has_a_line_and_a_reason(file, row, reason):
    path = file(f"user,title,rating,time\n{row}\nlee,노블레스,3,\n")

    found = list(files.ratings(path))

    assert found == [Rejected(2, reason), RatingItem(3, "lee", 6, title="노블레스")]


@pytest.mark.parametrize("halves", ["0", "11", "7.5", "x"])
def test_half_stars_are_whole_numbers_from_1_to_10(file, halves):
    path = file(f"user,title,half_stars\nkim,신의 탑,{halves}\n")

    (found,) = files.ratings(path)

    assert isinstance(found, Rejected)


def test_stars_and_half_stars_must_agree(file):
    path = file("user,title,rating,half_stars\nkim,신의 탑,4,8\nlee,신의 탑,4,4\n")

    found = list(files.ratings(path))

    assert found == [
        RatingItem(2, "kim", 8, title="신의 탑"),
        Rejected(3, "rating 4 and half_stars 4 are not the same"),
    ]


@given(st.integers(1, 10))
def test_every_half_star_survives_both_ways_of_writing_it(half_stars):
    from crawler import fields

    assert fields.from_stars(str(half_stars / 2)) == half_stars
    assert fields.from_half_stars(str(half_stars)) == half_stars


@given(st.text())
def test_no_field_ever_raises_anything_but_the_reason(value):
    from crawler import fields

    for parse in (fields.from_stars, fields.from_half_stars, fields.moment, fields.weekdays):
        try:
            parse(value)
        except fields.WrongField as wrong:
            assert len(str(wrong)) < 120


RATINGS = [
    {"user": "kim", "external_id": 7, "rating": 4.5, "source": "naver"},
    {"user": "lee", "title": "신의 탑", "half_stars": 3, "time": None},
]
READ = [
    RatingItem(3, "kim", 9, external_id="7", source="naver"),
    RatingItem(4, "lee", 3, title="신의 탑"),
]


def test_a_json_list_says_its_lines(file):
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in RATINGS)
    path = file(f"\n[\n{rows}\n]\n", "rows.json")

    assert list(files.ratings(path)) == READ


def test_json_lines_say_their_lines_and_survive_a_broken_one(file):
    rows = "\n".join(json.dumps(row) for row in RATINGS)
    path = file(f'{{"user": "park", "title": "x", "rating": 2}}\n{{"user"\n{rows}\n[1]\n')

    assert list(files.ratings(path)) == [
        RatingItem(1, "park", 4, title="x"),
        Rejected(2, "not a JSON object on one line"),
        *READ,
        Rejected(5, "not a JSON object"),
    ]


def test_nan_in_json_is_no_rating(file):
    path = file('[{"user": "kim", "title": "x", "rating": NaN}]')

    assert list(files.ratings(path)) == [Rejected(1, 'rating "nan" is not a number')]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_korean_is_read_in_either_encoding(file, encoding):
    path = file("user,title,rating\n김,똠방각하,5\n", encoding=encoding)

    assert list(files.ratings(path)) == [RatingItem(2, "김", 10, title="똠방각하")]


def test_a_decomposed_title_is_composed(file):
    path = file("user,title,rating\nkim,\u1109\u1175\u11ab\u110b\u1174 탑,5\n")

    (found,) = files.ratings(path)

    assert found.title == "신의 탑"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n\0\0", "is binary, expected CSV or JSON text in UTF-8."),
        (b"user,title\n\xff\xff\xff\n", "is neither UTF-8 nor CP949 text."),
        (b"title,rating\nx,5\n", "has no column user or userid or useridx; found title, rating."),
        (b"user,title\nkim,x\n", "has no column rating or stars or score; found user, title."),
        (b'user,title,rating\nkim,"x,5\n', "stops being CSV in line 2: unexpected end of data."),
        (b'[{"user": "kim"', "stops being JSON in line 1: Expecting ',' delimiter."),
        (b"[[" * 100_000, "stops being JSON after line 1: "),
    ],
)
def test_a_file_that_is_no_table_gets_one_sentence(file, content, sentence):
    path = file(content)

    with pytest.raises(UnreadableFile) as raised:
        list(files.ratings(path))

    assert str(raised.value).startswith(f"The file {path} {sentence}")
    assert "\n" not in str(raised.value)


def test_a_missing_file_gets_one_sentence(tmp_path):
    with pytest.raises(UnreadableFile) as raised:
        list(files.ratings(tmp_path / "gone.csv"))

    assert str(raised.value) == (
        f"The file {tmp_path / 'gone.csv'} cannot be read: no such file or directory."
    )


def test_an_empty_file_has_no_rows(file):
    assert list(files.ratings(file(""))) == []
    assert list(files.works(file("\n\n"))) == []


def test_a_work_has_lists_days_and_marks(file):
    path = file(
        "title_id,title,title_en,authors,genres,keywords,weekdays,finished,age_grade,url\n"
        "1,신의 탑,Tower of God,SIU,판타지|액션,탑 | 성장|,월|thursday,0,19,https://x.test/1\n"
    )

    assert list(files.works(path)) == [
        WorkItem(
            line=2,
            external_id="1",
            title="신의 탑",
            title_en="Tower of God",
            authors=("SIU",),
            genres=("판타지", "액션"),
            keywords=("탑", "성장"),
            weekdays=("MON", "THU"),
            finished=False,
            adult=True,
            url="https://x.test/1",
        )
    ]


@pytest.mark.parametrize(
    ("age", "adult"), [("", False), ("0", False), ("15", False), ("19+", True), ("true", True)]
)
def test_an_age_grade_or_a_yes_marks_a_work_for_adults(file, age, adult):
    (found,) = files.works(file(f"id,title,age\n1,x,{age}\n"))

    assert found.adult is adult


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",x,,,", "the external id is missing"),
        ("1,,,,", "the title is missing"),
        ("1,x,someday,,", 'unknown weekday "someday"'),
        ("1,x,,perhaps,", 'finished is "perhaps", expected 0 or 1'),
        ("1,x,,,javascript:x", 'the address "javascript:x" does not begin with https://'),
    ],
)
def test_a_work_that_does_not_count_has_a_reason(file, row, reason):
    path = file(f"id,title,weekdays,finished,url\n{row}\n")

    assert list(files.works(path)) == [Rejected(2, reason)]


@pytest.mark.parametrize("layout", ["[{}, {}, {}]", "{}\n{}\n{}"])
@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        ("\\u0000", "a character that is no text (NUL, or half of a pair)"),
        ("\\ud83d", "a character that is no text (NUL, or half of a pair)"),
    ],
)
def test_a_character_that_is_no_text_costs_its_row_alone(file, layout, harm, reason):
    good = '{"user": "kim", "title": "\\ud83d\\ude00", "rating": 4}'
    bad = f'{{"user": "kim{harm}", "title": "x", "rating": 4}}'

    first, second, third = files.ratings(file(layout.format(good, bad, good)))

    assert first.title == third.title == "\U0001f600"
    assert second == Rejected(2 if "\n" in layout else 1, reason)


def test_lists_within_lists_cost_their_row_alone(file):
    bad = '{"user": ' + "[" * 700 + "]" * 700 + "}"

    (found,) = files.ratings(file(bad))

    assert isinstance(found, Rejected)
