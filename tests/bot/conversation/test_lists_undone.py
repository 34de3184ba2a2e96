"""Lists that are taken back, cancelled, or too old; and what was said in between."""

import pytest

from tests.bot.conversation.test_lists import (
    ADDED,
    DENMA,
    LIST,
    NOBLESSE,
    TOWER,
    english,
    kept,
)
from tests.plugins.chat import buttons


def test_undo_brings_back_what_stood_before(chat):
    chat.says("/dislike 신의 탑")
    chat.says("/read 노블레스")
    chat.says(f"/import {LIST}")
    chat.press("📥")

    undone = chat.press("↩️")

    assert (undone.text, undone.replaces) == (english("undone", count=4), True)
    assert chat.verdicts() == {TOWER: "dislike", NOBLESSE: "read"}


def test_undo_leaves_what_was_changed_since_and_says_so(chat):
    chat.says(f"/import {LIST}")
    added = chat.press("📥")
    chat.says("/dislike 신의 탑")
    chat.says("/unlike 덴마")
    chat.last = added

    undone = chat.press("↩️")

    assert undone.text == english("undone", count=2) + "\n" + english("newer", count=2)
    assert chat.verdicts() == {TOWER: "dislike"}


def test_what_was_said_after_the_list_was_sent_is_newer_than_it(chat):
    shown = chat.says(f"/import {LIST}")
    chat.world.clock.pass_(minutes=1)
    chat.says("/read 신의 탑")
    chat.last = shown

    added = chat.press("📥")

    assert added.text == english("added", count=3) + "\n" + english("newer", count=1)
    assert chat.verdicts() == ADDED | {TOWER: "read"}


@pytest.mark.parametrize("before", [(), ("/like 신의 탑",)])
def test_what_was_taken_back_after_the_list_was_sent_stays_so(chat, before):
    for line in before:
        chat.says(line)
    shown = chat.says("/import 신의 탑 👎\n덴마")
    chat.world.clock.pass_(minutes=1)
    for line in (*(() if before else ("/like 신의 탑",)), "/unlike 신의 탑"):
        chat.says(line)
    chat.last = shown

    added = chat.press("📥")

    assert added.text == english("added", count=1) + "\n" + english("newer", count=1)
    assert chat.verdicts() == {DENMA: "like"}


def test_cancel_adds_nothing_and_keeps_nothing_of_the_list(chat):
    chat.says(f"/import {LIST}")

    left = chat.press("✖️")

    assert (left.text, left.replaces, buttons(left)) == (english("left"), True, [])
    assert (chat.verdicts(), kept(chat)) == ({}, [[]])


@pytest.mark.parametrize(
    ("presses", "sentence"),
    [
        (("add", "add"), "added_before"),
        (("add", "no"), "added_before"),
        (("add", "undo", "undo"), "undone_before"),
        (("add", "undo", "add"), "undone_before"),
        (("no", "no"), "left_before"),
        (("no", "add"), "left_before"),
    ],
)
def test_a_second_press_says_what_became_of_the_list(chat, presses, sentence):
    chat.says(f"/import {LIST}")
    *_, number = chat.action("📥").split(":")
    for press in presses[:-1]:
        chat.presses(f"i:{press}:{number}")
    before = chat.verdicts()

    reply = chat.presses(f"i:{presses[-1]}:{number}")

    assert (reply.notice, reply.text) == (english(sentence), "")
    assert chat.verdicts() == before


@pytest.mark.parametrize(
    ("press", "sentence"), [("add", "expired"), ("no", "expired"), ("undo", "settled")]
)
def test_a_list_of_the_day_before_yesterday_is_closed(chat, press, sentence):
    chat.says(f"/import {LIST}")
    *_, number = chat.action("📥").split(":")
    if press == "undo":
        chat.press("📥")
    before = chat.verdicts()
    chat.world.clock.pass_(days=1, seconds=1)

    assert chat.presses(f"i:{press}:{number}").notice == english(sentence)
    assert chat.verdicts() == before


def test_undo_of_what_was_never_added_is_stale(chat):
    chat.says(f"/import {LIST}")
    *_, number = chat.action("📥").split(":")

    for action in (f"i:undo:{number}", "i:add:0", f"i:maybe:{number}", "i", "i:add"):
        assert chat.presses(action).notice == "This button no longer works."
