"""Times one reader's answers, from event to Reply, with database and model: p50 and p99 in ms.

Run with `python benchmarks/answer.py`. The works are made up, the model is fitted to simulated
ratings of them, the database is a SQLite file. Memory is that of the serving process, with the
Telegram library loaded as a bot has it: the fit runs in another process.
"""

import argparse
import importlib
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

from bot.conversation.events import (
    Command,
    Event,
    Inquiry,
    Place,
    Platform,
    Press,
    Said,
    Speaker,
)
from bot.conversation.reply import Offer, Reply
from bot.hearing import Hearing
from bot.serving import Serving
from db import catalogue, feedback, models, readers, schema
from db.catalogue import Facts, Work
from db.engine import Database
from db.models import ModelRow
from db.tables import ModelState, Verdict

SYLLABLES = "가나다라마바사아자차카타파하고노도로모보소오조초코토포호구누두루무부수우주추쿠투푸후"
GENRES = ("판타지", "로맨스", "드라마", "액션", "스릴러", "개그", "일상", "스포츠")
KEYWORDS = (
    "회귀",
    "성장",
    "복수",
    "격투",
    "마법",
    "학원",
    "직장",
    "가족",
    "우정",
    "탑",
    "괴물",
    "역사",
)


_PICKS, _MEMBERS = 90, 25  # as many as a round may have
NEWER = 60  # works that came after the model, for the slot of new ones
DISLIKES = 5  # of each reader, beside their likes


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def prepare(folder: Path, works: int, raters: int, seed: int) -> None:
    """Fills a database and fits a model; run in a process of its own, for it takes much memory."""
    import numpy as np  # noqa: PLC0415 -- none of this belongs to the process that is measured
    from scipy import sparse  # noqa: PLC0415

    from bot.conversation.library import features  # noqa: PLC0415
    from recommender import default_model  # noqa: PLC0415
    from recommender.simulate import simulate  # noqa: PLC0415

    rng = random.Random(seed)
    database = Database(f"sqlite:///{folder}/bench.db")
    schema.upgrade(database)
    with database.write() as session:
        catalogue.upsert(session, [invented(rng, number) for number in range(works)], now())
        shelf = catalogue.works(session)
    about = features(shelf)
    told = simulate(about, np.arange(works), readers=raters, seed=seed)
    names, rows = np.unique(told.readers, return_inverse=True)
    shape = (len(names), works)
    ratings = sparse.csr_array((told.half_stars.astype(np.float32), (rows, told.items)), shape)
    model = default_model.fit(ratings, about, seed, l2=200.0)
    digest = model.save(folder / "models" / "bench", ids=[work.key for work in shelf])
    row = ModelRow(
        "bench", ModelState.ACTIVE, now(), raters, works, ratings.nnz, {}, True, digest
    )  # fmt: skip
    newer = [invented(rng, number) for number in range(works, works + NEWER)]
    with database.write() as session:
        models.register(session, row)
        catalogue.upsert(session, newer, now())
    database.close()


