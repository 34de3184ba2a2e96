"""A training half-way, as an artifact folder: written whole or not at all, and no pickle."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recommender import artifact
from recommender.errors import ArtifactDamaged, ArtifactNotWritten, BadParameter

if TYPE_CHECKING:
    from recommender.zoo.loop import History, Learner

KIND = "zoo-checkpoint"
Arrays = dict[str, NDArray[Any]]


def keep(folder: Path, learner: "Learner", history: "History", fit: Mapping[str, Any]) -> None:
    """Write the weights now, the best so far and the optimisers' state, in place of older ones.

    Raises ArtifactNotWritten.
    """
    arrays = _numbered("now", learner.network.state_dict().values())
    arrays |= _numbered("best", history.best.values())
    for number, phase in enumerate(learner.phases):
        for parameter, state in phase.optimiser.state_dict()["state"].items():
            for name, value in state.items():
                arrays[f"phase{number}_{parameter}_{name}"] = _array(value)
    facts = {"kind": KIND, "fit": dict(fit), "qualities": history.qualities}
    artifact.write(folder, arrays, facts)


def resume(folder: Path, learner: "Learner", history: "History", fit: Mapping[str, Any]) -> None:
    """Put learner and history where the checkpoint in `folder` left them, if there is one.

    Raises BadParameter if it is of another fit, ArtifactNotWritten if the folder holds something
    else, ArtifactDamaged.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / artifact.MANIFEST).is_file():
        raise ArtifactNotWritten(f"{folder} exists and holds no checkpoint; it was left alone")
    found = artifact.read(folder, kind=KIND)
    if found.manifest.get("fit") != dict(fit):
        raise BadParameter(
            f"found in {folder} a checkpoint of {found.manifest.get('fit')}, expected {dict(fit)}"
        )
    try:
        history.qualities[:] = [float(value) for value in found.manifest["qualities"]]
        names = list(learner.network.state_dict())
        now, best = (
            {name: torch.tensor(found.arrays[f"{prefix}_{n}"]) for n, name in enumerate(names)}
            for prefix in ("now", "best")
        )
        shapes = learner.network.state_dict()
        learner.network.load_state_dict(_shaped(now, shapes))
        history.best = _shaped(best, shapes)
        for number, phase in enumerate(learner.phases):
            _resume_optimiser(phase.optimiser, f"phase{number}", found.arrays)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ArtifactDamaged(f"{folder} holds no checkpoint of this network: {error}") from error


def _resume_optimiser(
    optimiser: torch.optim.Optimizer, prefix: str, arrays: Mapping[str, NDArray[Any]]
) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in arrays.items():
        owner, _, rest = key.partition("_")
        if owner == prefix:
            parameter, _, name = rest.partition("_")
            # Numbers alone come back as arrays of one: Adam's count of steps.
            tensor = torch.tensor(np.asarray(value))
            state.setdefault(int(parameter), {})[name] = (
                tensor.reshape(()) if name == "step" else tensor
            )
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})


def _numbered(prefix: str, values: Iterable[Tensor]) -> Arrays:
    return {f"{prefix}_{n}": _array(value) for n, value in enumerate(values)}


def _array(value: Tensor) -> NDArray[Any]:
    found: NDArray[Any] = np.atleast_1d(value.detach().numpy())
    return found


def _shaped(state: dict[str, Tensor], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.reshape(like[name].shape) for name, value in state.items()}
