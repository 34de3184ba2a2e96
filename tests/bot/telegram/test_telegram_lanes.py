import asyncio
from functools import partial

from bot.telegram import lanes
from bot.telegram.lanes import Lanes


async def test_work_for_one_chat_begins_in_the_order_in_which_it_came():
    begun, through = [], Lanes()

    async def work(number):
        begun.append(number)
        await asyncio.sleep(0)

    for number in range(3 * lanes.MAX_IN_CHAT):
        await through.start(7, partial(work, number))
    await asyncio.wait_for(through.drain(5), 5)

    # The rest had not begun when it was told to end.
    assert begun == list(range(lanes.MAX_IN_CHAT))


async def test_what_waited_goes_on_when_there_is_room_and_a_failure_takes_none(caplog):
    done, last, through = [], asyncio.Event(), Lanes()

    async def work(number):
        done.append(number)
        if number == 0:
            raise ZeroDivisionError
        if number == 20:
            last.set()

    for number in range(21):
        await through.start(7, partial(work, number))
    await asyncio.wait_for(last.wait(), 5)

    assert done == list(range(21))
