"""What two linked accounts are told, where, and what each refused, before and after an undo."""

import threading

import pytest
from sqlalchemy import select

from bot.conversation.context import HOME
from bot.conversation.events import Command, Platform
from bot.mailroom import said
from db import letters, news, readers
from db.reader_tables import News
from tests.bot.conversation.test_link import code_from, linked
from tests.fakes.waiting import blocked, eventually
from tests.plugins.chat import at_once, export
from tests.plugins.happenings import happens

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def delivered(world):
    """(chat, text) of each letter that goes out now."""
    room = world.hearing.mailroom
    found = []
    for platform in (Platform.TELEGRAM, Platform.DISCORD):
        room.compose(platform, 9)
        for letter in room.take(platform, 9):
            if going := room.going(platform, letter):
                room.arrived(platform, going)
                found.append((letter.user_id, said(letter).text))
    return found


def undo_link(chat):
    chat.says("/link")
    chat.press("↩️")


def settings(person):
    return export(person)["settings"]


def test_a_refusal_while_linked_is_for_both_when_they_part(chat, elsewhere, clock):
    linked(chat, elsewhere)
    clock.pass_(minutes=5)
    elsewhere.says("/settings")
    elsewhere.press("🚫")
    elsewhere.says("/alerts weekly off")
    elsewhere.says("/alerts off")

    undo_link(chat)

    for person in (chat, elsewhere):
        told = settings(person)
        assert (told["trains"], told["weekly"], told["alerts"]) == (False, False, "off")


def test_no_group_hears_what_the_other_account_follows_and_that_is_said_before(
    chat, elsewhere, clock
):
    elsewhere.in_public().says("/alerts here")
    chat.says("/follow 쿠베라")
    asked = elsewhere.says(f"/link {code_from(chat)}")
    elsewhere.press("🔗")
    happens(chat.world.database, chat.work("1022").id, [export(chat)["reader"]], now=clock.now)

    assert "News will come to your own chat" in asked.text
    ((where, _),) = delivered(chat.world)
    assert where != "town square"

    undo_link(chat)
    assert settings(elsewhere)["alerts_to"] == "discord:town square"
    assert settings(chat)["alerts_to"] is None


def test_a_group_that_the_giver_chose_is_chosen_again_when_they_part(chat, elsewhere):
    chat.in_public().says("/alerts here")
    linked(chat, elsewhere)
    together = settings(chat)["alerts_to"]

    undo_link(chat)

    assert (together, settings(chat)["alerts_to"]) == (None, "telegram:town square")


def test_what_was_told_while_linked_is_not_told_again_after_they_part(chat, elsewhere, clock):
    for person in (chat, elsewhere):
        person.says("/follow 신의 탑")
    both = [export(person)["reader"] for person in (chat, elsewhere)]
    happens(chat.world.database, chat.work("1001").id, both, now=clock.now)
    linked(chat, elsewhere)
    clock.pass_(seconds=5)
    elsewhere.says("/help")

    ((where, _),) = delivered(chat.world)
    undo_link(chat)
    clock.pass_(hours=12)

    assert where == elsewhere.name
    assert delivered(chat.world) == []


def test_what_was_told_in_a_group_stays_told_when_it_becomes_a_supergroup(chat, clock):
    world, bora = chat.world, chat.as_("bora")
    for person in (chat, bora):
        person.in_public().says("/alerts here")
        person.says("/alerts quiet off")
    bora.says("/alerts digest")
    both = [export(person)["reader"] for person in (chat, bora)]
    happens(world.database, chat.work("1001").id, both, now=clock.now)
    assert len(delivered(world)) == 1
    clock.pass_(minutes=10)
    happens(world.database, chat.work("1022").id, both[:1], now=clock.now)
    room = world.hearing.mailroom
    room.compose(Platform.TELEGRAM, 9)
    (letter,) = room.take(Platform.TELEGRAM, 9)
    room.moved(Platform.TELEGRAM, room.going(Platform.TELEGRAM, letter), "-100777")

    clock.pass_(hours=24)

    (moved, *more) = [letter for _ in range(2) for letter in delivered(world)]
    assert more == []
    assert moved[0] == "-100777"
    assert "쿠베라" in moved[1]


