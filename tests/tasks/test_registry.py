"""Going back to an earlier model."""

from datetime import timedelta

import pytest

from db import models
from tasks import registry
from tasks.errors import NoModel, UnreadableModel
from tests.plugins.library import NOON, activate, saved


@pytest.fixture
def three(database, model_dir, digest):
    """Three models, each newer than the one before: first, second, third (active)."""
    activate(database, "first", digest)
    for n, name in enumerate(("second", "third"), start=1):
        activate(database, name, saved(model_dir, name, seed=n), NOON + timedelta(days=n))
    return database


def states(database):
    with database.read() as session:
        return {row.id: str(row.state) for row in models.every(session)}


def test_a_rollback_goes_one_model_back_each_time(three, model_dir):
    moves = [registry.rollback(three, model_dir) for _ in range(2)]

    assert [(move.left.id, move.back.id) for move in moves] == [
        ("third", "second"),
        ("second", "first"),
    ]
    assert states(three) == {"third": "rejected", "second": "rejected", "first": "active"}


def test_a_rollback_never_comes_back_to_a_model_that_was_left(three, model_dir):
    registry.rollback(three, model_dir)
    digest = saved(model_dir, "fourth", seed=4)
    activate(three, "fourth", digest, NOON + timedelta(days=4))

    assert registry.rollback(three, model_dir).back.id == "second"


def test_a_rollback_passes_over_a_damaged_model(three, model_dir):
    (model_dir / "second" / "weights.npy").unlink()

    assert registry.rollback(three, model_dir).back.id == "first"


def test_a_rollback_to_nothing_but_damage_moves_nothing(three, model_dir):
    for name in ("first", "second"):
        (model_dir / name / "manifest.json").write_text("{}")

    with pytest.raises(UnreadableModel, match="None of the 2 earlier models can be used"):
        registry.rollback(three, model_dir)

    assert states(three)["third"] == "active"


def test_there_is_nothing_before_the_first_model(database, model_dir, digest):
    activate(database, "first", digest)

    with pytest.raises(NoModel, match="no earlier model than first"):
        registry.rollback(database, model_dir)

    assert states(database) == {"first": "active"}


def test_without_any_model_there_is_nothing_to_go_back_from(database, tmp_path):
    with pytest.raises(NoModel):
        registry.rollback(database, tmp_path)
    with pytest.raises(NoModel):
        registry.active(database)
