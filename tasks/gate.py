"""Whether a new model may serve: it is held against the active one, and against popularity."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from db.models import ModelRow
from recommender.default import DefaultModel
from recommender.evaluation import Interval, Report, difference
from tasks import measuring, registry
from tasks.errors import UnreadableModel
from tasks.material import Material

METRIC = "ndcg@100"
FAR_FEWER = 0.5  # of the active model's rows: so many are lost by accident, not by people leaving
# Of fewer readers an interval means nothing: resampling a single one always finds the same.
FEWEST_READERS = 5


@dataclass(frozen=True, slots=True)
class Judgement:
    """Why a model may not serve, if it may not, and what was found on the way.

    `beside` is the id of the model that was active, `note` why nothing was compared with it.
    """

    metrics: Mapping[str, float]
    rejected: str | None = None
    beside: str | None = None
    note: str | None = None


def judge(
    model: DefaultModel, material: Material, active: ModelRow | None, model_dir: Path, seed: int = 0
) -> Judgement:
    """Compares `model`, fitted to `material`, with the `active` one and with popularity.

    Both models are shown the same parts of the same held-out readers. Where the active one cannot
    be read, nothing better serves: popularity and what the active one learnt from are the bar then.
    """
    if active is None:
        compared = measuring.compare(model, material, seed)
        return _judgement(compared, material, None, seed)
    try:
        rival = registry.loaded(model_dir, active)
    except UnreadableModel as damage:
        compared = measuring.compare(model, material, seed)
        note = f"It was not compared with the model before it. {damage}"
        return _judgement(compared, material, active, seed, note)
    aligned = measuring.Aligned.to(material.fit.items, rival)
    compared = measuring.compare(model, material, seed, active=aligned)
    return _judgement(compared, material, active, seed)


def _judgement(
    compared: measuring.Comparison | None,
    material: Material,
    active: ModelRow | None,
    seed: int,
    note: str | None = None,
) -> Judgement:
    objections = [
        *(_about_the_data(material, active) if active else ()),
        *(_about_the_figures(compared, active, seed) if compared else ()),
    ]
    if objections and note:
        objections.append(note)
    return Judgement(
        metrics=measuring.figures(compared, seed),
        rejected=" ".join(objections) or None,
        beside=active.id if active else None,
        note=note,
    )


def _about_the_data(material: Material, active: ModelRow) -> Iterator[str]:
    rows = material.fit.matrix.nnz
    if material.demo and not active.demo:
        yield (
            "It learnt from simulated readers too, as fewer than 500 real ones remain; the active "
            f"model {active.id} learnt from real readers alone."
        )
    elif material.demo == active.demo and rows < FAR_FEWER * active.rows:
        yield (
            f"It learnt from {rows} ratings, fewer than half of the {active.rows} "
            f"that the active model {active.id} learnt from."
        )


def _about_the_figures(
    compared: measuring.Comparison, active: ModelRow | None, seed: int
) -> Iterator[str]:
    if compared.model.readers < FEWEST_READERS:
        return
    others = []
    if active is not None and compared.active is not None:
        others.append((f"the active model {active.id}", compared.active))
    others.append(("popularity", compared.popularity))
    for name, report in others:
        gain = difference(compared.model, report, METRIC, seed)
        if gain.high < 0:
            yield _worse(name, compared.model, report, gain)


def _worse(name: str, model: Report, other: Report, gain: Interval) -> str:
    ours, theirs = model.metrics[METRIC].mean, other.metrics[METRIC].mean
    return (
        f"On {model.readers} held-out readers it is worse than {name}: NDCG@100 {ours:.3f}, "
        f"not {theirs:.3f} (95 % interval of the difference {gain.low:+.3f} to {gain.high:+.3f})."
    )
