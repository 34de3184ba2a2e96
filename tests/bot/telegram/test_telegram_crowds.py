"""Many who write at once: whose answer waits for whose."""

import threading

from bot.conversation.events import Text
from bot.conversation.reply import Reply


def test_only_so_many_are_answered_at_once(telegram, hearing, open_door, monkeypatch):
    monkeypatch.setattr("bot.telegram.lanes.MAX_RUNNING", 2)
    guard, running, peaks = threading.Lock(), [], []

    def answer(event):
        with guard:
            running.append(event)
            peaks.append(len(running))
        meeting.wait(5)  # two must be here at once to go on
        with guard:
            running.remove(event)
        return Reply("done")

    meeting = threading.Barrier(2)
    hearing.answer = answer
    open_door()
    readers = [telegram.user(str(n)) for n in range(4)]
    for reader in readers:
        telegram.say(reader, "hello")
    for reader in readers:
        telegram.wait_for_message(reader)

    assert max(peaks) == 2


def test_a_busy_group_does_not_keep_others_waiting(telegram, hearing, open_door, monkeypatch):
    monkeypatch.setattr("bot.telegram.lanes.MAX_RUNNING", 3)
    monkeypatch.setattr("bot.telegram.lanes.MAX_IN_CHAT", 2)
    group, jun, release = telegram.group(), telegram.user("Jun"), threading.Event()
    hearing.answer = lambda event: (not event.place.shared or release.wait(5)) and Reply("done")
    open_door()
    for n in range(5):
        last = telegram.say(telegram.user(str(n)), "/help", group)
    telegram.wait_until_confirmed(last)

    telegram.say(jun, "hello")
    telegram.wait_for_message(jun)
    before = telegram.in_chat(group)
    release.set()
    telegram.wait_for_message(group, 5)

    assert before == []


def test_one_readers_events_keep_their_order_while_others_go_on(telegram, hearing, door):
    mina, jun, release = telegram.user(), telegram.user("Jun"), threading.Event()

    def answer(event):
        if event.said == Text("slow"):
            release.wait(5)
        return Reply(event.said.text)

    hearing.answer = answer
    telegram.say(mina, "slow")
    telegram.say(mina, "quick")
    telegram.say(jun, "other")
    telegram.wait_for_message(jun)
    before = telegram.in_chat(mina)
    release.set()
    telegram.wait_for_message(mina, 2)

    assert before == []
    assert [m.text for m in telegram.in_chat(mina)] == ["slow", "quick"]
