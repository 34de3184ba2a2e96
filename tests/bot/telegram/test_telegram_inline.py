"""Inline mode over a real socket: offers, choices, and presses on what was put into a chat."""

import threading
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.conversation.events import Chosen, Inquiry, Press, Text
from bot.conversation.reply import Button, Card, Offer, Reply
from tests.bot.telegram.scripted import QUICK, SORRY
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.telegram_world import bad, broken, flood, hang

HOME = "https://t.me/WebtoonTestBot"


def work(number):
    buttons = ((Button("👍", f"like:{number}"), Button("Open", url=f"{HOME}?start=w_{number}")),)
    page = f"https://comic.naver.com/webtoon/list?titleId={number}"
    return Card(f"Work {number}", page, ("SIU",), buttons=buttons, work_id=number)


@pytest.fixture
def offering(hearing):
    """Whatever is typed, two works are found."""
    hearing.offer = lambda inquiry: Offer((work(7), work(8)))
    return hearing


def put(telegram, user):
    """The first work offered, as somebody put it into a chat."""
    query = telegram.types(user, "work")
    telegram.wait_for_offer(query)
    return telegram.choose(query)


def test_what_is_typed_is_offered_works_for_just_now_and_this_reader(telegram, offering, door):
    mina = telegram.user(language="ko")

    query = telegram.types(mina, "신의")
    offer = telegram.wait_for_offer(query)
    message = telegram.choose(query, 1)

    assert (offer.cache_seconds, offer.personal, offer.more) == (0, True, "")
    assert [result["id"] for result in offer.results] == ["w_7_0", "w_8_1"]
    assert message.text == "Work 8\nSIU"
    assert message.preview["url"] == work(8).url
    assert message.buttons == ["👍", "Open"]
    ((speaker, inquiry),) = offering.inquiries
    assert (speaker.user_id, speaker.language) == (str(mina.id), "ko")
    assert inquiry == Inquiry("신의", 0, HOME)


def test_further_pages_begin_where_the_last_one_ended(telegram, hearing, door):
    mina = telegram.user()
    hearing.offer = lambda inquiry: Offer((work(inquiry.start),), inquiry.start + 20)

    first = telegram.wait_for_offer(telegram.types(mina, "work"))
    second = telegram.wait_for_offer(telegram.types(mina, "work", offset=first.more))

    assert (first.more, second.more) == ("20", "40")
    assert [result["id"] for result in second.results] == ["w_20_20"]


def test_it_is_confirmed_and_not_kept(telegram, offering, door):
    mina = telegram.user()

    telegram.wait_for_offer(telegram.types(mina, "신의"))
    telegram.wait_until_confirmed(max(telegram.updates))

    assert offering.kept == {}


def test_what_comes_twice_is_answered_once(telegram, offering, door):
    mina = telegram.user()
    telegram.wait_for_offer(telegram.types(mina, "신의"))

    telegram.redeliver(max(telegram.updates))
    telegram.say(mina, "barrier")
    telegram.wait_for_message(mina)

    assert len(offering.inquiries) == 1


def test_a_batch_that_cannot_be_kept_has_its_inquiries_answered_once(telegram, offering, door):
    mina, jun = telegram.user(), telegram.user("Jun")
    offering.away = True
    telegram.say(jun, "hello")
    query = telegram.types(mina, "신의")
    telegram.wait_for_offer(query)
    telegram.wait_for_calls("getUpdates", len(telegram.made("getUpdates")) + 3)

    offering.away = False
    telegram.wait_until_confirmed(max(telegram.updates))

    assert len(offering.inquiries) == len(telegram.made("answerInlineQuery")) == 1


def test_an_answer_that_comes_too_late_is_no_error(telegram, hearing, door):
    mina = telegram.user()

    def late(inquiry):
        telegram.expire_queries()
        return Offer((work(7),))

    hearing.offer = late
    with capture_logs() as logs:
        telegram.types(mina, "신의")
        telegram.wait_for_calls("answerInlineQuery")
        telegram.say(mina, "barrier")
        telegram.wait_for_message(mina)

    assert [entry for entry in logs if entry["log_level"] not in ("debug", "info")] == []


@pytest.mark.parametrize("fault", [broken(502), flood(9), hang(), bad("RESULT_ID_INVALID")])
def test_an_answer_that_fails_is_not_repeated_and_holds_nothing_up(telegram, offering, door, fault):
    mina = telegram.user()
    telegram.fail("answerInlineQuery", fault)
    telegram.types(mina, "신")
    telegram.wait_for_calls("answerInlineQuery")

    query = telegram.types(mina, "신의")
    telegram.wait_for_offer(query)
    telegram.say(mina, "hello")
    telegram.wait_for_message(mina)

    assert len(telegram.made("answerInlineQuery")) == 2


def test_what_is_typed_on_waits_for_nothing_that_was_typed_before(telegram, hearing, door):
    mina, release = telegram.user(), threading.Event()
    hearing.offer = lambda inquiry: (inquiry.query == "신" and release.wait(5)) or Offer()

    slow = telegram.types(mina, "신")
    telegram.wait_for(lambda: hearing.inquiries, what="the first inquiry")
    telegram.wait_for_offer(telegram.types(mina, "신의"))

    assert slow not in telegram.offers
    release.set()


def test_a_flood_of_inquiries_keeps_no_message_waiting(telegram, hearing, door):
    jun, release = telegram.user("Jun"), threading.Event()
    hearing.offer = lambda inquiry: release.wait(5) and Offer()

    for number in range(400):
        telegram.types(telegram.user(str(number)), "신의")
    telegram.say(jun, "hello")

    assert telegram.wait_for_message(jun).text == "heard hello"
    release.set()


