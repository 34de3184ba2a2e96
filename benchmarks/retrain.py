"""Times a nightly retraining at the size of the original's data, and its memory.

Run with `python benchmarks/retrain.py` (memory: Linux). The works are made up and the ratings are
simulated, as many as the original had after cleaning: about 104,660 of 1,759 readers on 972 works.
What is measured is `tasks.jobs.retrain` in a process of its own, from the snapshot to the
published model; another model is active by then, and the gate compares the two.
"""

import argparse
import multiprocessing
import os
import random
import tempfile
import time
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from answer import invented, memory, now

from db import catalogue, ratings, schema
from db.engine import Database
from db.ratings import Star

SPAWN = multiprocessing.get_context("spawn")
SECOND_SITTING = 0.48  # of it is kept: then there are as many likes as in the original's data


def prepare(folder: Path, works: int, readers: int, seed: int) -> None:
    """Fills a database with works and simulated readers."""
    import numpy as np  # noqa: PLC0415 -- not in the process that starts the measured one

    from recommender.simulate import simulate  # noqa: PLC0415
    from tasks.features import features_of  # noqa: PLC0415

    rng = random.Random(seed)
    database = Database(url(folder))
    schema.upgrade(database)
    with database.write() as session:
        catalogue.upsert(session, [invented(rng, number) for number in range(works)], now())
        shelf = catalogue.works(session)
    about = features_of(shelf)
    stars: dict[tuple[str, int], int] = {}
    for sitting, share in enumerate((1, SECOND_SITTING)):
        told = simulate(about, np.arange(works), readers=readers, seed=seed + sitting)
        sat = zip(told.readers, told.items.tolist(), told.half_stars.tolist(), strict=True)
        stars |= {(reader, item): given for reader, item, given in sat if rng.random() < share}
    with database.write() as session:
        rows = [Star(reader, shelf[item].id, given) for (reader, item), given in stars.items()]
        # Not as simulated ones: those are a stand-in, and a stand-in never replaces a real model.
        ratings.upsert(session, "bench", rows)
    database.close()


def retrain(folder: Path, at: datetime, told: Connection) -> None:
    """Retrains once and tells what it took."""
    os.nice(19)  # as in a worker
    from tasks import jobs  # noqa: PLC0415 -- the memory of what it loads counts
    from tasks.records import Recording  # noqa: PLC0415

    stages: list[tuple[str, float]] = []
    database = Database(url(folder))
    begun = time.perf_counter()
    trained = jobs.retrain(
        Recording(database, lambda: at),
        folder / "models",
        progress=lambda stage: stages.append((stage, time.perf_counter())),
    )
    ended = time.perf_counter()
    times = [moment for _, moment in stages] + [ended]
    per_stage = {name: times[n + 1] - times[n] for n, (name, _) in enumerate(stages)}
    told.send((ended - begun, per_stage, memory(), trained.ended))
    database.close()


def url(folder: Path) -> str:
    """Where the database is."""
    return f"sqlite:///{folder}/bench.db"


def in_a_process(folder: Path, at: datetime) -> tuple[float, dict[str, float], dict, object]:
    """What `retrain` tells."""
    here, there = SPAWN.Pipe()
    child = SPAWN.Process(target=retrain, args=(folder, at, there))
    child.start()
    there.close()
    told = here.recv()
    child.join()
    return told


def prepare_apart(folder: Path, works: int, readers: int) -> None:
    """Prepares in a process of its own, whose memory is gone afterwards."""
    child = SPAWN.Process(target=prepare, args=(folder, works, readers, 1))
    child.start()
    child.join()
    assert child.exitcode == 0


def main() -> None:
    """Prints the seconds, those of each stage, and the peak of the memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, default=972)
    parser.add_argument("--readers", type=int, default=1_759)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare_apart(folder, options.works, options.readers)
        in_a_process(folder, now() - timedelta(days=1))
        seconds, stages, peak, ended = in_a_process(folder, now())
    counts = ended.counts
    print(f"{counts['rows']:,} rows of {counts['readers']:,} readers on {counts['items']:,} works")
    print("(without the tenth of readers that is set aside)")
    print(f"{ended.outcome}: {seconds:.1f} s, peak {peak.get('VmHWM', 0):.0f} MB")
    print(", ".join(f"{name} {took:.2f} s" for name, took in stages.items()))
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
