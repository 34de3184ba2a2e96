"""Imports: which work a row means, who rated it, and what is written."""

from datetime import UTC, datetime

import pytest

from crawler.errors import UnreadableFile
from crawler.items import RatingItem, Rejected, WorkItem
from db import catalogue, ratings
from db.catalogue import Detail, Facts, Upserted
from db.errors import Unreachable
from tasks.importing import facts, import_ratings, import_works, rater_id

NOW = datetime(2026, 5, 4, tzinfo=UTC)
KEY = b"a long secret"


@pytest.fixture
def works(stocked):
    """Beside the shelf, a work of another source with an id that the shelf has too."""
    with stocked.write() as session:
        catalogue.upsert(session, [Facts("movielens", "1001", "Toy Story (1995)")], NOW)
        return {work.key: work.id for work in catalogue.works(session)}


def imported(database, *items, **options):
    return import_ratings(database, items, **{"source": "import", "key": KEY, **options})


def stored(database):
    with database.read() as session:
        return ratings.triples(session, simulated=False)


def test_a_rating_finds_its_work_by_title_whatever_its_case_and_blanks(stocked, works):
    done = imported(
        stocked,
        RatingItem(2, "kim", 9, title="신의탑"),
        RatingItem(3, "kim", 7, title="TRUE  beauty"),
    )

    kim = f"import:{rater_id('import', 'kim', KEY)}"
    assert stored(stocked) == [(kim, works["naver:1001"], 9), (kim, works["naver:1002"], 7)]
    assert (done.rows, done.ratings, done.raters, done.works, done.rejected) == (2, 2, 1, 2, ())


def test_an_external_id_is_of_the_rows_source_then_of_the_files_then_of_the_only_one(
    stocked, works
):
    imported(
        stocked,
        RatingItem(2, "a", 1, external_id="1001", source="naver"),
        RatingItem(3, "b", 2, external_id="1001"),
        RatingItem(4, "c", 3, external_id="1002"),
        source="movielens",
    )

    found = {half_stars: webtoon for _, webtoon, half_stars in stored(stocked)}
    assert found == {
        1: works["naver:1001"],
        2: works["movielens:1001"],
        3: works["naver:1002"],
    }


def test_rows_whose_work_is_unknown_or_ambiguous_are_reported_in_the_files_order(stocked, works):
    done = imported(
        stocked,
        Rejected(2, "user is missing"),
        RatingItem(3, "kim", 9, title="없는 작품"),
        RatingItem(4, "kim", 9, title="봄날"),
        RatingItem(5, "kim", 9, external_id="1001"),
        RatingItem(6, "kim", 9, external_id="9"),
    )

    assert done.rejected == (
        Rejected(2, "user is missing"),
        Rejected(3, 'unknown work: no title "없는 작품"'),
        Rejected(4, '"봄날" is ambiguous: naver:1026 by 한가람, naver:1027 by 오누리'),
        Rejected(5, '"1001" is ambiguous: naver:1001 by SIU, movielens:1001 by ?'),
        Rejected(6, 'unknown work: no external id "9"'),
    )
    assert stored(stocked) == []


def test_of_two_ratings_the_later_counts_and_the_earlier_is_reported(stocked, works):
    done = imported(
        stocked,
        RatingItem(2, "kim", 9, title="신의 탑"),
        RatingItem(3, "kim", 4, external_id="1001", source="naver"),
    )

    assert [half_stars for _, _, half_stars in stored(stocked)] == [4]
    assert done.rejected == (
        Rejected(2, "the same user rates the same work again in line 3, which counts"),
    )


def test_importing_again_changes_the_rating_and_adds_no_row(stocked, works):
    imported(stocked, RatingItem(2, "kim", 9, title="신의 탑"))
    imported(stocked, RatingItem(2, "kim", 5, title="신의 탑"))

    assert [half_stars for _, _, half_stars in stored(stocked)] == [5]


def test_a_dry_run_counts_and_writes_nothing(stocked, works):
    done = imported(stocked, RatingItem(2, "kim", 9, title="신의 탑"), dry_run=True)

    assert done.ratings == 1
    assert stored(stocked) == []


def test_a_file_that_breaks_off_leaves_nothing(stocked, works):
    def broken():
        yield RatingItem(2, "kim", 9, title="신의 탑")
        raise UnreadableFile("The file stops being CSV in line 3.")

    with pytest.raises(UnreadableFile):
        import_ratings(stocked, broken(), source="import", key=KEY)

    assert stored(stocked) == []


