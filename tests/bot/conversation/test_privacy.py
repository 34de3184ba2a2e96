"""/privacy: what is stored of this very reader, and how to be rid of it."""

import pytest

from bot.conversation.context import Kept
from bot.hearing import Hearing
from tests.plugins.chat import export


def test_it_counts_what_is_stored(chat):
    chat.says("/like 신의 탑")
    chat.says("/dislike 덴마")
    chat.says("/unlike 덴마")
    chat.says("/recommend")

    text = chat.says("/privacy").text

    assert "Your account numbers (Telegram)" in text
    assert "What you said about 1 work, and when" in text
    assert "3 changes you made to them" in text
    assert "3 cards I showed you" in text
    assert "0 works you follow" in text


@pytest.mark.parametrize(("days", "told"), [(90, True), (0, False)])
def test_it_says_for_how_long_as_the_operator_has_set(chat, days, told):
    world = chat.world
    world.hearing = Hearing(world.database, world.serving, world.clock, kept=Kept(40, days))

    text = chat.says("/privacy").text

    assert text.count("40 days") == 2
    assert ("If I don't hear from you for 90 days, I delete everything about you" in text) is told


def test_train_without_me_by_its_button(chat):
    assert "to train the nightly model" in chat.says("/privacy").text

    chat.press("🚫")

    assert not export(chat)["settings"]["trains"]
    assert "No model learns from it." in chat.says("/privacy").text


def test_its_buttons_give_and_delete_the_data(chat):
    chat.says("/like 신의 탑")
    chat.says("/privacy")
    privacy = chat.last

    assert chat.press("📦").document
    chat.last = privacy
    chat.press("🗑️")
    chat.press("🗑️")
    assert chat.verdicts() == {}


def test_it_speaks_korean(chat):
    text = chat.as_("mina", language="ko").says("/privacy").text

    assert text.startswith("🔒 저장하는 것과 이유")
    assert "계정 번호(텔레그램)" in text
