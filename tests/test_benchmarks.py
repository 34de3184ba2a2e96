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
