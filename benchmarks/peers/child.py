"""What each recommender's own process does: fit when told to, and say how long and how large.

Needs numpy and scipy and nothing of this project: peers run it in environments of their own.
Reads `fit` and `answer` from standard input, a line each, and answers in JSON.
"""

import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scipy import sparse

ANSWERS = 300
LIKES = 50

# What fits; and what, given the model that came of it, answers one reader: the 20 best items of
# those they do not know.
Prepared = tuple[Callable[[], Any], Callable[[Any], Callable[[], object]]]


def memory(what: str) -> int:
    """Bytes of this process: resident now (VmRSS), or at most so far (VmHWM)."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(rf"{what}:\s+(\d+) kB", status)[1])


def typical(likes: sparse.csr_array) -> int:
    """The row of a reader with about 50 likes."""
    counts = likes.indptr[1:] - likes.indptr[:-1]
    return int(abs(counts - LIKES).argmin())


def serve(prepare: Callable[[sparse.csr_array, float], Prepared]) -> None:
    """Do as told until the input ends. Imports and compilers come first, on a few rows.

    `prepare` takes likes (readers, items) and l2.
    """
    out, sys.stdout = sys.stdout, sys.stderr  # what a library prints is not an answer
    path, l2 = sys.argv[1], float(sys.argv[2])
    likes = sparse.csr_array(sparse.load_npz(path))
    prepare(likes[:300, :200], l2)[0]()
    fit, answering = prepare(likes, l2)
    model = None
    for line in sys.stdin:
        if line.strip() == "fit":
            model = None
            Path("/proc/self/clear_refs").write_text("5")  # the highest size so far is forgotten
            before, began = memory("VmRSS"), time.perf_counter()
            model = fit()
            said = {"seconds": time.perf_counter() - began, "peak": memory("VmHWM") - before}
        else:
            said = {"seconds": _median(answering(model)), "peak": 0}
        print(json.dumps(said), file=out, flush=True)


def _median(answer: Callable[[], object]) -> float:
    answer()
    taken = []
    for _ in range(ANSWERS):
        began = time.perf_counter()
        answer()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
