"""The way from stored ratings to what a model learns from, worked by hand."""

from math import sqrt

import pytest

from db.catalogue import Work
from db.ratings import Crawled
from recommender.interactions import Step
from tasks.cleaning import cleaned

READERS = [f"watcha:r{n}" for n in range(11)]


def works(count):
    return tuple(
        Work(n, "naver", str(n), f"work {n}", None, (), (), (), (), True, False, "")
        for n in range(1, count + 1)
    )


def step(name, rows, readers, items, *, total, squares):
    """A step that left so many half-stars in all, and in all of their squares."""
    mean = total / rows
    deviation = sqrt(max(squares / rows - mean**2, 0))
    return Step(name, rows, readers, items, *map(pytest.approx, (mean / 2, deviation / 2)))


# Eleven readers like works 1 to 10; ten of them like work 11, of which the last thinks little.
CORE = [(reader, work, 8) for reader in READERS for work in range(1, 11)]
CORE += [(reader, 11, 8) for reader in READERS[:10]]
LOW = [(READERS[10], 11, 2)]
# What somebody said of work 1 before, as another work of the site that is also ours.
TWICE = [(READERS[0], 1, 3)]
FEW_READERS = [(reader, 12, 6) for reader in READERS[:9]]
FEW_LIKES = [("watcha:s", work, 10) for work in range(1, 10)] + [("watcha:s", 10, 4)]
DELETED = [(READERS[0], 99, 8)]
ELSEWHERE = Crawled(frozenset({READERS[0], "watcha:x"}), works=2, stars=(0,) * 9 + (3,))
TOLD = TWICE + CORE + LOW + FEW_READERS + FEW_LIKES + DELETED


def test_every_step_leaves_what_was_worked_out_by_hand():
    found = cleaned(works(12), TOLD, ELSEWHERE)

    # Half-stars: 120 x 8, and 2, 3, 9 x 6, 9 x 10, 4, 8; elsewhere 3 x 10.
    assert found.steps == (
        step("as read", 145, 13, 15, total=1151, squares=9297),
        # Without the deleted work's 8 and the three of works elsewhere, and x, who has no others.
        step("of our works", 141, 12, 12, total=1113, squares=8933),
        step(
            "one per reader and work", 140, 12, 12, total=1110, squares=8924
        ),  # the 3 came before an 8
        step("at least 3 stars", 138, 12, 12, total=1104, squares=8904),  # without the 2 and the 4
        step(
            "pass 1: items with 10 or more", 129, 12, 11, total=1050, squares=8580
        ),  # work 12 has nine
        step("pass 1: readers with 10 or more", 120, 11, 11, total=960, squares=7680),  # s has nine
        step("pass 2: items with 10 or more", 120, 11, 11, total=960, squares=7680),
        step("pass 2: readers with 10 or more", 120, 11, 11, total=960, squares=7680),
    )
    assert found.before == (0, 1, 1, 1, 0, 9, 0, 121, 0, 12)


def test_those_who_remain_keep_their_low_ratings_and_every_work_its_column():
    kept = cleaned(works(12), TOLD, ELSEWHERE).kept

    assert kept.readers == tuple(sorted(READERS))
    assert kept.items == tuple(f"naver:{n}" for n in range(1, 13))
    assert kept.matrix.nnz == 121
    assert kept.matrix[kept.readers.index(READERS[10]), kept.item_row("naver:11")] == 2


@pytest.mark.parametrize(("first", "last"), [(3, 8), (8, 3)])
def test_of_two_ratings_of_one_work_the_last_counts(first, last):
    ours = cleaned(works(1), [("watcha:a", 1, first), ("watcha:a", 1, last)]).ours

    assert ours.matrix.toarray().tolist() == [[last]]


def test_nothing_at_all_is_cleaned_too():
    found = cleaned((), ())

    assert {(s.rows, s.readers, s.items, s.mean, s.sd) for s in found.steps} == {
        (0, 0, 0, None, None)
    }
    assert found.kept.matrix.shape == (0, 0)


def test_ratings_of_works_that_are_not_ours_are_counted_and_then_gone():
    found = cleaned(works(1), (), ELSEWHERE)

    assert found.steps[0] == Step("as read", 3, 2, 2, 5.0, 0.0)
    assert found.steps[1] == Step("of our works", 0, 0, 0, None, None)
