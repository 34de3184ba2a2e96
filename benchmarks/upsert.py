"""Times the taking in of ratings while the bots go on answering, on SQLite and PostgreSQL.

Run with `python benchmarks/upsert.py`. The ratings are made up: 1,761 raters of 71 of 972 works
each. They come by `import ratings`, from a CSV file, and as a crawl stores them, a rater a
transaction, with a pause for the next page that is as long as the transaction was; each twice,
since a second time changes rows and adds none. Meanwhile another process hears four readers who
like works and take it back, as in the bots. The database is a SQLite file, or a PostgreSQL cluster
made for this that syncs nothing. Exits with 1 if taking them in lasts 15 s or longer (pauses of a
crawl not counted), if a transaction lasts 200 ms or longer, or if a reader was told to wait.
"""

import argparse
import csv
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))

from answer import invented, now
from sqlalchemy.orm import Session

from bot.conversation import texts
from bot.conversation.events import Command, Event, Place, Platform, Speaker
from bot.hearing import Hearing
from bot.serving import Serving
from crawler import files
from db import catalogue, crawled, foreign, schema
from db.engine import Database
from db.foreign import Foreign
from tasks.importing import import_ratings
from tests.plugins import databases

WORKS, RATERS, EACH = 972, 1_761, 71
THREADS = 4
PAUSE_SECONDS = 0.15  # on average, between an answer and that reader's next word: 25 a second
BOT_SECONDS = 2.0  # that a bot waits for another writer
LIMIT_SECONDS, LIMIT_LOCK = 15.0, 0.2
SPAWN = multiprocessing.get_context("spawn")


class Watched(Database):
    """A database that knows for how long each of its transactions kept others from writing."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.locks: list[float] = []

    @contextmanager
    def write(self, *, keep: bool = True) -> Iterator[Session]:
        began = 0.0
        try:
            with super().write(keep=keep) as session:
                session.connection()  # begins: SQLite waits here for its turn
                began = time.perf_counter()
                yield session
        finally:
            self.locks.append(time.perf_counter() - began)


@dataclass
class Heard:
    """How long each answer of the bots took, and how many said that the database is busy."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0


def bots(url: str, folder: Path, line: Connection) -> None:
    """Readers who like and take back, and what they were told, between two words on `line`."""
    database = Database(url, wait_seconds=BOT_SECONDS)
    serving = Serving(database, folder / "models", now)
    serving.refresh()
    hearing = Hearing(database, serving, now)
    while line.recv():
        heard, over = Heard(), threading.Event()
        threads = [
            threading.Thread(target=chat, args=(hearing, number, over, heard))
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        line.recv()
        over.set()
        for thread in threads:
            thread.join()
        line.send(heard)
    database.close()


def chat(hearing: Hearing, number: int, over: threading.Event, heard: Heard) -> None:
    rng, name = random.Random(number), f"reader {number}"
    sorry = [texts.say("ko", f"trouble.{why}") for why in ("busy", "broken")]
    while not over.wait(rng.uniform(0, 2 * PAUSE_SECONDS)):
        said = Command(rng.choice(["like", "unlike"]), f"#{rng.randint(1, 50)}")
        event = Event(uuid4().hex, Speaker(Platform.TELEGRAM, name, "ko"), Place(name), said)
        began = time.perf_counter()
        reply = hearing.hear(event)
        heard.seconds.append(time.perf_counter() - began)
        heard.failed += reply is None or reply.text in sorry


def made_up() -> list[list[tuple[int, int]]]:
    """For each rater, the numbers of the works that they rate, and the half-stars."""
    rng = random.Random(1)
    return [[(work, rng.randint(1, 10)) for work in rng.sample(range(WORKS), EACH)]
            for _ in range(RATERS)]  # fmt: skip


def write(told: list[list[tuple[int, int]]], path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user", "external_id", "half_stars"])
        for rater, stars in enumerate(told):
            writer.writerows((f"rater {rater}", work, stars_) for work, stars_ in stars)
    return path


def imported(database: Database, path: Path) -> int:
    done = import_ratings(database, files.ratings(path), source="bench", key=b"a key")
    return done.ratings


def crawl(database: Watched, told: list[list[tuple[int, int]]], ids: list[int]) -> int:
    stored = crawled.Changes()
    for rater, stars in enumerate(told):
        with database.write() as session:
            rows = [(f"{rater:032x}", ids[work], half_stars) for work, half_stars in stars]
            stored += crawled.store(session, rows, now())
        time.sleep(database.locks[-1])
    return stored.new + stored.changed + stored.same


def prepare(database: Database) -> list[int]:
    """Fills the catalogue, and a foreign one; the ids of the latter's works."""
    rng = random.Random(1)
    schema.upgrade(database)
    with database.write() as session:
        catalogue.upsert(session, (invented(rng, number) for number in range(WORKS)), now())
        works = [Foreign(str(number), f"work {number}") for number in range(WORKS)]
        ids = foreign.upsert(session, "bench", works, now())
    return [ids[str(number)] for number in range(WORKS)]


def measure(url: str, folder: Path, kind: str) -> bool:
    """Prints how each of the four went, and how readers fared; whether all is well."""
    database = Watched(url)
    ids, told = prepare(database), made_up()
    path = write(told, folder / "ratings.csv")
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=bots, args=(url, folder, there))
    process.start()
    well = True
    deeds = {
        "undisturbed": lambda: time.sleep(5),
        "import": lambda: imported(database, path),
        "import again": lambda: imported(database, path),
        "crawl": lambda: crawl(database, told, ids),
        "crawl again": lambda: crawl(database, told, ids),
    }
    for name, deed in deeds.items():
        here.send(True)
        time.sleep(1)
        database.locks.clear()
        began = time.perf_counter()
        count = deed()
        seconds = time.perf_counter() - began
        here.send(True)
        well &= report(f"{kind}: {name}", count, seconds, database.locks, here.recv())
    here.send(False)
    process.join()
    database.close()
    return well


def report(what: str, count: int | None, seconds: float, locks: list[float], heard: Heard) -> bool:
    waits = sorted(heard.seconds)
    p50, p99 = (1e3 * waits[len(waits) * share // 100] for share in (50, 99))
    lock, working = max(locks, default=0.0), sum(locks)
    if count:
        print(
            f"{what:<24} {count:,} ratings in {seconds:.1f} s, {working:.1f} s of them in "
            f"{len(locks):,} transactions, the longest {1e3 * lock:.1f} ms"
        )
    print(
        f"{what:<24} {len(waits):,} answers, {heard.failed} failed, "
        f"p50 {p50:.1f}, p99 {p99:.1f}, max {1e3 * waits[-1]:.1f} ms"
    )
    in_time = (working if "crawl" in what else seconds) < LIMIT_SECONDS
    return in_time and lock < LIMIT_LOCK and not heard.failed


def main() -> int:
    """Prints the figures; 1 if one of them is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=databases.KINDS)
    only = parser.parse_args().only
    well = True
    if only != "postgresql":
        with tempfile.TemporaryDirectory() as name:
            well &= measure(f"sqlite:///{name}/bench.db", Path(name), "SQLite")
    if only != "sqlite":
        with (
            databases._running() as cluster,
            cluster.database("template0") as url,
            tempfile.TemporaryDirectory() as name,
        ):
            well &= measure(url, Path(name), "PostgreSQL")
    print(f"{RATERS * EACH:,} ratings, {THREADS} readers, load average {os.getloadavg()[0]:.1f}")
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