@contextmanager
def filled(works: int, raters: int) -> Iterator[tuple[Database, Serving]]:
    """The database and the model of `prepare`, served as soon as that is refreshed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        child = multiprocessing.get_context("spawn").Process(
            target=prepare, args=(folder, works, raters, 1)
        )
        child.start()
        child.join()
        assert child.exitcode == 0
        database = Database(f"sqlite:///{folder}/bench.db")
        yield database, Serving(database, folder / "models", now)
        database.close()


def invented(rng: random.Random, number: int) -> Facts:
    """One work of two to six syllables with an author, genres and keywords."""
    return Facts(
        source="bench",
        external_id=str(number),
        title="".join(rng.choices(SYLLABLES, k=rng.randint(2, 6))),
        authors=("".join(rng.choices(SYLLABLES, k=3)),),
        genres=tuple(rng.sample(GENRES, 2)),
        keywords=tuple(rng.sample(KEYWORDS, 3)),
        weekdays=("MON",),
        url=f"https://example.org/{number}",
    )


def furnish(database: Database, names: list[str], works: tuple[Work, ...], likes: int) -> None:
    """Gives each reader their likes and five dislikes, among the better-known works."""
    rng = random.Random(1)
    with database.write() as session:
        for name in names:
            reader = readers.of_account(session, Platform.TELEGRAM, name, now())
            known = rng.sample(works[: max(4 * likes, len(works) // 4)], likes + DISLIKES)
            for number, work in enumerate(known):
                verdict = Verdict.LIKE if number < likes else Verdict.DISLIKE
                feedback.record(session, reader.id, work.id, verdict, source="command", now=now())


def times(rounds: int, act: Callable[[int], Reply | Offer | None]) -> list[float]:
    """Milliseconds of each round, sorted; every round must be answered."""
    taken = []
    for round_ in range(rounds):
        begun = time.perf_counter()
        reply = act(round_)
        taken.append(1e3 * (time.perf_counter() - begun))
        assert reply is not None
    return sorted(taken)


def picks(database: Database, serving: Serving, names: Sequence[str]) -> list[float]:
    """Milliseconds of picks for all of `names`, who read together in one group; sorted."""
    passed = count()  # two picks in quick succession would be taken for one
    hearing = Hearing(database, serving, lambda: now() + timedelta(seconds=10 * next(passed)))

    def says(name: str, said: Said) -> Reply:
        speaker, place = Speaker(Platform.TELEGRAM, name, "ko", name), Place("group", shared=True)
        reply = hearing.hear(Event(uuid4().hex, speaker, place, said))
        assert reply is not None
        return reply

    def pick(round_: int) -> Reply:
        reply = says(names[round_ % len(names)], Press(choose.action))
        assert reply.cards
        return reply

    join, choose = says(names[0], Command("together")).buttons[0]
    for name in names:
        says(name, Press(join.action))
    return times(_PICKS, pick)


def memory() -> dict[str, float]:
    """This process's memory in MB, as Linux counts it; empty elsewhere."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return {}
    wanted = ("VmHWM", "VmRSS", "RssAnon", "RssFile")
    pairs = (line.split(":") for line in lines if line.startswith(wanted))
    return {name: int(size.split()[0]) / 1024 for name, size in pairs}


def report(kind: str, taken: Sequence[float]) -> None:
    """Prints a line of milliseconds, sorted."""
    p50, p99 = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    print(f"{kind:<22} {p50:>7.2f} {p99:>7.2f} {taken[-1]:>7.2f}")


def main() -> None:
    """Print a line for each kind of answer, and the memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, default=3_000)
    parser.add_argument("--likes", type=int, default=50)
    parser.add_argument("--raters", type=int, default=3_000)
    parser.add_argument("--readers", type=int, default=25)
    parser.add_argument("--rounds", type=int, default=1_000)
    options = parser.parse_args()
    importlib.import_module("telegram.ext")  # for the memory
    with filled(options.works, options.raters) as (database, serving):
        begun = time.perf_counter()
        serving.refresh()
        print(f"library of {options.works} works in {1e3 * (time.perf_counter() - begun):.0f} ms")
        names = [f"reader {number}" for number in range(options.readers)]
        furnish(database, names, serving.library.works, options.likes)
        hearing = Hearing(database, serving, now)

        def says(round_: int, said: Said) -> Reply | None:
            name = names[round_ % len(names)]
            speaker = Speaker(Platform.TELEGRAM, name, "ko")
            return hearing.hear(Event(uuid4().hex, speaker, Place(name), said))

        def types(round_: int, words: str) -> Offer:
            speaker = Speaker(Platform.TELEGRAM, names[round_ % len(names)], "ko")
            return hearing.inquire(speaker, Inquiry(words, home="https://t.me/bot"))

        def recommends(round_: int) -> Reply | None:
            return says(round_, Command("recommend"))

        first = times(1, recommends)[0]
        print(f"first /recommend {first:.1f} ms")
        print(f"{'event':<22} {'p50 ms':>7} {'p99 ms':>7} {'max ms':>7}")
        kinds: dict[str, Callable[[int], Reply | Offer | None]] = {
            "/recommend": recommends,
            "/recommend 로맨스": lambda n: says(n, Command("recommend", "로맨스")),
            "/like, /unlike": lambda n: says(
                n, Command("unlike" if n // len(names) % 2 else "like", "#2900")
            ),
            "💡 Why?": lambda n: says(n, Press(f"y:{serving.library.works[n % 500].id}")),
            "/start": lambda n: says(n, Command("start")),
            "@bot": lambda n: types(n, ""),
            "@bot and a word": lambda n: types(n, serving.library.works[n % 500].title[:2]),
        }
        for kind, act in kinds.items():
            report(kind, times(options.rounds, act))
        members = names[:_MEMBERS]
        report(f"🎬 {len(members)} pick together", picks(database, serving, members))
        print("memory in MB:", ", ".join(f"{k} {v:.0f}" for k, v in memory().items()))


if __name__ == "__main__":
    main()
