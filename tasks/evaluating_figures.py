"""What a ranking is worth: figures of every reader over all seeds, and how sure they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender import bubble
from recommender.contenders import CONTENDERS, likes_of
from recommender.evaluation import Interval, Slates, accuracy, holm, intervals, sign_flips
from recommender.interactions import Matrix
from recommender.popularity import shares
from recommender.protocols import Told, random_within_favourites, recall_at_random
from tasks.evaluating_trial import COLD_LENGTH, Answers, Exam

SLATE = 20  # how long the lists are whose breadth is told
AGAINST = "ease"
ACCURACY = ("ndcg@10", "ndcg@100", "recall@20", "recall@50")
COLD_READERS = {1: "ndcg@100_after_1_like", 3: "ndcg@100_after_3_likes"}
COLD_WORKS = "cold_recall@20"
RANDOM, RANDOM_WITHIN = "random order", "random within favourite genres"
COVERAGE, GINI, HHI = "coverage@20", "gini@20", "hhi@20"
NOVELTY, DISTANCE, GENRE_KL = "novelty@20", "distance@20", "genre_kl@20"
COLD = (*COLD_READERS.values(), COLD_WORKS)
BREADTH = (COVERAGE, GINI, HHI, NOVELTY, DISTANCE, GENRE_KL)
OF_READERS = (*ACCURACY, *COLD, NOVELTY, DISTANCE, GENRE_KL)
TESTED = (*ACCURACY, *COLD_READERS.values())  # against EASE
SURE = 0.05

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gain:
    """By how much a model is better than EASE, reader by reader, and how likely by chance.

    `p` is two-sided, `p_holm` corrected for how many models are compared.
    """

    difference: Interval
    p: float
    p_holm: float

    @property
    def sure(self) -> bool:
        """Whether chance alone would hardly make such a difference."""
        return self.p_holm < SURE


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """How one model did. Of `metrics` those are missing that it or the data have nothing for."""

    name: str
    title: str
    metrics: Mapping[str, Interval]
    fit_seconds: float
    peak_mb: float | None
    gains: Mapping[str, Gain] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """What one model's seeds came to: of each reader the mean over the seeds that asked them."""

    readers: int
    sums: dict[str, Values] = field(default_factory=dict)
    counts: dict[str, Values] = field(default_factory=dict)
    of_all: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    def add(self, name: str, rows: NDArray[np.intp], values: Values) -> None:
        """Takes in `values` (rows,) of these readers; NaN says nothing."""
        there = ~np.isnan(values)
        for store, amounts in ((self.sums, values[there]), (self.counts, 1.0)):
            store.setdefault(name, np.zeros(self.readers))[rows[there]] += amounts

    def means(self, name: str) -> Values:
        """(readers,); NaN for those whom nobody asked."""
        with np.errstate(invalid="ignore"):
            return self.sums[name] / self.counts[name]


class Marking:
    """Turns answers to one exam into figures; what they need of the split is made once."""

    def __init__(self, told: Told, exam: Exam) -> None:
        self.exam = exam
        self.genres = told.genres if told.genres is not None else told.features
        likes = likes_of(exam.split.data.ratings)
        self.shares = shares(likes)
        self.known = likes_of(exam.split.fold.known)
        # Without features works are as near as they have readers in common.
        self.unit = _unit(told.features if told.features is not None else likes.T.tocsr())

    def __call__(self, tally: Tally, answers: Answers) -> None:
        """Adds what these answers are worth to the tally of their model."""
        exam, rows = self.exam, self.exam.split.readers
        for name, values in accuracy(
            answers.slates, exam.split.fold.wanted, (10, 20, 50, 100)
        ).items():
            if name in ACCURACY:
                tally.add(name, rows, values)
        for name, values in self._breadth(answers.slates[:, :SLATE]):
            tally.add(name, rows, values)
        for name, value in self._exposure(answers.slates[:, :SLATE]):
            tally.of_all.setdefault(name, []).append(value)
        for count, (fold, among) in exam.few.items():
            found = accuracy(answers.few[count], fold.wanted, (100,))["ndcg@100"]
            tally.add(COLD_READERS[count], rows[among], found)
        if answers.cold is not None:
            tally.add(COLD_WORKS, rows[exam.cold.rows], _recall_of_cold(exam, answers.cold))
        tally.seconds.append(answers.fit_seconds)
        if answers.peak_mb is not None:
            tally.peaks.append(answers.peak_mb)

    def _breadth(self, slates: Slates) -> Iterator[tuple[str, Values]]:
        yield NOVELTY, bubble.novelty(slates, self.shares)
        yield DISTANCE, bubble.intra_list_distance(slates, self.unit)
        if self.genres is not None:
            yield GENRE_KL, bubble.genre_kl(slates, self.known, self.genres)

    def _exposure(self, slates: Slates) -> Iterator[tuple[str, float]]:
        items = len(self.shares)
        shown = bubble.exposure(slates, items)
        yield COVERAGE, bubble.coverage(slates, items)
        yield GINI, bubble.gini(shown)
        yield HHI, bubble.hhi(shown)


