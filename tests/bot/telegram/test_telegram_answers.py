import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from telegram.error import RetryAfter

from bot.conversation.reply import Button, Card, Document, Reply
from bot.hearing import Unavailable
from bot.telegram.sending import Sender
from tests.bot.telegram.scripted import QUICK
from tests.fakes.telegram_world import bad, blocked, broken, flood, hang, lost

LIKE = ((Button("👍", "like:1"), Button("🙈", "hide:1")),)
CARD = Card("A<b & R&B", "https://comic.naver.com/webtoon/list?titleId=1", buttons=LIKE)


def shown(telegram, hearing, user, *cards, chat=None):
    """A message of the bot that shows the cards (one is enough for most)."""
    hearing.answer = lambda event: Reply(cards=cards or (CARD,))
    telegram.say(user, "/recommend", chat)
    return telegram.wait_for_message(chat or user)


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


def test_a_reader_who_blocked_the_bot_is_no_trouble(telegram, hearing, door):
    mina, jun = telegram.user(), telegram.user("Jun")
    telegram.fail("sendMessage", blocked())

    update = telegram.say(mina, "hello")
    telegram.wait_for(lambda: hearing.kept.get(str(update), "") is None, what="an answered update")
    telegram.say(jun, "hello")

    assert telegram.wait_for_message(jun).text == "heard hello"
    assert telegram.in_chat(mina) == []


@pytest.mark.parametrize("fault", [broken(500), broken(502), hang(), lost()])
def test_sending_goes_on_after_trouble_that_passes(telegram, hearing, door, fault):
    mina = telegram.user()
    telegram.fail("sendMessage", fault)

    telegram.say(mina, "hello")
    telegram.wait_for_calls("sendMessage", 2)

    assert telegram.wait_for_message(mina).text == "heard hello"


def test_a_flood_warning_is_waited_out(telegram, hearing, door):
    mina = telegram.user()
    telegram.fail("sendMessage", flood(1))

    telegram.say(mina, "hello")
    telegram.wait_for_message(mina)
    first, second = telegram.made("sendMessage")

    assert second.at - first.at >= 1.0


async def test_floods_are_waited_out_however_many_come_in_a_row(monkeypatch):
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # as make_bot does
    floods = [RetryAfter(timedelta(milliseconds=10)) for _ in range(6)]

    async def send():
        if floods:
            raise floods.pop()
        return "sent"

    assert await Sender(None, QUICK).call(send) == "sent"


def test_an_answer_is_tried_far_longer_than_what_only_helps_at_once(telegram, hearing, open_door):
    mina = telegram.user()
    open_door(pace=replace(QUICK, send_seconds=0.05, answer_seconds=5.0))
    telegram.fail("sendMessage", broken(502), times=10)

    update = telegram.say(mina, "hello")

    assert telegram.wait_for_message(mina).text == "heard hello"
    telegram.wait_for(lambda: hearing.kept[str(update)] is None, what="an answered update")


def test_a_message_that_is_refused_is_not_tried_again(telegram, hearing, door):
    mina = telegram.user()
    telegram.fail("sendMessage", bad("something is wrong with it"))

    update = telegram.say(mina, "hello")
    telegram.wait_for(lambda: hearing.kept.get(str(update), "") is None, what="an answered update")

    assert len(telegram.made("sendMessage")) == 1


def test_an_answer_the_network_never_takes_is_left_for_the_next_start(telegram, hearing, open_door):
    mina = telegram.user()
    door = open_door(pace=replace(QUICK, answer_seconds=0.2))
    telegram.fail("sendMessage", broken(500), times=1000)
    with capture_logs() as logs:
        update = telegram.say(mina, "hello")
        telegram.wait_for(
            lambda: any(entry["event"] == "telegram.answer_delayed" for entry in logs),
            what="the answer to be given up",
        )
    door.stop()
    telegram.mend()

    open_door()

    assert telegram.wait_for_message(mina).text == "heard hello"
    telegram.wait_for(lambda: hearing.kept[str(update)] is None, what="an answered update")


def test_a_group_that_moved_is_answered_where_it_is_now(telegram, hearing, door):
    mina, old, new = telegram.user(), telegram.group(kind="group"), telegram.group()
    moved = bad("group chat was upgraded to a supergroup chat")
    moved.parameters["migrate_to_chat_id"] = new.id
    telegram.fail("sendMessage", moved)

    telegram.say(mina, "/help", old)

    assert telegram.wait_for_message(new).text.startswith("heard Command")
