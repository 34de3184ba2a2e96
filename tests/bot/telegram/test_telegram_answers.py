"""What becomes of an answer: messages, cards, slates and files, each in the right chat."""

import pytest

from bot.conversation.reply import Card, Document, Reply
from bot.hearing import Unavailable
from tests.bot.telegram.conftest import CARD, LIKE, shown


def test_a_card_shows_its_page_as_preview_and_text_shows_none(telegram, hearing, door):
    mina = telegram.user()
    hearing.answer = lambda event: Reply("See https://example.org", (CARD,))

    telegram.say(mina, "/recommend")
    text, card = telegram.wait_for_message(mina), telegram.wait_for_message(mina, 2)

    assert text.preview == {"is_disabled": True}
    assert card.preview == {"url": CARD.url}
    assert card.text == "A<b & R&B"
    assert card.buttons == ["👍", "🙈"]
    assert card.reply_to is None


def test_each_sent_card_is_remembered_with_its_message(telegram, hearing, door):
    mina = telegram.user()
    cards = (
        Card("One", "", impression_id=11),
        Card("Two", ""),
        Card("Three", "", impression_id=13),
    )
    hearing.answer = lambda event: Reply("For you", cards)

    telegram.say(mina, "/recommend")
    _, one, _, three = (telegram.wait_for_message(mina, n) for n in (1, 2, 3, 4))

    telegram.wait_for(lambda: len(hearing.cards) == 2, what="two remembered cards")
    assert hearing.cards == [((11,), one.reference), ((13,), three.reference)]


def test_a_card_is_remembered_although_the_database_is_away_for_a_moment(telegram, hearing, door):
    mina, delivered, failures = telegram.user(), hearing.delivered, []

    def remember(impressions, message):
        if len(failures) < 2:
            failures.append(message)
            raise Unavailable
        delivered(impressions, message)

    hearing.delivered = remember
    card = shown(telegram, hearing, mina, Card("One", "", impression_id=11))

    telegram.wait_for(lambda: hearing.cards, what="a remembered card")
    assert hearing.cards == [((11,), card.reference)]


def test_a_slate_in_a_group_is_one_message_that_quotes_the_command(telegram, hearing, door):
    mina, group = telegram.user(), telegram.group()
    cards = tuple(Card(t, "", buttons=LIKE, impression_id=n) for n, t in enumerate("ab", start=1))
    hearing.answer = lambda event: Reply("For all", cards)

    telegram.say(mina, "/recommend", group, thread_id=7)
    slate = telegram.wait_for_message(group)

    assert slate.text == "For all\n\n1. a\n\n2. b"
    assert slate.buttons == ["1 👍", "1 🙈", "2 👍", "2 🙈"]
    assert slate.reply_to.text == "/recommend"
    assert slate.thread_id == 7
    telegram.wait_for(lambda: hearing.cards, what="a remembered slate")
    assert hearing.cards == [((1, 2), slate.reference)]


def test_a_slate_in_several_messages_quotes_the_command_once(telegram, hearing, door):
    mina, group = telegram.user(), telegram.group()
    long = Card("T", "", lines=("가" * 256,) * 8)
    hearing.answer = lambda event: Reply(cards=(long, long))

    telegram.say(mina, "/recommend", group)
    first, second = telegram.wait_for_message(group), telegram.wait_for_message(group, 2)

    assert first.reply_to.text == "/recommend"
    assert second.reply_to is None


def test_a_command_deleted_meanwhile_is_answered_without_the_quote(telegram, hearing, door):
    mina, group = telegram.user(), telegram.group()
    command = []

    def answer(event):
        (message,) = [m for m in telegram._messages.values() if m.text == "/help"]
        telegram.delete(message)
        command.append(message)
        return Reply("Help")

    hearing.answer = answer
    telegram.say(mina, "/help", group)

    assert telegram.wait_for_message(group).reply_to is None
    assert command


def test_a_command_with_nothing_but_a_notice_gets_it_as_a_message(telegram, hearing, door):
    mina = telegram.user()
    hearing.answer = lambda event: Reply(notice="Saved")

    telegram.say(mina, "/like 신의 탑")

    assert telegram.wait_for_message(mina).text == "Saved"


def test_a_document_comes_as_a_file_after_the_text(telegram, hearing, door):
    mina = telegram.user()
    export = Document("taste.json", "application/json", '{"title": "신의 탑"}')
    hearing.answer = lambda event: Reply("Here it is", document=export, private=True)

    telegram.say(mina, "/export")
    text, file = telegram.wait_for_message(mina), telegram.wait_for_message(mina, 2)

    assert text.text == "Here it is"
    assert file.document == {
        "file_name": "taste.json",
        "mime_type": "application/json",
        "content": '{"title": "신의 탑"}'.encode(),
    }


def test_what_nobody_else_may_see_goes_to_the_readers_own_chat(telegram, hearing, door):
    mina, group = telegram.user(), telegram.group()
    telegram.say(mina, "/start")
    telegram.wait_for_message(mina)
    export = Document("taste.json", "application/json", "{}")
    hearing.answer = lambda event: Reply("Yours", document=export, private=True)

    telegram.say(mina, "/export", group)

    assert telegram.wait_for_message(mina, 2).text == "Yours"
    assert telegram.wait_for_message(mina, 3).document["content"] == b"{}"
    assert telegram.in_chat(group) == []


@pytest.mark.parametrize("started", [True, False])
def test_without_a_private_chat_the_group_is_told_how_to_open_one(telegram, hearing, door, started):
    mina, group = telegram.user(language="en"), telegram.group()
    if started:
        telegram.say(mina, "/start")
        telegram.wait_for_message(mina)
        telegram.block(mina)
    hearing.answer = lambda event: Reply("Yours alone", private=True)

    telegram.say(mina, "/list", group)
    told = telegram.wait_for_message(group)

    assert "https://t.me/WebtoonTestBot" in told.text
    assert "Yours alone" not in told.text
    assert told.reply_to.text == "/list"
