"""Many readers at once: how soon each is answered, what is lost, and how fast we ever send.

Run with `python benchmarks/load.py [SECONDS]`. One real `webtoonbot telegram` on a demo database
of its own; Telegram is the local server that the tests use. First 200 readers ask and judge, so
that 24 messages a second are to be sent, and every tenth update is delivered twice; then all 200
speak at once. Exits with 1 if an answer or a verdict is lost or doubled, if 95 of 100 answers take
a second or longer, or if more than 30 messages go out in any second.
"""

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fakes.telegram_server import TelegramServer
from tests.fakes.telegram_world import Message, User
from tests.plugins.doors import Home, start_telegram, stopped

READERS = 200
RATE = 24  # outgoing messages a second while the load is steady
LIMIT = 30  # Telegram's, in any second
SLATE = 4  # messages of a slate; the load is planned with it, and what came is what is judged
THREADS = 4  # of the bot: as many answers are made at the same time, in no order
SPOKEN = ("sendmessage", "editmessagetext")
Call = tuple[float, int]  # when a message was sent or edited, and in which chat
Verdicts = Counter[tuple[str, str]]  # (user id, verdict): how many
VERDICTS = {"👍 좋아요": "like", "👎 별로예요": "dislike"}


@dataclass
class Reader:
    """One reader: cards not yet judged, and when they did something."""

    user: User
    cards: deque[Message] = field(default_factory=deque)
    spoke: list[float] = field(default_factory=list)


class Load:
    """What the readers do, and what must come of it."""

    def __init__(self, server: TelegramServer) -> None:
        self.server = server
        self.readers = [Reader(server.user(f"reader {n}", language="ko")) for n in range(READERS)]
        self.expected: Verdicts = Counter()
        self.deeds = 0
        self._dice = random.Random(1)

    def steady(self, seconds: float) -> None:
        """Readers in turn ask for a slate and, when they come again, judge a card of it."""
        began, messages = time.monotonic(), 0
        while messages < RATE * seconds:
            due = began + messages / RATE
            time.sleep(max(0.0, due - time.monotonic()))
            messages += self._act(self.readers[self.deeds % READERS])
            self.deeds += 1
            if self.deeds % 10 == 0:
                self.server.redeliver(max(self.server.updates))

    def burst(self) -> float:
        """All speak at once; when they did."""
        now = time.monotonic()
        for reader in self.readers:
            self.server.say(reader.user, "/help")
        return now

    def _act(self, reader: Reader) -> int:
        reader.spoke.append(time.monotonic())
        if len(reader.spoke) == 2:
            known = self.server.in_chat(reader.user)
            reader.cards.extend(m for m in known if set(VERDICTS) <= set(m.buttons))
        if reader.cards:
            label = self._dice.choice(list(VERDICTS))
            self.server.press(reader.user, reader.cards.popleft(), label)
            self.expected[str(reader.user.id), VERDICTS[label]] += 1
            return 1
        self.server.say(reader.user, "/recommend")
        return SLATE

    def waits(self, calls: list[Call]) -> list[float]:
        """Seconds from each deed to the last message of its answer; infinite where none came."""
        moments, waits = defaultdict(list), []
        for at, chat in calls:
            moments[chat].append(at)
        for reader in self.readers:
            came, spoke = moments[reader.user.id], [*reader.spoke, float("inf")]
            for start, end in pairwise(spoke):
                answer = came[bisect_left(came, start) : bisect_left(came, end)]
                waits.append(answer[-1] - start if answer else float("inf"))
        return waits


def main(seconds: float = 60.0) -> int:
    """Prints the figures; 1 if one of them is wrong."""
    with tempfile.TemporaryDirectory() as folder, TelegramServer() as server:
        home = Home(Path(folder))
        done = home.run("webtoonctl", "demo")
        if done.returncode:
            sys.exit(done.stderr)
        load = Load(server)
        with stopped(start_telegram(home, server)):
            server.wait_for_calls("getUpdates", timeout=60)
            load.steady(seconds)
            settle(home, server)
            before = spoken(server)
            verdicts = stored(home)
            spoke = load.burst()
            settle(home, server)
        calls = spoken(server)
    wrong = [*judge_steady(load, before, verdicts), *judge_burst(load, calls[len(before) :], spoke)]
    most = busiest(calls)
    print(f"at most {most} messages in any second")
    if most > LIMIT:
        wrong.append("too much was sent in a second")
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    return int(bool(wrong))


def judge_steady(load: Load, calls: list[Call], verdicts: Verdicts) -> Iterator[str]:
    """Prints how the steady load went; what was wrong with it."""
    waits = load.waits(calls)
    p95 = statistics.quantiles(waits, n=20)[-1]
    print(f"steady: {load.deeds} deeds of {READERS} readers, {len(calls)} messages")
    print(
        f"answer: median {statistics.median(waits):.2f} s, p95 {p95:.2f} s, max {max(waits):.2f} s"
    )
    print(f"verdicts: {sum(load.expected.values())} given, {sum(verdicts.values())} stored")
    if max(waits) == float("inf"):
        yield "an answer never came"
    if p95 >= 1.0:
        yield "answers took too long"
    if verdicts != load.expected:
        yield "verdicts were lost or doubled"


def judge_burst(load: Load, calls: list[Call], spoke: float) -> Iterator[str]:
    """Prints how the burst went; what was wrong with it."""
    order = [chat for _, chat in calls]
    place = {reader.user.id: n for n, reader in enumerate(load.readers)}
    jump = max((abs(n - place[chat]) for n, chat in enumerate(order)), default=0)
    seconds = calls[-1][0] - spoke if calls else 0.0
    print(f"burst: {len(order)} of {READERS} answered in {seconds:.1f} s,", end=" ")
    print(f"none more than {jump} places from where it belongs")
    if sorted(order) != sorted(place):
        yield "the burst was not answered once each"
    if jump > THREADS:
        yield "the burst was not answered in order"


def spoken(server: TelegramServer) -> list[Call]:
    """(when it came, chat) of each message sent or edited, in order."""
    calls = [call for call in tuple(server.calls) if call.method.lower() in SPOKEN]
    return sorted((call.at, int(call.params["chat_id"])) for call in calls)


def busiest(calls: list[Call]) -> int:
    """The most calls in any one second."""
    times = [at for at, _ in calls]
    return max(bisect_left(times, at + 1.0) - n for n, at in enumerate(times))


def settle(home: Home, server: TelegramServer) -> None:
    """Waits until Telegram has nothing more to deliver, and all that was kept is answered."""
    last = max(server.updates)
    server.wait_until_confirmed(last, timeout=60)
    open_ = "SELECT count(*) FROM inbox WHERE answered_at IS NULL"
    server.wait_for(lambda: rows(home, open_) == [(0,)], 60, "all answered")


def stored(home: Home) -> Verdicts:
    """(user id, verdict) of each change of a verdict, of readers in Telegram."""
    query = "SELECT user_id, verdict FROM feedback_event JOIN account USING (reader_id)"
    return Counter(rows(home, query))


def rows(home: Home, query: str) -> list[tuple]:
    connection = sqlite3.connect(home.folder / "webtoonbot.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:2])))
