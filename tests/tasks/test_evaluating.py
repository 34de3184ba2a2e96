"""The evaluation itself: models on the same splits, in processes of their own, and what is told."""

import os
from multiprocessing import get_context

import numpy as np
import pytest

from recommender.contenders import OfLikes
from recommender.evaluation import accuracy, ranked
from recommender.interactions import checked
from recommender.popularity import Popularity
from recommender.protocols import PROTOCOLS, Told, strong
from tasks import evaluating_trial
from tasks.errors import FitFailed, NothingToDo
from tasks.evaluating import evaluate, facts
from tasks.evaluating_figures import Tally
from tasks.evaluating_trial import here, in_a_child, set_exam


def told(readers=100, items=40, features=True, times=True, seed=0):
    """Two circles of readers, each with its own half of the items, of which some are loved more."""
    generator = np.random.default_rng(seed)
    circle = np.arange(readers)[:, None] % 2 == np.arange(items) % 2
    loved = np.linspace(0.7, 0.3, items)
    given = generator.random((readers, items)) < np.where(circle, loved, loved / 5)
    ratings = checked(np.where(given, generator.integers(3, 11, given.shape), 0))
    about = checked(np.eye(4)[np.arange(items) % 4]) if features else None
    moments = generator.permutation(ratings.nnz).astype(float) if times else None
    return Told(ratings, moments, about, about)


def silent(_):
    pass


def test_figures_are_those_of_the_readers_who_were_asked():
    everything = told()

    found = evaluate(everything, ["popularity", "ease"], run=here)

    split = strong(everything, 0)
    likes = checked((split.data.ratings.toarray() >= 6).astype(float))
    slates = ranked(OfLikes(Popularity.fit(likes)), split.fold, 100)
    expected = accuracy(slates, split.fold.wanted, (10,))["ndcg@10"].mean()
    popularity, ease = found.standings
    assert popularity.metrics["ndcg@10"].mean == pytest.approx(expected)
    assert found.asked == len(split.readers)
    assert ease.metrics["ndcg@10"].mean > popularity.metrics["ndcg@10"].mean
    assert popularity.metrics["coverage@20"].mean < ease.metrics["coverage@20"].mean


def test_the_difference_to_ease_is_taken_reader_by_reader_and_tested():
    found = evaluate(told(), ["popularity", "ease", "default"], run=here)

    popularity, ease, default = found.standings
    gain = popularity.gains["ndcg@10"]
    assert ease.gains == {}
    assert gain.difference.mean == pytest.approx(
        popularity.metrics["ndcg@10"].mean - ease.metrics["ndcg@10"].mean
    )
    assert gain.difference.high < 0
    assert gain.p < 0.01
    assert gain.p_holm == 2 * gain.p  # the smaller of two
    assert default.gains["ndcg@10"].p_holm >= default.gains["ndcg@10"].p


def test_without_ease_nothing_is_compared_with_it():
    found = facts(evaluate(told(), ["popularity"], run=here))

    assert found["paired"] == {}


def test_five_seeds_ask_every_reader_once_and_of_more_each_counts_with_their_mean():
    tally = Tally(3)

    tally.add("x", np.array([0, 2]), np.array([1.0, 0.5]))
    tally.add("x", np.array([0, 1]), np.array([0.0, np.nan]))

    np.testing.assert_array_equal(tally.means("x"), [0.5, np.nan, 0.5])
    five = evaluate(told(), ["popularity"], seeds=5, run=here)
    assert five.asked > 90  # the others have no like to be found


def test_figures_of_all_lists_at_once_reach_from_the_lowest_seed_to_the_highest():
    each = [
        evaluate(told(), ["ease"], seeds=n, run=here).standings[0].metrics["gini@20"]
        for n in (1, 2)
    ]

    first = each[0].mean
    second = 2 * each[1].mean - first
    assert (each[0].low, each[0].high) == (first, first)
    assert [each[1].low, each[1].high] == pytest.approx(sorted([first, second]))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_tells_the_same_figures_but_for_readers_who_have_just_come(protocol):
    """Only strong asks for readers of whom the models know nothing."""
    found = facts(evaluate(told(), ["default", "ease"], protocol, run=here))
    few = ["ndcg@100_after_1_like", "ndcg@100_after_3_likes"] if protocol == "strong" else []

    assert (found["protocol"], found["seeds"]) == (protocol, 1)
    assert list(found["models"]) == ["default", "ease"]
    assert list(found["models"]["default"]) == [
        "ndcg@10",
        "ndcg@100",
        "recall@20",
        "recall@50",
        *few,
        "cold_recall@20",
        "coverage@20",
        "gini@20",
        "hhi@20",
        "novelty@20",
        "distance@20",
        "genre_kl@20",
        "fit_seconds",
        "peak_mb",
    ]
    assert set(found["models"]["default"]["ndcg@10"]) == {"mean", "low", "high"}
    assert "cold_recall@20" not in found["models"]["ease"]
    assert list(found["chance"]) == ["random order", "random within favourite genres"]


