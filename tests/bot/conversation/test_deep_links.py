"""/start with the name of a work behind it, as a link brings it."""

import pytest

from db import catalogue
from tests.plugins.chat import ON_SQLITE, buttons, titles
from tests.plugins.library import SHELF

pytestmark = ON_SQLITE
HELLO = "Hi! I find webtoons you will love. Here is the one you came for."
GONE = "The work behind this link is no longer here, so let's start with you."


def opens(chat, external_id):
    return chat.says(f"/start w_{chat.work(external_id).id}")


def test_somebody_new_sees_the_work_and_may_begin_the_welcome(chat):
    reply = opens(chat, "1014")
    question = chat.press("👋")

    assert reply.text.startswith(HELLO)
    assert titles(reply) == ["덴마"]
    assert "👍 Like" in [button.label for button in buttons(reply)]
    assert question.text.startswith("Hi! I find webtoons you will love. Let me ask")
    assert question.cards[0].reason == "How was this one? (1/5)"


def test_who_is_known_sees_the_work_alone(chat):
    chat.says("/like 신의 탑")

    reply = opens(chat, "1014")

    assert (reply.text, titles(reply), reply.buttons) == ("", ["덴마"], ())


def test_in_a_group_the_work_comes_with_a_word_of_who_we_are(chat):
    reply = opens(chat.in_public(), "1014")

    assert reply.text.startswith("Hi! I recommend webtoons: try /recommend")
    assert (titles(reply), reply.buttons) == (["덴마"], ())


@pytest.mark.parametrize("number", [999_999, 10**17])
def test_a_work_that_nobody_knows_is_said_and_the_usual_start_follows(chat, number):
    usual = chat.as_("other").says("/start").text

    reply = chat.says(f"/start w_{number}")

    assert reply.text == f"{GONE}\n{usual}"
    assert len(reply.cards) == 1


def test_so_is_one_that_is_gone(chat):
    with chat.world.database.write() as session:
        catalogue.bury(session, "naver", "1014", chat.world.clock.now)
    chat.world.clock.pass_(hours=1)
    chat.world.serving.refresh()

    assert opens(chat, "1014").text.startswith(GONE)


def test_a_work_for_adults_opens_only_to_who_asked_for_such(chat):
    adult = next(facts.external_id for facts in SHELF if facts.adult)

    refused = opens(chat, adult)
    chat.says("/settings")
    chat.press("🔞")
    shown, elsewhere = opens(chat, adult), opens(chat.in_public(), adult)

    assert refused.text.startswith("That is a work for adults, so it is hidden.")
    assert len(shown.cards) == 1
    assert elsewhere.text == "I don't show works for adults where others read along."
    assert (refused.cards, elsewhere.cards) == ((), ())


@pytest.mark.parametrize(
    "payload", ["w_", "w_x", "w_-1", "w_１", "x_1", "w_" + "9" * 19, "w_1 w_2"]
)
def test_what_names_no_work_is_the_usual_start(chat, payload):
    assert chat.says(f"/start {payload}").text.startswith("Hi! I find webtoons you will love. Let")


def test_only_cards_that_may_be_shared_name_their_work(chat):
    adult = next(facts for facts in SHELF if facts.adult)
    chat.says("/settings")
    chat.press("🔞")

    (open_to_all,) = chat.says("/search 덴마").cards
    (hidden,) = chat.says(f"/search {adult.title}").cards

    assert open_to_all.work_id == chat.work("1014").id
    assert hidden.work_id is None
