"""What readers notice of a model that is swapped, and of a retraining on the same machine.

Run with `python benchmarks/swap.py`. Four threads chat at once with one Hearing over 972 works (see
retrain.py for the data): first undisturbed, then while another model becomes active, ten
times, then while a process retrains whose priority is a worker's.
"""

import argparse
import os
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from answer import furnish, now
from retrain import SPAWN, in_a_process, prepare_apart, url

from bot.conversation import texts
from bot.conversation.events import Command, Event, Place, Platform, Speaker
from bot.hearing import Hearing
from bot.serving import Serving
from db import models, popularity
from db.engine import Database
from db.tables import ModelState
from recommender.interactions import LIKE

THREADS = 4
PAUSE_SECONDS = 0.05  # on average, between an answer and that reader's next word
SWAPS = 10
TRAININGS = 3
LOOK_SECONDS = 0.2  # how often the bot looks for another model; 5 in a real one


class Crowd:
    """Readers who chat at once; when each answer came, and how long it took."""

    def __init__(self, hearing: Hearing, works: int) -> None:
        self._hearing, self._works = hearing, works
        self._sorry = [texts.say("ko", f"trouble.{why}") for why in ("busy", "broken")]
        self._over = threading.Event()
        self.answers: list[tuple[float, float]] = []
        self.failures = 0

    @contextmanager
    def chatting(self) -> Iterator[None]:
        self._over.clear()
        threads = [threading.Thread(target=self._chat, args=(n,)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _chat(self, number: int) -> None:
        rng = random.Random(number)
        name = f"reader {number}"
        while not self._over.wait(rng.uniform(0, 2 * PAUSE_SECONDS)):
            work = f"#{rng.randint(1, self._works)}"
            said = rng.choice(
                [Command("recommend"), Command("like", work), Command("search", "가")]
            )
            event = Event(uuid4().hex, Speaker(Platform.DISCORD, name, "ko"), Place(name), said)
            begun = time.perf_counter()
            reply = self._hearing.hear(event)
            ended = time.perf_counter()
            self.answers.append((ended, 1e3 * (ended - begun)))
            self.failures += reply is None or reply.text in self._sorry


def report(what: str, crowd: Crowd) -> None:
    """Prints the figures of what was heard since the last call."""
    taken = sorted(took for _, took in crowd.answers)
    p50, p99 = (taken[len(taken) * share // 100] for share in (50, 99))
    print(
        f"{what:<28} {len(taken):>6} answers, {crowd.failures} failed, "
        f"p50 {p50:.1f}, p99 {p99:.1f}, max {taken[-1]:.1f} ms"
    )
    crowd.answers, crowd.failures = [], 0


def swap(database: Database, folder: Path, serving: Serving, pause: float) -> list[float]:
    """Moves the active mark ten times; the moments at which another model then served."""
    with database.read() as session:
        first = models.active(session)
    assert first is not None
    moments = []
    for number in range(SWAPS):
        row = replace(first, id=f"swap-{number}", state=ModelState.CANDIDATE)
        shutil.copytree(folder / "models" / first.id, folder / "models" / row.id)
        time.sleep(pause)
        with database.write() as session:
            models.register(session, row)
            models.activate(session, row.id, now())
        while serving.library.served is None or serving.library.served.id != row.id:
            time.sleep(0.005)
        moments.append(time.perf_counter())
    time.sleep(pause)
    return moments


def retrain_often(folder: Path) -> None:
    """Retrains some times, one after the other."""
    os.nice(19)  # as in a worker
    from tasks import jobs  # noqa: PLC0415 -- a bot does not load it
    from tasks.records import Recording  # noqa: PLC0415

    database = Database(url(folder))
    for _ in range(TRAININGS):
        jobs.retrain(Recording(database, now), folder / "models")
    database.close()


def main() -> None:
    """Prints a line for each of the three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, default=972)
    parser.add_argument("--readers", type=int, default=1_759)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare_apart(folder, options.works, options.readers)
        in_a_process(folder, now())
        database = Database(url(folder), wait_seconds=2)
        with database.write() as session:  # as the hourly job does for all bots
            popularity.store(session, popularity.count(session, LIKE), now())
        serving = Serving(database, folder / "models", now)
        serving.refresh()
        furnish(database, [f"reader {n}" for n in range(THREADS)], serving.library.works, 30)
        crowd = Crowd(Hearing(database, serving, now), options.works)
        serving.watch(LOOK_SECONDS)
        with crowd.chatting():
            time.sleep(1)
            crowd.answers = []
            time.sleep(options.seconds)
        report("undisturbed", crowd)
        with crowd.chatting():
            moments = swap(database, folder, serving, options.seconds / SWAPS)
        around = [
            took
            for ended, took in crowd.answers
            if any(ended - took / 1e3 <= moment and moment - 0.2 <= ended for moment in moments)
        ]
        report(f"{SWAPS} models swapped", crowd)
        print(
            f"  of these, around a swap: {len(around)} answers, max {max(around, default=0):.1f} ms"
        )
        worker = SPAWN.Process(target=retrain_often, args=(folder,))
        with crowd.chatting():
            worker.start()
            worker.join()
        report(f"{TRAININGS} retrainings meanwhile", crowd)
        assert worker.exitcode == 0
        serving.close()
        database.close()
    print(f"{options.works} works, {THREADS} threads, load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
