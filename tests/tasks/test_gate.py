"""Which new models may serve: none that is worse than what serves already."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import sparse
from sqlalchemy import delete

from db import alerts, catalogue, models, outbox, ratings
from db.ratings import Star
from db.tables import Model, ModelState, Rating
from recommender.default import DefaultModel
from recommender.splits import held_out
from tasks import gate, measuring
from tasks.jobs import retrain
from tasks.material import prepare, read
from tasks.records import Recording
from tasks.training import train

NOW = datetime(2026, 5, 4, 3, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
FITTED = [f"r{n}" for n in range(60) if not held_out(f"import:r{n}")]
ASIDE = [f"r{n}" for n in range(400) if held_out(f"import:r{n}")]


def rate(database, raters, works=12):
    """These raters love the first works of the shelf."""
    with database.write() as session:
        ids = [work.id for work in catalogue.works(session)]
        stars = [Star(rater, id_, 8) for rater in raters for id_ in ids[:works]]
        ratings.upsert(session, "import", stars)


def forget(database, raters, source="import"):
    with database.write() as session:
        session.execute(delete(Rating).where(Rating.source == source, Rating.rater.in_(raters)))


def scramble(database):
    """Whoever a model learns from likes and hates works at random now; the held out stay."""
    generator = np.random.default_rng(0)
    with database.write() as session:
        ids = [work.id for work in catalogue.works(session)]
        raters = {rater for rater, _, _ in ratings.triples(session, simulated=False)}
        learnt_from = sorted(rater.partition(":")[2] for rater in raters if not held_out(rater))
        session.execute(delete(Rating).where(Rating.rater.in_(learnt_from)))
        stars = [
            Star(rater, int(id_), 8)
            for rater in learnt_from
            for id_ in generator.choice(ids, 15, replace=False)
        ]
        ratings.upsert(session, "import", stars)


def states(database):
    with database.read() as session:
        return {row.id: str(row.state) for row in models.every(session)}


def same_but(model, weights):
    return DefaultModel(weights, model.popularity, model.cold, model.facts)


def test_a_model_that_learnt_from_nonsense_is_rejected_kept_and_told(
    stocked, crowd, tmp_path, clock
):
    crowd(300)
    admin = ("telegram", "42")
    old = retrain(Recording(stocked, clock, tell=(admin,)), tmp_path).model
    scramble(stocked)
    clock.pass_(days=1)

    trained = retrain(Recording(stocked, clock, tell=(admin,)), tmp_path)

    new = trained.model
    assert states(stocked) == {old.id: "active", new.id: "rejected"}
    assert f"it is worse than the active model {old.id}: NDCG@100 0." in trained.rejected
    assert new.note == trained.rejected
    assert new.metrics["gain_ndcg@100"] < new.metrics["gain_ndcg@100_high"] < 0
    assert new.metrics["active_ndcg@100"] > new.metrics["ndcg@100"]
    assert DefaultModel.load(tmp_path / new.id, new.digest).ids
    with stocked.write() as session:
        (incident,) = alerts.open_alerts(session)
        (letter,) = outbox.take(session, "telegram", clock(), clock() + timedelta(minutes=1))
    assert incident.key == "retrain.rejected"
    assert incident.message == letter.text == trained.ended.reason
    assert letter.text.startswith(f"The new model {new.id} does not serve. On ")


def test_the_next_good_model_is_served_again_and_closes_the_incident(
    stocked, crowd, tmp_path, clock
):
    crowd(300)
    retrain(Recording(stocked, clock), tmp_path)
    scramble(stocked)
    assert retrain(Recording(stocked, clock), tmp_path).rejected
    with stocked.write() as session:
        session.execute(delete(Rating))
    crowd(300)

    trained = retrain(Recording(stocked, clock), tmp_path)

    assert states(stocked)[trained.model.id] == "active"
    with stocked.read() as session:
        assert alerts.open_alerts(session) == []


def test_a_model_of_far_fewer_ratings_is_rejected(stocked, tmp_path):
    rate(stocked, FITTED[:25])
    old = train(stocked, tmp_path, now=NOW).model
    forget(stocked, FITTED[12:25])

    trained = train(stocked, tmp_path, now=LATER)

    assert trained.rejected == (
        "It learnt from 144 ratings, fewer than half of the 300 "
        f"that the active model {old.id} learnt from."
    )
    assert trained.model.metrics == {"held_out_readers": 0}
    assert states(stocked)[old.id] == "active"


def test_half_as_many_ratings_are_enough(stocked, tmp_path):
    rate(stocked, FITTED[:24])
    train(stocked, tmp_path, now=NOW)
    forget(stocked, FITTED[12:24])

    assert train(stocked, tmp_path, now=LATER).rejected is None


def test_nobody_falls_back_on_simulated_readers(stocked, crowd, tmp_path):
    crowd(60)
    old = train(stocked, tmp_path, now=NOW).model
    crowd(120, source="demo", simulated=True, seed=2)

    trained = train(stocked, tmp_path, now=LATER)

    assert trained.model.demo
    assert trained.rejected.startswith("It learnt from simulated readers too, ")
    assert old.id in trained.rejected
    assert states(stocked)[old.id] == "active"


def test_real_readers_may_take_the_place_of_many_simulated_ones(stocked, crowd, tmp_path):
    crowd(300, source="demo", simulated=True, seed=2)
    demo = train(stocked, tmp_path, now=NOW).model
    with stocked.write() as session:
        ratings.clear_simulated(session)
    rate(stocked, FITTED[:12])

    trained = train(stocked, tmp_path, now=LATER)

    assert (demo.demo, trained.model.demo, trained.rejected) == (True, False, None)
    assert trained.model.rows < demo.rows / 2
    assert states(stocked) == {demo.id: "retired", trained.model.id: "active"}


@pytest.mark.parametrize("what", ["cut short", "altered", "gone", "of another version"])
def test_where_the_active_model_cannot_be_read_the_new_one_serves(stocked, crowd, tmp_path, what):
    crowd(60)
    old = train(stocked, tmp_path, now=NOW).model
    weights, manifest = tmp_path / old.id / "weights.npy", tmp_path / old.id / "manifest.json"
    if what == "cut short":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif what == "altered":
        weights.write_bytes(weights.read_bytes()[:-1] + b"\x07")
    elif what == "gone":
        weights.unlink()
    else:
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 99}))
        digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
        with stocked.write() as session:
            session.get_one(Model, old.id).digest = digest

    trained = train(stocked, tmp_path, now=LATER)

    assert states(stocked)[trained.model.id] == "active"
    assert trained.model.note.startswith(
        f"It was not compared with the model before it. The model {old.id} cannot be used: "
    )
    assert trained.ended.counts["note"] == trained.model.note
    assert ("format 99" in trained.model.note) == (what == "of another version")


@pytest.mark.parametrize(
    ("lost", "reason"),
    [("ratings", "It learnt from 144 ratings, "), ("readers", "It learnt from simulated readers")],
)
def test_where_the_active_model_cannot_be_read_what_it_learnt_from_still_counts(
    stocked, crowd, tmp_path, lost, reason
):
    rate(stocked, FITTED[:25])
    old = train(stocked, tmp_path, now=NOW).model
    (tmp_path / old.id / "weights.npy").unlink()
    if lost == "ratings":
        forget(stocked, FITTED[12:25])
    else:
        crowd(120, source="demo", simulated=True, seed=2)

    trained = train(stocked, tmp_path, now=LATER)

    assert states(stocked) == {old.id: "active", trained.model.id: "rejected"}
    assert trained.rejected.startswith(reason)
    assert " It was not compared with the model before it. " in trained.rejected


def test_a_mark_that_moved_while_a_model_was_made_stays_where_it_is(stocked, crowd, tmp_path):
    crowd(60)
    first, second = (train(stocked, tmp_path, now=now).model for now in (NOW, LATER))

    def go_back(stage):
        if stage == "publishing":
            with stocked.write() as session:
                models.activate(session, first.id, LATER)

    trained = train(stocked, tmp_path, now=LATER + timedelta(days=1), progress=go_back)

    assert states(stocked)[first.id] == "active"
    assert trained.beside == second.id
    assert trained.rejected.startswith(f"While it was made {first.id} became the active model")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("readers", [1, gate.FEWEST_READERS])
def test_a_handful_of_readers_decides_nothing(stocked, crowd, tmp_path, readers):
    crowd(300)
    row = train(stocked, tmp_path, now=NOW).model
    model = DefaultModel.load(tmp_path / row.id)
    material = prepare(read(stocked))
    few = np.arange(len(material.aside.readers)) < readers
    every = np.ones(len(material.aside.items), dtype=bool)
    material = replace(material, aside=material.aside.take(few, every))

    judged = gate.judge(same_but(model, -model.weights), material, row, tmp_path)

    assert judged.metrics["held_out_readers"] == readers
    assert (judged.rejected is None) == (readers < gate.FEWEST_READERS)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_first_model_has_only_popularity_to_beat(stocked, crowd, tmp_path):
    crowd(300)
    row = train(stocked, tmp_path, now=NOW).model
    model = DefaultModel.load(tmp_path / row.id)
    material = prepare(read(stocked))

    good = gate.judge(model, material, None, tmp_path)
    bad = gate.judge(same_but(model, -model.weights), material, None, tmp_path)

    assert (good.rejected, good.beside) == (None, None)
    assert "gain_ndcg@100" not in good.metrics
    assert bad.rejected.startswith(f"On {len(material.aside.readers)} held-out readers it is worse")
    assert bad.rejected.count("worse than") == bad.rejected.count("popularity") == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_active_model_is_asked_about_the_works_of_today(stocked, crowd, tmp_path):
    crowd(300)
    row = train(stocked, tmp_path, now=NOW).model
    model = DefaultModel.load(tmp_path / row.id)
    turned = np.arange(len(model.ids))[::-1]
    facts = model.facts | {"ids": [model.ids[n] for n in turned]}
    moved = DefaultModel(
        model.weights[np.ix_(turned, turned)], model.popularity[turned], model.cold[turned], facts
    )
    digest = moved.save(tmp_path / "moved", ids=facts["ids"])
    other = replace(row, id="moved", digest=digest, state=ModelState.ACTIVE)

    judged = gate.judge(model, prepare(read(stocked)), other, tmp_path)

    assert judged.rejected is None
    assert judged.metrics["gain_ndcg@100"] == 0
    assert judged.metrics["active_ndcg@100"] == row.metrics["ndcg@100"]


def test_an_aligned_model_knows_its_works_by_their_keys_and_no_others():
    weights = np.array([[0, 1, 2], [3, 0, 4], [5, 6, 0]], dtype=np.float32)
    facts = {"dislike_weight": 0.5, "ids": ["c", "a", "gone"]}
    model = DefaultModel(weights, np.ones(3, np.float32), np.zeros(3, bool), facts)

    aligned = measuring.Aligned.to(["a", "new", "c"], model)
    scores = aligned.scores(sparse.csr_array([[8.0, 8, 0], [8, 0, 4], [0, 8, 0]]))

    # A like of a is the row (3, 0, 4) for c, a, gone; a low rating of c is half of (0, 1, 2).
    assert aligned.rows.tolist() == [1, -1, 0]
    np.testing.assert_array_equal(
        scores, np.array([[0, np.nan, 3], [0.5, np.nan, 3], [0, np.nan, 0]], dtype=np.float32)
    )
