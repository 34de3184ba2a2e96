"""What a loaded model must hold to be one: numbers of the right kind, finite and in their range.

All raise ValueError with what was found and expected, or KeyError for what is missing; whoever
loads makes ArtifactDamaged of it.
"""

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 256  # looked at at once: bounds memory
MOST = sys.float_info.max

# From which to which number a fact may go, the last excluded. All are optional here: models of
# earlier versions have fewer.
RANGES: Mapping[str, tuple[float, float]] = {
    "l2": (0, math.inf),
    "dropout": (0, 1),
    "dislike_weight": (0, math.inf),
    "low": (-math.inf, math.inf),
    "share": (0, math.inf),
    "power": (-math.inf, math.inf),
    "spectral": (-math.inf, math.inf),
}
COUNTS = ("readers", "rows", "rank")  # whole numbers from 0 up


def refuse_bad_facts(facts: Mapping[str, Any], *needed: str) -> None:
    """Raise unless every fact that is there is a number in its range, and the `needed` are."""
    for name in needed:
        if name not in facts:
            raise KeyError(name)
    for name in facts.keys() & {*RANGES, *COUNTS}:
        value, whole = facts[name], name in COUNTS
        least, end = RANGES.get(name, (0, math.inf))
        number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not number or not (least <= value < end and -MOST <= value <= MOST):
            kind = "a whole number" if whole else "a number"
            raise ValueError(f"{name} is {value!r}, expected {kind} in [{least}, {end})")


def array_of(
    arrays: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...] | None = None
) -> NDArray[Any]:
    """The array of this name, of floats, all of them finite, and of this `shape` if given."""
    found = arrays[name]
    _refuse_other(found, name, shape, "f", "floats")
    blocks = (found[start : start + BLOCK_ROWS] for start in range(0, len(found), BLOCK_ROWS))
    if not all(np.isfinite(block).all() for block in blocks):
        raise ValueError(f"{name} holds NaN or infinity, expected finite numbers")
    return found


def marks_of(
    arrays: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """The array of this name, of bool, and of this `shape`."""
    found = arrays[name]
    _refuse_other(found, name, shape, "b", "bool")
    return found


def _refuse_other(
    found: NDArray[Any], name: str, shape: tuple[int, ...] | None, kind: str, title: str
) -> None:
    if found.dtype.kind != kind:
        raise ValueError(f"{name} holds {found.dtype}, expected {title}")
    if shape is not None and found.shape != shape:
        raise ValueError(f"{name} has the shape {found.shape}, expected {shape}")
