"""Every command by both of its names, in both languages."""

import pytest

from bot.conversation.commands import BY_NAME, COMMANDS, Takes
from bot.conversation.events import Command
from bot.conversation.texts import Language, say
from tests.plugins.chat import ON_SQLITE, buttons
from tests.plugins.library import SHELF

pytestmark = ON_SQLITE

ARGUMENT = {
    Takes.TITLE: "신의 탑",
    Takes.FILTER: "판타지",
    Takes.LANGUAGE: "English",
    Takes.DIAL: "niche",
    Takes.ALERTS: "digest",
    Takes.CODE: "AAAA-AAAA",
    Takes.LIST: "신의 탑\n덴마",
}
EXPECTED = {
    "start", "recommend", "search", "like", "dislike", "unlike", "read", "similar", "why",
    "list", "settings", "language", "dial", "taste", "link", "import",
    "follow", "unfollow", "following", "alerts",
    "together", "privacy", "export", "forget", "help",
}  # fmt: skip


def shape(reply):
    """What two answers to the same words have in common."""
    labels = [button.label for button in buttons(reply)]
    return (reply.text, [card.title for card in reply.cards], labels, bool(reply.document))


def test_these_are_the_commands():
    assert {spec.name for spec in COMMANDS} == EXPECTED
    assert len(BY_NAME) == 2 * len(COMMANDS)


def test_menus_show_the_eight_that_matter():
    assert sum(spec.menu for spec in COMMANDS) == 8


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.name)
def test_a_command_answers_alike_by_either_name(chat, spec, language):
    english, korean = (chat.as_(name, language=language) for name in ("one", "two"))
    argument = ARGUMENT.get(spec.takes, "")

    first = english.does(Command(spec.name, argument))
    second = korean.does(Command(spec.korean, argument))

    assert shape(first) == shape(second)
    assert first.text or first.cards
    assert say(language, "trouble.broken") != first.text


@pytest.mark.parametrize("language", Language)
def test_help_lists_every_command(chat, language):
    text = chat.as_("mina", language=language).says("/help").text

    lines = text.splitlines()
    assert [line.split(" ")[0] for line in lines if line.startswith("/")] == [
        f"/{spec.name}" for spec in COMMANDS
    ]
    assert all(f"({spec.korean})" in text for spec in COMMANDS)


def test_capitals_do_not_matter(chat):
    assert chat.says("/HELP").text == chat.says("/help").text


@pytest.mark.parametrize(
    ("tag", "language"),
    [("ko", "ko"), ("ko_KR.UTF-8", "ko"), ("en-US", "en"), ("ja", "en"), ("", "en"), (None, "en")],
)  # fmt: skip
def test_the_platform_decides_the_language(chat, tag, language):
    text = chat.as_("mina", language=tag).says("/list").text

    assert text == say(Language(language), "list.empty")


@pytest.mark.parametrize("word", ["ko", "한국어", "Korean", " 한국어 "])
def test_language_overrides_the_platform(chat, word):
    assert chat.says(f"/language {word}").text == "이제 한국어로 말할게요."
    assert chat.says("/list").text.startswith("아직 남기신 평가가 없어요.")


def test_language_without_a_word_asks_and_a_button_answers(chat):
    assert chat.says("/language").text == "Which language shall I speak?"

    chat.press("🇰🇷")

    assert chat.last.notice == "바꿨어요."
    assert chat.says("/help").text.startswith("이런 말을 알아들어요.")


def test_a_language_we_do_not_speak_is_said(chat):
    reply = chat.says("/language Klingon")

    assert reply.text == "I don't speak “Klingon” yet. Choose 한국어 or English."
    assert chat.says("/list").text.startswith("You haven't told me")


def test_particles_agree_with_the_title(chat):
    mina = chat.as_("mina", language="ko")

    assert mina.says("/like 신의 탑").text.startswith("👍 신의 탑을 ")
    assert mina.says("/like 덴마").text.startswith("👍 덴마를 ")
    assert mina.says("/dislike 노블레스").text.startswith("👎 노블레스는 ")


def test_privacy_says_what_is_stored_and_how_to_be_rid_of_it(chat):
    reply = chat.says("/privacy")

    assert reply.private
    assert [label.label.split()[0] for label in buttons(reply)] == ["📦", "🗑️", "🚫"]


def test_no_answer_ever_names_an_adult_work_by_itself(chat):
    adult = [facts.title for facts in SHELF if facts.adult]
    for spec in COMMANDS:
        reply = chat.does(Command(spec.name, ARGUMENT.get(spec.takes, "")))
        words = reply.text + " ".join(card.title for card in reply.cards)
        words += " ".join(button.label for button in buttons(reply))

        assert not any(title in words for title in adult), spec.name
