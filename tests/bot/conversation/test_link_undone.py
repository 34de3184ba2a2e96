"""What was linked and is undone: each has what is theirs, whatever happened in between."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.conversation import actions
from bot.conversation.events import Platform
from db import happenings
from db.reader_tables import News, PartyMember, ReaderLink
from tasks import pruning
from tests.bot.conversation.test_link import code_from, linked
from tests.plugins.chat import export, joins
from tests.plugins.happenings import happens, written


def id_of(chat):
    return export(chat)["reader"]


def to_be_told(chat):
    """(reader, key) of all news that wait."""
    with chat.world.database.read() as session:
        query = select(News.reader_id, News.key).where(News.letter_id.is_(None))
        return {(reader, key) for reader, key in session.execute(query)}


def news_for(*people):
    world = people[0].world
    work = people[0].work("1001").id
    happens(world.database, work, [id_of(each) for each in people], now=world.clock.now)


def test_a_code_that_one_did_not_enter_links_nothing(chat, elsewhere):
    code_from(chat)
    forged = actions.link("yes", 1, id_of(elsewhere))

    assert elsewhere.presses(forged).notice == "This button no longer works."
    assert [account["platform"] for account in export(elsewhere)["accounts"]] == ["discord"]


def test_what_both_were_to_be_told_waits_for_both_again(chat, elsewhere):
    news_for(chat, elsewhere)
    before = to_be_told(chat)

    linked(chat, elsewhere)
    assert len(to_be_told(chat)) == 1
    elsewhere.press("↩️")

    assert to_be_told(chat) == before


def test_alerts_that_are_off_for_one_took_nothing_from_the_other(chat, elsewhere):
    news_for(chat)
    elsewhere.says("/alerts off")
    before = to_be_told(chat)

    linked(chat, elsewhere)
    elsewhere.press("↩️")

    assert to_be_told(chat) == before


def test_news_of_what_is_pruned_by_then_stay_away(chat, elsewhere, clock, model_dir):
    news_for(chat, elsewhere)
    linked(chat, elsewhere)
    clock.now += timedelta(hours=23)
    later = clock.now + timedelta(days=60)
    pruning.prune(chat.world.database, model_dir, pruning.Retention(365, 5), clock.now)
    with chat.world.database.write() as session:
        happenings.prune(session, later)

    assert elsewhere.press("↩️").text.startswith("↩️ The accounts are separate again")
    assert to_be_told(chat) == set()


def test_no_letter_for_one_reaches_the_account_of_the_other(chat, elsewhere, clock):
    clock.now -= timedelta(hours=2)  # not yet evening
    linked(chat, elsewhere)
    clock.now += timedelta(minutes=1)
    elsewhere.says("/help")  # where the reader spoke last is where they are told
    news_for(elsewhere)
    mailroom = chat.world.hearing.mailroom
    mailroom.compose(Platform.DISCORD, 5)
    assert [where for where, _ in written(chat.world.database)] == ["discord:mina-d"]

    elsewhere.says("/link")
    elsewhere.press("↩️")

    assert written(chat.world.database) == []
    assert {reader for reader, _ in to_be_told(chat)} == {id_of(chat)}


def test_rounds_that_are_over_by_then_are_no_hindrance(chat, elsewhere, clock, model_dir):
    joins(chat.in_public(), elsewhere.as_("mina-d", platform="telegram", shared=True))
    clock.now += timedelta(hours=20)
    linked(chat, elsewhere)
    clock.now += timedelta(hours=10)
    pruning.prune(chat.world.database, model_dir, pruning.Retention(365, 5), clock.now)

    assert elsewhere.press("↩️").text.startswith("↩️ The accounts are separate again")


def test_who_left_a_round_in_between_is_not_in_it_again(chat, clock):
    other = chat.as_("mina-2")
    join = joins(other.in_public())
    linked(chat, other)
    undo = other.action("↩️")
    clock.now += timedelta(minutes=1)
    chat.in_public().presses(join)

    other.presses(undo)

    with chat.world.database.read() as session:
        assert session.scalars(select(PartyMember.name)).all() == []


def test_a_list_that_was_added_in_between_is_taken_back_by_who_has_it(chat, elsewhere):
    elsewhere.says("/import 신의 탑")
    add = elsewhere.action("📥")
    linked(chat, elsewhere)
    unlink = elsewhere.action("↩️")
    elsewhere.presses(add)
    undo = elsewhere.action("↩️")
    elsewhere.presses(unlink)
    assert (chat.verdicts(), elsewhere.verdicts()) == ({"1001": "like"}, {})

    chat.presses(undo)

    assert chat.verdicts() == {}


@pytest.mark.parametrize("again", [False, True])
def test_training_is_as_the_reader_last_wanted_it(chat, elsewhere, again):
    elsewhere.presses(actions.setting("trains", "off", id_of(elsewhere)))
    linked(chat, elsewhere)
    undo = elsewhere.action("↩️")
    if again:
        for flip in ("on", "off"):
            chat.presses(actions.setting("trains", flip, id_of(chat)))

    elsewhere.presses(undo)

    assert export(chat)["settings"]["trains"] is not again
    assert export(elsewhere)["settings"]["trains"] is False


def test_who_is_forgotten_afterwards_is_in_nobody_elses_links(chat, elsewhere):
    linked(chat, elsewhere)
    elsewhere.press("↩️")
    elsewhere.says("/forget")
    elsewhere.press("🗑️")

    with chat.world.database.read() as session:
        assert session.scalars(select(ReaderLink.former_id)).all() == []
