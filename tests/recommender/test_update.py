"""Readers who come, change and go: a model that follows them is the one a fit would make."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from recommender import kernels, update
from recommender.ease import Ease
from recommender.errors import ArtifactVersion, BadInteractions, CatalogueTooLarge, RecommenderError

ITEMS = 30


def readers(count, seed=0, density=0.2, items=ITEMS):
    generator = np.random.default_rng(seed)
    return sparse.csr_array((generator.random((count, items)) < density).astype(np.float32))


def together(*parts):
    return sparse.csr_array(sparse.vstack(parts, format="csr"))


def same(model, likes, l2=3.0, dropout=0.0, atol=1e-5):
    expected = Ease.fit(likes, l2=l2, dropout=dropout, dtype=np.float64)
    np.testing.assert_allclose(model.weights, expected.weights, atol=atol)
    np.testing.assert_allclose(model.diagonal, expected.diagonal, rtol=1e-5)
    assert not np.diag(model.weights).any()


def test_a_reader_more_worked_by_hand():
    model = Ease.fit(sparse.csr_array([[1.0, 1.0]]), l2=1.0)

    model.update(sparse.csr_array([[1.0, 1.0]]))

    # As two readers who like both: G = [[3, 2], [2, 3]], P = [[3, -2], [-2, 3]] / 5.
    np.testing.assert_allclose(model.weights, [[0, 2 / 3], [2 / 3, 0]], rtol=1e-6)
    np.testing.assert_allclose(model.diagonal, [3 / 5, 3 / 5], rtol=1e-6)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize(("dtype", "atol"), [(np.float32, 1e-5), (np.float64, 1e-12)])
def test_readers_who_come_change_and_go_are_as_if_fitted_anew(dtype, atol, dropout):
    stay, before, after, new = readers(80), readers(6, 1), readers(6, 2), readers(9, 3)
    model = Ease.fit(together(stay, before), l2=3.0, dropout=dropout, dtype=dtype)

    model.update(together(after, new), removed=before)

    same(model, together(stay, after, new), dropout=dropout, atol=atol)
    assert model.facts["readers"] == 80 + 6 + 9
    assert model.weights.dtype == dtype


@given(seed=st.integers(0, 1_000), steps=st.lists(st.integers(0, 4), min_size=1, max_size=6))
@settings(deadline=None, max_examples=25)
def test_coming_and_going_again_leaves_what_was_there(seed, steps):
    likes = readers(40)
    model = Ease.fit(likes, l2=3.0)
    guests = [readers(count, seed + n) for n, count in enumerate(steps)]

    for guest in guests:
        model.update(guest)
    for guest in guests:
        model.update(readers(0), removed=guest)

    same(model, likes)


def test_likes_that_weigh_more_or_less_are_followed_too():
    stay, new = readers(40), readers(5, 1)
    new.data = np.random.default_rng(0).uniform(0.5, 3, new.nnz).astype(np.float32)
    model = Ease.fit(stay, l2=3.0)

    model.update(new)

    same(model, together(stay, new))


def test_more_rows_than_share_a_pass_are_followed_pass_by_pass(monkeypatch):
    monkeypatch.setattr(update, "RANK", 7)
    stay, going, new = readers(40), readers(17, 1), readers(23, 2)
    model = Ease.fit(together(stay, going), l2=3.0, dropout=0.2)

    model.update(new, removed=going)

    same(model, together(stay, new), dropout=0.2)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("count", [1, 3, 20])
def test_wide_matrices_are_passed_in_two_threads(monkeypatch, compiled, count):
    monkeypatch.setattr(update, "ONE_THREAD_ITEMS", 20)
    monkeypatch.setattr(kernels, "LEAST_ITEMS", 20 if compiled else 10**9)
    monkeypatch.setattr(update, "CACHED_BYTES", 2 * ITEMS * 4)
    stay, new = readers(40), readers(count, 1)
    model = Ease.fit(stay, l2=3.0)

    model.update(new)

    same(model, together(stay, new))


def test_many_updates_do_not_drift():
    stay, new = readers(300, density=0.1), readers(1_000, 1, density=0.1)
    model = Ease.fit(stay, l2=10.0)

    for row in range(1_000):
        model.update(new[[row]])

    same(model, together(stay, new), l2=10.0)


@pytest.mark.parametrize("likes", [readers(0), sparse.csr_array((3, ITEMS), dtype=np.float32)])
def test_readers_without_likes_teach_nothing(likes):
    model = Ease.fit(readers(40), l2=3.0)
    before = model.weights.copy()

    model.update(likes, removed=likes)
    model.update(likes)

    np.testing.assert_array_equal(model.weights, before)
    assert model.facts["readers"] == 40 + likes.shape[0]


def test_an_item_nobody_had_liked_gets_its_first_likes():
    stay = readers(40).toarray()
    stay[:, 4] = 0
    new = readers(5, 1).toarray()
    new[:, 4] = 1
    model = Ease.fit(stay, l2=3.0)

    model.update(new)

    assert model.weights[4].any()
    same(model, together(*map(sparse.csr_array, (stay, new))))


def test_a_model_mapped_from_disk_is_copied_and_its_file_stays(tmp_path):
    stay, new = readers(40), readers(5, 1)
    Ease.fit(stay, l2=3.0, dropout=0.1).save(tmp_path / "m")
    model = Ease.load(tmp_path / "m")

    model.update(new)

    same(model, together(stay, new), dropout=0.1)
    same(Ease.load(tmp_path / "m"), stay, dropout=0.1)


def test_an_updated_model_is_saved_with_what_the_next_update_needs(tmp_path):
    parts = readers(40), readers(5, 1), readers(5, 2)
    model = Ease.fit(parts[0], l2=3.0)
    model.update(parts[1])
    model.save(tmp_path / "m", ids=[str(n) for n in range(ITEMS)])

    loaded = Ease.load(tmp_path / "m")
    loaded.update(parts[2])

    same(loaded, together(*parts))
    assert loaded.facts["readers"] == 50


def test_a_model_saved_without_its_diagonal_is_loaded_but_not_updated(tmp_path):
    model = Ease.fit(readers(40), l2=3.0)
    Ease(model.weights, model.facts).save(tmp_path / "m")

    loaded = Ease.load(tmp_path / "m")

    np.testing.assert_array_equal(loaded.weights, model.weights)
    with pytest.raises(ArtifactVersion, match=r"found .* without the diagonal .* expected"):
        loaded.update(readers(1))


@pytest.mark.parametrize(
    ("added", "removed"),
    [
        (readers(1, items=ITEMS - 1), None),
        (-readers(1), None),
        (readers(1) * np.float32(np.nan), None),
        (readers(1), readers(1, items=ITEMS + 1)),
        (readers(1), readers(41)),  # more than there are
        (readers(1), 9 * readers(1)),  # nobody liked anything that much
        (readers(1), together(*[readers(1, density=1)] * 20)),  # nobody liked everything
        (readers(1) * np.float32(1e30), None),  # too large to be told from rounding
        (together(*[readers(1)] * 300, readers(1) * np.float32(1e30)), None),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(added, removed):
    model = Ease.fit(readers(40), l2=3.0, dropout=0.1)
    before = model.weights.copy(), model.diagonal.copy(), dict(model.facts)

    with pytest.raises(BadInteractions, match=r"found .* expected"):
        model.update(added, removed)

    np.testing.assert_array_equal(model.weights, before[0])
    np.testing.assert_array_equal(model.diagonal, before[1])
    assert model.facts == before[2]


def test_a_mapped_model_too_large_to_be_copied_is_left_alone(tmp_path, monkeypatch):
    Ease.fit(readers(40), l2=3.0).save(tmp_path / "m")
    model = Ease.load(tmp_path / "m")
    monkeypatch.setattr("recommender.memory.usable", lambda: 0)

    with pytest.raises(CatalogueTooLarge, match=f"found {ITEMS} items"):
        model.update(readers(1))


def test_every_refusal_is_of_the_family():
    assert issubclass(ArtifactVersion, RecommenderError)
