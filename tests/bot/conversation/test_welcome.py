"""/start: a welcome that leads to a first slate in a few taps."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.plugins.chat import ON_SQLITE, Chat, World, buttons, titles
from tests.plugins.library import activate, stock

pytestmark = ON_SQLITE

LABELS = {"l": "👍", "d": "👎", "n": "🤷"}


def is_question(reply):
    return any(button.label.startswith("⏭️") for button in buttons(reply))


def taps_to_a_slate(chat, answers):
    """How many taps /start takes with these answers, and the slate."""
    reply, taps = chat.says("/start"), 1
    for answer in answers:
        if not is_question(reply):
            break
        reply = chat.press(LABELS[answer])
        taps += 1
    return taps, reply


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
@example("nnnnn")
@example("ddddd")
@example("lllll")
@given(answers=st.text("ldn", min_size=5, max_size=5))
def test_every_way_through_the_questions_ends_in_a_slate_after_six_taps(chat, answers):
    reader = chat.as_(f"reader {next(chat.world.keys)}")

    taps, slate = taps_to_a_slate(reader, answers)

    assert taps == 6
    assert len(slate.cards) == 3
    assert not is_question(slate)
    if "l" in answers[: taps - 1]:
        assert slate.text == "Thank you! How about these?"
        assert all(card.reason.startswith("💡 Because") for card in slate.cards)
    elif "d" in answers[: taps - 1]:
        assert slate.text.startswith("So far I only know what isn't for you")
    else:
        assert slate.text.startswith("I don't know your taste yet")


def test_answers_are_kept_as_verdicts_and_not_asked_again(chat):
    first = titles(chat.says("/start"))
    second = titles(chat.press("👍"))
    third = titles(chat.press("👎"))
    chat.press("🤷")
    again = chat.says("/start")

    assert len({*first, *second, *third}) == 3
    assert sorted(chat.verdicts().values()) == ["dislike", "like"]
    assert again.text.startswith("Good to see you again! You've told me about 2 works so far.")
    assert titles(again) not in (first, second)


def test_questions_of_a_model_that_has_no_tree_differ_in_kind(chat):
    chat.world.serving.library.served.model.questions = None
    chat.says("/start")
    asked = [chat.last.cards[0]]
    while is_question(chat.press("🤷")):
        asked.append(chat.last.cards[0])

    assert len({card.url for card in asked}) == 5
    assert len({genre for card in asked for genre in card.lines[1].split(" · ")}) >= 6


def informative(chat, told):
    """Sets by hand what each work tells about a reader, the rest nothing: title -> how much."""
    served = chat.world.serving.library.served
    values = np.zeros(len(served.model.cold), dtype=np.float32)
    for title, value in told.items():
        row = next(n for n, w in enumerate(chat.world.serving.library.works) if w.title == title)
        values[served.columns[row]] = value
    served.model.informative, served.model.questions = values, None


def test_without_a_tree_it_asks_first_about_what_tells_most_of_a_reader(chat):
    informative(chat, {"나이트런": 4.0, "여신강림": 3.9, "덴마": 1.0})

    assert titles(chat.says("/start")) == ["나이트런"]
    assert titles(chat.press("🤷")) == ["여신강림"]


def test_what_is_like_an_earlier_question_is_asked_later(chat):
    """Both of these are about science fiction; a third tells nearly as much as the second."""
    informative(chat, {"나이트런": 4.0, "덴마": 3.9, "여신강림": 3.8})

    assert titles(chat.says("/start")) == ["나이트런"]
    assert titles(chat.press("🤷")) == ["여신강림"]


def test_a_model_of_before_asks_about_the_best_known(chat):
    informative(chat, {})
    chat.world.serving.library.served.model.informative = None
    other = chat.as_("other")
    other.says("/like 덴마")
    chat.world.serving.refresh()

    assert titles(chat.says("/start")) == titles(chat.as_("third").says("/start"))


def test_one_tap_leaves_for_the_recommendations(chat):
    chat.says("/start")

    slate = chat.press("⏭️")

    assert len(slate.cards) == 3
    assert slate.replaces


def test_the_question_says_how_many_there_are(chat):
    assert chat.says("/start").cards[0].reason == "How was this one? (1/5)"
    assert chat.press("🤷").cards[0].reason.startswith("How was this one? (2/5)\n")


def test_a_demo_model_is_announced(bare_chat, digest):
    stock(bare_chat.world.database)
    activate(bare_chat.world.database, "first", digest, demo=True)
    bare_chat.world.serving.refresh()

    assert "demo model" in bare_chat.says("/start").text
    assert "데모 모델" in bare_chat.as_("mina", language="ko").says("/start").text


def test_a_real_model_is_not_called_a_demo(chat):
    assert "demo" not in chat.says("/start").text


def test_a_double_tap_neither_skips_a_question_nor_shows_two_slates(chat):
    chat.says("/start")
    first = chat.action("👍")
    second = chat.presses(first)

    assert chat.presses(first).cards == ()  # the question stands already
    assert is_question(second)

    chat.last = second
    last = chat.action("⏭️")
    assert len(chat.presses(last).cards) == 3
    assert chat.presses(last).cards == ()


@pytest.mark.parametrize("answers", ["", "nnnn"])
@pytest.mark.parametrize("between", ["/similar 신의 탑", "/recommend"])
def test_another_slate_in_between_is_not_the_one_it_leads_to(chat, answers, between):
    chat.says("/start")
    for answer in answers:
        chat.press(LABELS[answer])
    on = chat.action("👍" if answers else "⏭️")
    chat.says(between)

    assert len(chat.presses(on).cards) == 3
    assert chat.presses(on).cards == ()


def test_where_others_read_along_it_asks_nothing(chat):
    reply = chat.in_public().says("/start")

    assert reply.cards == ()
    assert reply.text.startswith("Hi! I recommend webtoons")


def test_it_works_without_a_model(unlearned_chat):
    taps, slate = taps_to_a_slate(unlearned_chat, "lnnnn")

    assert taps == 6
    assert len(slate.cards) == 3
    assert "no trained model" in slate.text


def test_an_answer_given_twice_counts_once_and_may_be_changed(chat):
    chat.says("/start")
    like, dislike = chat.action("👍"), chat.action("👎")
    chat.presses(like)
    chat.presses(like)
    assert list(chat.verdicts().values()) == ["like"]

    chat.presses(dislike)
    assert list(chat.verdicts().values()) == ["dislike"]


def test_a_thumb_on_a_question_counts_and_leaves_the_question_standing(chat):
    chat.says("/start")
    question = chat.last
    message = chat.posted()

    assert chat.reacts(message, "👍") is None

    assert list(chat.verdicts().values()) == ["like"]
    chat.last = question
    assert is_question(chat.press("🤷"))


def test_a_tiny_catalogue_runs_out_of_questions_gracefully(database, model_dir, clock):
    from tests.plugins.library import SHELF

    stock(database, works=SHELF[:4])
    chat = Chat(World(database, model_dir, clock))
    chat.world.serving.refresh()
    chat.says("/start")

    while is_question(chat.press("🤷")):
        pass

    assert len(chat.last.cards) == 3
