"""The one line of reason on a card: true for few likes and many, old works and new."""

import re

from db.catalogue import Facts
from tests.plugins.chat import ON_SQLITE, titles
from tests.plugins.library import stock

pytestmark = ON_SQLITE

TWO = re.compile(r"💡 Because you liked .+ \(\d+%\)( and .+ \(\d+%\))?")


def test_a_reader_of_many_likes_is_told_the_strongest_of_them(chat):
    for work in chat.world.serving.library.works[:24]:
        if not work.adult:
            chat.says(f"/like #{work.id}")

    reply = chat.says("/recommend")

    assert all(TWO.fullmatch(card.reason) for card in reply.cards), reply.cards


def test_a_like_of_a_work_newer_than_the_model_counts_at_once(chat, database, clock):
    clock.pass_(seconds=1)
    stock(
        database,
        clock(),
        [Facts("naver", "5000", "새로운 탑", authors=("SIU",), genres=("판타지",))],
    )
    chat.world.serving.refresh()

    chat.says("/like 새로운 탑")
    reply = chat.says("/recommend")

    assert reply.text == ""
    assert titles(reply)[0] == "신의 탑"
    assert reply.cards[0].reason == "💡 Because you liked 새로운 탑 (100%)"
    assert titles(chat.says("/similar 새로운 탑"))[0] == "신의 탑"


def test_a_like_that_resembles_nothing_says_so(chat, database, clock):
    clock.pass_(seconds=1)
    stock(database, clock(), [Facts("naver", "5001", "홀로선것")])
    chat.world.serving.refresh()

    chat.says("/like 홀로선것")
    reply = chat.says("/recommend")

    assert reply.text.startswith("I found nothing connected with what you told me yet")
    assert len(reply.cards) == 3


def test_why_on_a_similar_card_speaks_of_the_same_work(chat):
    chat.says("/like 기기괴괴")
    chat.says("/similar 신의 탑")

    why = chat.press("💡")

    assert "💡 Close in kind to 신의 탑" in why.text
    assert "👍 신의 탑: +" in why.text
    assert "기기괴괴" not in why.text


def test_why_without_a_title_skips_what_was_shown_for_likeness(chat):
    chat.says("/like 신의 탑")
    recommended = titles(chat.says("/recommend"))[0]
    chat.says("/similar 여신강림")

    assert chat.says("/why").text.startswith(f"💡 Why {recommended.split(' (')[0]}")


def test_a_hidden_work_is_not_suggested_again_and_can_be_brought_back(chat):
    chat.says("/like 신의 탑")
    first = chat.says("/recommend")
    hidden = chat.presses(first.cards[0].buttons[1][2].action)

    later = [title for _ in range(12) for title in titles(chat.says("/recommend"))]

    assert hidden.cards[0].mark == "🙈 You hid this"
    assert titles(first)[0] not in later
    assert "🙈" in chat.says("/list").text
