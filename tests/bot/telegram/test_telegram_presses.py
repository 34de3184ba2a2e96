"""Presses and reactions: the notice they bring, and the card they change."""

import threading
from dataclasses import replace

import pytest

from bot.conversation.reply import Card, Reply
from tests.bot.telegram.conftest import CARD, LIKE, shown
from tests.fakes.telegram_world import bad, broken


def test_a_press_is_answered_with_its_notice_and_replaces_the_card(telegram, hearing, door):
    mina = telegram.user()
    card = shown(telegram, hearing, mina)
    liked = Card("A<b & R&B", CARD.url, mark="👍 Liked", buttons=LIKE, impression_id=5)
    hearing.answer = lambda event: Reply(cards=(liked,), notice="Saved", replaces=True)

    query = telegram.press(mina, card, "👍")

    assert telegram.wait_for_answer(query) == "Saved"
    telegram.wait_for(lambda: card.earlier, what="an edited card")
    assert card.text == "A<b & R&B\n👍 Liked"
    assert card.preview == {"url": CARD.url}
    telegram.wait_for(lambda: hearing.cards, what="a remembered card")
    assert hearing.cards == [((5,), card.reference)]
    assert telegram.sent == [card]
    assert telegram.answer_counts[query] == 1


def test_a_slow_press_is_answered_empty_and_only_once(telegram, hearing, door):
    mina, release = telegram.user(), threading.Event()
    card = shown(telegram, hearing, mina)
    hearing.answer = lambda event: release.wait(5) and Reply("Done", notice="Too slow")

    query = telegram.press(mina, card, "👍")
    toast = telegram.wait_for_answer(query)
    release.set()
    reply = telegram.wait_for_message(mina, 2)

    assert toast is None
    assert reply.text == "Done"
    assert telegram.answer_counts[query] == 1


def test_a_private_word_to_a_press_in_a_group_is_whispered_as_a_toast(telegram, hearing, door):
    mina, group = telegram.user(), telegram.group()
    card = shown(telegram, hearing, mina, chat=group)
    hearing.answer = lambda event: Reply("Not your button", private=True)

    query = telegram.press(mina, card, "👍")

    assert telegram.wait_for_answer(query) == "Not your button"
    telegram.wait_for(lambda: not any(hearing.kept.values()), what="an answered press")
    assert telegram.sent == [card]


def test_a_private_word_too_late_for_a_toast_comes_as_a_private_message(telegram, hearing, door):
    mina, group, release = telegram.user(), telegram.group(), threading.Event()
    telegram.say(mina, "/start")
    telegram.wait_for_message(mina)
    card = shown(telegram, hearing, mina, chat=group)
    hearing.answer = lambda event: release.wait(5) and Reply("Try again", private=True)

    query = telegram.press(mina, card, "👍")
    toast = telegram.wait_for_answer(query)
    release.set()

    assert toast is None
    assert telegram.wait_for_message(mina, 2).text == "Try again"


def test_a_notice_too_long_for_a_toast_is_cut(telegram, hearing, door):
    mina = telegram.user()
    card = shown(telegram, hearing, mina)
    hearing.answer = lambda event: Reply(notice="가" * 300)

    query = telegram.press(mina, card, "👍")

    assert telegram.wait_for_answer(query) == "가" * 199 + "…"


def test_presses_that_are_nothing_to_us_or_fail_are_answered_too(telegram, hearing, door):
    mina = telegram.user()
    card = shown(telegram, hearing, mina)

    game = telegram.press(mina, card, None)
    hearing.answer = lambda event: None
    nothing = telegram.press(mina, card, "like:999", known=False)
    telegram.wait_for_answer(game)
    telegram.wait_for_answer(nothing)
    hearing.answer = lambda event: 1 / 0
    failing = telegram.press(mina, card, "👍")

    assert telegram.wait_for_answer(failing) == "Try again"
    assert [telegram.answer_counts[q] for q in (game, nothing, failing)] == [1, 1, 1]


