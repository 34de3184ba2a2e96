"""Ratings and works from files: what counts, and what is said of rows that do not."""

import json
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import files
from crawler.errors import UnreadableFile
from crawler.items import RatingItem, Rejected, WorkItem


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
        WorkItem("1", "Toy Story (1995)", genres=("Adventure", "Comedy"), line=2),
        WorkItem("2", "X", genres=(), line=3),
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
        ("kim,신의 탑,,", "rating is missing: a wish, not a rating"),
        ("kim,신의 탑,good,", 'rating "good" is not a number'),
        ("kim,신의 탑,NaN,", 'rating "NaN" is not a number'),
        ("kim,신의 탑,-inf,", 'rating "-inf" is not a number'),
        ("kim,신의 탑,4.2,", 'rating "4.2" is not a half star'),
        ("kim,신의 탑,0,", 'rating is "0": a wish, not a rating'),
        ("kim,신의 탑,★ 0.0,", 'rating is "★ 0.0": a wish, not a rating'),
        ("kim,신의 탑,보고 싶어요,", 'rating is "보고 싶어요": a wish, not a rating'),
        ("kim,신의 탑,-1,", 'rating "-1" is out of range, expected 0.5 to 5.0 stars'),
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
        Rejected(3, 'rating "4" and half_stars "4" are not the same'),
    ]


@given(st.integers(1, 10))
def test_every_half_star_survives_both_ways_of_writing_it(half_stars):
    from crawler import fields

    assert fields.from_stars(str(half_stars / 2)) == half_stars
    assert fields.from_half_stars(str(half_stars)) == half_stars


@given(st.text())
def test_no_field_ever_raises_anything_but_the_reason(value):
    from crawler import fields

    parsers = fields.from_stars, fields.from_half_stars, fields.moment, fields.weekdays
    for parse in (*parsers, fields.age, fields.adult, fields.hiatus, fields.prose):
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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949", "euc-kr"])
def test_korean_is_read_in_any_encoding_of_a_korean_program(file, encoding):
    path = file("user\ttitle\trating\n김\t똠방각하\t5\n", encoding=encoding)

    assert list(files.ratings(path)) == [RatingItem(2, "김", 10, title="똠방각하")]


@pytest.mark.parametrize("order", ["le", "be"])
def test_unicode_text_of_excel_is_read(file, order):
    mark = {"le": b"\xff\xfe", "be": b"\xfe\xff"}[order]
    content = mark + "user\ttitle\trating\r\n김\t신의 탑\t4,5\r\n".encode(f"utf-16-{order}")

    assert list(files.ratings(file(content))) == [RatingItem(2, "김", 9, title="신의 탑")]


@pytest.mark.parametrize(
    ("spelled", "title"),
    [
        (b"\xc6\xe7\x8c\x63", "펠똠"),  # beyond KS X 1001
        (b"\xa2\xe6\xa2\xe7", "€®"),
        (b"\xa2\xe8", "㉾"),
        (b"\xc9\xa1\xfe\xfe", "\ue000\ue0bb"),  # a user's own characters, in Windows
    ],
)
def test_what_windows_has_in_cp949_is_read(file, spelled, title):
    path = file("user,title,rating\n김,".encode("cp949") + spelled + b",5\n")

    assert list(files.ratings(path)) == [RatingItem(2, "김", 10, title=title)]


def test_a_character_that_nobody_knows_costs_its_row_alone(file):
    good = "김,나는 귀머거리다,5\n".encode("cp949")
    path = file(b"user,title,rating\n" + good + b"\xb1\xe8,\x80\xc0\xcc,4\n" + good)

    first, second, third = files.ratings(path)

    assert first.title == third.title == "나는 귀머거리다"
    assert second == Rejected(3, "a character that is not in CP949")


def test_text_in_utf8_with_a_wrong_byte_is_not_taken_for_cp949(file):
    path = file("user,title,rating\n김,나는 귀머거리다,5\n".encode() + b"\xff,x,5\n")

    with pytest.raises(UnreadableFile):
        list(files.ratings(path))


def test_a_decomposed_file_is_composed_in_header_and_fields(file):
    content = unicodedata.normalize("NFD", "user,제목,별점,작가\n김철수,신의 탑,5,시우\n")

    (found,) = files.ratings(file(content))

    assert found == RatingItem(2, "김철수", 10, title="신의 탑", authors=("시우",))


def test_a_decomposed_catalogue_is_composed(file):
    content = "id,제목,작가,장르,요일,완결\n1,신의 탑,시우|야옹이,판타지,월,연재\n"

    found = [
        list(files.works(file(unicodedata.normalize(form, content)))) for form in ("NFD", "NFC")
    ]

    assert found[0] == found[1]
    assert found[0][0].title == "신의 탑"
    assert found[0][0].authors == ("시우", "야옹이")


def test_a_header_goes_without_width_and_what_nobody_sees(file):
    path = file("\ufeff\ufeffＵｓｅｒ,\u200bti\u00adtle\u3000, RATING\u00a0\nkim,x,4\n")

    assert list(files.ratings(path)) == [RatingItem(2, "kim", 8, title="x")]


@pytest.mark.parametrize(
    ("stars", "half_stars"),
    [
        ('"4,5"', 9),
        ("★ 4.5", 9),
        ("★4.5", 9),
        ("⭐️ 4", 8),
        ("4.5점", 9),
        ("평가함 ★ 4.5", 9),
        ("평점 3", 6),
        ("４．５", 9),
        ("５점", 10),
    ],
)
def test_stars_are_read_as_people_and_sites_write_them(file, stars, half_stars):
    path = file(f"user,title,rating\nkim,x,{stars}\n")

    assert [item.half_stars for item in files.ratings(path)] == [half_stars]


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


def test_the_rows_of_a_number_are_read_again_as_they_are_written(file):
    path = file("User ID,제목,Rating\nkim,a,x\nlee,b,4\npark,c,5,6,7\n")

    rejected = [item for item in files.ratings(path) if isinstance(item, Rejected)]
    again = files.as_written(path, {row.number for row in rejected})

    assert again == {
        0: {"User ID": "kim", "제목": "a", "Rating": "x"},
        2: {"User ID": "park", "제목": "c", "Rating": "5", "…": "6,7"},
    }


def test_rows_on_one_line_are_told_apart(file):
    good = '{"user": "b", "title": "x", "rating": 4}'
    path = file(f'[{{"user": "a", "title": "x", "rating": 9}}, {good}, {{"user": "c"}}]')

    rejected = [item for item in files.ratings(path) if isinstance(item, Rejected)]

    assert [(row.line, row.number) for row in rejected] == [(1, 0), (1, 2)]
    assert files.as_written(path, {2}) == {2: {"user": "c"}}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("kim,x,good", "rating … is not a number"),
        ("kim,x,4.2", "rating … is not a half star"),
        ("kim,x,4,,,", "more fields than in the header"),
        (",x,4", "user is missing"),
    ],
)
def test_rows_are_rejected_for_a_kind_of_reason(file, row, kind):
    (found,) = files.ratings(file(f"user,title,rating\n{row}\n"))

    assert found.of_kind == kind
