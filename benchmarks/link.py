"""Times the linking of two readers with 1,000 verdicts each, and its undoing: whole events.

Run with `python benchmarks/link.py`. The works are made up; half of what the two said is of the
same works, and half of that differs. An event is timed from the press to the committed reply, on a
SQLite file and on a PostgreSQL cluster made for this that syncs nothing. Exits with 1 if half of
the links take 100 ms or longer.
"""

import argparse
import random
import re
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))

from answer import invented, now

from bot.conversation.events import Command, Event, Place, Platform, Press, Said, Speaker
from bot.conversation.reply import Reply
from bot.hearing import Hearing
from bot.serving import Serving
from db import catalogue, feedback, impressions, readers, schema
from db.engine import Database
from db.impressions import Shown
from db.tables import Verdict
from tests.plugins import databases

WORKS, VERDICTS, ROUNDS = 3_000, 1_000, 11
LIMIT_MS = 100
PEOPLE = {Platform.TELEGRAM: "mina", Platform.DISCORD: "mina"}


class Person:
    """Somebody on one platform, and the last answer they had."""

    def __init__(self, hearing: Hearing, platform: Platform) -> None:
        self._hearing, self._platform = hearing, platform
        self.last: Reply | None = None
        self.seconds = 0.0

    def does(self, said: Said) -> Reply:
        name = PEOPLE[self._platform]
        event = Event(uuid4().hex, Speaker(self._platform, name, "en"), Place(name), said)
        began = time.perf_counter()
        self.last = self._hearing.hear(event)
        self.seconds = time.perf_counter() - began
        assert self.last is not None
        return self.last

    def press(self, emoji: str) -> Reply:
        assert self.last is not None
        every = [button for row in self.last.buttons for button in row]
        return self.does(Press(next(b.action for b in every if b.label.startswith(emoji))))


def fill(database: Database, verdicts: int) -> None:
    """Two readers, each with so many verdicts, as many cards shown, and half of them in common."""
    rng = random.Random(1)
    schema.upgrade(database)
    with database.write() as session:
        catalogue.upsert(session, (invented(rng, number) for number in range(WORKS)), now())
        works = [work.id for work in catalogue.works(session)]
    for number, (platform, name) in enumerate(PEOPLE.items()):
        with database.write() as session:
            reader = readers.of_account(session, platform, name, now()).id
            chosen = works[number * verdicts // 2 :][:verdicts]
            shown = [Shown(work, place % 3, "ease") for place, work in enumerate(chosen)]
            impressions.log(session, reader, f"{number}", shown, model_id=None, now=now())
            for place, work in enumerate(chosen):
                verdict = Verdict.DISLIKE if number and place % 2 else Verdict.LIKE
                at = now() - timedelta(days=rng.random())
                feedback.record(session, reader, work, verdict, source="command", now=at)


def measure(kind: str, url: str, verdicts: int) -> bool:
    """Prints the times; whether the goal is met."""
    database = Database(url)
    fill(database, verdicts)
    with tempfile.TemporaryDirectory() as folder:
        serving = Serving(database, Path(folder), now)
        serving.refresh()
    clock = [now()]
    hearing = Hearing(database, serving, lambda: clock[0])
    mine, other = (Person(hearing, platform) for platform in PEOPLE)
    times: dict[str, list[float]] = {"shown": [], "linked": [], "undone": []}
    for _ in range(ROUNDS):
        clock[0] += timedelta(hours=1)  # codes are not given without end
        code = re.search(r"/link (\S+)", mine.does(Command("link")).text)
        assert code is not None
        for name, said in (("shown", Command("link", code[1])), ("linked", "🔗"), ("undone", "↩️")):
            reply = other.press(said) if isinstance(said, str) else other.does(said)
            assert reply.private and reply.text, reply
            times[name].append(1e3 * other.seconds)
    with database.read() as session:
        standing = feedback.count(session)
    assert standing == 2 * verdicts, standing  # after so many links and their undoing
    database.close()
    for name, took in times.items():
        print(f"{kind:<11} {name:<7} p50 {statistics.median(took):5.1f}, max {max(took):5.1f} ms")
    return statistics.median(times["linked"]) < LIMIT_MS


def main() -> int:
    """Measure on both databases, and end with 1 if the goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verdicts", type=int, default=VERDICTS, help="of each reader")
    told = parser.parse_args()
    print(f"two readers with {told.verdicts:,} verdicts each, {ROUNDS} rounds")
    with tempfile.TemporaryDirectory() as folder:
        well = measure("SQLite", f"sqlite:///{folder}/bench.db", told.verdicts)
    with databases._running() as cluster, cluster.database("template0") as url:
        well &= measure("PostgreSQL", url, told.verdicts)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
