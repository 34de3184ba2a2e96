"""Works whose site has them no more: offered to nobody, and nothing that was said is lost."""

import pytest

from db import catalogue
from db.catalogue import Facts
from tests.plugins.chat import ON_SQLITE, buttons, titles
from tests.plugins.library import SHELF, stock

pytestmark = ON_SQLITE

TOWER, TRUE_BEAUTY, DENMA = "1001", "1002", "1014"


@pytest.fixture
def bury(chat):
    """Takes works off their site, and has the bot see it."""

    def bury(*external_ids):
        chat.world.clock.pass_(hours=1)
        with chat.world.database.write() as session:
            for external_id in external_ids:
                assert catalogue.bury(session, "naver", external_id, chat.world.clock())
        assert chat.world.serving.refresh()

    return bury


def come_back(chat, external_id):
    chat.world.clock.pass_(hours=1)
    stock(
        chat.world.database,
        chat.world.clock(),
        [facts for facts in SHELF if facts.external_id == external_id],
    )
    assert chat.world.serving.refresh()


def offered(chat, typed, command="like"):
    choices = chat.world.hearing.complete(chat.event(None).speaker, command, typed)
    return [choice.label for choice in choices]


def all_suggested(chat, command="/recommend"):
    """The titles of every slate until one brings nothing new."""
    seen, new = set(), True
    while new:
        new = set(titles(chat.says(command))) - seen
        seen |= new
    return seen


def test_it_is_neither_found_nor_completed_until_it_comes_back(chat, bury):
    bury(TOWER)
    gone = chat.says("/search 신의 탑"), chat.says("/like Tower of God"), chat.says("신의탑")
    typed = offered(chat, "신의")
    come_back(chat, TOWER)

    assert all("신의 탑 (Tower of God)" not in titles(reply) for reply in gone)
    assert not any("신의 탑" in button.label for reply in gone for button in buttons(reply))
    assert chat.verdicts() == {}
    assert typed == []
    assert titles(chat.says("/search 신의 탑")) == ["신의 탑"]
    assert offered(chat, "신의") == ["신의 탑 (Tower of God)"]


def test_of_two_works_of_one_name_the_one_that_is_left_is_clearly_meant(chat, bury):
    twins = chat.says("/search 봄날")
    bury("1026")

    assert len(buttons(twins)) == 2
    assert titles(chat.says("/search 봄날")) == ["봄날"]


def test_it_is_not_suggested_whatever_ranks(chat, bury):
    chat.says("/like 여신강림")
    newcomer, similar = chat.as_("newcomer"), chat.as_("similar")
    before = all_suggested(newcomer), all_suggested(chat)
    bury(TOWER, DENMA)

    for seen in before:
        assert {"신의 탑", "덴마"} <= seen
    for reader in (newcomer, chat):
        assert not {"신의 탑", "덴마"} & all_suggested(reader.as_(reader.name + " again"))
        assert not {"신의 탑", "덴마"} & all_suggested(reader)
    assert not {"신의 탑", "덴마"} & all_suggested(similar, "/similar 쿠베라")


def test_the_welcome_does_not_ask_about_it(chat, bury):
    (first,) = titles(chat.says("/start"))
    bury(next(facts.external_id for facts in SHELF if facts.title == first))
    asked = titles(chat.as_("other").says("/start"))

    assert asked
    assert asked != [first]


def test_a_genre_that_only_it_has_is_no_wish_any_more(chat, bury):
    before = titles(chat.says("/recommend 무협/사극")), offered(chat, "무협/사극", "recommend")
    bury("1011")

    assert before[0] == ["화산귀환"]
    assert len(before[1]) == 1
    assert chat.says("/recommend 무협/사극").cards == ()
    assert offered(chat, "무협/사극", "recommend") == []


def test_what_was_said_of_it_is_listed_counts_and_can_be_taken_back(chat, bury):
    chat.says("/like 신의 탑")
    before = [(card.title, card.reason) for card in chat.says("/recommend").cards]
    bury(TOWER)
    fresh = chat.as_("fresh")
    fresh.says("/like 여신강림")
    listed = chat.says("/list")
    chat.world.clock.pass_(days=61)  # by then it is forgotten that these were not answered
    after = [(card.title, card.reason) for card in chat.says("/recommend").cards]
    why = chat.press("💡", card=0)
    chat.says("/list")
    chat.press("↩️")

    assert "신의 탑" in listed.text
    assert after == before
    assert all(reason == "💡 Because you liked 신의 탑 (100%)" for _, reason in after)
    assert "신의 탑" in why.text
    assert chat.verdicts() == {}


def test_buttons_and_reactions_on_its_old_cards_still_work(chat, bury):
    other = chat.as_("other")
    card = chat.says("/recommend").cards[0]
    like, similar = chat.action("👍", card=0), chat.action("🔍", card=0)
    other.says("/recommend")
    message = other.posted(0)
    shown = next(facts.external_id for facts in SHELF if facts.url == card.url)
    bury(shown)

    chat.presses(like)
    other.reacts(message, "👎")

    assert chat.verdicts() == {shown: "like"}
    assert other.verdicts() == {shown: "dislike"}
    assert len(chat.presses(similar).cards) == 3


def test_a_work_that_is_new_is_found_as_soon_as_the_catalogue_has_it(chat):
    before = chat.says("/search 새로운 세계")
    chat.world.clock.pass_(hours=1)
    stock(chat.world.database, chat.world.clock(), [Facts("naver", "5000", "새로운 세계")])
    chat.world.serving.refresh()

    assert titles(before) == []
    assert titles(chat.says("/search 새로운 세계")) == ["새로운 세계"]


def test_when_everything_is_gone_the_catalogue_is_empty(chat, bury):
    bury(*(facts.external_id for facts in SHELF))

    for command in ("/recommend", "/start", "/similar 신의 탑"):
        assert chat.says(command).text.startswith("My catalogue is still empty.")
