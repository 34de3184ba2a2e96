"""Messages that are everybody's: whatever is sent late, the latest word stands."""

import asyncio

from bot.boards import Boards
from bot.conversation.reply import Reply


def state(text):
    return Reply(text, replaces=True, for_all=True)


class Wall:
    """A board as a platform shows it; `gate` keeps a change from arriving."""

    def __init__(self):
        self.boards, self.texts, self.gate = Boards(), [], asyncio.Event()

    async def change(self, reply, message="m"):
        async with self.boards.turn(message, reply) as latest:
            await self.gate.wait()
            if latest:
                self.texts.append(reply.text)

    def hears(self, *replies, message="m"):
        for reply in replies:
            self.boards.heard(message, reply)


async def test_changes_come_one_after_the_other_and_what_a_later_one_says_is_left_out():
    wall = Wall()
    first, second, third = state("1"), state("2"), state("3")

    wall.hears(first)
    sending = [asyncio.create_task(wall.change(first))]
    await asyncio.sleep(0)  # which now is on its way
    wall.hears(second, third)
    # They are sent the other way round.
    sending += [asyncio.create_task(wall.change(reply)) for reply in (third, second)]
    wall.gate.set()
    await asyncio.gather(*sending)

    assert wall.texts == ["1", "3"]


async def test_an_older_state_that_comes_after_the_newest_was_shown_is_left_out():
    wall = Wall()
    old, new = state("old"), state("new")
    wall.hears(old, new)
    wall.gate.set()

    await wall.change(new)
    await wall.change(old)

    assert wall.texts == ["new"]


async def test_boards_do_not_wait_for_each_other():
    wall = Wall()
    slow, quick = state("slow"), state("quick")
    wall.hears(slow, message="a")
    wall.hears(quick, message="b")
    waiting = asyncio.create_task(wall.change(slow, "a"))
    await asyncio.sleep(0)

    async with wall.boards.turn("b", quick) as latest:
        assert latest

    wall.gate.set()
    await waiting


async def test_a_message_that_is_one_persons_is_not_held():
    boards, mine = Boards(), Reply("mine", replaces=True)
    boards.heard("m", mine)

    async with boards.turn("m", mine) as one, boards.turn("m", mine) as other:
        assert (one, other) == (True, True)
