"""The critiques under a slate: chosen for it, each narrows the next, each can be taken back."""

import numpy as np
import pytest

from bot.conversation import wish
from bot.conversation.wish import Wish
from tests.plugins.chat import ON_SQLITE, buttons_of, titles

pytestmark = ON_SQLITE

SIGNS = {"🏁", "🚫", "🔥", "💎", "🎲"}


def critiques(reply):
    """The critiques under the last card, by their signs."""
    return {
        button.label.split()[0]: button
        for button in buttons_of(reply.cards[-1].buttons)
        if button.label.split()[0] in SIGNS
    }


def shown(chat, reply):
    """The works of a reply's cards."""
    return [chat.world.serving.library.work(card.work_id) for card in reply.cards]


def steer(chat, sign):
    """Presses the critique with this sign under the last slate, showing others till it is there."""
    for _ in range(8):
        if sign in critiques(chat.last):
            return chat.presses(critiques(chat.last)[sign].action)
        chat.presses("r:")
    raise AssertionError(sign)


@pytest.fixture
def reader(chat):
    """Somebody of whom a little is known, with a slate before them."""
    for title in ("신의 탑", "노블레스"):
        chat.says(f"/like {title}")
    chat.says("/recommend")
    return chat


def test_under_every_slate_are_three_critiques(reader):
    for _ in range(3):
        assert len(critiques(reader.last)) == 3
        reader.press("🔄")


def test_somebody_unknown_is_offered_three_as_well(chat):
    assert len(critiques(chat.says("/recommend"))) == 3


def test_finished_only(reader):
    works = shown(reader, steer(reader, "🏁"))

    assert works
    assert all(work.finished for work in works)
    assert "🏁" not in critiques(reader.last)


def test_none_of_a_genre(reader):
    for _ in range(8):
        if "🚫" in critiques(reader.last):
            break
        reader.presses("r:")
    button = critiques(reader.last)["🚫"]
    genre = button.action.rpartition("-")[2]
    assert any(genre in work.genres for work in shown(reader, reader.last))

    works = shown(reader, reader.presses(button.action))

    assert works
    assert not any(genre in work.genres for work in works)


@pytest.mark.parametrize(("sign", "direction"), [("🔥", 1), ("💎", -1)])
def test_better_known_or_lesser_known_than_these(reader, sign, direction):
    library = reader.world.serving.library

    def renown(reply):
        return [int(library.renown[library.row_of[card.work_id]]) for card in reply.cards]

    for _ in range(8):
        if sign in critiques(reader.last):
            break
        reader.presses("r:")
    middle = sorted(renown(reader.last))[1]
    after = renown(reader.presses(critiques(reader.last)[sign].action))

    assert all(direction * (known - middle) >= 0 for known in after)