def test_without_features_there_are_no_genres_and_works_are_apart_by_their_readers():
    found = evaluate(told(features=False), ["default"], run=here)

    metrics = found.standings[0].metrics
    assert {"genre_kl@20", "cold_recall@20"} & set(metrics) == set()
    assert 0 < metrics["distance@20"].mean < 1
    assert found.chance == {}


def test_cold_works_are_read_beside_what_a_random_order_finds_of_so_few():
    found = facts(evaluate(told(), ["default"], run=here))

    # Of 40 works 4 are hidden, so the first 20 are all of them, in any order.
    assert found["chance"]["random order"]["cold_recall@20"]["mean"] == 1
    assert found["models"]["default"]["cold_recall@20"]["mean"] == 1


def test_the_same_seed_finds_the_same():
    one, other = (facts(evaluate(told(), ["ease", "default"], run=here)) for _ in range(2))

    for found in (one, other):
        for model in found["models"].values():
            del model["fit_seconds"], model["peak_mb"]
    assert one == other


def test_a_model_that_fails_is_left_out_and_the_others_go_on():
    def run(name, exam, seed, progress):
        if name == "ease":
            raise FitFailed("The model ease cannot be fitted: it is tired.")
        return here(name, exam, seed, progress)

    found = evaluate(told(), ["ease", "popularity"], seeds=2, run=run)

    assert [one.name for one in found.standings] == ["popularity"]
    assert found.failed == {"ease": "The model ease cannot be fitted: it is tired."}
    with pytest.raises(FitFailed, match="it is tired"):
        evaluate(told(), ["ease"], run=run)


def test_too_few_readers_are_one_sentence():
    with pytest.raises(NothingToDo, match=r"^There are too few readers to evaluate on: 1 remain"):
        evaluate(told(readers=1), ["ease"], run=here)


def test_the_bar_moves_ten_times_a_fit_however_much_a_fit_tells():
    stages = []

    def run(name, exam, seed, progress):
        for share in (0.05, 0.5, 0.5, 1.0):
            progress(share)
        return here(name, exam, seed, silent)

    evaluate(told(), ["popularity", "ease"], seeds=2, tell=stages.append, run=run)

    assert len(stages) == 40
    assert stages[0] == "Popularity, seed 1 of 2"
    assert stages[-1] == "EASE, seed 2 of 2"


def test_a_process_of_its_own_answers_as_this_one_and_tells_what_the_fit_took():
    exam = set_exam(told(), strong, 0)

    apart, here_ = in_a_child("default", exam, 0, silent), here("default", exam, 0, silent)

    assert (apart.slates == here_.slates).all()
    assert (apart.cold == here_.cold).all()
    assert {count: slates.tolist() for count, slates in apart.few.items()} == {
        count: slates.tolist() for count, slates in here_.few.items()
    }
    assert apart.fit_seconds > 0


def test_what_a_model_cannot_do_is_one_sentence():
    exam = set_exam(told(features=False), strong, 0)

    with pytest.raises(FitFailed, match=r"^The model content cannot be fitted: found no item feat"):
        in_a_child("content", exam, 0, silent)


class Doomed:
    """Makes real processes that end at once with 9, whatever they are to do."""

    Pipe = staticmethod(get_context("spawn").Pipe)

    @staticmethod
    def Process(target, args, daemon):
        return get_context("spawn").Process(target=os._exit, args=(9,), daemon=daemon)


def test_a_process_that_dies_is_one_sentence(monkeypatch):
    exam = set_exam(told(), strong, 0)
    monkeypatch.setattr(evaluating_trial, "get_context", lambda method: Doomed)

    with pytest.raises(FitFailed, match=r"model ease ended with 9, without a word: perhaps there"):
        in_a_child("ease", exam, 0, silent)


def test_the_peak_is_that_of_the_fit_alone():
    held = np.ones(10_000_000)
    for sizes in ([3_900_000], [3_700_000, 3_700_000]):
        [np.ones(size) for size in sizes].clear()  # glibc keeps the latter, and hands it out again

    def fit(data, seed, progress):
        return np.ones(5_000_000)[:1].copy()

    _, _, peak = evaluating_trial._measured(fit, None, 0, silent)

    assert held[-1] == 1
    assert peak is None or 38 <= peak < 60  # 40 MB, and not the 80 that were held before