def test_a_digest_that_waits_for_its_turn_is_not_put_off_by_a_choice(chat, clock):
    clock.pass_(hours=-4)  # five in the afternoon, in Seoul
    chat.says("/alerts digest")
    happens(chat.world.database, chat.work("1001").id, [export(chat)["reader"]], now=clock.now)
    clock.pass_(hours=2, seconds=3)
    chat.world.hearing.mailroom.compose(Platform.TELEGRAM, 9)

    chat.says("/alerts quiet 23-7")

    assert len(delivered(chat.world)) == 1


@ON_POSTGRESQL
@pytest.mark.parametrize("what", ["apart", "doubted", "shut"])
def test_news_that_join_anothers_letter_are_not_lost_with_it(chat, clock, what, monkeypatch):
    world, bora = chat.world, chat.as_("bora")
    for person in (chat, bora):
        person.in_public().says("/alerts here")
        person.says("/alerts quiet off")
    one, other = (export(person)["reader"] for person in (chat, bora))
    happens(world.database, chat.work("1001").id, [one], now=clock.now)
    room = world.hearing.mailroom
    room.compose(Platform.TELEGRAM, 9)
    with world.database.write() as session:
        event = session.scalar(select(News.event_id))
        news.add(
            session, [other], f"event:{event}", event_id=event, now=clock.now, default_zone=HOME
        )
    if what != "apart":
        (letter,) = room.take(Platform.TELEGRAM, 9)
        letter = room.going(Platform.TELEGRAM, letter)
    deeds = {
        "apart": lambda: chat.says("/alerts off"),
        "doubted": lambda: room.doubted(Platform.TELEGRAM, letter),
        "shut": lambda: room.refused(Platform.TELEGRAM, letter, "kicked", shut=True),
    }
    beside = threading.Thread(target=deeds[what])

    def meanwhile(*told):
        found = untold(*told)
        beside.start()
        eventually(lambda: blocked(world.database), "the other's turn")
        return found

    untold = letters.untold
    monkeypatch.setattr(letters, "untold", meanwhile)
    room.compose(Platform.TELEGRAM, 9)
    beside.join()
    monkeypatch.undo()

    with world.database.read() as session:
        (left,) = session.execute(select(News.letter_id, News.doubt).where(News.reader_id == other))
    if what == "doubted":
        assert left.doubt  # told once more below the next one's
        return
    assert left.letter_id is None
    clock.pass_(days=1)
    assert [where for where, _ in delivered(world)].count("town square") == 1


@ON_POSTGRESQL
@pytest.mark.parametrize(("command", "button"), [("/link", "↩️"), ("/forget", "🗑️")])
def test_both_accounts_of_a_person_are_answered_who_act_at_once(
    chat, elsewhere, command, button, monkeypatch
):
    linked(chat, elsewhere)
    chat.says(command)
    action = chat.action(button)
    holding, real = threading.Event(), readers.spoke

    def spoke(session, platform, user_id, now):
        if platform == "discord" and not holding.is_set():
            holding.set()  # its account is held; the other's event now takes the reader
            eventually(lambda: blocked(chat.world.database), "the other's turn")
        return real(session, platform, user_id, now)

    monkeypatch.setattr(readers, "spoke", spoke)

    def presses():
        assert holding.wait(10)
        return chat.presses(action)

    replies = at_once(lambda: elsewhere.does(Command("like", "신의 탑")), presses)

    assert not any("try again" in reply.text for reply in replies)
    assert "busy" not in {heard.outcome for heard in chat.world.heard}
