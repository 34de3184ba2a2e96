"""From ratings to an active model: what is made, what is left behind, and when there is none."""

import os
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from db import catalogue, jobs, models, ratings
from db.ratings import Star
from recommender.default import DefaultModel
from recommender.splits import held_out
from tasks.jobs import retrain
from tasks.material import prepare, read
from tasks.records import Recording
from tasks.training import STAGES, train
from tests.plugins.library import stock

NOW = datetime(2026, 5, 4, 3, tzinfo=UTC)
FITTED = [f"r{n}" for n in range(60) if not held_out(f"import:r{n}")][:30]
ASIDE = [f"r{n}" for n in range(400) if held_out(f"import:r{n}")][:12]


def rate(database, raters, works, half_stars):
    """These raters give each of the first works of the shelf so many half-stars."""
    with database.write() as session:
        ids = [work.id for work in catalogue.works(session)][:works]
        stars = [Star(rater, id_, half_stars) for rater in raters for id_ in ids]
        ratings.upsert(session, "import", stars)


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


def test_the_model_knows_what_to_ask_new_readers_and_nothing_for_adults_or_gone(
    stocked, crowd, tmp_path
):
    crowd(150)
    with stocked.write() as session:
        works = catalogue.works(session)
        catalogue.bury(session, works[0].source, works[0].external_id, NOW)

    row = train(stocked, tmp_path, now=NOW).model

    asked = np.unique(DefaultModel.load(tmp_path / row.id, row.digest).questions)
    assert len(asked) > 7
    assert not {0, *(n for n, work in enumerate(works) if work.adult)} & set(asked.tolist())


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


def test_a_training_tells_what_each_step_of_the_cleaning_left(stocked, crowd, tmp_path):
    crowd(60)

    steps = train(stocked, tmp_path, now=NOW).steps

    assert steps == prepare(read(stocked)).steps
    assert steps[0].rows >= steps[-1].rows > 0


@pytest.mark.parametrize(("prepared", "reason"), [(False, "no works"), (True, "no ratings")])
def test_without_anything_to_learn_from_training_says_so(database, tmp_path, prepared, reason):
    if prepared:
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
    old = retrain(Recording(stocked, clock), tmp_path).model
    with stocked.write() as session:
        session.execute(text("DELETE FROM rating"))
    rate(stocked, *said)

    trained = retrain(Recording(stocked, clock), tmp_path)

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


def test_what_a_killed_training_left_is_swept_but_not_what_another_writes(stocked, crowd, tmp_path):
    crowd(60)
    left, begun = tmp_path / ".tmp-a-0123abcd", tmp_path / ".tmp-b-0123abcd"
    for folder, age in ((left, timedelta(hours=2)), (begun, timedelta(minutes=5))):
        folder.mkdir()
        at = (NOW - age).timestamp()
        os.utime(folder, (at, at))

    model = train(stocked, tmp_path, now=NOW).model

    assert {path.name for path in tmp_path.iterdir()} == {model.id, begun.name}


def test_a_model_that_cannot_be_registered_leaves_no_folder(stocked, crowd, tmp_path):
    crowd(60)

    def lose_the_table(stage):
        if stage == "publishing":
            with stocked.write() as session:
                session.execute(text("ALTER TABLE model RENAME TO lost"))

    with pytest.raises(Exception, match="model"):
        train(stocked, tmp_path, now=NOW, progress=lose_the_table)

    assert list(tmp_path.iterdir()) == []
