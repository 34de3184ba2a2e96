"""The library that answers are made from, kept up to date beside the conversation."""

from bot.serving import Serving
from db import feedback, popularity, ratings, readers
from db.catalogue import Facts
from db.ratings import Star
from db.tables import Verdict
from tests.bot.conftest import second
from tests.plugins.library import NOON, SHELF, activate, stock


def test_a_new_model_is_taken_up_in_one_assignment(served, database, model_dir, clock):
    before = served.library
    second(database, model_dir, clock)

    assert served.refresh() is True

    assert served.library.served.id == "second"
    assert before.served.id == "first"  # what answers with it goes on undisturbed


def test_where_the_works_are_the_same_a_new_model_does_not_make_them_anew(
    served, database, model_dir, clock
):
    count_popularity(database, clock, {served.library.works[0].id: 1.0})
    served.refresh()
    before = served.library
    content = before.content
    second(database, model_dir, clock)

    served.refresh()

    assert (before.served.id, served.library.served.id) == ("first", "second")
    assert served.library.index is before.index
    assert served.library.content is content


def test_where_nobody_counts_popularity_each_model_brings_a_new_count(
    served, database, model_dir, clock
):
    with database.write() as session:
        ratings.upsert(session, "import", [Star("a", served.library.works[0].id, 8)])
    second(database, model_dir, clock)

    served.refresh()

    assert served.library.popularity[0] == 1.0


def test_nothing_new_is_nothing_done(served):
    before = served.library

    assert served.refresh() is False
    assert served.library is before


def test_a_changed_catalogue_is_taken_up_and_keeps_the_loaded_model(served, database, clock):
    before = served.library.served.model
    clock.pass_(seconds=1)
    stock(database, clock(), [Facts("naver", "2000", "새 작품", authors=("새 작가",))])

    assert served.refresh() is True

    assert len(served.library.works) == len(SHELF) + 1
    assert served.library.served.model is before
    assert served.library.served.columns[-1] == -1


def test_a_corrected_title_is_found_after_a_refresh(served, database, clock):
    clock.pass_(seconds=1)
    stock(database, clock(), [Facts("naver", "1014", "덴마: 완전판")])
    served.refresh()

    assert [hit.score for hit in served.library.index.find("덴마 완전판").hits] == [100.0]


def test_without_a_model_there_is_none(serving, database):
    stock(database)

    assert serving.refresh() is True
    assert serving.library.served is None


def test_a_model_of_the_works_in_another_order_is_placed_by_their_keys(
    database, model_dir, digest, clock
):
    stock(database, works=SHELF[::-1])
    activate(database, "first", digest)
    serving = Serving(database, model_dir, clock)
    serving.refresh()

    ids = serving.library.served.model.ids
    columns = serving.library.served.columns
    placed = [ids[column] for column in columns]
    assert placed == [work.key for work in serving.library.works]


def test_popularity_counts_stars_and_likes(serving, database):
    stock(database)
    serving.refresh()
    ids = [work.id for work in serving.library.works]
    with database.write() as session:
        ratings.upsert(session, "import", [Star("a", ids[5], 8), Star("b", ids[5], 5)])
        ratings.upsert(session, "import", [Star("a", ids[7], 6), Star("b", ids[7], 10)])
    again = Serving(database, serving._model_dir, serving._clock)
    again.refresh()

    assert again.library.popularity[[5, 7, 0]].tolist() == [1.0, 2.0, 0.0]


def test_without_a_model_popularity_follows_new_ratings(serving, database):
    stock(database)
    serving.refresh()
    first = serving.library.works[0].id

    with database.write() as session:
        ratings.upsert(session, "import", [Star("a", first, 8)])
    serving.refresh()

    assert serving.library.popularity[0] == 1.0


def count_popularity(database, clock, scores):
    """What the hourly job stores."""
    clock.pass_(hours=1)
    with database.write() as session:
        popularity.store(session, scores, clock())


def test_popularity_is_what_was_last_counted_for_all_bots(serving, database, clock):
    stock(database)
    serving.refresh()
    first, second = (work.id for work in serving.library.works[:2])
    with database.write() as session:
        ratings.upsert(session, "import", [Star("a", first, 8)])

    count_popularity(database, clock, {second: 7.0})

    assert serving.refresh() is True
    assert serving.library.popularity[:3].tolist() == [0.0, 7.0, 0.0]


def test_once_counted_popularity_changes_with_the_next_count_only(serving, database, clock):
    stock(database)
    serving.refresh()
    work = serving.library.works[0].id
    count_popularity(database, clock, {work: 1.0})
    serving.refresh()

    with database.write() as session:
        ratings.upsert(session, "import", [Star("a", work, 8)])
        reader = readers.of_account(session, "telegram", "1", NOON).id
        feedback.record(session, reader, work, Verdict.LIKE, source="command", now=NOON)

    assert serving.refresh() is False
    count_popularity(database, clock, {work: 3.0})
    assert serving.refresh() is True
    assert serving.library.popularity[0] == 3.0


def test_a_new_count_keeps_the_loaded_model(served, database, clock):
    before = served.library.served

    count_popularity(database, clock, {served.library.works[0].id: 5.0})

    assert served.refresh() is True
    assert served.library.popularity[0] == 5.0
    assert (served.library.served.id, served.library.served.model) == ("first", before.model)