def test_the_end_waits_for_no_offer(telegram, hearing, door):
    release = threading.Event()
    hearing.offer = lambda inquiry: release.wait(5) and Offer()
    telegram.types(telegram.user(), "신의")
    telegram.wait_for(lambda: hearing.inquiries, what="an inquiry")

    assert door.stop(timeout=2.0) is None
    release.set()


def test_a_press_there_brings_a_toast_and_nothing_else(telegram, offering, door):
    mina, jun = telegram.user(), telegram.user("Jun")
    message = put(telegram, mina)
    offering.answer = lambda event: Reply("Liked!", (work(7),), buttons=((Button("↩️", "u:1"),),))

    query = telegram.press_inline(jun, message, "👍")

    assert telegram.wait_for_answer(query) == "Liked!"
    telegram.wait_for(lambda: not any(offering.kept.values()), what="an answered press")
    event, _ = offering.heard[-1]
    assert event.said == Press("like:7", message.reference)
    assert (event.speaker.user_id, event.place.shared) == (str(jun.id), True)
    assert telegram.sent == []
    assert telegram.made("editMessageText") == []


def test_a_slow_toast_is_waited_for_where_it_is_all_there_is(telegram, offering, door):
    mina = telegram.user()
    message, release = put(telegram, mina), threading.Event()
    offering.answer = lambda event: release.wait(5) and Reply(notice="Saved", private=True)

    query = telegram.press_inline(mina, message, "👍")
    threading.Timer(2 * QUICK.toast_seconds, release.set).start()

    assert telegram.wait_for_answer(query) == "Saved"


def test_one_that_is_too_slow_all_the_same_brings_no_message(telegram, offering, open_door):
    open_door(pace=replace(QUICK, inline_toast_seconds=0.05))
    mina = telegram.user()
    message, release = put(telegram, mina), threading.Event()
    offering.answer = lambda event: (
        (isinstance(event.said, Press) and release.wait(5) and Reply(notice="Saved", private=True))
        or Reply("barrier")
    )

    query = telegram.press_inline(mina, message, "👍")
    toast = telegram.wait_for_answer(query)
    release.set()
    telegram.say(mina, "barrier")
    telegram.wait_for_message(mina)

    assert toast is None
    assert [sent.text for sent in telegram.sent] == ["barrier"]


def test_what_was_chosen_is_heard_once_and_answered_by_silence(telegram, offering, door):
    mina = telegram.user()
    offering.answer = lambda event: None

    message = put(telegram, mina)
    chosen = max(telegram.updates)
    telegram.wait_until_confirmed(chosen)
    telegram.redeliver(chosen)
    telegram.wait_for(lambda: offering.kept == {str(chosen): None}, what="a blanked choice")

    assert offering.said == [Chosen(7, 0, message.reference)]
    assert telegram.sent == []


def test_a_choice_while_the_database_is_away_counts_once_it_is_back(telegram, offering, door):
    mina = telegram.user()
    query = telegram.types(mina, "work")
    telegram.wait_for_offer(query)
    offering.away, offering.answer = True, lambda event: None

    telegram.choose(query)
    telegram.wait_for_calls("getUpdates", len(telegram.made("getUpdates")) + 3)
    offering.away = False

    telegram.wait_for(lambda: offering.heard, what="the choice to be heard")
    assert offering.apologies == 0
    assert telegram.sent == []


def test_a_press_there_while_the_database_is_away_is_answered_with_the_apology(
    telegram, offering, door
):
    mina = telegram.user()
    message = put(telegram, mina)
    telegram.wait_for(lambda: not any(offering.kept.values()), what="an answered choice")
    telegram.sent.clear()
    offering.away = True

    query = telegram.press_inline(mina, message, "👍")

    assert telegram.wait_for_answer(query) == SORRY.notice
    assert telegram.sent == []
    offering.away = False


def test_a_card_carries_the_way_into_other_chats_and_each_of_a_groups_slate_its_own(
    telegram, hearing, door
):
    mina, group = telegram.user(), telegram.group()
    hearing.answer = lambda event: Reply(cards=(work(7), work(8)))

    telegram.say(mina, "/recommend")
    telegram.say(mina, "/recommend", group)
    card, slate = telegram.wait_for_message(mina), telegram.wait_for_message(group)

    assert card.buttons == ["👍", "Open", "📤"]
    assert card.rows[0][-1]["switch_inline_query"] == "#7"
    assert slate.buttons == ["1 👍", "1 Open", "1 📤", "2 👍", "2 Open", "2 📤"]
    assert slate.rows[-1][-1]["switch_inline_query"] == "#8"


def test_where_inline_mode_is_off_that_is_said_once_and_no_card_offers_it(hearing):
    from tests.bot.telegram.scripted import Door

    with TelegramServer(inline=False) as telegram, capture_logs() as logs:
        door = Door(hearing, telegram).start()
        mina = telegram.user()
        hearing.answer = lambda event: Reply(cards=(work(7),))
        telegram.say(mina, "/recommend")
        card = telegram.wait_for_message(mina)
        door.stop()

    (said,) = [entry for entry in logs if entry["event"] == "telegram.inline_off"]
    assert "/setinline" in said["hint"] and "@BotFather" in said["hint"]
    assert "📤" not in card.buttons


def test_where_it_is_on_nothing_is_said_of_it(telegram, hearing, open_door):
    with capture_logs() as logs:
        open_door()
        telegram.say(telegram.user(), "hello")
        telegram.wait_for(lambda: Text("hello") in hearing.said, what="a word")

    assert [entry for entry in logs if entry["event"] == "telegram.inline_off"] == []
