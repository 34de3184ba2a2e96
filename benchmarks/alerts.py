"""News for ten thousand readers, from a bot that is killed again and again: `alerts`.

Run with `python benchmarks/alerts.py [--readers N] [--kills N] [--seed N]`. One real
`webtoonbot telegram` on a SQLite database of its own has a chapter to tell to each reader; Telegram
is the local server that the tests use, and keeps Telegram's limits: 30 messages a second in all,
one a second to a chat. At random moments, once letters have begun to arrive, the bot is killed with
`kill -9` and started again. At last whoever's letter is in doubt has another chapter to be told of:
with that they must be told of the first, as what they may know already. Exits with 1 if a reader
was told twice as if it were new, or never, or if more than 30 messages came in any second.
"""

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[1]))

from db import catalogue, news, schema
from db.catalogue import Facts
from db.engine import Database
from db.reader_tables import WorkEvent
from db.tables import Account, Reader
from tests.fakes.telegram_flood import Flood
from tests.fakes.telegram_server import TelegramServer
from tests.plugins.doors import Home, start_telegram, stopped

ZONE = ZoneInfo("Asia/Seoul")
LIMIT = 30  # Telegram's, in any second
PACE = 28.0  # ours
KNOWN = "혹시 이미 보셨을지도 몰라요:"
WORKS = ("신의 탑", "덴마")
WAITS = "SELECT count(*) FROM news WHERE letter_id IS NULL"
OPEN = "SELECT count(*) FROM outbox WHERE done_at IS NULL"
DOUBTED = "SELECT reader_id FROM news WHERE doubt"


@dataclass
class Told:
    """How often each reader was told of the first chapter: as new, and as perhaps known."""

    fresh: Counter[int] = field(default_factory=Counter)
    known: Counter[int] = field(default_factory=Counter)


class Town:
    """Readers who spoke once, and a database that knows them."""

    def __init__(self, home: Home, server: TelegramServer, readers: int) -> None:
        self.home, self.server = home, server
        self.database = Database(home.database_url)
        schema.upgrade(self.database)
        now = datetime.now(UTC)
        self.users = [server.user(f"reader {number}") for number in range(readers)]
        with self.database.write() as session:
            catalogue.upsert(session, [_work(*told) for told in enumerate(WORKS)], now)
            people = [Reader(created_at=now, quiet_from=0, quiet_until=0) for _ in self.users]
            session.add_all(people)
            session.flush()
            self.readers = {
                person.id: user.id for person, user in zip(people, self.users, strict=True)
            }
            session.add_all(
                Account(
                    platform="telegram",
                    user_id=str(user_id),
                    language="ko",
                    seen_at=now,
                    reader_id=reader_id,
                )
                for reader_id, user_id in self.readers.items()
            )
        for user in self.users:
            server.welcome(user)

    def happens(self, work: int, readers: list[int]) -> None:
        """A chapter of this work is to be told to these readers."""
        now = datetime.now(UTC)
        with self.database.write() as session:
            found = catalogue.works(session)[work]
            event = WorkEvent(webtoon_id=found.id, kind="chapter", detail="3화", at=now)
            session.add(event)
            session.flush()
            key = f"event:{event.id}"
            news.add(session, readers, key, event_id=event.id, now=now, default_zone=ZONE)

    def look(self, query: str) -> list[tuple[int, ...]]:
        """Rows of the database, as somebody beside the bot sees them."""
        connection = sqlite3.connect(self.home.folder / "webtoonbot.db", timeout=30)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def leases_end(self) -> None:
        """What a killed bot held is anybody's: for who has no minute to wait."""
        connection = sqlite3.connect(self.home.folder / "webtoonbot.db", timeout=30)
        with connection:
            connection.execute("UPDATE outbox SET taken_until = created_at WHERE done_at IS NULL")
        connection.close()

    def settled(self) -> bool:
        """Nothing waits, and nothing is under way."""
        return self.look(WAITS) == [(0,)] and self.look(OPEN) == [(0,)]

    def told(self) -> Told:
        """What readers were told of the first chapter, by their reader ids."""
        line, told = f"{WORKS[0]} 3화가 올라왔어요", Told()
        by_user = {user_id: reader_id for reader_id, user_id in self.readers.items()}
        for message in tuple(self.server.sent):
            fresh, _, known = message.text.partition(KNOWN)
            told.fresh[by_user[message.chat.id]] += line in fresh
            told.known[by_user[message.chat.id]] += line in known
        return told


