"""How fast a crawl is when nobody has to be waited for, and what its browser costs.

Run with `python benchmarks/crawl.py [PAGES]`. The sites are the tests' replica, in a process of
its own, which takes 50 ms for each answer; the pause between pages is 0. Plain JSON is read page
by page, a user's list of 180 ratings with its scrolls, then PAGES pages (500) with a browser that
is renewed as usual, while its memory (PSS of all its processes) is watched. Exits with 1 if a
rating is wrong, the list takes more than 4 s, plain pages come slower than 10 a second, the browser
ever needs more than 700 MB, or a process or folder is left.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from crawler.browser import PAGES, BrowserFetcher
from crawler.fetching import Fetcher
from crawler.hosts import host_of
from crawler.http import HttpFetcher
from crawler.manners import HostState, Manners
from crawler.politeness import Visitor
from crawler.setup import LOOPBACK_ONLY, Clock
from crawler.source import Source, Spot
from crawler.sources.naver import Naver
from crawler.sources.watcha import Watcha
from tests.crawler.processes import belonging, folders

AGENT = "webtoonbot/benchmark"
LATENCY_MS, RATINGS, TITLES = 50, 180, 120
GOAL_LIST_SECONDS, GOAL_PLAIN_A_SECOND, GOAL_MB = 4.0, 10.0, 700
SAMPLE_SECONDS = 1.0  # looking takes the time of the one that is looked at


@dataclass(slots=True)
class Memory:
    """The memory of all processes below a folder, looked at again and again in a thread."""

    folder: Path
    peak_mb: float = 0.0
    most_processes: int = 0
    browsers: set[str] = field(default_factory=set)  # the folder of each that was seen
    _over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Looks until `stop`."""
        while not self._over.wait(SAMPLE_SECONDS):
            found = belonging(self.folder)
            self.browsers.update(folders(self.folder))
            self.most_processes = max(self.most_processes, len(found))
            self.peak_mb = max(self.peak_mb, sum(map(pss_mb, found)))

    def stop(self) -> None:
        """Ends `watch`."""
        self._over.set()


def main(pages: int = 500) -> int:
    """Prints the figures; 1 if a goal is missed."""
    print(f"replica with {LATENCY_MS} ms an answer, pause 0; load {os.getloadavg()[0]:.1f}", end="")
    print(f" on {os.cpu_count()} cores")
    # Short: Chromium has a socket there, whose path may have 107 bytes.
    with replica() as site, tempfile.TemporaryDirectory(prefix="crawl-", dir="/tmp") as folder:
        tempfile.tempdir = folder
        wrong = [*plain_pages(site), *browsed_pages(site, Path(folder), pages)]
        tempfile.tempdir = None
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    return int(bool(wrong))


def plain_pages(site: dict[str, Any]) -> Iterator[str]:
    """Prints how fast details come that are plain JSON; what was wrong."""
    fetcher = HttpFetcher(AGENT)
    visitor = visitor_of(site["naver"], fetcher, fetcher)
    naver = Naver(site["naver"])
    works = [key for key, work in site["truth"]["works"].items() if not work["gated"]]
    visit(naver, visitor, "detail", works[0])
    taken = [timed(partial(visit, naver, visitor, "detail", key)) for key in works]
    fetcher.close()
    rate = len(taken) / sum(taken)
    print(f"plain JSON: {len(taken)} pages, {rate:.1f} a second (goal {GOAL_PLAIN_A_SECOND:.0f})")
    if rate < GOAL_PLAIN_A_SECOND:
        yield "plain pages come too slowly"