@pytest.mark.parametrize(
    "title",
    [
        "\u1109\u1175\u11ab\u110b\u1174 \u1110\u1161\u11b8",  # as macOS spells it
        "신의\u3000탑",
        "\u00a0신의\u00a0탑\u2003",
        "신\u200b의\u200d \ufeff탑\u2060",
        "ＴＯＷＥＲ ｏｆ Ｇｏｄ",
        "신의\u3164탑",
    ],
)
def test_a_title_is_found_whatever_its_width_its_blanks_and_what_nobody_sees(stocked, works, title):
    done = imported(stocked, RatingItem(2, "kim", 9, title=title))

    assert done.rejected == ()
    assert [webtoon for _, webtoon, _ in stored(stocked)] == [works["naver:1001"]]


def test_a_work_that_the_catalogue_spells_oddly_is_found_and_stays_as_it_is(database):
    odd = "Ｔｏｗｅｒ　ｏｆ\u200b Ｇｏｄ（完）"
    import_works(database, [WorkItem("1", odd)], source="import", now=NOW)

    done = imported(database, RatingItem(2, "kim", 9, title="tower of god(完)"))

    assert done.rejected == ()
    with database.read() as session:
        assert [work.title for work in catalogue.works(session)] == [odd]


def test_of_two_titles_that_differ_in_width_alone_the_one_that_is_written_so_is_meant(database):
    items = [WorkItem("1", "１"), WorkItem("2", "1")]
    import_works(database, items, source="import", now=NOW)

    imported(database, RatingItem(2, "kim", 9, title="1"), RatingItem(3, "kim", 8, title="１"))

    assert [(webtoon, half_stars) for _, webtoon, half_stars in stored(database)] == [
        (1, 8),
        (2, 9),
    ]


@pytest.mark.parametrize(
    ("about", "key"),
    [
        ({"authors": ("한가람",)}, "naver:1026"),
        ({"authors": ("오 누리",)}, "naver:1027"),
        ({"authors": ("누군가, 오누리",)}, "naver:1027"),
        ({"authors": ("한가람/누군가",)}, "naver:1026"),
        ({"external_id": "1027"}, "naver:1027"),
        ({"source": "kakao"}, "kakao:7"),
    ],
)
def test_of_works_that_share_a_title_the_row_says_which(stocked, about, key):
    with stocked.write() as session:
        catalogue.upsert(session, [Facts("kakao", "7", "봄날", authors=("남",))], NOW)
        works = {work.key: work.id for work in catalogue.works(session)}

    done = imported(stocked, RatingItem(2, "kim", 9, title="봄날", **about))

    assert done.rejected == ()
    assert [webtoon for _, webtoon, _ in stored(stocked)] == [works[key]]


def test_of_works_that_share_a_title_the_files_source_may_say_which(stocked):
    with stocked.write() as session:
        catalogue.upsert(session, [Facts("kakao", "7", "신의 탑")], NOW)

    done = imported(stocked, RatingItem(2, "kim", 9, title="신의 탑"), source="kakao")

    assert (done.ratings, done.rejected) == (1, ())


@pytest.mark.parametrize("about", [{}, {"authors": ("누군가",)}, {"source": "watcha"}])
def test_of_works_that_share_a_title_none_is_guessed(stocked, works, about):
    done = imported(stocked, RatingItem(2, "kim", 9, title="봄날", **about))

    (row,) = done.rejected
    assert row.reason == '"봄날" is ambiguous: naver:1026 by 한가람, naver:1027 by 오누리'
    assert row.of_kind == "ambiguous work"
    assert stored(stocked) == []


def test_an_import_that_fails_half_way_is_completed_by_the_next(stocked, works, monkeypatch):
    items = [RatingItem(n, f"user {n}", 1 + n % 10, title="신의 탑") for n in range(400)]
    left = [2]
    upsert = ratings.upsert

    def gives_way(*arguments, **named):
        if not left[0]:
            raise Unreachable("The database does not answer: it is away")
        left[0] -= 1
        return upsert(*arguments, **named)

    monkeypatch.setattr(ratings, "upsert", gives_way)
    with pytest.raises(Unreachable):
        imported(stocked, *items)
    some = len(stored(stocked))
    monkeypatch.undo()
    done = imported(stocked, *items)

    assert 0 < some < 400
    assert done.ratings == len(stored(stocked)) == 400


def test_a_rater_is_a_hash_that_depends_on_the_key_and_the_source():
    names = {
        rater_id("import", "kim", KEY),
        rater_id("import", "kim", b"another secret"),
        rater_id("import", "kim", None),
        rater_id("watcha", "kim", KEY),
        rater_id("import", "lee", KEY),
    }

    assert len(names) == 5
    assert all(len(name) == 32 and "kim" not in name for name in names)
    assert rater_id("import", "kim", KEY) == rater_id("import", "kim", KEY)


