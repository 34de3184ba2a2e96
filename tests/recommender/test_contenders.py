"""The models by their names: what each can be fitted to, and that each answers alike."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from recommender import contenders, default_model
from recommender.contenders import CONTENDERS, AsServed, Data, contender, likes_of
from recommender.errors import BadParameter, PackageMissing
from recommender.interactions import checked
from tests.plugins.missing import missing

QUICK = [name for name, one in CONTENDERS.items() if not one.slow]


@pytest.fixture(scope="module")
def data():
    """Two circles of readers who like, or rate low, what their half of 24 items has."""
    generator = np.random.default_rng(0)
    circle = np.arange(80)[:, None] % 2 == np.arange(24) % 2
    given = generator.random((80, 24)) < np.where(circle, 0.5, 0.1)
    halves = np.where(given, generator.integers(4, 11, given.shape), 0)
    genres = np.eye(2)[np.arange(24) % 2]
    return Data(checked(halves), checked(genres))


def test_the_names_are_those_that_are_promised():
    assert list(CONTENDERS) == [
        "default",
        "ease",
        "popularity",
        "content",
        "knn",
        "als",
        "multvae",
        "recvae",
        "bert4rec",
    ]
    assert [name for name, one in CONTENDERS.items() if one.slow] == [
        "multvae",
        "recvae",
        "bert4rec",
    ]
    assert all(one.name == name for name, one in CONTENDERS.items())


@pytest.mark.parametrize("name", QUICK)
def test_a_contender_prefers_the_circle_of_the_reader(name, data):
    if not CONTENDERS[name].available:
        missing(CONTENDERS[name].needs, f"pip install {CONTENDERS[name].needs}")
    folded = np.zeros((2, 24))
    folded[0, [0, 2, 4]] = folded[1, [1, 3, 5]] = 8

    model = contender(name).fit(data, 0, lambda _: None)

    scores = model.scores(checked(folded))
    assert scores.shape == (2, 24)
    assert np.isfinite(scores).all()
    rest = scores[:, 6:]
    if name != "popularity":
        assert rest[0, 0::2].mean() > rest[0, 1::2].mean()
        assert rest[1, 1::2].mean() > rest[1, 0::2].mean()


def test_a_name_there_is_not_is_refused_with_those_there_are():
    with pytest.raises(BadParameter, match="found the model 'svd', expected one of default, ease"):
        contender("svd")


def test_a_model_whose_package_is_missing_is_refused_by_the_package(monkeypatch):
    absent = replace(CONTENDERS["als"], needs="no_such_package")
    monkeypatch.setattr(contenders, "CONTENDERS", {"als": absent})

    assert not absent.available
    with pytest.raises(
        PackageMissing, match="no package no_such_package, which the model als needs"
    ):
        contender("als")


def test_content_alone_needs_to_know_what_items_are_about(data):
    with pytest.raises(BadParameter, match="found no item features"):
        contender("content").fit(Data(data.ratings), 0, lambda _: None)


def test_likes_are_three_stars_and_more_as_ones():
    found = likes_of(sparse.csr_array([[5.0, 6.0, 0.0, 10.0]]))

    assert found.toarray().tolist() == [[0, 1, 0, 1]]
    assert found.nnz == 2


def test_the_names_load_nothing_that_a_model_needs():
    program = (
        "import sys, recommender.contenders;"
        "print([n for n in ('torch', 'implicit', 'numba', 'scipy.linalg') if n in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout == "[]\n", done.stderr


def test_what_ships_is_compared_as_it_is_ranked():
    """What is popular comes first for who likes nothing yet; a like goes before that."""
    ratings = sparse.csr_array(np.kron(np.eye(2), np.full((30, 6), 8.0))[:45])
    model = default_model.fit(ratings, l2=10.0)
    asked = sparse.csr_array(([8.0], ([1], [8])), shape=(2, 12))

    scores = AsServed(model).scores(asked)

    ahead = [model.lean(0), model.lean(1)]
    np.testing.assert_allclose(scores - model.scores(asked), ahead, atol=1e-6)
    assert scores[0, :6].min() > scores[0, 6:].max()
    assert scores[1, [6, 7, 9, 10, 11]].min() > scores[1, :6].max()
