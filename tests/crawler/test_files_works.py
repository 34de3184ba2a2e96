"""Works from files: lists, days, marks and pictures, and what is said of those left out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import files
from crawler.items import Rejected, WorkItem


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
            age=19,
        )
    ]


@pytest.mark.parametrize(
    ("age", "years", "adult"),
    [
        ("", None, False),
        ("0", 0, False),
        ("15", 15, False),
        ("12세 이용가", 12, False),
        ("전체연령가", 0, False),
        ("18", 18, True),
        ("19+", 19, True),
        ("19금", 19, True),
        ("청소년 이용불가", 19, True),
        ("true", None, True),
    ],
)
def test_an_age_grade_keeps_its_years_and_a_yes_marks_a_work_for_adults(file, age, years, adult):
    (found,) = files.works(file(f"id,title,age\n1,x,{age}\n"))

    assert (found.age, found.adult) == (years, adult)


def test_a_column_for_adults_goes_before_the_age(file):
    (found,) = files.works(file("id,title,age,adult\n1,x,15,1\n"))

    assert (found.age, found.adult) == (15, True)


def test_what_has_no_column_is_not_said_and_an_empty_field_says_none(file):
    bare = list(files.works(file("id,title\n1,x\n")))
    empty = list(
        files.works(
            file(
                "id,title,title_en,authors,genres,keywords,weekdays,finished,age,url,synopsis,"
                "hiatus,thumbnail\n1,x" + "," * 11 + "\n"
            )
        )
    )
    short = list(files.works(file("id,title,authors\n1,x\n")))

    assert bare == short == [WorkItem("1", "x", line=2)]
    nothing = dict.fromkeys(("authors", "genres", "keywords", "weekdays"), ())
    nothing |= dict.fromkeys(("title_en", "url", "synopsis", "thumbnail_url"), "")
    assert empty == [WorkItem("1", "x", **nothing, finished=False, adult=False, line=2)]


@pytest.mark.parametrize(
    ("row", "hiatus"), [("휴재", True), ("휴재중", True), ("1", True), ("0", False), ("", None)]
)
@pytest.mark.parametrize("name", ["hiatus", "휴재"])
def test_a_work_may_have_a_hiatus(file, name, row, hiatus):
    (found,) = files.works(file(f"id,title,{name}\n1,x,{row}\n"))

    assert found.hiatus is hiatus


def test_a_synopsis_keeps_its_lines(file):
    (found,) = files.works(file('id,title,synopsis\n1,x," 첫 줄,\r\n\r\n둘째\t줄 "\n'))

    assert found.synopsis == "첫 줄,\n\n둘째 줄"


PICTURE = "https://image-comic.pstatic.net/webtoon/1/thumbnail/a"


@pytest.mark.parametrize("name", ["thumbnail", "thumbnail_url", "썸네일"])
def test_a_thumbnail_goes_by_several_names(file, name):
    (found,) = files.works(file(f"id,title,{name}\n1,x,{PICTURE}.jpg\n"))

    assert found.thumbnail_url == f"{PICTURE}.jpg"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (f"{PICTURE}.jpg", f"{PICTURE}.jpg"),
        (f"{PICTURE}.jpg?type=m210", f"{PICTURE}.jpg"),
        (f"{PICTURE}.JPEG", f"{PICTURE}.JPEG"),
        (f"{PICTURE}.png;", f"{PICTURE}.png"),
        (f'{PICTURE}.jpg"', f"{PICTURE}.jpg"),
        (f'"{PICTURE}.jpg"', f"{PICTURE}.jpg"),
        (f" {PICTURE}.jpg \u00a0\u3000", f"{PICTURE}.jpg"),
        (f"{PICTURE}.jpg,", f"{PICTURE}.jpg"),
        (f"{PICTURE}.jpg!thumb", f"{PICTURE}.jpg"),
        (f"{PICTURE}.jpg%22", f"{PICTURE}.jpg"),
        (f"{PICTURE}.jpg.webp", f"{PICTURE}.jpg.webp"),
        (f"{PICTURE}.jpg/m210", f"{PICTURE}.jpg/m210"),
        (f"{PICTURE}.gif#top", f"{PICTURE}.gif"),
        (PICTURE.removeprefix("https:") + ".jpg", f"{PICTURE}.jpg"),
        (PICTURE.removeprefix("https://") + ".jpg", f"{PICTURE}.jpg"),
        (PICTURE.replace("https", "http") + ".jpg", f"{PICTURE}.jpg"),
        (PICTURE.replace("/", "\\/") + ".jpg", f"{PICTURE}.jpg"),
        (PICTURE, PICTURE),
        (f"{PICTURE}?id=7", f"{PICTURE}?id=7"),
        (f"{PICTURE}한.jpg", f"{PICTURE}%ED%95%9C.jpg"),
        ("", ""),
    ],
)
def test_a_thumbnail_is_cleaned_to_a_plain_address(file, written, meant):
    path = file(json.dumps([{"id": 1, "title": "x", "thumbnail": written}]))

    assert list(files.works(path)) == [WorkItem("1", "x", thumbnail_url=meant, line=1)]


@pytest.mark.parametrize(
    "written",
    ["x.jpg", "none", "javascript:alert(1)", "data:image/png;base64,AAAA", "ftp://a.test/x.jpg",
     "https://a.test", "https://a b.test/x.jpg", "http://a.test:8080/x.jpg", "https://u@a.test/x"],
)  # fmt: skip
def test_a_thumbnail_that_is_none_is_left_out_with_a_note(file, written):
    path = file(json.dumps([{"id": 1, "title": "x", "thumbnail": written}]))

    (found,) = files.works(path)

    assert (found.external_id, found.thumbnail_url) == ("1", None)
    (note,) = found.notes
    assert note.startswith(f'the thumbnail "{written}" is')
    assert note.endswith(": left out")


@given(st.text())
def test_whatever_a_thumbnail_is_it_comes_out_clean_and_stays_so(value):
    from crawler import fields

    try:
        found = fields.picture(value)
    except fields.WrongField:
        return
    assert found == "" or found.startswith("https://")
    assert not set(found) & set(" \"'<>\n")
    assert fields.picture(found) == found


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
