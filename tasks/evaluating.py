"""The evaluation: models on the same splits, what each of their rankings is worth, and how sure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recommender.contenders import CONTENDERS
from recommender.errors import TooFewInteractions
from recommender.evaluation import FLIPS, RESAMPLES, Interval
from recommender.protocols import PROTOCOLS, Told
from tasks.errors import FitFailed, NothingToDo
from tasks.evaluating_figures import (
    AGAINST,
    COLD_WORKS,
    RANDOM,
    RANDOM_WITHIN,
    Marking,
    Standing,
    Tally,
    by_chance,
    means_of,
    standings,
)
from tasks.evaluating_trial import Exam, Run, in_a_child, set_exam

STEPS = 10  # of the progress bar, each fit


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """All that was found. `asked` readers were asked; `failed` says why a model is missing.

    `chance` is what random orders find of cold works, by their names.
    """

    protocol: str
    seeds: int
    readers: int
    items: int
    ratings: int
    asked: int
    standings: tuple[Standing, ...]
    chance: Mapping[str, Interval]
    failed: Mapping[str, str]


def evaluate(
    told: Told,
    names: Sequence[str],
    protocol: str = "strong",
    seeds: int = 1,
    *,
    tell: Callable[[str], None] = lambda _: None,
    run: Run | None = None,
) -> Evaluation:
    """Fits the models of these `names` to the splits of seeds 0, 1, ... and measures them.

    `tell` is called ten times for each fit; `run` fits and asks a model, in a process of its own
    unless another way is given. A model that fails is left out of all that is told.
    Raises NothingToDo where there are too few readers, FitFailed where every model failed.
    """
    tallies = {name: Tally(told.ratings.shape[0]) for name in names}
    chance = Tally(told.ratings.shape[0])
    failed: dict[str, str] = {}
    asked: set[int] = set()
    for seed in range(seeds):
        exam = _exam(told, protocol, seed)
        asked.update(exam.split.readers.tolist())
        by_chance(chance, told, exam, seed)
        mark = Marking(told, exam)
        for name in names:
            with _Steps(tell, f"{CONTENDERS[name].title}, seed {seed + 1} of {seeds}") as steps:
                if name in failed:
                    continue
                try:
                    answers = (run or in_a_child)(name, exam, seed, steps)
                except FitFailed as error:
                    failed[name] = str(error)
                    continue
                mark(tallies[name], answers)
    kept = {name: tally for name, tally in tallies.items() if name not in failed}
    if not kept:
        raise FitFailed(" ".join(failed.values()))
    return Evaluation(
        protocol,
        seeds,
        *told.ratings.shape,
        told.ratings.nnz,
        len(asked),
        tuple(standings(kept)),
        means_of(chance, [RANDOM, RANDOM_WITHIN]),
        failed,
    )


def facts(found: Evaluation) -> dict[str, Any]:
    """The evaluation as JSON can hold it."""
    return {
        "protocol": found.protocol,
        "seeds": found.seeds,
        "readers": found.readers,
        "items": found.items,
        "ratings": found.ratings,
        "asked": found.asked,
        "models": {
            one.name: {
                **{name: _facts(value) for name, value in one.metrics.items()},
                "fit_seconds": round(one.fit_seconds, 3),
                "peak_mb": None if one.peak_mb is None else round(one.peak_mb, 1),
            }
            for one in found.standings
        },
        "paired": {
            one.name: {
                name: {**_facts(gain.difference), "p": gain.p, "p_holm": gain.p_holm}
                for name, gain in one.gains.items()
            }
            for one in found.standings
            if one.gains
        },
        "against": AGAINST,
        "resamples": RESAMPLES,
        "flips": FLIPS,
        "chance": {name: {COLD_WORKS: _facts(told)} for name, told in found.chance.items()},
        "failed": dict(found.failed),
    }


class _Steps:
    """Ten calls of `tell` by the end, as the share that is done grows."""

    def __init__(self, tell: Callable[[str], None], stage: str) -> None:
        self.tell, self.stage, self.done = tell, stage, 0

    def __call__(self, share: float) -> None:
        while self.done < min(STEPS, int(share * STEPS) + 1):
            self.done += 1
            self.tell(self.stage)

    def __enter__(self) -> "_Steps":
        self(0)
        return self

    def __exit__(self, *_: object) -> None:
        self(1)


def _exam(told: Told, protocol: str, seed: int) -> Exam:
    try:
        return set_exam(told, PROTOCOLS[protocol], seed)
    except TooFewInteractions:
        raise NothingToDo(
            f"There are too few readers to evaluate on: {told.ratings.shape[0]} remain after "
            f"cleaning, and none can be asked by the protocol {protocol}."
        ) from None


def _facts(interval: Interval) -> dict[str, float]:
    return {"mean": interval.mean, "low": interval.low, "high": interval.high}
