"""/why: every part of a score, exactly."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.conversation.taste import Taste, explain, rank
from db.tables import Verdict
from tests.plugins.chat import ON_SQLITE, titles
from tests.plugins.library import activate, stock

pytestmark = ON_SQLITE

POINTS = re.compile(r"^(?P<emoji>[👍👎]) (?P<title>.+): (?P<points>[+-]\d\.\d{3})(?: \((\d+)%\))?$")


def told(text):
    """[(title, points, share or None)] and the total, as /why says them."""
    parts = [m for line in text.splitlines() if (m := POINTS.match(line))]
    total = float(re.search(r"^Total ([+-]\d\.\d{3})$", text, re.M)[1])
    return [(m["title"], float(m["points"]), m[4] and int(m[4])) for m in parts], total


def test_the_parts_sum_to_the_total_and_the_shares_to_a_hundred(chat):
    for line in ("/like 신의 탑", "/like 여신강림", "/like 기기괴괴", "/dislike 덴마"):
        chat.says(line)

    parts, total = told(chat.says("/why 노블레스").text)

    assert sum(points for _, points, _ in parts) == pytest.approx(total, abs=0.002)
    assert sum(share for _, _, share in parts if share) == pytest.approx(100, abs=2)
    assert [p for _, p, _ in parts] == sorted((p for _, p, _ in parts), reverse=True)


def test_a_like_taken_back_lowers_the_score_by_exactly_its_part(chat):
    for title in ("신의 탑", "여신강림", "나이트런"):
        chat.says(f"/like {title}")
    parts, before = told(chat.says("/why 노블레스").text)
    chat.says("/unlike 신의 탑")

    _, after = told(chat.says("/why 노블레스").text)

    part = next(points for title, points, _ in parts if title == "신의 탑")
    assert before - after == pytest.approx(part, abs=0.0021)  # three figures rounded


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_explanations_are_exact_for_any_verdicts(chat, data):
    library = chat.world.serving.library
    ids = [work.id for work in library.works]
    likes = tuple(data.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True)))
    rest = [i for i in ids if i not in likes]
    dislikes = tuple(data.draw(st.lists(st.sampled_from(rest), unique=True)) if rest else ())
    verdicts = dict.fromkeys(likes, Verdict.LIKE) | dict.fromkeys(dislikes, Verdict.DISLIKE)
    taste = Taste(verdicts, likes, dislikes)
    work = data.draw(st.sampled_from(ids))

    found = explain(library, taste, work)
    ranking = rank(library, taste.without(work))

    if found.policy == "popularity":
        assert found.parts == ()
    else:
        row = library.row_of[work]
        assert found.score == pytest.approx(float(ranking.scores[row]), abs=1e-5)
        assert found.score == pytest.approx(sum(p.points for p in found.parts), abs=1e-9)
        shares = sum(p.share for p in found.parts)
        assert shares == pytest.approx(1.0 if found.reasons else 0.0)


def test_negative_parts_are_told(chat):
    library = chat.world.serving.library
    here = library.row_of[chat.work("1001").id]
    model, column = library.served.model, library.served.columns[here]
    weights = model.weights[:, column]
    nearest, farthest = (library.works[row] for row in (weights.argmax(), weights.argmin()))
    chat.says(f"/dislike #{nearest.id}")
    chat.says(f"/like #{farthest.id}")

    parts, total = told(chat.says("/why 신의 탑").text)

    (taken,) = model.explain([], column, [int(weights.argmax())])
    assert taken < -0.36
    assert {title: points for title, points, _ in parts} == {
        nearest.title: pytest.approx(taken, abs=0.0006),
        farthest.title: pytest.approx(weights.min(), abs=0.0006),
    }
    assert total < 0
    assert "Nothing you told me speaks for it." in chat.last.text


def test_more_verdicts_than_fit_are_told_in_one_line_so_that_the_sum_stays_exact(chat):
    works = [w for w in chat.world.serving.library.works if not w.adult]
    for work in works[:14]:
        chat.says(f"/like #{work.id}")

    text = chat.says(f"/why #{works[20].id}").text
    rest = re.search(r"^… (\d+) others: ([+-]\d\.\d{3})$", text, re.M)
    parts, total = told(text)

    assert len(parts) + int(rest[1]) == 14
    assert sum(p for _, p, _ in parts) + float(rest[2]) == pytest.approx(total, abs=0.006)


def test_without_words_it_explains_the_first_card_of_the_last_slate(chat):
    chat.says("/like 신의 탑")
    first = titles(chat.says("/recommend"))[0]

    assert chat.says("/why").text.startswith(f"💡 Why {first}\n👍 신의 탑: +")


def test_the_button_on_a_card_explains_that_card(chat):
    chat.says("/like 신의 탑")
    second = titles(chat.says("/recommend"))[1]

    reply = chat.press("💡", card=1)

    assert reply.private
    assert reply.text.startswith(f"💡 Why {second}\n")


def test_nothing_suggested_yet_is_said(chat):
    assert chat.says("/why").text == "I haven't suggested anything yet. Start with /recommend."


def test_without_likes_it_says_how_many_readers_like_it(chat):
    text = chat.says("/why 신의 탑").text

    assert "I don't know what you like yet" in text
    assert re.search(r"^\d+\.\d% of readers like it\.$", text, re.M)


def test_what_one_has_judged_already_is_explained_by_the_rest(chat):
    chat.says("/like 신의 탑")
    chat.says("/like 노블레스")

    text = chat.says("/why 노블레스").text

    assert "You've told me about this one already." in text
    assert "👍 노블레스" not in text


def test_it_names_the_model_and_that_it_is_a_demo(bare_chat, digest):
    stock(bare_chat.world.database)
    activate(bare_chat.world.database, "first", digest, demo=True)
    bare_chat.world.serving.refresh()
    bare_chat.says("/like 신의 탑")

    lines = bare_chat.says("/why 노블레스").text.splitlines()

    assert lines[-2] == "Model: first"
    assert lines[-1].startswith("This is a demo model")


def test_content_says_that_it_is_content(unlearned_chat):
    unlearned_chat.says("/like 덴마")

    text = unlearned_chat.says("/why 나이트런").text

    assert "I compared genres, authors and keywords" in text
    assert re.search(r"^👍 덴마: \+0\.\d{3} \(100%\)$", text, re.M)
