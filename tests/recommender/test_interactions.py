"""Ids and rows, and cleaning until nothing changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from recommender.errors import BadInteractions, UnknownItem
from recommender.interactions import Interactions, Step, checked, clean

TRIPLES = st.dictionaries(
    st.tuples(st.sampled_from("ABCDEF"), st.sampled_from("uvwxyz")), st.integers(1, 10), max_size=36
)


def made(entries):
    return Interactions.from_triples(
        [reader for reader, _ in entries], [item for _, item in entries], list(entries.values())
    )


def test_ids_are_sorted_into_rows_and_columns():
    found = Interactions.from_triples(["b", "a", "b"], ["naver:2", "naver:2", "naver:1"], [8, 3, 5])

    assert (found.readers, found.items) == (("a", "b"), ("naver:1", "naver:2"))
    assert found.matrix.toarray().tolist() == [[0, 3], [5, 8]]
    assert found.matrix.dtype == np.float32
    assert (dict(found.reader_rows), found.item_row("naver:2")) == ({"a": 0, "b": 1}, 1)


@given(TRIPLES, st.randoms(use_true_random=False))
def test_the_order_of_the_triples_does_not_matter(entries, random):
    shuffled = list(entries.items())
    random.shuffle(shuffled)

    one, other = made(entries), made(dict(shuffled))

    assert (one.readers, one.items) == (other.readers, other.items)
    assert (one.matrix.toarray() == other.matrix.toarray()).all()


def test_a_second_value_is_refused_unless_the_last_is_wanted():
    triples = (["a", "b", "a", "c"], ["x", "x", "x", "x"], [3, 4, 9, 5])

    with pytest.raises(BadInteractions, match="found 1 values for a reader and item that already"):
        Interactions.from_triples(*triples)
    last = Interactions.from_triples(*triples, duplicates="last")

    assert last.matrix.toarray().tolist() == [[9], [4], [5]]


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf])
def test_values_that_are_no_ratings_are_refused_with_their_place(value):
    with pytest.raises(BadInteractions, match="from 'b' for 'x', expected a number above 0"):
        Interactions.from_triples(["a", "b"], ["x", "x"], [5, value])


def test_sequences_of_unequal_length_are_refused():
    with pytest.raises(BadInteractions, match="found 2 readers, 1 items and 2 values"):
        Interactions.from_triples(["a", "b"], ["x"], [5, 5])


def test_nothing_at_all_is_an_empty_matrix():
    found = Interactions.from_triples([], [], [])

    assert found.matrix.shape == (0, 0)
    assert clean(found)[0].matrix.shape == (0, 0)


def test_the_catalogue_can_name_the_columns():
    found = Interactions.from_triples(["a"], ["y"], [5], item_ids=["z", "y", "x"])

    assert found.matrix.toarray().tolist() == [[0, 5, 0]]
    assert found.aligned(["y", "w", "x", "z"]).matrix.toarray().tolist() == [[5, 0, 0, 0]]
    with pytest.raises(UnknownItem, match="found 'y'"):
        Interactions.from_triples(["a"], ["y"], [5], item_ids=["z"])
    with pytest.raises(UnknownItem):
        found.item_row("w")


def test_likes_are_the_values_from_the_threshold_up():
    found = Interactions.from_triples(["a", "a", "b"], ["x", "y", "x"], [6, 5, 10])

    assert found.at_least(6).matrix.toarray().tolist() == [[1, 0], [1, 0]]


# A chain that unravels from its end: d has one reader, then r3 one item, then c one reader.
CHAIN = {("r0", "a"): 8, ("r0", "b"): 8, ("r1", "a"): 8, ("r1", "b"): 8, ("r2", "b"): 8}
CHAIN |= {("r2", "c"): 8, ("r3", "c"): 8, ("r3", "d"): 8}


def test_cleaning_repeats_until_nothing_changes():
    core, steps = clean(made(CHAIN), minimum=2)

    # d goes, then r3; that leaves c with one reader: it goes, and r2 with it.
    assert (core.readers, core.items) == (("r0", "r1"), ("a", "b"))
    assert steps == (
        Step("as read", 8, 4, 4, 4.0, 0.0),
        Step("likes: 6 and more", 8, 4, 4, 4.0, 0.0),
        Step("pass 1: items with 2 or more", 7, 4, 3, 4.0, 0.0),
        Step("pass 1: readers with 2 or more", 6, 3, 3, 4.0, 0.0),
        Step("pass 2: items with 2 or more", 5, 3, 2, 4.0, 0.0),
        Step("pass 2: readers with 2 or more", 4, 2, 2, 4.0, 0.0),
        Step("pass 3: items with 2 or more", 4, 2, 2, 4.0, 0.0),
        Step("pass 3: readers with 2 or more", 4, 2, 2, 4.0, 0.0),
    )


def test_mean_and_deviation_are_of_the_stars_that_are_left():
    told = {("a", "x"): 10, ("a", "y"): 6, ("b", "x"): 8, ("b", "y"): 2, ("c", "x"): 8}

    core, steps = clean(made(told), minimum=2)

    # Half-stars 10 6 8 2 8, then without the 2; then y, which one likes, and b and c with one like.
    assert steps[:3] == (
        Step("as read", 5, 3, 2, 3.4, pytest.approx(7.36**0.5 / 2)),
        Step("likes: 6 and more", 4, 3, 2, 4.0, pytest.approx(0.5**0.5)),
        Step("pass 1: items with 2 or more", 3, 3, 1, *map(pytest.approx, (13 / 3, 2**0.5 / 3))),
    )
    assert steps[-1] == Step("pass 3: readers with 2 or more", 0, 0, 0, None, None)
    assert core.matrix.shape == (0, 0)


def test_whoever_has_nothing_left_is_not_counted_any_more():
    _, steps = clean(made({("a", "x"): 8, ("b", "x"): 5, ("b", "y"): 1}), minimum=1)

    assert [(step.readers, step.items) for step in steps[:2]] == [(2, 2), (1, 1)]


def test_one_pass_keeps_what_fell_below_the_minimum_later():
    core, steps = clean(made(CHAIN), minimum=2, passes=1)

    assert (core.readers, core.items) == (("r0", "r1", "r2"), ("a", "b", "c"))
    assert len(steps) == 4


@given(TRIPLES, st.integers(1, 4))
def test_in_the_core_everyone_has_enough_and_nobody_is_missed(entries, minimum):
    core = made(entries).core(minimum)

    held = core.matrix > 0
    assert (np.asarray(held.sum(axis=0)) >= minimum).all()
    assert (np.asarray(held.sum(axis=1)) >= minimum).all()
    # The slow way, without matrices.
    left = set(entries)
    while weak := {
        pair
        for pair in left
        if any(sum(other[n] == pair[n] for other in left) < minimum for n in (0, 1))
    }:
        left -= weak
    assert core.matrix.nnz == len(left)


def test_an_entry_stored_twice_is_refused_not_added_up():
    twice = sparse.csr_array(
        (np.array([3.0, 4.0]), np.array([1, 1]), np.array([0, 2])), shape=(1, 2)
    )

    with pytest.raises(BadInteractions, match="1 entries stored twice"):
        checked(twice)


@pytest.mark.parametrize("kind", [sparse.coo_array, sparse.coo_matrix])
def test_coordinates_given_twice_are_refused_too(kind):
    # Two ratings of one star each; added up they would be something else.
    twice = kind(([2.0, 2.0, 5.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 3))

    with pytest.raises(BadInteractions, match="1 entries stored twice"):
        checked(twice)


def test_any_form_of_matrix_is_read_and_left_as_it_was():
    with_zero = sparse.csr_array((np.array([0, 5]), np.array([1, 0]), np.array([0, 2])))

    found = checked(with_zero)

    assert (found.nnz, with_zero.nnz) == (1, 2)
    for same in (sparse.csc_matrix(with_zero), with_zero.toarray(), with_zero.tocoo()):
        assert checked(same).toarray().tolist() == [[5, 0]]


def test_other_than_two_dimensions_are_refused():
    with pytest.raises(BadInteractions, match="found the shape"):
        checked(sparse.coo_array(np.ones(3)))
    with pytest.raises(BadInteractions):
        checked(sparse.csr_array(np.ones((1, 3))), items=2)
