"""Times search over 3,000 made-up titles: p50 and p99 in milliseconds of processor time.

Run with `python benchmarks/search.py`. The last column is the share of queries whose own work is
among the first five hits.
"""

import argparse
import random
import time
from collections.abc import Callable

from bot.conversation.hangul import choseong, jamo, normalise
from bot.conversation.search import Entry, Index

SYLLABLES = (
    "가강거게경고공관구국군궁귀그금기김꽃나남내너녀노다당대도독돌동두들람랑래러레로루리린림마만말망"
    "매명모무문미민바반방백별병복부비사산상생서선성세소속손송수숙술스승시신실심싸아악안야양어언얼여"
    "연영예오왕외요용우운울원월위유은을음의이인일임입자작장재전정제조좀주중지직진집짝차참창천철첫청"
    "초축춘출치친칼커코쿠크키타탑태통투트파팔편평포푸품피필하학한할함합해행향혁현형호혼홍화황회후흑희"
)
LETTERS = "aaabcdeeeefghiiklmnooprrsstttuvwy"
JAMO = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎㅏㅐㅑㅓㅔㅕㅗㅛㅜㅠㅡㅣ"
KEYS = dict(
    zip(
        "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡㅒㅖ",
        "qwertyuiopasdfghjklzxcvbnmOP",
        strict=True,
    )
)


def catalogue(rng: random.Random, size: int) -> list[Entry]:
    """Return `size` works with titles of 2 to 12 syllables, a tenth with an English title."""

    def words(letters: str, shortest: int, longest: int) -> str:
        return "".join(rng.choices(letters, k=rng.randint(shortest, longest)))

    authors = [words(SYLLABLES, 2, 4) for _ in range(size // 2)]
    return [
        Entry(
            webtoon_id=number,
            title=" ".join(words(SYLLABLES, 2, 4) for _ in range(rng.randint(1, 3))),
            title_en=" ".join(words(LETTERS, 3, 8) for _ in range(2)) if number % 10 == 0 else None,
            authors=tuple(rng.sample(authors, rng.randint(1, 2))),
            popularity=rng.random(),
        )
        for number in range(size)
    ]


def slip(rng: random.Random, text: str, edits: int) -> str:
    """Return the jamo of `text` after `edits` replaced, dropped or added letters."""
    letters = list(jamo(normalise(text)))
    for _ in range(edits):
        at = rng.randrange(len(letters))
        letters[at : at + rng.choice((0, 1, 1))] = rng.choice((JAMO[rng.randrange(26)], ""))
    return "".join(letters)


def queries(rng: random.Random) -> dict[str, Callable[[Entry], str]]:
    """Return, for each kind of query, what a reader might type who means a given work."""
    return {
        "exact": lambda work: work.title,
        "prefix": lambda work: work.title[: 1 + len(work.title) // 2],
        "part": lambda work: work.title[1:],
        "initials": lambda work: choseong(normalise(work.title)),
        "mixed": lambda work: work.title[:-1] + choseong(work.title[-1]),
        "one syllable": lambda work: work.title[0],
        "english": lambda work: work.title_en or work.title,
        "english typo": lambda work: (work.title_en or work.title)[1:] + "x",
        "author": lambda work: work.authors[0],
        "keyboard": lambda work: "".join(KEYS.get(key, key) for key in jamo(work.title)),
        "1 slip": lambda work: slip(rng, work.title, 1),
        "2 slips": lambda work: slip(rng, work.title, 2),
        "3 slips": lambda work: slip(rng, work.title, 3),
        "4,000 letters": lambda work: (work.title + "abc ") * 4_000,
        "unknown": lambda _: "".join(rng.choices(SYLLABLES, k=rng.randint(3, 8))),
    }


def main() -> None:
    """Print one line per kind of query."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--titles", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    rng = random.Random(options.seed)
    works = catalogue(rng, options.titles)
    begun = time.perf_counter()
    index = Index(works)
    print(f"index of {len(works)} titles built in {1e3 * (time.perf_counter() - begun):.0f} ms")

    long_titles = [work for work in works if len(normalise(work.title)) >= 5]
    with_english = [work for work in works if work.title_en]
    print(f"{'query':<14} {'p50 ms':>7} {'p99 ms':>7} {'in top 5':>9}")
    for kind, typed in queries(rng).items():
        times, found = [], 0
        for work in rng.choices(
            with_english if "english" in kind else long_titles, k=options.rounds
        ):
            query = typed(work)
            begun = time.thread_time()  # what else the machine does is not counted
            hits = index.find(query).hits
            times.append(1e3 * (time.thread_time() - begun))
            found += work.webtoon_id in [hit.webtoon_id for hit in hits[:5]]
        times.sort()
        p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
        print(f"{kind:<14} {p50:>7.2f} {p99:>7.2f} {found / len(times):>9.1%}")


if __name__ == "__main__":
    main()
