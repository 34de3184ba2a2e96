"""What the welcome asks: the model's tree, its way down it, and what stands beside a question."""

import numpy as np
import pytest

from tests.bot.conversation.test_welcome import is_question
from tests.plugins.chat import ON_SQLITE, titles

pytestmark = ON_SQLITE

TREE = (
    "나이트런",  # then, by whether it is liked, disliked, or not read:
    *("덴마", "여신강림", "노블레스"),
    *("쿠베라", "헬퍼", "봄날"),  # below 덴마
    *("연애혁명", "스위트홈", "화산귀환"),  # below 여신강림
    *("독립일기", "기기괴괴", "모죠의 일지"),  # below 노블레스
)


@pytest.fixture
def asking(chat):
    """A chat whose model asks by TREE."""
    plant(chat, TREE)
    return chat


def plant(chat, tree):
    library = chat.world.serving.library
    first = {work.title: row for row, work in reversed([*enumerate(library.works)])}
    rows = [int(library.served.columns[first[title]]) for title in tree]
    library.served.model.questions = np.array(rows, dtype=np.int32)


def asked(reply):
    assert is_question(reply)
    return titles(reply)[0]


def beside(reply):
    """What stands beside a question: its first word and the titles."""
    _, line = reply.cards[0].reason.split("\n")
    said, _, named = line.partition(": ")
    return said, named.split(" (new: ")[0].split(" · ")


@pytest.mark.parametrize(
    ("answers", "way"),
    [
        ("👍👎", ["나이트런", "덴마", "헬퍼"]),
        ("👎👍", ["나이트런", "여신강림", "연애혁명"]),
        ("🤷🤷", ["나이트런", "노블레스", "모죠의 일지"]),
    ],
)
def test_each_answer_leads_to_the_question_that_the_model_has_for_it(asking, answers, way):
    found = [asked(asking.says("/start"))]
    found += [asked(asking.press(answer)) for answer in answers]

    assert found == way


def test_when_the_tree_ends_it_asks_what_tells_most_by_itself(asking):
    asking.says("/start")
    seen = [*titles(asking.last), *(asked(asking.press("🤷")) for _ in range(4))]

    assert seen[:3] == ["나이트런", "노블레스", "모죠의 일지"]
    assert len(set(seen)) == 5


def test_what_was_said_before_is_not_asked_and_leads_on_as_an_answer_would(asking):
    asking.says("/dislike 나이트런")
    asking.says("/like 여신강림")

    assert asked(asking.says("/start")) == "연애혁명"


def test_what_is_for_adults_is_not_asked_even_of_those_who_want_such_works(asking):
    plant(asking, ("밤의 정원사", "덴마", "헬퍼", "노블레스"))
    asking.says("/settings")
    asking.press("🔞")

    assert asked(asking.says("/start")) == "노블레스"


def test_a_question_left_standing_is_asked_again_with_its_number(asking):
    asking.says("/start")
    standing = asking.press("👍")
    again = asking.says("/start")

    assert again.text.startswith("Good to see you again! You've told me about 1 work so far.")
    assert asked(again) == "덴마"
    assert again.cards[0].reason.startswith("How was this one? (2/5)")
    assert again.impressions == standing.impressions
    assert asked(asking.press("👎")) == "헬퍼"


def test_a_question_that_was_answered_by_a_command_is_passed(asking):
    asking.says("/start")
    asking.says("/like 나이트런")

    again = asking.says("/start")

    assert asked(again) == "덴마"
    assert again.cards[0].reason.startswith("How was this one? (2/5)")


def test_whoever_left_for_recommendations_begins_a_round_anew_and_is_asked_nothing_twice(asking):
    asking.says("/start")
    asking.press("🤷")
    asking.says("/recommend")

    again = asking.says("/start")

    assert asked(again) == "모죠의 일지"
    assert again.cards[0].reason == "How was this one? (1/5)"


def test_a_question_left_for_another_command_still_takes_its_answer(asking):
    asking.says("/start")
    action = asking.action("👍")
    asking.says("/recommend")

    assert asked(asking.presses(action)) == "덴마"
    assert list(asking.verdicts().values()) == ["like"]


def test_after_two_months_a_work_may_be_asked_about_again(asking, clock):
    asking.says("/start")
    asking.press("🤷")
    asking.says("/recommend")
    clock.pass_(days=61)

    assert asked(asking.says("/start")) == "나이트런"


def test_the_question_shows_what_would_be_recommended_after_each_answer(asking):
    first = asking.says("/start")
    second = asking.press("👍")
    _, named = beside(second)
    slate = titles(asking.press("⏭️"))

    assert "\n" not in first.cards[0].reason
    assert beside(second)[0] == "✨ So far"
    assert len(named) == 3
    assert set(slate) - set(titles(second)) <= set(named)


def test_it_says_what_an_answer_changed_and_what_not(asking):
    asking.says("/start")
    _, before = beside(asking.press("👍"))
    said, same = beside(asking.press("🤷"))
    liked = asking.press("👍")
    _, now = beside(liked)
    _, _, new = liked.cards[0].reason.removesuffix(")").partition("(new: ")

    assert (said, same) == ("✨ Still", before)
    assert 0 < len(new.split(" · ")) < 3
    assert set(new.split(" · ")) <= set(now) - set(same)


def test_who_has_read_nothing_changed_nothing(asking):
    asking.says("/start")

    said = [beside(asking.press("🤷"))[0] for _ in range(4)]

    assert said == ["✨ So far", "✨ Still", "✨ Still", "✨ Still"]


def test_a_first_like_may_change_everything(asking):
    asking.says("/start")
    asking.press("🤷")

    assert beside(asking.press("👍"))[0] == "✨ Quite different now"


def test_it_says_so_in_korean(asking):
    mina = asking.as_("mina", language="ko")
    mina.says("/start")
    line = mina.press("👍").cards[0].reason

    assert line.startswith("이 작품, 어떠셨어요? (2/5)\n✨ 지금 추천한다면: ")
    assert mina.press("🤷").cards[0].reason.split("\n")[1].startswith("✨ 추천은 그대로예요: ")


def test_a_button_that_names_no_works_is_stale_and_says_nothing(asking):
    (question,) = asking.says("/start").impressions

    assert asking.presses(f"w:l:{question}:x").notice == "This button no longer works."
    assert asking.verdicts() == {}


def test_what_is_asked_is_not_named_beside_its_own_question(chat):
    chat.says("/start")
    for _ in range(4):
        reply = chat.press("🤷")
        assert asked(reply) not in beside(reply)[1]
