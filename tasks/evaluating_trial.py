"""One model put to the test on one split: fitted in a process of its own, asked, and measured.

A fresh process starts from the same memory whatever was fitted before it. What a model is made
with is loaded there before the clock starts: the seconds and the memory are those of the fit.
"""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.contenders import Data, Model, Progress, contender
from recommender.errors import RecommenderError
from recommender.evaluation import Fold, Slates, ranked
from recommender.memory import give_back
from recommender.protocols import Cold, Protocol, Split, Told, cold_works, few_likes, strong
from tasks.errors import FitFailed

LENGTH = 100  # of the ranking that a model gives
COLD_LENGTH = 20
FEW = (1, 3)  # likes of a reader who has just come
LOADED = ("scipy.linalg.blas", "threadpoolctl", "recommender.training", "recommender.tuning")
MB = 1e6
LEAVING_SECONDS = 10.0  # a process that is ended while it tidies up leaves things behind
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """What all models are asked about one split; `few` by how many likes are shown."""

    split: Split
    few: Mapping[int, tuple[Fold, NDArray[np.intp]]]
    cold: Cold


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model put first, (readers, length) for each question, and what its fit took.

    `cold` is None for a model that knows nothing of works that nobody rated, `peak_mb` where the
    system does not say.
    """

    slates: Slates
    few: Mapping[int, Slates]
    cold: Slates | None
    fit_seconds: float
    peak_mb: float | None


Run = Callable[[str, Exam, int, Progress], Answers]


def set_exam(told: Told, protocol: Protocol, seed: int) -> Exam:
    """The questions of this seed. Raises TooFewInteractions, BadInteractions."""
    split = protocol(told, seed)
    # Who has just come is somebody of whom nothing was learnt: only strong sets such readers apart.
    counts = FEW if protocol is strong else ()
    few = {count: few_likes(split.fold, count, seed) for count in counts}
    return Exam(split, few, cold_works(split, seed))


def here(name: str, exam: Exam, seed: int, progress: Progress) -> Answers:
    """Fits the model of this name in this process and asks it.

    A model that reads what works are about is fitted once more, without a tenth of the works.
    """
    chosen = contender(name)
    model, seconds, peak = _measured(chosen.fit, exam.split.data, seed, progress)
    slates = ranked(model, exam.split.fold, LENGTH)
    few = {count: ranked(model, fold, LENGTH) for count, (fold, _) in exam.few.items()}
    del model
    cold = None
    if chosen.reads and exam.split.data.features is not None and len(exam.cold.rows):
        unaware = chosen.fit(exam.cold.data, seed, lambda _: None)
        cold = ranked(unaware, exam.cold.fold, COLD_LENGTH, allowed=exam.cold.hidden)
    return Answers(slates, few, cold, seconds, peak)


def in_a_child(name: str, exam: Exam, seed: int, progress: Progress) -> Answers:
    """`here`, in a fresh process that is gone afterwards. Raises FitFailed."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(theirs, name, exam, seed), daemon=True)
    child.start()
    theirs.close()
    try:
        while True:
            kind, told = ours.recv()
            if kind == "progress":
                progress(told)
            elif kind == "failed":
                raise FitFailed(f"The model {name} cannot be fitted: {told}.")
            else:
                answers: Answers = told
                child.join(LEAVING_SECONDS)
                return answers
    except EOFError:
        child.join()
        message = (
            f"The process that fitted the model {name} ended with {child.exitcode}, without a "
            "word: perhaps there was too little memory."
        )
        raise FitFailed(message) from None
    finally:
        ours.close()
        if child.is_alive():
            child.terminate()
        child.join()


def _child(connection: "Connection[Any, Any]", name: str, exam: Exam, seed: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who pressed Ctrl-C ends the parent, and it us
    try:
        chosen = contender(name)
        for module in (*LOADED, *filter(None, [chosen.needs])):
            import_module(module)
        told = here(name, exam, seed, lambda share: connection.send(("progress", share)))
    except RecommenderError as error:
        connection.send(("failed", str(error)))
    except Exception as error:  # its traceback would stand in the midst of a progress bar
        connection.send(("failed", f"{type(error).__name__}: {error}"))
    else:
        connection.send(("done", told))


def _measured(
    fit: Callable[[Data, int, Progress], Model], data: Data, seed: int, progress: Progress
) -> tuple[Model, float, float | None]:
    """The model, the seconds of its fit, and by how many MB memory rose above what was held."""
    give_back()  # what was freed and kept would be taken again, and not be counted
    before = _forget_peak()
    began = perf_counter()
    model = fit(data, seed, progress)
    seconds = perf_counter() - began
    after = _memory("VmHWM")
    peak = None if before is None or after is None else max(0.0, (after - before) / MB)
    return model, seconds, peak


def _forget_peak() -> int | None:
    """Lets the peak count from now on where Linux allows it; the bytes that it counts from."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return _memory("VmHWM")
    return _memory("VmRSS")


def _memory(name: str) -> int | None:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return 1024 * int(found[0]) if found else None
