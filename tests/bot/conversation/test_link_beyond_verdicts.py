"""/link: what else two accounts have becomes one, and is two again: follows, news, rounds."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.conversation.events import Platform
from db import follows, readers
from db.reader_tables import News
from db.tables import Outbox
from tests.bot.conversation.test_link import code_from, linked
from tests.plugins.chat import export
from tests.plugins.happenings import a_week_begins, happens, written


def told_of(chat, *people, letter=None):
    """A chapter of 신의 탑 that these are to be told of, or are being told by this letter."""
    work, ids = chat.work("1001").id, [export_id(reader) for reader in people]
    happens(chat.world.database, work, ids, now=chat.world.clock.now)
    if letter is not None:
        being_told = export_id(letter)
        with chat.world.database.write() as session:
            row = session.scalar(select(News).where(News.reader_id == being_told))
            row.letter_id = 77


def export_id(chat):
    return export(chat)["reader"]


def waiting(chat):
    """The readers whose news wait."""
    with chat.world.database.read() as session:
        return list(session.scalars(select(News.reader_id).where(News.letter_id.is_(None))))


def followed(chat):
    return [entry["external_id"] for entry in export(chat)["follows"]]


def test_follows_are_united_and_given_back(chat, elsewhere):
    chat.says("/follow 신의 탑")
    elsewhere.says("/follow 신의 탑")
    elsewhere.says("/follow 쿠베라")

    linked(chat, elsewhere)
    assert sorted(followed(chat)) == ["1001", "1022"]

    elsewhere.press("↩️")
    assert followed(chat) == ["1001"]
    assert sorted(followed(elsewhere)) == ["1001", "1022"]


def test_what_was_followed_anew_in_between_stays_followed(chat, elsewhere, clock):
    elsewhere.says("/follow 쿠베라")
    linked(chat, elsewhere)
    undo = elsewhere.action("↩️")
    clock.now += timedelta(hours=1)
    chat.says("/unfollow 쿠베라")
    chat.says("/follow 쿠베라")

    elsewhere.presses(undo)

    assert followed(chat) == ["1022"]


def test_news_that_wait_go_along_and_come_back(chat, elsewhere):
    elsewhere.says("/follow 신의 탑")
    theirs = export_id(elsewhere)
    told_of(chat, elsewhere)

    linked(chat, elsewhere)
    assert waiting(chat) == [export_id(chat)]

    elsewhere.press("↩️")
    assert waiting(chat) == [theirs]


@pytest.mark.parametrize("told", ["mine", "theirs"])
def test_what_one_was_told_is_not_told_again_to_the_other(chat, elsewhere, told):
    told_of(chat, chat, elsewhere, letter=chat if told == "mine" else elsewhere)

    linked(chat, elsewhere)

    assert waiting(chat) == []


def test_alerts_that_one_switched_off_are_off_for_what_waits_too(chat, elsewhere):
    told_of(chat, chat)
    elsewhere.says("/alerts off")

    linked(chat, elsewhere)

    assert waiting(chat) == []


def test_the_account_that_gave_the_code_is_told(chat, elsewhere):
    linked(chat, elsewhere)

    with chat.world.database.read() as session:
        letter = session.execute(
            select(Outbox.platform, Outbox.user_id, Outbox.reader_id, Outbox.text)
        ).one()
    assert letter[:3] == ("telegram", chat.name, export_id(chat))
    assert letter.text.startswith("🔗 This account was just linked with one on Discord")


def test_a_round_in_which_both_were_goes_on_with_who_stays_in_it(chat):
    other = chat.as_("mina-2")
    chat.in_public().says("/together")
    for each in (chat, other):
        there = each.in_public()
        there.says("/together")
        there.press("✋")

    linked(chat, other)
    other.press("↩️")

    assert len(export(chat)["stored"]["party_member"]) == 1
    assert "party_member" not in export(other)["stored"]  # one tap away


def test_an_undo_after_the_undo_brings_in_nothing_of_the_others(chat, elsewhere, clock):
    chat.says("/dislike 신의 탑")
    clock.now += timedelta(minutes=1)
    elsewhere.says("/like 신의 탑")
    linked(chat, elsewhere)
    unlink = elsewhere.action("↩️")
    chat.says("/read 신의 탑")
    undo = chat.action("↩️")
    elsewhere.presses(unlink)

    chat.presses(undo)

    assert chat.verdicts() == {"1001": "dislike"}


def test_a_code_that_is_entered_again_and_again_does_not_live_longer(chat, elsewhere, clock):
    code = code_from(chat)
    for _ in range(2):
        elsewhere.says(f"/link {code}")
        clock.now += timedelta(minutes=9)

    assert elsewhere.says(f"/link {code}").text.startswith("That code has run out.")


def test_adult_works_on_which_they_differ_are_not_named_to_who_hides_them(chat, elsewhere):
    for each, verdict in ((chat, "like"), (elsewhere, "dislike")):
        each.says("/settings")
        each.press("🔞")
        each.says(f"/{verdict} 밤의 정원사")
        each.says("/settings")
        each.press("🙈")

    shown = elsewhere.says(f"/link {code_from(chat)}")

    assert "밤의 정원사" not in shown.text
    assert "Together: 1 work" in shown.text


def test_a_work_no_longer_followed_is_not_told_of(chat):
    chat.says("/follow 신의 탑")
    told_of(chat, chat)

    chat.says("/unfollow 신의 탑")

    assert waiting(chat) == []


def test_a_letter_that_is_written_and_says_so_is_taken_apart(chat, clock):
    chat.says("/follow 신의 탑")
    clock.now -= timedelta(hours=2)  # not yet evening
    happens(chat.world.database, chat.work("1001").id, [export_id(chat)], now=clock.now)
    chat.world.hearing.mailroom.compose(Platform.TELEGRAM, 5)
    assert len(written(chat.world.database)) == 1

    chat.says("/unfollow 신의 탑")

    assert written(chat.world.database) == []


def test_so_is_the_letter_of_a_week_to_who_wants_none_any_more(chat, clock):
    for title in ("신의 탑", "헬퍼", "덴마"):
        chat.says(f"/like {title}")
    clock.now -= timedelta(hours=2)
    a_week_begins(chat.world.database, [export_id(chat)], now=clock.now)
    chat.world.hearing.mailroom.compose(Platform.TELEGRAM, 5)
    assert len(written(chat.world.database)) == 1

    chat.says("/alerts weekly off")

    assert written(chat.world.database) == []


def test_who_can_be_told_in_a_chat_alone_is_told_there(chat):
    chat.says("/follow 신의 탑")
    mine = export_id(chat)
    with chat.world.database.write() as session:
        readers.closed(session, "telegram", chat.name, chat.world.clock.now)
        assert follows.followers(session, chat.work("1001").id) == []
        readers.choose(session, mine, alerts_to="telegram:-100")
        assert follows.followers(session, chat.work("1001").id) == [mine]
