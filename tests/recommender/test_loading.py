"""Whole folders that hold no model: refused when they are loaded, not when somebody asks."""

import numpy as np
import pytest

from recommender import artifact
from recommender.default import DefaultModel
from recommender.ease import Ease
from recommender.errors import ArtifactDamaged

WHOLE = {
    "weights": np.zeros((2, 2), dtype=np.float32),
    "popularity": np.zeros(2, dtype=np.float32),
    "cold": np.zeros(2, dtype=bool),
}


@pytest.mark.parametrize(
    ("arrays", "facts"),
    [
        ({"cold": None}, {}),
        ({"weights": np.zeros((2, 3), dtype=np.float32)}, {}),
        ({"weights": np.zeros(2, dtype=np.float32)}, {}),
        ({"popularity": np.zeros(3, dtype=np.float32)}, {}),
        ({"cold": np.zeros((2, 1), dtype=bool)}, {}),
        ({}, {"ids": ["naver:1"]}),
        ({}, {"ids": 7}),
        ({}, {"dislike_weight": "much"}),
        ({}, {"dislike_weight": None}),
        ({}, {"dislike_weight": -1}),
        ({}, {"dislike_weight": True}),
        ({}, {"dislike_weight": 10**400}),
        ({}, {"low": "half"}),
        ({}, {"readers": -1}),
        ({}, {"readers": 1.5}),
        ({}, {"dropout": 1.0}),
        ({}, {"l2": -1.0}),
        ({}, {"power": 0.5}),  # without how many readers there were
        ({"weights": np.zeros((2, 2), dtype=np.int32)}, {}),
        ({"weights": np.full((2, 2), np.nan, dtype=np.float32)}, {}),
        ({"popularity": np.zeros(2, dtype=np.int64)}, {}),
        ({"popularity": np.array([0, np.inf], dtype=np.float32)}, {}),
        ({"informative": np.array([0, np.nan], dtype=np.float32)}, {}),
        ({"cold": np.zeros(2, dtype=np.float32)}, {}),
        ({"near": np.zeros(2, dtype=np.int32)}, {}),
        ({"near": np.array(0)}, {}),
        ({"near": np.zeros((1, 2), dtype=np.int32)}, {}),
        ({"questions": np.zeros(4, dtype=np.float32)}, {}),
        ({"questions": np.zeros((2, 2), dtype=np.int32)}, {}),
        ({"questions": np.array([0, -1], dtype=np.int32)}, {}),
        ({"questions": np.array([0, 2], dtype=np.int32)}, {}),
    ],
)
def test_sound_files_that_are_no_model_together_are_damage(tmp_path, arrays, facts):
    given = {name: array for name, array in {**WHOLE, **arrays}.items() if array is not None}
    artifact.write(tmp_path / "m", given, {"kind": "default", "dislike_weight": 0.5, **facts})

    with pytest.raises(ArtifactDamaged):
        DefaultModel.load(tmp_path / "m")


@pytest.mark.parametrize("number", ["NaN", "Infinity"])
def test_a_fact_that_is_no_number_is_damage(tmp_path, number):
    artifact.write(tmp_path / "m", WHOLE, {"kind": "default", "dislike_weight": 0.5})
    path = tmp_path / "m" / "manifest.json"
    path.write_text(path.read_text().replace(": 0.5", f": {number}"))

    with pytest.raises(ArtifactDamaged, match=r"dislike_weight is (nan|inf), expected a number in"):
        DefaultModel.load(tmp_path / "m")


@pytest.mark.parametrize(
    ("arrays", "facts"),
    [
        ({"weights": np.zeros((2, 2), dtype=bool)}, {}),
        ({"weights": np.array([[0, np.inf], [0, 0]])}, {}),
        ({"diagonal": np.zeros(3)}, {}),
        ({"diagonal": np.array([1, np.nan])}, {}),
        ({"diagonal": np.zeros(2, dtype=np.int64)}, {}),
        ({}, {"dropout": -0.1}),
        ({}, {"dropout": None}),
        ({}, {"readers": "40"}),
    ],
)
def test_an_ease_that_could_not_be_asked_or_updated_is_damage(tmp_path, arrays, facts):
    given = {"weights": np.zeros((2, 2)), "diagonal": np.ones(2), **arrays}
    told = {"kind": "ease", "readers": 40, "dropout": 0.0, **facts}
    artifact.write(tmp_path / "m", given, told)

    with pytest.raises(ArtifactDamaged, match="holds no ease model"):
        Ease.load(tmp_path / "m")


def test_models_of_old_are_loaded_with_the_facts_they_have(tmp_path):
    artifact.write(tmp_path / "one", WHOLE, {"kind": "default", "dislike_weight": 0.5})
    artifact.write(tmp_path / "other", {"weights": np.zeros((2, 2))}, {"kind": "ease"})

    assert DefaultModel.load(tmp_path / "one").low == 0.5
    assert DefaultModel.load(tmp_path / "one").questions is None
    assert Ease.load(tmp_path / "other").diagonal is None