def main(readers: int = 10_000, kills: int = 20, seed: int = 1, *, hurry: bool = False) -> int:
    """Prints the figures; 1 if one of them is wrong. `hurry` waits for no lease."""
    with tempfile.TemporaryDirectory() as folder, TelegramServer() as server:
        server.flood = Flood()
        town = Town(Home(Path(folder)), server, readers)
        began = time.monotonic()
        town.happens(0, list(town.readers))
        spread = time.monotonic() - began
        ran = killed(town, kills, random.Random(seed))
        if hurry:
            town.leases_end()
        with stopped(start_telegram(town.home, server)):
            server.wait_for(town.settled, 60 + readers, "all told")
            first = len(server.sent)
            doubted = [reader_id for (reader_id,) in town.look(DOUBTED)]
            town.happens(1, doubted)
            server.wait_for(town.settled, 120 + readers, "the doubted told")
        wall = time.monotonic() - began
        town.database.close()
        return judge(town, doubted, (spread, wall, ran), first)


def killed(town: Town, kills: int, dice: random.Random) -> list[float]:
    """Starts the bot and kills it so often; for how long each was sending."""
    server, ran = town.server, []
    share = len(town.readers) / PACE / (kills + 1)
    for number in range(kills):
        with stopped(start_telegram(town.home, server), kill=True) as process:
            before = len(server.sent)
            server.wait_for(lambda n=before: len(server.sent) > n, 180, "letters")  # type: ignore[misc]
            start = time.monotonic()
            time.sleep(dice.uniform(0.2, 1.8) * share)
            process.kill()
            process.wait()
            ran.append(time.monotonic() - start)
        print(f"killed {number + 1} of {kills}, {len(server.sent)} arrived", file=sys.stderr)
    return ran


def judge(
    town: Town, doubted: list[int], seconds: tuple[float, float, list[float]], first: int
) -> int:
    """Prints what came of it; 1 if a promise was broken."""
    server, told = town.server, town.told()
    spread, wall, ran = seconds
    doubles = sum(times > 1 for times in told.fresh.values())
    again = sum(bool(told.fresh[reader] and told.known[reader]) for reader in town.readers)
    late = sum(bool(told.known[reader] and not told.fresh[reader]) for reader in town.readers)
    losses = sum(not told.fresh[reader] + told.known[reader] for reader in town.readers)
    sent = [call.at for call in tuple(server.calls) if call.method.lower() == "sendmessage"]
    floods = sum(call.status == 429 for call in tuple(server.calls))
    busiest = max((bisect_left(sent, at + 1.0) - n for n, at in enumerate(sent)), default=0)
    spans = _spans(sent)
    print(f"{len(town.readers)} readers, bot killed {len(ran)} times while it sent")
    print(f"letters: {first} arrived, then {len(server.sent) - first} to those in doubt")
    print(f"doubles: {doubles}; losses: {losses}")
    print(f"in doubt: {len(doubted)}, of which {again} had arrived and {late} had not")
    print(f"at most {busiest} messages in any second, {floods} refused as too many")
    print(f"pace: {len(sent) / sum(spans):.1f} a second while it sent; {wall:.0f} s in all")
    print(f"news for all of them were added in {spread:.1f} s")
    wrong = [doubles, losses, busiest > LIMIT, floods]
    return int(any(wrong))


def _spans(sent: list[float]) -> list[float]:
    """Seconds of each stretch of time in which messages went out without a second's rest."""
    stretches: dict[int, list[float]] = defaultdict(list)
    number = 0
    for before, at in pairwise([float("-inf"), *sent]):
        number += at - before > 1.0
        stretches[number].append(at)
    return [max(times[-1] - times[0], 1 / PACE) for times in stretches.values()]


def _work(number: int, title: str) -> Facts:
    return Facts("bench", str(number), title, authors=("SIU",), url="https://comic.naver.com/")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readers", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hurry", action="store_true", help="wait for no lease")
    options = parser.parse_args()
    sys.exit(main(options.readers, options.kills, options.seed, hurry=options.hurry))
