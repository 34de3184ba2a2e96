"""From ratings to an active model: what is learnt from, what is set aside, what is left behind."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import stamina
from sqlalchemy import text

from db import alerts, catalogue, feedback, jobs, models, outbox, ratings, readers
from db.errors import Unreachable
from db.ratings import Star
from db.tables import Verdict
from recommender.default import DefaultModel
from recommender.splits import held_out
from tasks.errors import NothingToDo
from tasks.features import features_of
from tasks.jobs import retrain
from tasks.material import ENOUGH_READERS, Snapshot, prepare, read
from tasks.records import Occasion
from tasks.training import STAGES, train

NOW = datetime(2026, 5, 4, 3, tzinfo=UTC)


def test_a_training_registers_and_activates_a_sound_model(stocked, crowd, tmp_path):
    crowd(150)

    trained = train(stocked, tmp_path, now=NOW)

    row = trained.model
    with stocked.read() as session:
        assert models.active(session) == row
        keys = [work.key for work in catalogue.works(session)]
    model = DefaultModel.load(tmp_path / row.id, row.digest)
    assert list(model.ids) == keys
    assert row.id.startswith("20260504-030000-")
    assert not row.demo
    assert row.items == (~model.cold).sum()
    assert model.facts["created_at"] == "2026-05-04T03:00:00+00:00"
    assert model.facts["demo"] is False


def test_the_model_beats_popularity_on_readers_with_tastes(stocked, crowd, tmp_path):
    crowd(400)

    metrics = train(stocked, tmp_path, now=NOW).model.metrics

    assert metrics["ndcg@10"] > metrics["popularity_ndcg@10"]
    assert metrics["ndcg@10_low"] < metrics["ndcg@10"] < metrics["ndcg@10_high"]
    assert metrics["held_out_readers"] > 20


def test_training_on_unchanged_data_still_makes_a_model(stocked, crowd, tmp_path):
    crowd(60)

    first = train(stocked, tmp_path, now=NOW).model
    second = train(stocked, tmp_path, now=NOW + timedelta(hours=1)).model

    with stocked.read() as session:
        states = {row.id: str(row.state) for row in models.every(session)}
    assert states == {second.id: "active", first.id: "retired"}
    one, other = (DefaultModel.load(tmp_path / row.id) for row in (first, second))
    assert (one.weights == other.weights).all()


def test_progress_is_told_every_stage(stocked, crowd, tmp_path):
    crowd(60)
    told = []

    train(stocked, tmp_path, now=NOW, progress=told.append)

    assert tuple(told) == STAGES


@pytest.mark.parametrize(("prepared", "reason"), [(False, "no works"), (True, "no ratings")])
def test_without_anything_to_learn_from_training_says_so(database, tmp_path, prepared, reason):
    if prepared:
        from tests.plugins.library import stock

        stock(database)

    trained = train(database, tmp_path, now=NOW)

    assert trained.model is None
    assert reason in trained.skipped
    assert list(tmp_path.iterdir()) == []


def test_too_few_ratings_train_nothing(stocked, tmp_path):
    with stocked.write() as session:
        ratings.upsert(session, "import", [Star("kim", 1, 9), Star("lee", 1, 9)])

    trained = train(stocked, tmp_path, now=NOW)

    assert trained.model is None
    assert trained.skipped.startswith("Of 2 ratings nothing is left to learn from")


FITTED = [f"r{n}" for n in range(60) if not held_out(f"import:r{n}")][:30]
ASIDE = [f"r{n}" for n in range(400) if held_out(f"import:r{n}")][:12]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ((FITTED[:1], 30, 8), "nothing is left to learn from"),
        ((FITTED, 1, 8), "nothing is left to learn from"),
        ((FITTED, 30, 5), "nothing is left to learn from"),
        ((ASIDE, 12, 8), "All 12 readers who remain after cleaning are of the tenth"),
    ],
    ids=["one reader", "one work", "no like", "everybody held out"],
)
def test_what_says_nothing_is_skipped_and_the_model_stays(stocked, tmp_path, clock, said, reason):
    rate(stocked, FITTED, 12, 8)
    old = retrain(stocked, tmp_path, clock=clock).model
    with stocked.write() as session:
        session.execute(text("DELETE FROM rating"))
    rate(stocked, *said)

    trained = retrain(stocked, tmp_path, clock=clock)

    assert trained.model is None
    assert reason in trained.skipped
    with stocked.read() as session:
        run = jobs.last_runs(session)["retrain"]
        assert models.active(session) == old
    assert (run.outcome, run.error) == ("skipped", trained.skipped)
    assert [path.name for path in tmp_path.iterdir()] == [old.id]


@pytest.mark.parametrize("aside", [0, len(ASIDE)], ids=["nobody held out", "some held out"])
@pytest.mark.parametrize("works", [12, 30])
def test_where_everybody_loves_everything_a_model_is_still_made(stocked, tmp_path, works, aside):
    rate(stocked, FITTED + ASIDE[:aside], works, 10)

    trained = train(stocked, tmp_path, now=NOW)

    assert trained.rejected is None
    assert trained.model.items == works
    assert trained.model.metrics["held_out_readers"] == aside


def rate(database, raters, works, half_stars):
    """These raters give each of the first works of the shelf so many half-stars."""
    with database.write() as session:
        ids = [work.id for work in catalogue.works(session)][:works]
        stars = [Star(rater, id_, half_stars) for rater in raters for id_ in ids]
        ratings.upsert(session, "import", stars)


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


def test_a_run_is_recorded_with_its_model(stocked, crowd, tmp_path, clock):
    crowd(60)
    scheduled = clock() - timedelta(minutes=1)

    trained = retrain(stocked, tmp_path, clock=clock, occasion=Occasion.slot(scheduled))

    with stocked.read() as session:
        run = jobs.last_runs(session)["retrain"]
    assert (run.outcome, run.model_id, run.error) == ("ok", trained.model.id, None)
    assert (run.scheduled_for, run.started_at, run.finished_at) == (scheduled, clock(), clock())
    assert run.counts["readers"] == trained.model.readers


def test_a_skipped_run_is_recorded_with_its_reason(database, tmp_path, clock):
    trained = retrain(database, tmp_path, clock=clock)

    with database.read() as session:
        run = jobs.last_runs(session)["retrain"]
    assert (run.outcome, run.model_id) == ("skipped", None)
    assert run.error == trained.skipped


def test_a_failure_leaves_the_old_model_no_folder_and_an_alert(stocked, crowd, tmp_path, clock):
    crowd(60)
    old = retrain(stocked, tmp_path, clock=clock).model
    full = OSError(28, "No space left on device")

    def fill_the_disk(stage):
        if stage == "publishing":
            raise full

    with pytest.raises(OSError, match="No space left"):
        retrain(stocked, tmp_path, clock=clock, progress=fill_the_disk)

    with stocked.read() as session:
        run = jobs.last_runs(session)["retrain"]
        (alert,) = alerts.open_alerts(session)
        assert models.active(session) == old
    assert (run.outcome, run.error) == ("failed", "OSError: [Errno 28] No space left on device")
    assert alert.message == f"The job retrain failed: {run.error}"
    assert [path.name for path in tmp_path.iterdir()] == [old.id]


# A limit that the weights of so many works exceed, and the database does not.
DISK_FULL = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from db.engine import Database
from tasks.jobs import retrain
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
now = datetime(2026, 5, 5, tzinfo=UTC)
retrain(Database(sys.argv[1]), Path(sys.argv[2]), clock=lambda: now, tell=(("telegram", "42"),))
"""


