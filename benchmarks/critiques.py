"""Simulated readers steer by the critiques under their slates: does each do what it says?

Run with `python benchmarks/critiques.py`. The catalogue and the model are those of `webtoonctl
demo` (real works' facts, simulated ratings); 200 simulated readers with 0 to 12 likes each do 15
things through the whole conversation: half of them press a critique, a quarter "show others", the
others like what is shown or take a critique back. Counted: slates that came out empty, whether each
of the works shown after a critique fulfils it, how many critiques a slate offers, and how much of
the slate before is shown again. Exits with 1 if 1 % or more of the slates are empty, if one of them
does not say what to leave out, or if a work does not fulfil what was asked.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.conversation.actions import Deed
from bot.conversation.events import Command, Event, Place, Platform, Press, Said, Speaker
from bot.conversation.reply import Button, Reply
from bot.conversation.wish import Wish
from bot.hearing import Hearing
from bot.serving import Serving
from db.engine import Database

READERS, STEPS, MOST_LIKES = 200, 15, 12
LIMIT = 0.01
SIGNS = {"🏁": "finished", "🚫": "not this genre", "🔥": "popular", "💎": "hidden", "🎲": "else"}


class Reader:
    """A simulated reader and the slate before them."""

    def __init__(self, hearing: Hearing, name: str, clock: list[datetime]) -> None:
        self._hearing, self._name, self._clock = hearing, name, clock
        self.slate = Reply()

    def does(self, said: Said) -> Reply:
        self._clock[0] += timedelta(seconds=20)
        speaker = Speaker(Platform.TELEGRAM, self._name, "en")
        reply = self._hearing.hear(Event(uuid4().hex, speaker, Place(self._name), said))
        assert reply is not None
        return reply

    def buttons(self, *signs: str) -> list[Button]:
        rows = [*self.slate.buttons, *(row for card in self.slate.cards for row in card.buttons)]
        return [b for row in rows for b in row if b.label.split()[0] in signs]


def demo(folder: Path) -> tuple[Database, Serving, list[datetime]]:
    """The demo as an operator makes it, and a clock."""
    url = f"sqlite:///{folder}/bench.db"
    settings = {"DATABASE_URL": url, "MODEL_DIR": str(folder / "models")}
    program = Path(sys.executable).with_name("webtoonctl")
    subprocess.run([program, "demo"], check=True, env=os.environ | settings, capture_output=True)
    clock = [datetime.now(UTC)]
    database = Database(url)
    serving = Serving(database, folder / "models", lambda: clock[0])
    serving.refresh()
    return database, serving, clock


def fulfilled(serving: Serving, reply: Reply, words: str) -> tuple[int, int]:
    """Of how many works shown each token holds, and of how many there are."""
    library = serving.library
    fits = Wish(tuple(token for token in words.split(",") if token)).fits(library)
    rows = [library.row_of[card.work_id] for card in reply.cards if card.work_id]
    return sum(bool(fits[row]) for row in rows), len(rows)


def play(reader: Reader, serving: Serving, rng: random.Random, told: Counter[str]) -> None:
    """One reader's fifteen steps; what came of them is counted in `told`."""
    known = [int(i) for i in serving.library.popularity.argsort()[::-1][:150]]
    for row in rng.sample(known, rng.randint(0, MOST_LIKES)):
        reader.does(Command("like", f"#{serving.library.works[row].id}"))
    reader.slate = reader.does(Command("recommend"))
    for _ in range(STEPS):
        critiques = reader.buttons(*SIGNS)
        told[f"with {len(critiques)} critiques"] += 1
        choice = rng.random()
        if choice < 0.5 and critiques:
            pressed = rng.choice(critiques)
            told[SIGNS[pressed.label.split()[0]]] += 1
        elif choice < 0.75:
            (pressed,) = reader.buttons("🔄") or (Button("🔄", f"{Deed.AGAIN}:"),)
        elif choice < 0.9 or not reader.buttons("✖️"):
            if likes := reader.buttons("👍"):
                reader.does(Press(rng.choice(likes).action))
            continue
        else:
            pressed = rng.choice(reader.buttons("✖️"))
        before = {card.work_id for card in reader.slate.cards}
        after = reader.does(Press(pressed.action))
        told["slates"] += 1
        fit, shown = fulfilled(serving, after, pressed.action.partition(":")[2])
        told["fulfilled"] += fit
        told["works"] += shown
        told["again"] += len(before & {card.work_id for card in after.cards})
        if not after.cards:
            told["empty"] += 1
            told["empty and silent"] += not after.buttons
        reader.slate = after


def main() -> int:
    """Play, print what came of it, and end with 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readers", type=int, default=READERS)
    options = parser.parse_args()
    told: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        database, serving, clock = demo(Path(folder))
        hearing = Hearing(database, serving, lambda: clock[0])
        for number in range(options.readers):
            rng = random.Random(number)
            play(Reader(hearing, f"reader {number}", clock), serving, rng, told)
        works = len(serving.library.works)
        database.close()
    slates, shown = told["slates"], told["works"]
    print(f"{options.readers} simulated readers, {works} works, {slates:,} slates after a tap")
    print(f"empty slates              {told['empty']} ({100 * told['empty'] / slates:.2f} %)")
    print(f"works as was asked        {told['fulfilled']:,} of {shown:,}")
    print(f"works shown twice running {told['again']}")
    offered = {n: told[f"with {n} critiques"] for n in range(4)}
    print("critiques under a slate   " + ", ".join(f"{n}: {c:,}" for n, c in offered.items() if c))
    print("pressed                   " + ", ".join(f"{n} {told[n]}" for n in SIGNS.values()))
    well = told["empty"] < LIMIT * slates and not told["empty and silent"]
    return 0 if well and told["fulfilled"] == shown else 1


if __name__ == "__main__":
    sys.exit(main())
