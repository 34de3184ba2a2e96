"""The demo catalogue that ships: its shape, its vocabulary and its agreement with the facts."""

import csv
import tomllib
from importlib import resources
from pathlib import Path

import pytest

COLUMNS = [
    "external_id",
    "title",
    "title_en",
    "authors",
    "genres",
    "keywords",
    "weekdays",
    "finished",
    "age",
    "url",
]
WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
FACTS = Path(__file__).parents[2].parent / "shared" / "data" / "naver-catalogue.csv"


@pytest.fixture(scope="module")
def raw():
    return resources.files("tasks").joinpath("demo/catalogue.csv").read_bytes()


@pytest.fixture(scope="module")
def works(raw):
    return list(csv.DictReader(raw.decode("utf-8").splitlines()))


@pytest.fixture(scope="module")
def names():
    text = resources.files("bot").joinpath("locale/keywords.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@pytest.fixture(scope="module")
def facts():
    if not FACTS.exists():
        pytest.skip(f"the development data is absent: {FACTS}")
    with FACTS.open(encoding="utf-8", newline="") as file:
        return {row["title_id"]: row for row in csv.DictReader(file)}


def listed(works, column):
    return [value for work in works for value in work[column].split("|")]


def test_the_file_is_plain_utf_8_with_unix_line_ends(raw):
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    assert raw.endswith(b"\n")


def test_there_are_enough_works_with_the_promised_columns(raw, works):
    header = raw.decode("utf-8").splitlines()[0].split(",")

    assert header == COLUMNS
    assert len(works) >= 330
    assert [work for work in works if None in work or None in work.values()] == []


def test_the_best_known_work_comes_first(works):
    first = works[0]

    assert first == {
        "external_id": "183559",
        "title": "신의 탑",
        "title_en": "Tower of God",
        "authors": "SIU",
        "genres": "스토리|판타지",
        "keywords": "탑|성장|우정|게임",
        "weekdays": "MON",
        "finished": "0",
        "age": "0",
        "url": "https://comic.naver.com/webtoon/list?titleId=183559",
    }


def test_every_work_has_an_id_of_its_own(works):
    ids = [work["external_id"] for work in works]

    assert all(webtoon_id.isdecimal() for webtoon_id in ids)
    assert len(set(ids)) == len(ids)


def test_the_two_works_of_one_name_are_both_there(works):
    same_name = [work["external_id"] for work in works if work["title"] == "키드갱"]

    assert sorted(same_name) == ["443422", "816820"]


def test_the_address_of_a_work_carries_its_id(works):
    base = "https://comic.naver.com/webtoon/list?titleId="

    assert [work["url"] for work in works] == [base + work["external_id"] for work in works]


def test_lists_have_no_empty_or_repeated_part(works):
    broken = []
    for work in works:
        for column in ("authors", "genres", "keywords", "weekdays"):
            parts = work[column].split("|")
            if len(set(parts)) < len(parts) or (work[column] and "" in parts):
                broken.append((work["external_id"], column))

    assert broken == []


def test_nothing_has_blanks_around_it(works):
    cells = (cell for work in works for cell in work.values())
    values = (value for cell in cells for value in cell.split("|"))

    assert [value for value in values if value != value.strip()] == []


def test_every_work_has_a_title_and_an_author(works):
    nameless = [work for work in works if not (work["title"] and work["authors"])]

    assert nameless == []


def test_every_work_carries_one_to_four_keywords_of_the_vocabulary(works, names):
    counts = {len(work["keywords"].split("|")) for work in works}

    assert counts <= {1, 2, 3, 4}
    assert set(listed(works, "keywords")) - set(names["keywords"]) == set()


def test_a_keyword_joins_at_least_three_works(works, names):
    used = listed(works, "keywords")

    assert [keyword for keyword in names["keywords"] if used.count(keyword) < 3] == []


def test_the_genres_in_use_are_the_genres_with_an_english_name(works, names):
    assert set(listed(works, "genres")) == set(names["genres"])


def test_english_names_are_plain_and_tell_keywords_apart(names):
    for table in ("genres", "keywords"):
        english = list(names[table].values())

        assert all(name.isascii() and name == name.strip() != "" for name in english)
        assert len(set(english)) == len(english)


def test_a_work_is_finished_or_has_a_weekday_and_never_both(works):
    assert {work["finished"] for work in works} == {"0", "1"}
    assert [work for work in works if (work["finished"] == "1") == bool(work["weekdays"])] == []
    assert set(filter(None, listed(works, "weekdays"))) == set(WEEKDAYS)


def test_adult_works_are_marked_and_few(works):
    adult = [work for work in works if work["age"] == "19"]

    assert {work["age"] for work in works} == {"0", "19"}
    assert 10 <= len(adult) <= 25


def test_the_catalogue_has_the_spread_a_demo_needs(works):
    by_genre = {
        genre: sum(genre in work["genres"].split("|") for work in works)
        for genre in listed(works, "genres")
    }

    assert sum(work["finished"] == "0" for work in works) >= 80
    assert sum("|" in work["authors"] for work in works) >= 50
    assert min(by_genre.values()) >= 10


def test_english_titles_are_many_and_name_one_work_each(works):
    english = [work["title_en"] for work in works if work["title_en"]]

    assert len(english) >= 24
    assert len(set(english)) == len(english)
    assert all(title.isascii() for title in english)


def test_facts_agree_with_the_published_listing(works, facts):
    columns = {
        "external_id": "title_id",
        "title": "title",
        "authors": "authors",
        "genres": "genres",
        "weekdays": "weekdays",
        "finished": "finished",
        "age": "age_grade",
        "url": "url",
    }

    shipped = [{theirs: work[ours] for ours, theirs in columns.items()} for work in works]
    published = [facts.get(work["external_id"]) for work in works]
    for row in filter(None, published):  # the source puts a blank before some authors' names
        row["authors"] = "|".join(map(str.strip, row["authors"].split("|")))

    assert shipped == published
