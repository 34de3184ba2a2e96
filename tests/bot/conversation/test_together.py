"""/together: a round in a chat, and who is in."""

from itertools import pairwise

import pytest

from bot.conversation.texts import Language, say
from tests.plugins.chat import at_once, buttons, export, joins

ASK = "👥 Who wants to join? Tap ✋"
STALE = "This button no longer works."


@pytest.fixture
def anna(chat):
    return chat.as_("anna", shared=True)


@pytest.fixture
def ben(chat):
    return chat.as_("ben", shared=True)


def test_a_round_is_one_for_a_chat_and_shown_to_whoever_asks(chat, anna, ben):
    opened, again = anna.says("/together"), ben.says("/together")

    assert (opened.text, opened.private, opened.replaces) == (ASK, False, False)
    assert [b.label for b in buttons(opened)] == ["✋ I'm in", "🎬 Pick now"]
    assert [b.action for b in buttons(again)] == [b.action for b in buttons(opened)]


def test_a_tap_joins_and_another_leaves_and_everybody_sees_who_is_in(chat, anna, ben, clock):
    action = joins(anna)

    joined = ben.presses(action)
    clock.pass_(seconds=3)
    left = anna.presses(action)

    assert joined.text == f"{ASK}\nIn so far (2): Anna, Ben"
    assert (joined.notice, joined.replaces, joined.for_all) == ("✋ You're in.", True, True)
    assert left.text == f"{ASK}\nIn so far (1): Ben"
    assert left.notice == "👋 You're out again. Another tap, and you're back."


def test_a_double_tap_is_one(chat, anna, ben):
    action = joins(anna)

    again = anna.presses(action)

    assert (again.text, again.notice, again.private) == ("", "✋ You're in.", True)
    assert ben.presses(action).text.endswith("In so far (2): Anna, Ben")


def test_the_message_keeps_its_language_and_the_word_to_each_is_in_theirs(chat, anna):
    action = joins(anna)

    reply = chat.as_("minjun", shared=True, language="ko").presses(action)

    assert reply.text == f"{ASK}\nIn so far (2): Anna, Minjun"
    assert reply.notice == "✋ 참여했어요."


def test_where_nobody_reads_along_it_tells_how_to_use_it(chat):
    reply = chat.says("/together")

    assert reply.text == say(Language.ENGLISH, "together.private")
    assert reply.buttons == ()


def test_who_tap_at_once_are_all_in_and_the_last_message_says_so(chat, anna):
    anna.says("/together")
    action = anna.action("✋")
    people = [chat.as_(f"p{n}", shared=True) for n in range(4)]

    replies = at_once(*(lambda person=person: person.presses(action) for person in people))

    names = sorted((set(reply.text.split(": ")[1].split(", ")) for reply in replies), key=len)
    assert [len(those) for those in names] == [1, 2, 3, 4]
    assert all(fewer < more for fewer, more in pairwise(names))


def test_a_round_is_over_after_twelve_hours_and_the_next_has_nobody_in_it(chat, anna, ben, clock):
    action = joins(anna)
    clock.pass_(hours=12)

    late = ben.presses(action)
    new = ben.says("/together")

    assert late.notice == "This round is over. Begin a new one with /together."
    assert new.text == ASK
    assert anna.presses(action).notice == late.notice
    assert ben.press("✋").text == f"{ASK}\nIn so far (1): Ben"


def test_a_round_of_another_chat_is_out_of_reach(chat, anna):
    action = joins(anna)

    private = chat.as_("ben").presses(action)
    elsewhere = chat.as_("ben", shared=True, platform="discord").presses(action)

    assert private.notice == elsewhere.notice == STALE
    assert anna.says("/together").text.endswith("In so far (1): Anna")


@pytest.mark.parametrize("action", ["t", "t:j", "t:j:{}", "t:j:{}:fr", "t:x:{}", "t:o:{}", "t:p"])
def test_what_no_button_of_a_round_carries_is_stale(chat, anna, action):
    joins(anna)

    assert anna.presses(action.format(1)).notice == STALE


def test_twenty_five_can_be_in_and_no_more(chat, anna):
    action = joins(anna, *(chat.as_(f"p{n}", shared=True) for n in range(2, 26)))

    late = chat.as_("late", shared=True).presses(action)
    reply = anna.presses(action.replace("t:j", "t:p").removesuffix(":en"))

    assert late.notice == "The round is full: at most 25 can be in."
    assert all(len(card.reason.splitlines()) == 25 for card in reply.cards)


def test_who_is_forgotten_is_out_and_their_name_with_them(chat, anna, ben):
    action = joins(ben, anna)
    exported = export(anna)["stored"]["party_member"]
    anna.says("/forget")
    anna.press("🗑️")

    reply = chat.as_("cho", shared=True).presses(action)

    assert [entry["name"] for entry in exported] == ["Anna"]
    assert reply.text == f"{ASK}\nIn so far (2): Ben, Cho"
    assert "rounds" not in export(anna)


# Fillers of Hangul, an empty pattern of Braille, a note without a head, a joiner, marks alone.
BLANK = "\u3164\uffa0\u115f\u1160\u2800\U0001d159\u034f\u17b5\ufe0f\u0301\u3000"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Anna", "Anna"),
        ("  안나\n 킴\t", "안나 킴"),
        ("x" * 50, "x" * 31 + "…"),
        ("a\x00\x1b[31m\u202eb", "a [31m b"),
        ("@everyone", "＠everyone"),
        ("/forget evil.example", "／forget evil․example"),
        ("Dr. No", "Dr. No"),
        ("\u200b", "somebody"),
        ("", "somebody"),
        *((blank * 2, "somebody") for blank in BLANK),
        ("김\u3164철수", "김 철수"),
        ("❤\ufe0f", "❤\ufe0f"),
    ],
)
def test_names_are_printable_short_and_not_to_be_tapped(chat, name, shown):
    anna = chat.as_("anna", shared=True)
    anna.called = name
    anna.says("/together")

    assert anna.press("✋").text == f"{ASK}\nIn so far (1): {shown}"
