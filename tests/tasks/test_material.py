"""What a model learns from: whose ratings, whose likes, and which features of the works."""

from datetime import UTC, datetime

import pytest

from db import catalogue, feedback, readers
from db.tables import Verdict
from recommender.splits import held_out
from tasks.errors import NothingToDo
from tasks.features import features_of
from tasks.material import ENOUGH_READERS, Snapshot, prepare, read
from tasks.training import train

NOW = datetime(2026, 5, 4, 3, tzinfo=UTC)


def _work(id_, **facts):
    given = {"authors": (), "genres": (), "keywords": (), **facts}
    return catalogue.Work(
        id=id_,
        source="naver",
        external_id=str(id_),
        title=f"work {id_}",
        title_en=None,
        weekdays=(),
        finished=True,
        adult=False,
        url="",
        **given,
    )


def test_simulated_ratings_join_while_real_readers_are_few(stocked, crowd, tmp_path):
    crowd(60)
    crowd(120, source="demo", simulated=True, seed=2)

    trained = train(stocked, tmp_path, now=NOW)

    assert trained.model.demo
    material = prepare(read(stocked))
    assert {reader.partition(":")[0] for reader in material.fit.readers} == {"import", "demo"}


def test_simulated_ratings_stay_out_once_500_real_readers_remain():
    def liking(source, count):
        return tuple(
            (f"{source}:{reader}", webtoon, 8) for reader in range(count) for webtoon in range(10)
        )

    works = tuple(_work(id_) for id_ in range(10))
    enough, too_few = (
        Snapshot(works, liking("import", count), liking("demo", 50))
        for count in (ENOUGH_READERS, ENOUGH_READERS - 1)
    )

    assert not prepare(enough).demo
    assert prepare(too_few).demo


def test_held_out_readers_are_in_no_fit(stocked, crowd):
    crowd(200)

    material = prepare(read(stocked))

    assert not any(map(held_out, material.fit.readers))
    assert all(map(held_out, material.aside.readers))
    assert len(material.aside.readers) > 0


def test_low_ratings_of_those_who_remain_are_kept(stocked, crowd):
    crowd(200)

    material = prepare(read(stocked))

    assert material.fit.matrix.data.min() < 6
    assert material.fit.matrix.data.max() <= 10


def test_only_readers_with_ten_likes_who_let_it_train_the_model(stocked):
    with stocked.write() as session:
        works = [work.id for work in catalogue.works(session)]
        for name, likes, trains in (("a", 10, True), ("b", 9, True), ("c", 12, False)):
            reader = readers.of_account(session, "terminal", name, NOW)
            readers.choose(session, reader.id, trains=trains)
            for work in works[:likes]:
                feedback.record(session, reader.id, work, Verdict.LIKE, source="command", now=NOW)

    snapshot = read(stocked)

    assert {reader for reader, _, _ in snapshot.real} == {"reader:1"}
    assert [half_stars for _, _, half_stars in snapshot.real] == [8] * 10


def test_who_asked_to_be_forgotten_trains_no_model(stocked):
    with stocked.write() as session:
        leaving, staying = (
            readers.of_account(session, "terminal", name, NOW) for name in ("a", "b")
        )
        for reader in (leaving, staying):
            for work in catalogue.works(session)[:10]:
                feedback.record(
                    session, reader.id, work.id, Verdict.LIKE, source="command", now=NOW
                )
        readers.forget(session, leaving.id)

    assert {reader for reader, _, _ in read(stocked).real} == {f"reader:{staying.id}"}


def test_a_dislike_is_not_a_rating(stocked):
    with stocked.write() as session:
        reader = readers.of_account(session, "terminal", "a", NOW)
        for work in catalogue.works(session)[:10]:
            feedback.record(session, reader.id, work.id, Verdict.DISLIKE, source="command", now=NOW)

    assert read(stocked).real == ()


def test_nothing_to_learn_from_is_an_error_of_preparing():
    with pytest.raises(NothingToDo):
        prepare(Snapshot((), (), ()))


def test_features_are_genres_keywords_and_authors():
    works = (
        _work(1, genres=("판타지",), keywords=("탑",), authors=("SIU",)),
        _work(2, genres=("판타지",), authors=("탑",)),
    )

    features = features_of(works).toarray()

    assert features.tolist() == [[1, 1, 1, 0], [1, 0, 0, 1]]
