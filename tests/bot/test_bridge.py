"""Where async meets sync: nothing waits behind a database that does not answer."""

import asyncio
import threading

import pytest

from bot.bridge import Bridge
from bot.conversation.events import Inquiry, Platform, Speaker
from bot.conversation.reply import Offer
from bot.hearing import Choice

MINA = Speaker(Platform.DISCORD, "1")


class Offering:
    """A conversation that offers one title."""

    def complete(self, speaker, command, typed):
        return [Choice(typed, "#1")]

    def inquire(self, speaker, inquiry):
        return Offer(more=len(inquiry.query))


@pytest.fixture
def release():
    event = threading.Event()
    yield event
    event.set()


async def test_offers_do_not_wait_behind_a_locked_database(release):
    bridge = Bridge(Offering(), threads=1)
    locked = asyncio.create_task(bridge.run(release.wait, 30))
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        offered = await bridge.complete(MINA, "like", "신의 탑")

    assert offered == [Choice("신의 탑", "#1")]
    assert not locked.done()
    release.set()
    await locked
    bridge.close()


async def test_inquiries_do_not_wait_behind_a_locked_database(release):
    bridge = Bridge(Offering(), threads=1)
    locked = asyncio.create_task(bridge.run(release.wait, 30))
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        offer = await bridge.inquire(MINA, Inquiry("신의 탑"))

    assert offer == Offer(more=4)
    assert not locked.done()
    release.set()
    await locked
    bridge.close()


async def test_closing_waits_for_no_thread_that_is_stuck_and_begins_nothing_more(release):
    bridge, begun = Bridge(Offering(), threads=1), threading.Event()
    stuck = asyncio.create_task(bridge.run(lambda: begun.set() or release.wait(30)))
    await asyncio.to_thread(begun.wait, 5)
    queued = asyncio.create_task(bridge.run(pytest.fail, "it was begun"))
    await asyncio.sleep(0)

    bridge.close()

    assert not stuck.done()
    release.set()
    assert await stuck
    with pytest.raises(asyncio.CancelledError):
        await queued
