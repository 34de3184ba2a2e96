"""What an evaluation is told in: the names of its figures, and its numbers."""

from collections.abc import Mapping
from types import MappingProxyType

from recommender.evaluation import Interval
from tasks.evaluating_figures import (
    ACCURACY,
    COLD_READERS,
    COLD_WORKS,
    COVERAGE,
    DISTANCE,
    GENRE_KL,
    GINI,
    HHI,
    NOVELTY,
    RANDOM,
    RANDOM_WITHIN,
)

LABELS: Mapping[str, str] = MappingProxyType(
    {
        **dict(zip(ACCURACY, ("NDCG@10", "NDCG@100", "Recall@20", "Recall@50"), strict=True)),
        COLD_READERS[1]: "1 like",
        COLD_READERS[3]: "3 likes",
        COLD_WORKS: "Cold works",
        COVERAGE: "Coverage",
        GINI: "Gini",
        HHI: "HHI",
        NOVELTY: "Novelty",
        DISTANCE: "Distance",
        GENRE_KL: "Genre KL",
    }
)
# What chance is called beside a plot.
CHANCES: Mapping[str, str] = MappingProxyType(
    {RANDOM: "Random order", RANDOM_WITHIN: "Favourite genres"}
)
# What a figure means, and which way is better ("" where neither is).
MEANINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ndcg@10": ("How high the wanted likes stand among the first 10", "higher"),
        "ndcg@100": ("How high the wanted likes stand among the first 100", "higher"),
        "recall@20": ("Share of the wanted likes, of 20 at most, among the first 20", "higher"),
        "recall@50": ("Share of the wanted likes, of 50 at most, among the first 50", "higher"),
        COLD_READERS[1]: ("NDCG@100 when a single like is known, all others wanted", "higher"),
        COLD_READERS[3]: ("NDCG@100 when three likes are known, all others wanted", "higher"),
        COLD_WORKS: (
            "Recall@20 among a tenth of the works that nobody had rated before",
            "higher",
        ),
        COVERAGE: ("Share of all works that are in anybody’s first 20", "higher"),
        GINI: ("How unequally works are shown: 0 all alike, 1 one alone", "lower"),
        HHI: ("How much of what is shown is the same: 1 for a single work", "lower"),
        NOVELTY: ("How little known the first 20 are, in bits: 1 more is half as many", ""),
        DISTANCE: ("How different the first 20 are from each other: 1 less their cosine", ""),
        GENRE_KL: ("How far the genres of the first 20 are from those the reader likes", "lower"),
    }
)
SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "strong": (
            "{found.asked} new readers (strong generalisation) of {found.readers}, "
            "{found.items} works, {found.ratings} ratings; seeds: {found.seeds}."
        ),
        "weak": (
            "{found.asked} readers the models know (weak generalisation), {found.items} works, "
            "{found.ratings} ratings; seeds: {found.seeds}."
        ),
        "time": (
            "{found.asked} of {found.readers} readers, asked what they liked later; "
            "{found.items} works, {found.ratings} ratings; seeds: {found.seeds}."
        ),
    }
)


DIGITS: Mapping[str, int] = MappingProxyType({HHI: 4})


def number(value: float, figure: str = "") -> str:
    """A figure as it is read: three digits after the point, none before it but what counts."""
    text = f"{value:.{DIGITS.get(figure, 3)}f}"
    return text.removeprefix("0") if text.startswith("0.") else text


def with_interval(interval: Interval, figure: str = "") -> str:
    """A mean with its interval, where that is one."""
    if interval.low == interval.high:
        return number(interval.mean, figure)
    low, high = (number(value, figure) for value in (interval.low, interval.high))
    return f"{number(interval.mean, figure)} ({low}–{high})"


def chance(p: float) -> str:
    """A p-value."""
    return "< .001" if p < 0.001 else number(p)