def test_something_else_entirely_is_unlike_what_was_shown(reader):
    library = reader.world.serving.library
    for _ in range(8):
        if "🎲" in critiques(reader.last):
            break
        reader.presses("r:")
    before = [library.row_of[card.work_id] for card in reader.last.cards]
    after = steer(reader, "🎲")
    rows = [library.row_of[card.work_id] for card in after.cards]

    alike = library.content.cosines(np.arange(len(library.works)), np.array(before)).max(axis=1)
    assert max(alike[rows]) <= sorted(alike)[len(alike) // 3]


def test_a_critique_stays_until_it_is_taken_back(reader):
    steer(reader, "🏁")
    assert reader.last.text == "🎛️ Now: finished"
    reader.press("🔄")
    assert reader.last.text == "🎛️ Now: finished"

    reader.press("✖️ finished")

    assert reader.last.text == ""
    assert reader.last.cards


def test_critiques_add_up_and_are_taken_back_singly(reader):
    reader.says("/recommend finished, -로맨스")

    assert reader.last.text == "🎛️ Now: finished · no romance"
    assert not any("로맨스" in work.genres for work in shown(reader, reader.last))
    reader.press("✖️ finished")
    assert reader.last.text == "🎛️ Now: no romance"


def test_each_critique_leads_to_another_slate(reader):
    before = titles(reader.last)
    for button in critiques(reader.last).values():
        assert titles(reader.presses(button.action)) != before


def test_no_critique_is_offered_that_leads_nowhere(reader):
    for _ in range(12):
        for button in critiques(reader.last).values():
            reply = reader.as_(reader.name).presses(button.action)
            assert reply.cards, button
        if reader.last.cards[-1].buttons and not critiques(reader.last):
            break
        reader.presses(next(iter(critiques(reader.last).values())).action)


def test_a_wish_that_leaves_too_little_to_steer_leads_to_something_else(reader):
    narrow = reader.says("/recommend 무협/사극")
    (different,) = critiques(narrow).values()

    elsewhere = reader.presses(different.action)

    assert different.label == "🎲 Something different"
    assert elsewhere.text == "🎛️ Now: something different"
    assert not set(titles(narrow)) & set(titles(elsewhere))


def test_where_nothing_is_left_it_is_said_what_to_relax(reader):
    reply = reader.says("/recommend 로맨스, 일상")

    assert reply.text == (
        "Nothing new is left for “romance · slice of life”. What shall I leave out?"
    )
    labels = [button.label for button in buttons_of(reply.buttons)]
    assert all(label.startswith("✖️ Drop “") and label.endswith(" left)") for label in labels)
    assert reader.press("✖️").cards


def test_where_no_single_condition_is_to_blame_all_of_them_go(reader):
    reply = reader.says("/recommend 일상, 액션, 로맨스, 스릴러")

    assert [button.label for button in buttons_of(reply.buttons)] == ["✨ No filters"]
    assert reader.press("✨").cards


def test_the_critiques_speak_korean(reader):
    mina = reader.as_(reader.name, language="ko")

    mina.says("/recommend 완결, -로맨스")

    assert mina.last.text == "🎛️ 지금 조건: 완결 · 로맨스 빼고"


@pytest.mark.parametrize(
    ("tokens", "token", "after"),
    [
        (("finished",), "ongoing", ("ongoing",)),
        (("로맨스",), "-로맨스", ("-로맨스",)),
        (("↑40", "로맨스"), "↓20", ("로맨스", "↓20")),
        (("≠1.2",), "≠3.4", ("≠3.4",)),
        (("로맨스",), "로맨스", ("로맨스",)),
    ],
)
def test_a_new_wish_replaces_what_it_contradicts(tokens, token, after):
    assert Wish(tokens).and_(token).tokens == after


@pytest.mark.parametrize("forged", ["↑", "↑x", "≠", "≠a.b", "↓٣", "≠" + "9" * 50])
def test_a_forged_measure_is_a_word_we_do_not_know(reader, forged):
    assert reader.says(f"/recommend {forged}").text.startswith("I don't know “")


def test_a_measure_of_works_that_are_gone_asks_for_nothing(reader):
    assert reader.says("/recommend ≠99999").cards


def test_every_token_has_its_words():
    assert wish.unlike([1, 22]) == "≠1.22"


def understood(reader, words):
    """How the answer to a wish begins; what is shown again may be said below."""
    return reader.says(f"/recommend {words}").text.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("판타지 -초능력", "fantasy · no superpowers"),
        ("-판타지 로맨스", "no fantasy · romance"),
        ("romance -fantasy", "romance · no fantasy"),  # and not romance fantasy
        ("- 로맨스", "no romance"),
        ("-slice of life 판타지", "no slice of life · fantasy"),
        ("-완결", "ongoing"),
        ("-ongoing", "finished"),
        ("판타지 -완결, -로맨스", "fantasy · ongoing · no romance"),
    ],
)
def test_a_sign_is_of_the_name_that_it_stands_before(reader, words, asked):
    assert understood(reader, words) == f"🎛️ Now: {asked}"


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("no comedy", "no comedy"),
        ("Without comedy", "no comedy"),
        ("not finished", "ongoing"),
        ("romance no fantasy", "romance · no fantasy"),  # and not romance fantasy
        ("no slice of life fantasy", "no slice of life · fantasy"),
        ("개그 빼고", "no comedy"),
        ("개그빼고 판타지", "no comedy · fantasy"),
        ("판타지 개그 말고", "fantasy · no comedy"),
        ("개그 제외, slice of life 제외하고", "no comedy · no slice of life"),
        ("-개그 빼고", "no comedy"),
    ],
)
def test_words_leave_out_the_one_name_that_they_stand_beside(reader, words, asked):
    assert understood(reader, words) == f"🎛️ Now: {asked}"


@pytest.mark.parametrize(
    ("words", "unknown"),
    [("no", "no"), ("no loud", "loud"), ("빼고", "빼고"), ("↑40 빼고", "빼고"), ("no ↑40", "↑40")],
)
def test_words_that_leave_out_nothing_are_not_known(reader, words, unknown):
    assert reader.says(f"/recommend {words}").text.startswith(f"I don't know “{unknown}”")


def test_a_name_that_begins_like_leaving_out_is_a_name(reader, monkeypatch):
    monkeypatch.setattr(wish, "terms", lambda: {"no comedy": "로맨스"})

    assert reader.says("/recommend no comedy").text == "🎛️ Now: romance"


def test_a_sign_before_nothing_is_a_word_we_do_not_know(reader):
    assert reader.says("/recommend 로맨스 -").text.startswith("I don't know “-”")


LONG = "-마법, -저승, -궁중, -동물, -우정, -공포, -탑"  # 52 bytes of 60
CUT = "✂️ I can't keep more than these in mind at once, so only they count."


def test_under_a_long_wish_are_only_critiques_that_fit_into_a_button(reader):
    before = reader.says(f"/recommend {LONG}").text
    offered = critiques(reader.last)

    assert offered
    for button in offered.values():
        assert reader.presses(button.action).text != before, button


def test_a_wish_too_long_for_a_button_is_cut_and_says_so(reader):
    whole = reader.says(f"/recommend {LONG}").text

    now, note = reader.says(f"/recommend {LONG}, -스릴러").text.splitlines()

    assert (now, note) == (whole, CUT)
    assert reader.press("🔄").text == now
