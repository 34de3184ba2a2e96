"""What is said without a command: pleas, names of commands, addresses."""

import pytest

from db import catalogue
from db.catalogue import Facts
from tests.plugins.chat import ON_SQLITE, titles

pytestmark = ON_SQLITE


@pytest.mark.parametrize(
    "plea",
    [
        "추천",
        "추천해줘",
        "추천 해줘",
        "추천 좀 해주세요!",
        "추천 부탁해요",
        "recommend",
        "Recommend something please.",
        "please recommend me something",
    ],
)
def test_a_plea_is_answered_with_a_slate(chat, plea):
    assert len(chat.says(plea).cards) == 3


@pytest.mark.parametrize(
    "plea",
    [
        "로맨스 추천",
        "로맨스 추천해줘",
        "추천 로맨스",
        "recommend romance",
        "recommend me a romance",
    ],
)
def test_a_plea_may_name_a_kind(chat, plea):
    reply = chat.says(plea)

    assert reply.text.endswith("🎛️ Now: romance")
    assert len(reply.cards) == 3


@pytest.mark.parametrize(
    "plea",
    [
        "로맨스 빼고 추천해줘",
        "로맨스빼고 추천",
        "추천 로맨스 말고",
        "recommend me something without romance",
        "Recommend something without romance, please!",
    ],
)
def test_a_plea_may_leave_out_a_kind(chat, plea):
    assert chat.says(plea).text.endswith("🎛️ Now: no romance")


def test_a_plea_for_what_is_no_kind_is_a_title_that_is_looked_for(chat):
    assert chat.says("신의 탑 추천해줘").text == "Which one do you mean?"


def test_where_no_kind_is_left_the_plea_says_what_to_relax(chat):
    assert chat.says("로맨스 일상 추천해줘").text.startswith("Nothing new is left for")


@pytest.mark.parametrize(("words", "begins"), [("help", "This is what I"), ("Why?", "I haven't")])
def test_the_name_of_a_command_is_that_command(chat, words, begins):
    assert chat.says(words).text.startswith(begins)


def test_a_title_is_a_title_whatever_else_it_says(chat):
    with chat.world.database.write() as session:
        for number, title in enumerate(("Help", "오늘의 추천")):
            catalogue.upsert(session, [Facts("naver", f"700{number}", title)], chat.world.clock())
    chat.world.serving.refresh()

    assert titles(chat.says("help")) == ["Help"]
    assert titles(chat.says("오늘의 추천")) == ["오늘의 추천"]


@pytest.mark.parametrize("said", ["{}", "/like {}", "/search {}"])
def test_the_address_of_a_works_page_names_it(chat, said):
    address = "https://comic.naver.com/webtoon/list?titleId=1002&tab=mon"

    reply = chat.says(said.format(address))

    assert "여신강림" in (reply.text or reply.cards[0].title)


def test_the_address_of_a_work_that_is_not_here_is_not_found(chat):
    reply = chat.says("https://comic.naver.com/webtoon/list?titleId=99")

    assert reply.text.startswith("I found no work for")


@pytest.mark.parametrize("plea", ["추천" * 2000, " " * 4000 + "추천", "recommend " * 400])
def test_endless_pleas_are_no_trouble(chat, plea):
    assert chat.says(plea).text
