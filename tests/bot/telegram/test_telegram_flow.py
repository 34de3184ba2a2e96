"""The even flow of messages, in a time of the test's own."""

import asyncio
from collections import deque
from datetime import timedelta
from itertools import pairwise

import pytest
from telegram.error import RetryAfter

from bot.telegram.flow import Flow, Limiter, Turn


class Time:
    """Goes on only when somebody sleeps."""

    def __init__(self):
        self.now = 100.0

    def clock(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def flow(time):
    return Flow(clock=time.clock, sleep=time.sleep)


def busiest_second(moments):
    """The most of them in any one second."""
    most, window = 0, deque()
    for moment in moments:
        window.append(moment)
        while moment - window[0] >= 1.0:
            window.popleft()
        most = max(most, len(window))
    return most


async def test_a_burst_never_has_more_than_thirty_in_any_second(flow, time):
    passed = []

    async def pass_(number):
        await flow.turn()
        passed.append((number, time.now))

    await asyncio.gather(*(pass_(number) for number in range(200)))

    assert [number for number, _ in passed] == list(range(200))
    assert busiest_second([moment for _, moment in passed]) <= 29
    assert time.now - 100.0 == pytest.approx(199 / 28)


async def test_a_rest_saves_nothing_up(flow, time):
    passed = []
    await flow.turn()
    time.now += 60.0

    for _ in range(60):
        await flow.turn()
        passed.append(time.now)

    assert busiest_second(passed) <= 29


async def test_who_came_first_passes_first_whenever_they_ask(flow):
    passed = []

    async def pass_(rank):
        await flow.turn(rank)
        passed.append(rank)

    await asyncio.gather(*(pass_(rank) for rank in (5, 9, 7, 6, 8)))

    assert passed == [5, 6, 7, 8, 9]


async def test_who_goes_away_uses_up_no_turn(flow, time):
    waiting = [asyncio.create_task(flow.turn()) for _ in range(10)]
    await asyncio.sleep(0)
    for task in waiting[1:]:
        task.cancel()

    await flow.turn()

    assert time.now - 100.0 == pytest.approx(1 / 28)


async def test_told_to_wait_nobody_passes_meanwhile(flow, time, monkeypatch):
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    tries = []

    async def send(*_, **__):
        tries.append(time.now)
        if len(tries) == 1:
            raise RetryAfter(0)
        return True

    flow.pause(7.0)
    done = await Limiter(flow).process_request(send, (), {}, "sendMessage", {"chat_id": 1}, None)

    assert done is True
    assert tries[0] == 107.0


async def test_a_call_that_names_no_chat_goes_out_at_once(flow, time):
    flow.pause(7.0)

    async def answer(*_, **__):
        return time.now

    assert await Limiter(flow).process_request(answer, (), {}, "answer", {}, None) == 100.0


async def test_those_who_have_something_to_do_before_they_go_do_not_go_together(flow, time):
    """As after a wait for the database that lasted longer than all their turns."""
    limiter, went, done = Limiter(flow), [], asyncio.Event()

    async def going():
        await done.wait()

    async def call(*_):
        went.append(time.now)
        return True

    data = {"chat_id": 1}
    calls = asyncio.gather(
        *(
            limiter.process_request(call, (), {}, "sendMessage", data, Turn(9, going))
            for _ in range(10)
        )
    )
    for _ in range(100):  # every turn that can come has come
        await asyncio.sleep(0)
    done.set()
    await calls

    assert min(after - before for before, after in pairwise(went)) >= 1 / 28


async def test_what_came_too_early_is_taken_back_before_it_goes_again(flow, time, monkeypatch):
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # as make_bot does
    limiter, did = Limiter(flow), []

    async def noted(what):
        did.append(what)

    async def call(*_):
        did.append("sent")
        if did.count("sent") == 1:
            raise RetryAfter(timedelta(milliseconds=1))
        return True

    turn = Turn(9, lambda: noted("going"), lambda: noted("back"))
    await limiter.process_request(call, (), {}, "sendMessage", {"chat_id": 1}, turn)

    assert did == ["going", "sent", "back", "going", "sent"]


async def test_what_is_refused_at_once_makes_nobody_else_wait(time, monkeypatch):
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    limiter = Limiter(Flow(clock=time.clock, sleep=time.sleep))

    async def refuse(*_, **__):
        raise RetryAfter(9)

    async def send(*_, **__):
        return time.now

    with pytest.raises(RetryAfter):
        await limiter.process_request(refuse, (), {}, "answerInlineQuery", {}, None)

    sent = await limiter.process_request(send, (), {}, "sendMessage", {"chat_id": 1}, None)
    assert sent == 100.0