def test_a_press_too_old_to_be_answered_still_counts(telegram, hearing, door):
    mina = telegram.user()
    card = shown(telegram, hearing, mina)
    telegram.fail("answerCallbackQuery", bad("query is too old and response timeout expired"))
    hearing.answer = lambda event: Reply("Saved", replaces=True, notice="Saved")

    update = max(telegram.updates) + 1
    telegram.press(mina, card, "👍")

    telegram.wait_for(lambda: card.earlier, what="an edited card")
    assert card.text == "Saved"
    telegram.wait_for(lambda: hearing.kept[str(update)] is None, what="an answered press")


def test_an_edit_that_changes_nothing_is_no_error(telegram, hearing, door):
    mina = telegram.user()
    card = shown(telegram, hearing, mina)
    again = replace(CARD, impression_id=5)
    hearing.answer = lambda event: Reply(cards=(again,), notice="Saved already", replaces=True)

    telegram.press(mina, card, "👍")

    telegram.wait_for(lambda: hearing.cards, what="a remembered card")
    assert hearing.cards == [((5,), card.reference)]
    assert [call.status for call in telegram.made("editMessageText")] == [400]
    assert telegram.sent == [card]


@pytest.mark.parametrize("reason", ["message to edit not found", "message can't be edited"])
def test_a_message_that_cannot_be_edited_is_sent_anew(telegram, hearing, door, reason):
    mina = telegram.user()
    card = shown(telegram, hearing, mina)
    telegram.fail("editMessageText", bad(reason))
    liked = Card("One", "", mark="👍", impression_id=5)
    hearing.answer = lambda event: Reply(cards=(liked,), replaces=True)

    telegram.press(mina, card, "👍")
    anew = telegram.wait_for_message(mina, 2)

    assert anew.text == "One\n👍"
    telegram.wait_for(lambda: hearing.cards, what="a remembered card")
    assert hearing.cards == [((5,), anew.reference)]


def test_a_reaction_replaces_the_card_it_is_on(telegram, hearing, door):
    mina = telegram.user()
    card = shown(telegram, hearing, mina)
    liked = Card("One", "", mark="👍", buttons=LIKE)
    hearing.answer = lambda event: Reply(cards=(liked,), notice="Saved", replaces=True)

    telegram.react(mina, card, new=["👍"])

    telegram.wait_for(lambda: card.earlier, what="an edited card")
    assert hearing.said[-1].message == card.reference
    assert card.text == "One\n👍"
    assert telegram.sent == [card]


def test_a_board_in_a_group_changes_for_everybody_and_the_toast_is_the_pressers(
    telegram, hearing, door
):
    mina, group = telegram.user(), telegram.group()
    board = shown(telegram, hearing, mina, chat=group)
    hearing.answer = lambda event: Reply(
        "In: Mina", buttons=LIKE, notice="You're in", replaces=True, for_all=True
    )

    query = telegram.press(mina, board, "👍")

    assert telegram.wait_for_answer(query) == "You're in"
    telegram.wait_for(lambda: board.earlier, what="an edited board")
    assert (board.text, board.buttons) == ("In: Mina", ["👍", "🙈"])
    assert telegram.sent == [board]


def test_a_board_shows_the_latest_word_even_if_an_older_one_is_slow(telegram, hearing, door):
    people, group = [telegram.user(f"p{n}") for n in range(4)], telegram.group()
    board = shown(telegram, hearing, people[0], chat=group)
    said = iter(range(1, 5))
    hearing.answer = lambda event: Reply(f"In: {next(said)}", replaces=True, for_all=True)
    telegram.fail("editMessageText", broken(), times=3)

    for person in people:
        telegram.press(person, board, "👍")

    kept = hearing.kept
    telegram.wait_for(lambda: len(kept) == 5 and not any(kept.values()), what="all answered")
    assert board.text == "In: 4"