def test_works_are_new_then_the_same_then_changed(database):
    one = WorkItem("1", "Toy Story", genres=("Comedy",), line=2)
    other = WorkItem("1", "Toy Story (1995)", genres=("Comedy",), line=2)

    counts = [
        import_works(database, [item], source="movielens", now=NOW).works
        for item in (one, one, other)
    ]

    assert counts == [Upserted(1, 0, 0), Upserted(0, 0, 1), Upserted(0, 1, 0)]
    with database.read() as session:
        (work,) = catalogue.works(session)
    assert (work.key, work.title, work.genres) == ("movielens:1", "Toy Story (1995)", ("Comedy",))


def test_of_two_works_with_one_id_the_later_counts(database):
    items = [
        WorkItem("1", "A", line=2),
        WorkItem("1", "B", line=3),
        Rejected(4, "the title is missing"),
    ]

    done = import_works(database, items, source="import", now=NOW)

    assert done.works == Upserted(1, 0, 0)
    assert done.rejected == (
        Rejected(2, "the same external id comes again in line 3, which counts"),
        Rejected(4, "the title is missing"),
    )


def test_a_dry_run_of_works_counts_and_writes_nothing(database):
    done = import_works(
        database, [WorkItem("1", "A", line=2)], source="import", now=NOW, dry_run=True
    )

    assert done.works == Upserted(1, 0, 0)
    with database.read() as session:
        assert catalogue.works(session) == []


FULL = WorkItem(
    "1",
    "신의 탑",
    title_en="Tower of God",
    authors=("SIU",),
    genres=("판타지",),
    keywords=("탑",),
    weekdays=("MON",),
    finished=True,
    adult=True,
    url="https://a.test/1",
    synopsis="밤이 …",
    age=19,
    hiatus=True,
    thumbnail_url="https://a.test/1.jpg",
)


def everything(database):
    with database.read() as session:
        (work,) = catalogue.works(session)
        return work, catalogue.details(session)


def test_what_a_file_does_not_say_stays_as_it_is_known(database):
    import_works(database, [FULL], source="naver", now=NOW)
    before = everything(database)

    done = import_works(database, [WorkItem("1", "신의 탑")], source="naver", now=NOW)

    assert done.works == Upserted(0, 0, 1)
    assert everything(database) == before
    work, details = before
    assert (work.authors, work.finished, work.adult) == (("SIU",), True, True)
    assert details == {("naver", "1"): Detail("밤이 …", 19, True, "https://a.test/1.jpg")}


def test_what_a_file_says_that_there_is_none_of_is_emptied(database):
    import_works(database, [FULL], source="naver", now=NOW)
    nothing = dict.fromkeys(("authors", "genres", "keywords", "weekdays"), ())
    nothing |= dict.fromkeys(("title_en", "url", "synopsis", "thumbnail_url"), "")

    empty = WorkItem("1", "신의 탑", **nothing, finished=False, adult=False, hiatus=False)
    done = import_works(database, [empty], source="naver", now=NOW)

    work, details = everything(database)
    assert done.works == Upserted(0, 1, 0)
    assert (work.title_en, work.authors, work.genres, work.keywords) == (None, (), (), ())
    assert (work.weekdays, work.finished, work.adult, work.url) == ((), False, False, "")
    assert details == {("naver", "1"): Detail("", 19, False, "")}


def test_that_there_is_none_of_what_nobody_told_of_is_no_news(database):
    import_works(database, [WorkItem("1", "x")], source="naver", now=NOW)

    done = import_works(
        database, [WorkItem("1", "x", synopsis="", thumbnail_url="")], source="naver", now=NOW
    )

    assert done.works == Upserted(0, 0, 1)
    assert everything(database)[1].get(("naver", "1"), Detail()) == Detail()


@pytest.mark.parametrize(("age", "adult"), [(0, False), (15, False), (18, True), (19, True)])
def test_an_age_alone_says_who_a_work_is_for(age, adult):
    assert facts("naver", WorkItem("1", "x", age=age)).adult is adult
    assert facts("naver", WorkItem("1", "x", age=age, adult=not adult)).adult is not adult


def test_a_note_is_of_a_row_that_counts(database):
    noted = WorkItem("1", "x", notes=("the thumbnail is none: left out",), line=2)

    done = import_works(database, [noted], source="naver", now=NOW)

    assert (done.works.new, done.rejected) == (1, ())
    assert done.notes == (Rejected(2, "the thumbnail is none: left out"),)


def test_many_works_come_in_several_transactions(database):
    many = [WorkItem(str(n), f"work {n}", line=n) for n in range(450)]

    new = import_works(database, many, source="import", now=NOW)
    tried = import_works(database, many, source="import", now=NOW, dry_run=True)

    assert (new.works, tried.works) == (Upserted(450, 0, 0), Upserted(0, 0, 450))