def test_a_model_that_does_not_fit_on_the_disk_leaves_nothing_but_an_incident(
    stocked, crowd, tmp_path, clock, database_url
):
    crowd(60)
    old = retrain(stocked, tmp_path, clock=clock).model
    with stocked.write() as session:
        more = [catalogue.Facts("naver", f"x{n}", f"more {n}") for n in range(600)]
        catalogue.upsert(session, more, clock())

    done = subprocess.run(
        [sys.executable, "-c", DISK_FULL, database_url, tmp_path], capture_output=True, text=True
    )

    assert done.returncode == 1
    assert "ArtifactNotWritten" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [old.id]
    with stocked.write() as session:
        assert models.every(session) == [old]
        run = jobs.last_runs(session)["retrain"]
        (incident,) = alerts.open_alerts(session)
        (letter,) = outbox.take(session, "telegram", clock(), clock() + timedelta(minutes=1))
    assert (run.outcome, run.model_id) == ("failed", None)
    assert run.error.startswith("ArtifactNotWritten: ")
    assert (incident.key, incident.message) == ("retrain.failed", letter.text)


def test_a_success_closes_the_alert(stocked, crowd, tmp_path, clock):
    crowd(60)
    with stocked.write() as session:
        alerts.open_alert(session, "retrain.failed", "Training failed.", clock())

    retrain(stocked, tmp_path, clock=clock)

    with stocked.read() as session:
        assert alerts.open_alerts(session) == []


def test_a_run_is_finished_also_where_the_database_was_away_for_a_moment(
    stocked, crowd, tmp_path, clock, monkeypatch
):
    crowd(60)
    monkeypatch.setattr(jobs, "finish", _failing_once(jobs.finish))

    with stamina.set_testing(True, attempts=2):
        trained = retrain(stocked, tmp_path, clock=clock)

    with stocked.read() as session:
        run = jobs.last_runs(session)["retrain"]
    assert (run.outcome, run.model_id) == ("ok", trained.model.id)


def test_what_a_killed_training_left_is_swept_but_not_what_another_writes(stocked, crowd, tmp_path):
    crowd(60)
    left, begun = tmp_path / ".tmp-a-0123abcd", tmp_path / ".tmp-b-0123abcd"
    for folder, age in ((left, timedelta(hours=2)), (begun, timedelta(minutes=5))):
        folder.mkdir()
        at = (NOW - age).timestamp()
        os.utime(folder, (at, at))

    model = train(stocked, tmp_path, now=NOW).model

    assert {path.name for path in tmp_path.iterdir()} == {model.id, begun.name}


def test_a_training_tells_what_each_step_of_the_cleaning_left(stocked, crowd, tmp_path):
    crowd(60)

    steps = train(stocked, tmp_path, now=NOW).steps

    assert steps == prepare(read(stocked)).steps
    assert steps[0].rows >= steps[-1].rows > 0


def test_a_model_that_cannot_be_registered_leaves_no_folder(stocked, crowd, tmp_path):
    crowd(60)

    def lose_the_table(stage):
        if stage == "publishing":
            with stocked.write() as session:
                session.execute(text("ALTER TABLE model RENAME TO lost"))

    with pytest.raises(Exception, match="model"):
        train(stocked, tmp_path, now=NOW, progress=lose_the_table)

    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_gone_is_the_error_that_is_told(tmp_path, clock):
    from db.engine import Database

    gone = Database("postgresql://nobody@127.0.0.1:1/none")

    with pytest.raises(Unreachable):
        retrain(gone, tmp_path, clock=clock)
    gone.close()


def _failing_once(finish):
    calls = iter([Unreachable("The database does not answer: database is locked")])

    def finished(*arguments, **facts):
        for error in calls:
            raise error
        finish(*arguments, **facts)

    return finished


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
