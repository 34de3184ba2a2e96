"""What Naver Webtoon's JSON says, old and new, whole and broken."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import naver_pages as pages
from crawler.errors import Drift, Gated, PageError
from crawler.fetching import Answer
from crawler.items import WorkItem
from crawler.politeness import Garbled
from tests.crawler.saved import SITE, Saved
from tests.replica import answers
from tests.replica.truth import Truth
from tests.replica.world import World

WEEKDAY = "/api/webtoon/titlelist/weekday?order=user"
FINISHED = "/api/webtoon/titlelist/finished?page={}&order=UPDATE"
DETAILS = "/api/article/list/info?titleId={}"
CHAPTERS = "/api/article/list?titleId={}&page=1&sort=DESC"
ROW = {"titleId": 7, "titleName": "귤밭"}


@pytest.fixture(scope="module")
def world():
    return World(1, 30, 80)


@pytest.fixture(scope="module")
def saved(world):
    return Saved(world)


@pytest.fixture(scope="module")
def truth(world):
    return Truth(world, SITE).works()


def says(value):
    return Answer("http://a/list", 200, value if isinstance(value, str) else json.dumps(value))


def latest(answer):
    return pages.latest_chapter(answer, "7", "귤밭")


READERS = (pages.weekday_lists, pages.title_list, pages.details, latest)


def listed(**values):
    return pages.title_list(says({"titleList": [ROW | values]})).works[0]


def detailed(**values):
    return pages.details(says(ROW | values))


# The replica's own


def test_the_lists_of_weekdays_have_each_work_once_with_all_its_days(saved, truth):
    found = {work.external_id: work for work in pages.weekday_lists(saved.naver(WEEKDAY)).works}

    going = {i: w for i, w in truth.items() if not w.finished and w.weekdays != ("DAILY_PLUS",)}
    assert {i: work.weekdays for i, work in found.items()} == {
        i: work.weekdays for i, work in going.items()
    }
    assert max(len(work.weekdays) for work in found.values()) == 2
    for key, work in found.items():
        shown = going[key]
        assert (work.title, work.authors) == (shown.title, shown.authors)
        assert (work.finished, work.hiatus, work.up, work.adult) == (
            False,
            shown.rest,
            shown.up,
            shown.adult,
        )
        assert work.thumbnail_url == shown.thumbnail_url


def test_the_list_of_no_fixed_day_has_works_without_weekdays(saved, truth):
    found = pages.title_list(saved.naver(f"{WEEKDAY}&week=dailyPlus")).works

    expected = {i for i, work in truth.items() if work.weekdays == ("DAILY_PLUS",)}
    assert {work.external_id for work in found if not work.finished} == {
        i for i in expected if not truth[i].finished
    }
    assert {work.weekdays for work in found} == {()}


def test_the_pages_of_finished_works_lead_from_one_to_the_next(saved, truth):
    found, page = [], 1
    while page is not None:
        listed_ = pages.title_list(saved.naver(FINISHED.format(page)))
        found += listed_.works
        page = listed_.next_page

    assert [work.finished for work in found] == [True] * len(found)
    assert {work.external_id for work in found} == {i for i, w in truth.items() if w.finished}
    assert len(found) > 50


def test_details_say_the_same_of_works_old_and_new(world, saved, truth):
    shown = {i: work for i, work in truth.items() if not work.gated}
    for key, work in shown.items():
        found = pages.details(saved.naver(DETAILS.format(key)))

        assert (found.title, found.authors) == (work.title, work.authors)
        assert (found.genres, set(found.keywords)) == (work.genres, set(work.keywords))
        assert (found.finished, found.hiatus) == (work.finished, work.rest)
        assert found.age == {"ALL": 0, "RATE_12": 12, "RATE_15": 15}[work.age]
        assert found.synopsis == work.synopsis.replace("\r\n", "\n")
        days = () if work.finished or work.weekdays == ("DAILY_PLUS",) else work.weekdays
        assert found.weekdays == days
        assert (found.adult, found.gated) == (False, False)
    assert {world.naver[key].old_details for key in shown} == {True, False}


def test_the_latest_chapter_is_the_newest_that_is_out(saved, truth):
    for key, work in truth.items():
        if work.gated:
            continue

        found = pages.latest_chapter(saved.naver(CHAPTERS.format(key)), key, work.title)

        assert (found.latest_number, found.latest_title) == (work.chapter, work.chapter_title)


# Lists


def test_a_work_on_two_days_is_one_work():
    days = {"SUNDAY": [ROW], "MONDAY": [ROW | {"up": True}], "NO_DAY": [ROW]}

    found = pages.weekday_lists(says({"titleListMap": days})).works

    assert [(work.external_id, work.weekdays) for work in found] == [("7", ("SUN", "MON"))]


def test_a_finished_work_comes_out_on_no_day():
    days = {"MONDAY": [ROW | {"finish": True}]}

    assert pages.weekday_lists(says({"titleListMap": days})).works[0].weekdays == ()


@pytest.mark.parametrize(
    ("row", "authors"),
    [
        ({"writers": [{"name": "김"}], "painters": [{"name": "박"}]}, ("김", "박")),
        ({"writers": [{"name": "김"}], "painters": [{"name": "김"}]}, ("김",)),
        ({"writers": [], "novelOriginAuthors": [{"name": "최"}]}, ("최",)),
        ({"writers": ["김"], "author": "박 / 최"}, ("김",)),
        ({"author": "김 / 박/최 "}, ("김", "박", "최")),
        ({"writers": "김갑을", "author": "김갑을"}, ("김갑을",)),
        ({"writers": None, "painters": 7, "author": None}, ()),
        ({}, ()),
    ],
)
def test_authors_of_a_list_are_writers_painters_and_novelists(row, authors):
    assert listed(**row).authors == authors


@pytest.mark.parametrize(
    ("details", "authors"),
    [
        ({"communityArtists": [{"name": "김"}, {"name": "박"}, {"name": "김"}]}, ("김", "박")),
        (
            {"author": {"writers": [{"name": "김"}], "originAuthors": [{"name": "최"}]}},
            ("김", "최"),
        ),
        ({"communityArtists": [], "author": {"painters": ["박"]}}, ("박",)),
        ({"author": "김"}, None),
        ({}, None),
    ],
)
def test_authors_of_details_are_the_new_ones_or_the_old_ones(details, authors):
    assert detailed(**details).authors == authors


def test_finished_has_a_name_in_lists_and_another_in_details():
    assert listed(finish=True).finished is listed(finished=True).finished is True
    assert detailed(finished=True).finished is detailed(finish=True).finished is True
    assert (listed().finished, detailed().finished) == (None, None)
    assert listed(finish=False, finished=True).finished is False


@pytest.mark.parametrize(
    ("paging", "following"),
    [
        ({"nextPage": 2, "totalPages": 3}, 2),
        ({"nextPage": 0}, None),
        ({"nextPage": "2"}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_the_next_page_is_where_the_list_says(paging, following):
    assert pages.title_list(says({"titleList": [ROW], "pageInfo": paging})).next_page == following


# Details


def test_a_tag_is_a_genre_by_its_type():
    tags = [
        {"tagName": "회귀", "curationType": "CUSTOM_TAG"},
        {"tagName": "판타지", "curationType": "GENRE_FANTASY"},
        {"tagName": None, "curationType": "GENRE_X"},
        "odd",
    ]

    found = detailed(curationTagList=tags)

    assert (found.genres, found.keywords) == (("판타지",), ("회귀",))


@pytest.mark.parametrize(
    ("age", "years", "adult"),
    [
        ({"type": "RATE_18", "description": "18세 이용가"}, 18, True),
        ({"type": "RATE_15"}, 15, False),
        ({"type": "NEW", "description": "19세 이용가"}, 19, True),
        ({"type": "ALL", "description": "전체연령가"}, 0, False),
        (None, None, None),
    ],
)
def test_an_age_is_a_number_of_years(age, years, adult):
    found = detailed(age=age)

    assert (found.age, found.adult) == (years, adult)


def test_titles_and_synopses_are_composed_and_keep_their_quotes():
    found = detailed(titleName="\u1100\u1172\u11af  밭\n", synopsis=' "문"\r\n\r\n<열지> & 마 ')

    assert (found.title, found.synopsis) == ("귤 밭", '"문"\n\n<열지> & 마')


def test_half_an_emoji_is_no_letter():
    found = [listed(titleName="귤 \ud83d"), detailed(titleName="귤 \ud83d", synopsis="\udc00")]

    assert [work.title for work in found] == ["귤 ?", "귤 ?"]
    assert found[1].synopsis == "?"


# Chapters


def test_the_latest_chapter_is_the_highest_number_and_none_where_there_are_none():
    articles = [{"no": 2, "subtitle": "둘"}, {"no": 10, "subtitle": " 열 "}, {"no": "11"}, None]

    found = latest(says({"articleList": articles}))

    assert found == WorkItem("7", "귤밭", latest_number=10, latest_title="열")
    assert latest(says({"articleList": []})) is None


# What is no JSON, or another


@pytest.mark.parametrize("read", READERS)
def test_a_login_page_means_an_adults_work(read):
    with pytest.raises(Gated):
        read(says(answers.login_page().body.decode()))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "text", ["", " \n", '{"titleList": [', "<html><p>오류</p></html>", "null,", "[" * 100_000]
)
def test_what_is_cut_off_or_no_json_is_tried_again(read, text):
    with pytest.raises(Garbled):
        read(says(text))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("found", [{}, [], None, 7, {"error": "no"}])
def test_json_without_what_it_should_have_is_an_alarm(read, found):
    with pytest.raises(Drift):
        read(says(found))


@pytest.mark.parametrize(
    "row",
    [
        None,
        "7",
        {},
        {"titleId": 7},
        {"titleName": "귤밭"},
        {"titleId": None, "titleName": "귤밭"},
        {"titleId": "seven", "titleName": "귤밭"},
        {"titleId": True, "titleName": "귤밭"},
        {"titleId": 7, "titleName": ""},
        {"titleId": 7, "titleName": " "},
        {"titleId": 7, "titleName": ["귤밭"]},
    ],
)
def test_a_row_without_a_number_or_a_title_is_an_alarm(row):
    with pytest.raises(Drift):
        pages.title_list(says({"titleList": [ROW, row]}))
    with pytest.raises(Drift):
        pages.weekday_lists(says({"titleListMap": {"MONDAY": [ROW, row]}}))
    with pytest.raises(Drift):
        pages.details(says(row))


@pytest.mark.parametrize(
    "days", [{}, {"MONDAY": []}, {"MONDAY": None}, {"MONDAY": {"a": 1}}, [], 7]
)
def test_weekdays_without_any_works_are_an_alarm(days):
    with pytest.raises(Drift):
        pages.weekday_lists(says({"titleListMap": days}))


def test_a_list_that_declares_works_and_shows_none_is_an_alarm():
    with pytest.raises(Drift):
        pages.title_list(says({"titleList": [], "pageInfo": {"totalRows": 9, "page": 1}}))


def test_a_page_after_the_last_is_an_empty_list():
    beyond = says({"titleList": [], "pageInfo": {"totalRows": 9, "page": 3}})

    assert pages.title_list(beyond) == pages.TitleList(())


KEYS = st.sampled_from(
    [
        "titleId",
        "titleName",
        "titleList",
        "titleListMap",
        "MONDAY",
        "pageInfo",
        "nextPage",
        "totalRows",
        "writers",
        "name",
        "author",
        "communityArtists",
        "curationTagList",
        "tagName",
        "curationType",
        "age",
        "description",
        "publishDayOfWeekList",
        "articleList",
        "no",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.sampled_from(["", "7", "김", "GENRE_X"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_no_json_whatever_is_more_than_a_page_error(value):
    for read in READERS:
        for wrapper in (value, ROW | value if isinstance(value, dict) else value):
            try:
                read(says(wrapper))
            except (PageError, Garbled):
                continue
