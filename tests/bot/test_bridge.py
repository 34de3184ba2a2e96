"""Where async meets sync: nothing waits behind a database that does not answer."""

import asyncio
import subprocess
import sys
import threading

import pytest
import structlog

from bot.bridge import Bridge
from bot.conversation.events import Inquiry, Platform, Speaker
from bot.conversation.reply import Offer
from bot.hearing import Choice
from tests.bot.pictures.samples import PICTURE

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


async def test_a_picture_is_drawn_while_the_database_is_locked(release):
    bridge = Bridge(Offering(), threads=1)
    locked = asyncio.create_task(bridge.run(release.wait, 30))
    await asyncio.sleep(0)

    drawn = await bridge.draw(PICTURE)

    assert drawn.startswith(b"\x89PNG")
    assert not locked.done()
    release.set()
    await locked
    bridge.close()


async def test_a_picture_that_cannot_be_drawn_is_none_and_logged():
    bridge = Bridge(Offering())

    with structlog.testing.capture_logs() as logged:
        drawn = await bridge.draw("no picture at all")

    assert drawn is None
    assert [entry["event"] for entry in logged] == ["picture not drawn"]
    bridge.close()


async def test_a_bridge_that_is_closed_draws_nothing_and_raises_nothing():
    bridge = Bridge(Offering())
    bridge.close()

    assert await bridge.draw(PICTURE) is None


def test_a_bot_that_draws_nothing_loads_nothing_for_it():
    code = "import sys, bot.cli, bot.bridge, bot.terminal, bot.telegram.app, bot.discord.app\n"
    code += "print({'PIL', 'pylopdf_fonts_ko', 'bot.pictures'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
