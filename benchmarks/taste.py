"""Times the picture of a taste, and what others who chat meanwhile notice of it.

Run with `python benchmarks/taste.py`. Works, model and database are made up as in answer.py.
Readers ask for recommendations through the bots' bridge, with a pause after each answer; by turns,
half a second each, pictures are drawn one after the other beside that, and are not. `loop` is how
late the event loop wakes who asked it to in 5 ms. Ends with 1 if the p95 of a picture is 300 ms or
more, or the p95 of others' answers more than doubles.
"""

import argparse
import asyncio
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

from answer import filled, furnish, now

from bot.bridge import Bridge
from bot.conversation.events import Command, Event, Place, Platform, Speaker
from bot.conversation.reply import Picture
from bot.hearing import Hearing
from bot.pictures.drawing import png

SLICE_SECONDS = 0.5
PAUSE_SECONDS = 0.02  # on average, between an answer and that reader's next word
TICK_SECONDS = 0.005
LIKES = 30
ALONE = 20  # pictures drawn before anybody else chats
GOAL_MS, GOAL_RATIO = 300, 2.0

Times = dict[bool, list[float]]  # by whether pictures were being drawn; milliseconds


def share(taken: list[float], percent: int) -> float:
    """The time within which so many of `taken` were, in their unit."""
    return sorted(taken)[min(len(taken) - 1, len(taken) * percent // 100)]


class Crowd:
    """Readers who chat through one bridge while pictures are drawn, by turns."""

    def __init__(self, bridge: Bridge, picture: Picture) -> None:
        self._bridge, self._picture = bridge, picture
        self._drawing = self._over = False
        self.answers: Times = {False: [], True: []}
        self.lags: Times = {False: [], True: []}
        self.pictures: list[float] = []

    async def chat(self, readers: int, turns: int) -> None:
        """Lets so many readers chat for so many slices without pictures, and as many with them."""
        talking = [asyncio.create_task(self._on_and_on(self._ask, n)) for n in range(readers)]
        talking.append(asyncio.create_task(self._on_and_on(self._tick, 0)))
        for _ in range(turns):
            await asyncio.sleep(SLICE_SECONDS)
            self._drawing = True
            drawing = asyncio.create_task(self._draw())
            await asyncio.sleep(SLICE_SECONDS)
            self._drawing = False
            await drawing  # what was begun is drawn to its end before the next slice
        self._over = True
        await asyncio.gather(*talking)

    async def _on_and_on(self, act: Callable[[int], Awaitable[None]], number: int) -> None:
        while not self._over:
            await act(number)

    async def _ask(self, number: int) -> None:
        name = f"reader {number}"
        await asyncio.sleep(random.uniform(0, 2 * PAUSE_SECONDS))
        speaker = Speaker(Platform.TELEGRAM, name, "ko")
        event = Event(uuid4().hex, speaker, Place(name), Command("recommend"))
        drawing, begun = self._drawing, time.perf_counter()
        reply = await self._bridge.hear(event)
        self.answers[drawing].append(1e3 * (time.perf_counter() - begun))
        assert reply is not None
        assert reply.cards

    async def _tick(self, _: int) -> None:
        drawing, begun = self._drawing, time.perf_counter()
        await asyncio.sleep(TICK_SECONDS)
        self.lags[drawing].append(1e3 * (time.perf_counter() - begun - TICK_SECONDS))

    async def _draw(self) -> None:
        while self._drawing:
            begun = time.perf_counter()
            assert await self._bridge.draw(self._picture)
            self.pictures.append(1e3 * (time.perf_counter() - begun))


def processor_time(picture: Picture) -> float:
    """Milliseconds of a processor that drawing takes, whatever else the machine does."""
    begun = time.thread_time()
    png(picture)
    return 1e3 * (time.thread_time() - begun)


async def measure(hearing: Hearing, readers: int, turns: int) -> Crowd:
    """What so many readers notice; also prints how long the first picture takes."""
    bridge = Bridge(hearing)
    speaker = Speaker(Platform.TELEGRAM, "reader 0", "ko")
    asked = Event(uuid4().hex, speaker, Place("reader 0"), Command("taste"))
    reply = await bridge.hear(asked)
    assert reply is not None
    assert reply.picture is not None
    begun = time.perf_counter()
    drawn = await bridge.draw(reply.picture)
    assert drawn is not None
    print(f"first picture {1e3 * (time.perf_counter() - begun):.0f} ms, {len(drawn) / 1e3:.0f} kB")
    taken = sorted(processor_time(reply.picture) for _ in range(ALONE))
    print(f"processor time of one: p50 {share(taken, 50):.0f}, p95 {share(taken, 95):.0f} ms")
    crowd = Crowd(bridge, reply.picture)
    await crowd.chat(readers, turns)
    bridge.close()
    return crowd


def report(crowd: Crowd) -> bool:
    """Prints the figures; whether the goals were met."""
    drawn = crowd.pictures
    print(
        f"{len(drawn)} pictures while others chat: "
        f"p50 {share(drawn, 50):.0f}, p95 {share(drawn, 95):.0f} ms"
    )
    for name, times in (("answers", crowd.answers), ("loop", crowd.lags)):
        for drawing in (False, True):
            taken = times[drawing]
            print(
                f"{name:<8} {'with pictures' if drawing else 'without':<14} {len(taken):>6}: "
                f"p50 {share(taken, 50):.1f}, p95 {share(taken, 95):.1f}, max {max(taken):.1f} ms"
            )
        ratio = share(times[True], 95) / share(times[False], 95)
        print(f"{name:<8} p95 with pictures / without: {ratio:.2f}")
    slower = share(crowd.answers[True], 95) / share(crowd.answers[False], 95)
    return share(drawn, 95) < GOAL_MS and slower <= GOAL_RATIO


def main() -> int:
    """Prints how long pictures take, and the answers beside them; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, default=3_000)
    parser.add_argument("--raters", type=int, default=3_000)
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--turns", type=int, default=30)
    options = parser.parse_args()
    with filled(options.works, options.raters) as (database, serving):
        serving.refresh()
        names = [f"reader {number}" for number in range(options.readers)]
        furnish(database, names, serving.library.works, LIKES)
        hearing = Hearing(database, serving, now)
        met = report(asyncio.run(measure(hearing, options.readers, options.turns)))
    print(f"{options.works} works, {options.readers} readers, load {os.getloadavg()[0]:.1f}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
