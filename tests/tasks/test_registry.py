"""The registry as an operator sees it: promoting a model, its folder, and how two models differ."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import update

from db import alerts, catalogue, models, ratings
from db.ratings import Star
from db.tables import Model, ModelState
from recommender.default import DefaultModel
from recommender.splits import held_out
from tasks import registry
from tasks.contrast import contrast, named
from tasks.errors import NoModel, NothingToDo, UnreadableModel
from tests.plugins.library import NOON, saved, stock
from tests.tasks.models import states, three

__all__ = ["three"]  # a fixture


@pytest.fixture
def refused(three, model_dir):
    """The same three, and a fourth that the gate rejected, which is an open incident."""
    row = replace(
        registry.get(three, "third"),
        id="fourth",
        state=ModelState.REJECTED,
        created_at=NOON + timedelta(days=4),
        digest=saved(model_dir, "fourth", seed=4),
        note="It is worse.",
    )
    with three.write() as session:
        models.register(session, row)
        alerts.open_alert(session, "retrain.rejected", "The new model does not serve.", NOON)
        alerts.open_alert(session, "prune.failed", "The job prune failed.", NOON)
    return three


def test_a_rejected_model_can_be_promoted_which_closes_its_incident(refused, model_dir):
    left = registry.promote(refused, model_dir, "fourth", NOON)

    assert left.id == "third"
    assert states(refused) == {
        "fourth": "active",
        "third": "retired",
        "second": "retired",
        "first": "retired",
    }
    assert registry.get(refused, "fourth").note == "Promoted by hand. Before: It is worse."
    with refused.read() as session:
        assert [incident.key for incident in alerts.open_alerts(session)] == ["prune.failed"]


def test_an_earlier_model_can_be_promoted_and_the_later_one_again(three, model_dir):
    moves = [registry.promote(three, model_dir, name, NOON).id for name in ("first", "third")]

    assert moves == ["third", "first"]
    assert states(three) == {"first": "retired", "second": "retired", "third": "active"}
    assert registry.get(three, "first").note is None


def test_where_no_model_is_active_one_can_be_promoted(three, model_dir):
    with three.write() as session:
        session.execute(update(Model).values(state=ModelState.RETIRED))

    assert registry.promote(three, model_dir, "second", NOON) is None
    assert states(three)["second"] == "active"


@pytest.mark.parametrize(
    ("model_id", "error", "sentence"),
    [
        ("third", NothingToDo, "third is the active model already"),
        ("fifth", NoModel, "There is no model fifth"),
        ("sixth", NoModel, "The model sixth is still being made, or its training was killed."),
        ("second", UnreadableModel, "The model second cannot be used"),
    ],
)
def test_what_cannot_be_promoted_moves_nothing(refused, model_dir, model_id, error, sentence):
    (model_dir / "second" / "weights.npy").write_bytes(b"half")
    with refused.write() as session:
        row = models.get(session, "first")
        models.register(session, replace(row, id="sixth", state=ModelState.CANDIDATE))
    before = states(refused)

    with pytest.raises(error, match=sentence):
        registry.promote(refused, model_dir, model_id, NOON)

    assert states(refused) == before
    with refused.read() as session:
        assert len(alerts.open_alerts(session)) == 2


def test_a_folder_is_told_with_its_files_and_what_is_wrong_with_them(three, model_dir):
    (model_dir / "second" / "weights.npy").unlink()

    sound, damaged = (
        registry.folder(model_dir, registry.get(three, name)) for name in ("first", "second")
    )

    assert list(sound.files) == [
        "cold.npy",
        "informative.npy",
        "manifest.json",
        "near.npy",
        "popularity.npy",
        "questions.npy",
        "weights.npy",
    ]
    assert sound.files["cold.npy"] == (model_dir / "first" / "cold.npy").stat().st_size
    assert sound.damage is None
    assert "weights.npy" not in damaged.files
    assert damaged.damage.startswith("The model second cannot be used: ")


@pytest.fixture
def read_by_some(three):
    """Ratings of the shelf by ten readers, and of its first works by five who are held out."""
    stock(three)
    raters = [name for name in map(str, range(400)) if not held_out(f"import:{name}")][:10]
    aside = [name for name in map(str, range(400)) if held_out(f"import:{name}")][:5]
    with three.write() as session:
        ids = [work.id for work in catalogue.works(session)]
        told = [(name, ids) for name in raters] + [(name, ids[:10]) for name in aside]
        stars = [Star(name, id_, 8) for name, rated in told for id_ in rated]
        ratings.upsert(session, "import", stars)
    return three


def pointing_at(session, folder, works):
    """The digest of a model by which every like speaks for these works."""
    ids = [work.key for work in catalogue.works(session)]
    weights = np.zeros((len(ids), len(ids)), dtype=np.float32)
    weights[:, works] = 1
    ones = np.ones(len(ids), dtype=np.float32)
    facts = {"dislike_weight": 0.5}
    return DefaultModel(weights, ones, ones == 0, facts).save(folder, ids)


def test_suggestions_of_two_models_overlap(read_by_some, model_dir):
    with read_by_some.write() as session:
        more = [catalogue.Facts("naver", f"x{n:02}", f"more {n}") for n in range(20)]
        catalogue.upsert(session, more, NOON)
    row = registry.get(read_by_some, "first")
    with read_by_some.read() as session:
        one, other = (
            replace(row, id=name, digest=pointing_at(session, model_dir / name, works))
            for name, works in (("one", range(10, 30)), ("other", range(20, 40)))
        )

    found = contrast(read_by_some, model_dir, one, other)
    same = contrast(read_by_some, model_dir, one, one)

    # Of the twenty works that each suggests, ten are the same: ten of thirty.
    assert (found.overlap.readers, found.overlap.jaccard) == (5, pytest.approx(1 / 3))
    assert (same.overlap.jaccard, same.gained, same.lost) == (1, (), ())


def test_works_that_only_one_model_learnt_of_are_gained_and_lost(read_by_some, model_dir):
    first = registry.get(read_by_some, "first")
    model = DefaultModel.load(model_dir / "first", first.digest)
    cold = model.cold.copy()
    cold[[2, 3]] = True
    poorer = DefaultModel(model.weights, model.popularity, cold, model.facts)
    digest = poorer.save(model_dir / "poorer")
    row = replace(first, id="poorer", digest=digest, items=28, rows=8_000, metrics={"ndcg@10": 0.5})
    first = replace(first, metrics={"ndcg@10": 0.4})

    found = contrast(read_by_some, model_dir, row, first)

    keys = ("naver:1003", "naver:1004")
    assert (found.gained, found.lost) == (keys, ())
    assert contrast(read_by_some, model_dir, first, row).lost == keys
    assert found.more == {"readers": 0, "items": 2, "rows": 1_000, "ndcg@10": -0.1}
    with read_by_some.read() as session:
        works = catalogue.works(session)
    assert named([keys[0], "gone:1"], works) == {keys[0]: "외모지상주의", "gone:1": "gone:1"}


def test_without_held_out_readers_there_is_no_overlap(three, model_dir):
    first = registry.get(three, "first")

    assert contrast(three, model_dir, first, first).overlap is None
