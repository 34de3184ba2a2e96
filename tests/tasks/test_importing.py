"""Imports: which work a row means, who rated it, and what is written."""

from datetime import UTC, datetime

import pytest

from crawler.errors import UnreadableFile
from crawler.items import RatingItem, Rejected, WorkItem
from db import catalogue, ratings
from db.catalogue import Facts, Upserted
from tasks.importing import import_ratings, import_works, rater_id

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
    one = WorkItem(2, "1", "Toy Story", genres=("Comedy",))
    other = WorkItem(2, "1", "Toy Story (1995)", genres=("Comedy",))

    counts = [
        import_works(database, [item], source="movielens", now=NOW).works
        for item in (one, one, other)
    ]

    assert counts == [Upserted(1, 0, 0), Upserted(0, 0, 1), Upserted(0, 1, 0)]
    with database.read() as session:
        (work,) = catalogue.works(session)
    assert (work.key, work.title, work.genres) == ("movielens:1", "Toy Story (1995)", ("Comedy",))


def test_of_two_works_with_one_id_the_later_counts(database):
    items = [WorkItem(2, "1", "A"), WorkItem(3, "1", "B"), Rejected(4, "the title is missing")]

    done = import_works(database, items, source="import", now=NOW)

    assert done.works == Upserted(1, 0, 0)
    assert done.rejected == (
        Rejected(2, "the same external id comes again in line 3, which counts"),
        Rejected(4, "the title is missing"),
    )


def test_a_dry_run_of_works_counts_and_writes_nothing(database):
    done = import_works(database, [WorkItem(2, "1", "A")], source="import", now=NOW, dry_run=True)

    assert done.works == Upserted(1, 0, 0)
    with database.read() as session:
        assert catalogue.works(session) == []