def browsed_pages(site: dict[str, Any], folder: Path, pages: int) -> Iterator[str]:
    """Prints how fast pages come by browser, and what it costs; what was wrong."""
    fetcher, plain = BrowserFetcher(AGENT, arguments=(LOOPBACK_ONLY,)), HttpFetcher(AGENT)
    visitor = visitor_of(site["watcha"], fetcher, plain)
    fetcher.obey(visitor)
    watcha = Watcha(site["watcha"])
    truth = site["truth"]
    visitor.robots(site["watcha"])
    works = list(truth["matches"])[:TITLES]
    first = timed(partial(visit, watcha, visitor, "work", works[0]))
    second = timed(partial(visit, watcha, visitor, "work", works[1]))
    print(f"browser: the first page after {first:.2f} s, of which {first - second:.2f} s to start")

    yield from users_list(watcha, visitor, truth)

    memory = Memory(folder)
    watcher = threading.Thread(target=memory.watch)
    watcher.start()
    taken: list[float] = []
    while len(taken) < pages:
        work = works[len(taken) % len(works)]
        taken.append(timed(partial(visit, watcha, visitor, "work", work)))
    memory.stop()
    watcher.join()
    fetcher.close()
    plain.close()
    left = len(belonging(folder)), len(folders(folder))

    p99 = statistics.quantiles(taken, n=100)[-1] if len(taken) > 1 else taken[0]
    print(
        f"Watcha: {pages} pages of works, {pages / sum(taken):.1f} a second, "
        f"median {1e3 * statistics.median(taken):.0f} ms, p99 {1e3 * p99:.0f} ms"
    )
    print(
        f"memory: at most {memory.peak_mb:.0f} MB PSS (goal {GOAL_MB}) in "
        f"{memory.most_processes} processes, the guard among them"
    )
    print(f"browsers: {len(memory.browsers)}, each for {PAGES} pages", end="; ")
    print(f"left: {left[0]} processes, {left[1]} folders")
    if memory.peak_mb > GOAL_MB:
        yield "the browser needs too much memory"
    if any(left):
        yield "something of the browser is left"


def users_list(watcha: Source, visitor: Visitor, truth: dict[str, Any]) -> Iterator[str]:
    """Prints how long one user's long list takes; what was wrong."""
    user = truth["special"]["many"]
    expected = {(work, value) for code, work, value in truth["ratings"] if code == user}
    taken = []
    for _ in range(3):
        before, began = visitor.tally.pages, time.perf_counter()
        found = watcha.visit(Spot("user", user, user), visitor, visitor.time.now())
        taken.append(time.perf_counter() - began)
        scrolls = visitor.tally.pages - before - 1
        if {(star.work, star.half_stars) for star in found.stars} != expected:
            yield f"{len(found.stars)} of {len(expected)} ratings came: {found.note}"
    seconds = statistics.median(taken)
    print(
        f"list of {len(expected)} ratings: {seconds:.2f} s with {scrolls} scrolls "
        f"(goal {GOAL_LIST_SECONDS:.0f}), {1e3 * seconds / (scrolls + 1):.0f} ms each"
    )
    if seconds > GOAL_LIST_SECONDS:
        yield "the list takes too long"


def visit(source: Source, visitor: Visitor, kind: str, key: str) -> None:
    """One page of a source."""
    source.visit(Spot(kind, key, key), visitor, visitor.time.now())


def timed(work: Callable[[], object]) -> float:
    """The seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def visitor_of(url: str, fetcher: Fetcher, plain: HttpFetcher) -> Visitor:
    """A visitor without a pause, and without a memory beyond this run."""
    manners = Manners(frozenset({host_of(url)}), delay_seconds=0, pages_a_day=10**6)
    return Visitor(fetcher, plain, manners, Clock(), HostState, lambda _state: None)


def pss_mb(pid: int) -> float:
    """What a process needs of the memory that it shares with others, and all else that it has."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@contextmanager
def replica() -> Iterator[dict[str, Any]]:
    """The addresses of a replica in a process of its own, and its truth."""
    command = [sys.executable, "-m", "tests.replica", "--latency-ms", str(LATENCY_MS)]
    command += ["--users", "30", "--titles", str(TITLES), "--many", str(RATINGS)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        site = json.loads(process.stdout.readline())
        with urllib.request.urlopen(f"{site['control']}/truth") as answer:
            site["truth"] = json.load(answer)
        try:
            yield site
        finally:
            process.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