def by_chance(tally: Tally, told: Told, exam: Exam, seed: int) -> None:
    """Adds what chance finds of the cold works, and chance within favourite genres.

    Nothing without genres: then no model can tell such works apart either.
    """
    genres = told.genres if told.genres is not None else told.features
    if genres is not None and len(exam.cold.rows):
        rows = exam.split.readers[exam.cold.rows]
        tally.add(RANDOM, rows, recall_at_random(exam.cold, COLD_LENGTH))
        slates = random_within_favourites(exam.cold, genres, COLD_LENGTH, seed)
        tally.add(RANDOM_WITHIN, rows, _recall_of_cold(exam, slates))


def _recall_of_cold(exam: Exam, slates: Slates) -> Values:
    return accuracy(slates, exam.cold.fold.wanted, (COLD_LENGTH,))[f"recall@{COLD_LENGTH}"]


def standings(tallies: Mapping[str, Tally]) -> Iterator[Standing]:
    """How each model did, in the order of `tallies`.

    Figures of readers have bootstrap intervals over readers. Those of all slates at once have no
    readers to draw from: theirs goes from the lowest seed to the highest.
    """
    gains = _gains(tallies)
    for name, tally in tallies.items():
        found = means_of(tally, OF_READERS)
        for figure, values in tally.of_all.items():
            found[figure] = Interval(float(np.mean(values)), min(values), max(values))
        yield Standing(
            name,
            CONTENDERS[name].title,
            {figure: found[figure] for figure in (*ACCURACY, *COLD, *BREADTH) if figure in found},
            median(tally.seconds),
            median(tally.peaks) if tally.peaks else None,
            gains.get(name, {}),
        )


def means_of(tally: Tally, names: Sequence[str]) -> dict[str, Interval]:
    """The means over readers with their intervals, of those figures that anybody has."""
    there = [name for name in names if name in tally.counts and tally.counts[name].any()]
    if not there:
        return {}
    values = np.column_stack([tally.means(name) for name in there])
    return dict(zip(there, intervals(_asked(values)), strict=True))


def _gains(tallies: Mapping[str, Tally]) -> dict[str, dict[str, Gain]]:
    """Of each model but EASE, by metric."""
    if AGAINST not in tallies:
        return {}
    bar = tallies[AGAINST]
    figures = [name for name in TESTED if name in bar.counts and bar.counts[name].any()]
    level = np.column_stack([bar.means(name) for name in figures])
    found: dict[str, list[tuple[Interval, float]]] = {}
    for name, tally in tallies.items():
        if name != AGAINST:
            more = _asked(np.column_stack([tally.means(figure) for figure in figures]) - level)
            found[name] = list(zip(intervals(more), sign_flips(more).tolist(), strict=True))
    gains: dict[str, dict[str, Gain]] = {name: {} for name in found}
    for n, figure in enumerate(figures):
        corrected = holm({name: pairs[n][1] for name, pairs in found.items()})
        for name, pairs in found.items():
            gains[name][figure] = Gain(*pairs[n], corrected[name])
    return gains


def _asked(values: Values) -> Values:
    """Only the readers of whom anything is known."""
    return values[~np.isnan(values).all(axis=1)]


def _unit(features: Matrix) -> Matrix:
    lengths = np.sqrt(np.asarray(features.multiply(features).sum(axis=1)).ravel())
    scale = sparse.diags_array((1 / np.where(lengths > 0, lengths, 1)).astype(np.float32))
    return sparse.csr_array(scale @ features)
