"""Times and weighs our fit of EASE beside LensKit's and Cornac's: `make bench-peers`.

Each runs in a process of its own and in an environment of its own, with pinned versions, made in
`.venv-peers/` the first time (`--environments` names another folder). All get the same likes, the
same penalty and float32 or what they turn it into, and take turns; imports, and the making of each
one's own form of the data, are not counted. The answer is one reader's with 50 likes, the 20 best
items that they do not know. implicit has no EASE: its neighbours by BM25 stand for an answer only.
Memory is the highest resident size above that before the first fit. Exits with 1 if a goal is
missed. `--sizes small,large,huge`; Cornac and implicit fit the small one only.
"""

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from fit import L2, SIZES, Size, popular_likes, said
from peers.parent import ROOT, Child, python_of
from scipy import sparse

SCRIPTS = {"lenskit_ease": "lenskit", "cornac_ease": "cornac", "implicit_bm25": "implicit"}
TIMES_FASTER, MEMORY_SHARE = 4.0, 0.4


@dataclass
class Figures:
    """Seconds of each fit, of an answer, and the most bytes of the first fit."""

    fits: list[float] = field(default_factory=list)
    answer: float = 0.0
    peak: int = 0

    @property
    def fit(self) -> float:
        return float(np.median(self.fits))


def measured(size: Size, likes_path: Path, environments: Path) -> dict[str, Figures]:
    """The figures of each by the name of its script: all are alive at once and take turns."""
    scripts = {"ours": Path(sys.executable)}
    for script, name in SCRIPTS.items():
        if name == "lenskit" or not size.slow:
            scripts[script] = python_of(name, environments)
    found = {script: Figures() for script in scripts}
    with ExitStack() as stack:
        children = {
            script: stack.enter_context(Child(script, likes_path, L2, python))
            for script, python in scripts.items()
        }
        for number in range(size.rounds + 1):
            for script, child in children.items():
                said_ = child.fit()
                if number == 0:
                    found[script].peak = said_.peak
                if number or size.rounds == 1:
                    found[script].fits.append(said_.seconds)
            if size.rounds == 1:
                break
        for script, child in children.items():
            found[script].answer = child.answer().seconds
    return found


def report(name: str, size: Size, environments: Path) -> bool:
    """Prints the figures of one size; whether its goals are met."""
    likes = popular_likes(size)
    print(f"{name}: {size.readers:,} readers, {size.items:,} items, {likes.nnz:,} likes")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "likes.npz"
        sparse.save_npz(path, likes)
        found = measured(size, path, environments)
    ours = found["ours"]
    for script, theirs in found.items():
        print(
            f"  {script:<14} fit {1e3 * theirs.fit:>10,.1f} ms ({theirs.fit / ours.fit:5.1f} x), "
            f"memory {theirs.peak / 2**20:>8,.1f} MiB, "
            f"an answer {1e6 * theirs.answer:>8,.0f} µs"
        )
    met = True
    for script, theirs in found.items():
        if script in ("lenskit_ease", "cornac_ease"):
            goal = f"a fit {TIMES_FASTER:g} times as fast as {script}'s"
            met &= said(goal, theirs.fit >= TIMES_FASTER * ours.fit)
    if size.slow:
        goal = f"{MEMORY_SHARE:g} of the memory of lenskit_ease"
        met &= said(goal, ours.peak <= MEMORY_SHARE * found["lenskit_ease"].peak)
    return met


def main() -> int:
    """Prints the figures; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="small,large,huge", help=f"of {', '.join(SIZES)}")
    parser.add_argument("--environments", type=Path, default=ROOT / ".venv-peers")
    asked = parser.parse_args()
    met = [report(name, SIZES[name], asked.environments) for name in asked.sizes.split(",")]
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
