"""What the benchmarks read, split and hand on; what they measure is theirs."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def zoo(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    yield import_module("zoo")
    sys.modules.pop("zoo")


@pytest.fixture
def onboarding(monkeypatch):
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    yield import_module("onboarding")
    for name in {"onboarding", "fit"} - before:
        sys.modules.pop(name, None)


@pytest.fixture
def ratings(tmp_path):
    """Twelve readers of twelve films, a low rating, and a line whose moment is no number."""
    lines = [f"{user},{film},4.5,{100 * film + user}" for user in range(12) for film in range(12)]
    lines[5] = "0,5,3.0,long ago"
    lines[-1] = "11,11,1.0,9000"
    path = tmp_path / "ratings.csv"
    path.write_text("userId,movieId,rating,timestamp\n" + "\n".join(lines))
    return path


def test_the_zoo_reads_what_evaluations_read_damaged_lines_and_all(zoo, ratings):
    found = zoo.read(ratings)

    assert found.ratings.nnz == 12 * 12 - 1  # likes alone
    assert sorted(set(found.ratings.data.tolist())) == [6, 9]
    first = found.order().toarray()[found.ratings.toarray() == 6]
    assert first.tolist() == [1]  # what has no moment comes before all others


def test_the_peer_of_the_zoo_is_handed_the_same_splits(zoo, ratings, tmp_path):
    likes = zoo.read(ratings)

    zoo.keep(likes, tmp_path / "likes.npz")
    again = zoo.kept(tmp_path / "likes.npz")

    for hide in ("any", "last"):
        (data, fold), (other, asked) = (zoo.halves(each, 1, hide) for each in (likes, again))
        assert (data.ratings != other.ratings).nnz == (fold.known != asked.known).nnz == 0
        assert (fold.wanted != asked.wanted).nnz == 0
        assert (data.order is None, fold.order is None) == (hide == "any", hide == "any")
    np.testing.assert_array_equal(likes.times, again.times)


def test_a_simulated_reader_answers_by_the_stars_they_gave(onboarding):
    stars = np.array([0, 5, 6, 10, 1], dtype=np.float32)

    after = onboarding.sitting(len, stars)

    assert after[-1] == {0: None, 1: False, 2: True, 3: True, 4: False}
    assert [len(told) for told in after] == [0, 1, 2, 3, 4, 5]


def test_what_was_told_is_neither_listed_nor_a_target(onboarding):
    order = np.array([3, 2, 1], dtype=np.float32)
    wanted, out = np.array([[True, False, True], [True, False, False]])

    assert onboarding.quality(order, wanted, out) == pytest.approx(1 / np.log2(3))
    assert np.isnan(onboarding.quality(order, out, out))


def test_the_ways_to_ask_are_compared_on_the_same_simulated_readers(onboarding, capsys):
    found = onboarding.measured(onboarding.invented(150, 60), 1)

    begun = [found["hidden", way, "0"] for way in (onboarding.POPULAR, onboarding.TREE)]
    np.testing.assert_array_equal(*begun)  # before the first question nothing differs
    onboarding.report(found)
    assert "the tree, hidden" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(path.stem for path in BENCHMARKS.glob("*.py")))
def test_every_benchmark_can_be_loaded(name, monkeypatch):
    """They borrow from each other, and are run too seldom to notice what one lost."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])

    assert import_module(name).main

    for module in set(sys.modules) - before:
        if Path(getattr(sys.modules[module], "__file__", None) or "/").is_relative_to(BENCHMARKS):
            del sys.modules[module]


def test_of_alerts_from_a_bot_that_is_killed_none_is_doubled_or_lost(monkeypatch, capsys):
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    alerts = import_module("alerts")

    assert alerts.main(readers=60, kills=2, hurry=True) == 0

    assert "doubles: 0; losses: 0" in capsys.readouterr().out
    sys.modules.pop("alerts")
