"""Slates that are not all alike, and suggestions that fade when nobody answers them."""

import numpy as np
import pytest

from bot.conversation.taste import Taste, rank
from db.tables import Verdict
from recommender.rank import top
from tests.plugins.chat import ON_SQLITE, titles
from tests.plugins.library import SHELF

pytestmark = ON_SQLITE

# By score two of a slate would be comedies of everyday life.
LIKES = ("기기괴괴", "조선왕조실톡")
OFFERED = np.array([not facts.adult for facts in SHELF])


@pytest.fixture
def amused(chat):
    """Somebody to whom by score works of one kind would be shown."""
    for title in LIKES:
        chat.says(f"/like {title}")
    return chat


def by_score(chat):
    """The titles by score, with what is popular a little ahead after two likes, the best first."""
    library = chat.world.serving.library
    ids = tuple(work.id for work in library.works if work.title in LIKES)
    taste = Taste(dict.fromkeys(ids), ids, ())
    masked = ~OFFERED
    masked[[library.row_of[id_] for id_ in ids]] = True
    ahead = library.served.model.lean(len(ids))[library.served.columns]
    rows = top(rank(library, taste).scores + ahead, masked, len(library.works))
    return [library.works[row].title for row in rows]


def alike(chat, shown):
    """The mean similarity of these titles by content."""
    library = chat.world.serving.library
    rows = np.array([next(r for r, w in enumerate(library.works) if w.title == t) for t in shown])
    return library.content.cosines(rows, rows).sum() / (len(rows) * (len(rows) - 1))


def test_a_slate_is_less_alike_than_the_best_by_score(amused):
    best = by_score(amused)[:3]

    shown = titles(amused.says("/recommend"))

    assert set(best) == {"마음의소리", "윈드브레이커", "모죠의 일지"}
    assert set(best) & set(shown)
    assert alike(amused, shown) < alike(amused, best) / 2


def test_the_best_of_a_slate_comes_first(amused):
    places = {title: place for place, title in enumerate(by_score(amused))}
    for _ in range(3):  # two works further down share a title
        shown = [places[title] for title in titles(amused.says("/recommend"))]

        assert shown == sorted(shown)


def test_why_tells_of_a_work_that_was_moved_up(amused):
    """Only those of the slate that would not have been in it by their scores."""
    best = by_score(amused)
    shown = titles(amused.says("/recommend"))
    told = {title: "I moved it up" in amused.says(f"/why {title}").text for title in shown}

    assert told == {title: best.index(title) >= 3 for title in shown}
    assert any(told.values())


def test_a_newcomer_is_shown_three_kinds(chat):
    chat.as_("other").says("/like 신의 탑")
    chat.world.serving.refresh()
    facts = {f.url: f for f in SHELF}

    genres = [set(facts[card.url].genres) - {"스토리"} for card in chat.says("/recommend").cards]

    assert len(set.union(*genres)) == sum(map(len, genres))


def test_what_was_not_answered_comes_back_later_than_what_was_never_shown(chat, clock):
    """A week later it has lost a sixth of its score: a fifth, less what is forgotten by then."""
    chat.says("/like 신의 탑")
    first = titles(chat.says("/recommend"))

    clock.pass_(days=8)

    assert titles(chat.says("/recommend")) != first


def test_after_two_months_it_is_forgotten_that_something_was_not_answered(chat, clock):
    chat.says("/like 신의 탑")
    first = titles(chat.says("/recommend"))
    clock.pass_(days=8)
    assert titles(chat.says("/recommend")) != first

    clock.pass_(days=61)

    assert titles(chat.says("/recommend")) == first


def test_nothing_is_shown_twice_in_a_week_while_something_else_is_left(chat):
    chat.says("/like 신의 탑")
    offered = int(OFFERED.sum()) - 1
    shown = []
    for _ in range(offered // 3):
        shown += [card.url for card in chat.says("/recommend").cards]

    assert len(set(shown)) == len(shown)


def test_what_speaks_for_a_work_comes_before_what_does_not(chat):
    """Though being popular puts a work ahead, it says nothing of a reader's taste."""
    library = chat.world.serving.library
    for work in library.works:
        if work.title in LIKES:
            chat.says(f"/like {work.title}")
    ids = tuple(work.id for work in library.works if work.title in LIKES)
    speaks = rank(library, Taste(dict.fromkeys(ids), ids, ())).scores > 0
    of = {work.url: speaks[row] for row, work in enumerate(library.works)}

    told = []
    for _ in range(8):
        slate = [of[card.url] for card in chat.says("/recommend").cards]
        told += sorted(slate, reverse=True)

    assert told == sorted(told, reverse=True)


def test_who_only_dislikes_is_shown_less_of_that(chat):
    before = titles(chat.says("/recommend"))
    other = chat.as_("other")
    other.says(f"/dislike {before[0]}")
    library = chat.world.serving.library
    disliked = next(w for w in library.works if w.title == before[0])
    ranked = rank(library, Taste({disliked.id: Verdict.DISLIKE}, (), (disliked.id,)))

    row = library.row_of[disliked.id]
    near = library.content.cosines(np.arange(len(library.works)), np.array([row]))[:, 0]
    assert near.max() > 0.2
    np.testing.assert_allclose(ranked.scores, library.standing * (1 - near), rtol=1e-5)


def test_what_is_nearest_to_a_dislike_is_held_back_and_why_says_so(chat):
    """By its score it would be the first of the slate."""
    chat.says("/like 신의 탑")
    best = titles(chat.says("/recommend"))[0]
    library = chat.world.serving.library
    row = {work.title: row for row, work in enumerate(library.works)}
    near = library.served.model.near
    disliked = next(
        work.title
        for work in library.works
        if near[row[work.title], 0] == row[best] and work.title not in ("신의 탑", best)
    )
    other = chat.as_("other")
    other.says("/like 신의 탑")
    other.says(f"/dislike {disliked}")

    slates = [titles(other.says("/recommend"))]
    while best not in slates[-1]:
        slates.append(titles(other.says("/recommend")))

    assert len(slates) > 6
    told = other.press("💡", slates[-1].index(best)).text
    assert f"👎 It is much like {disliked}, so other works now come first." in told
    first = slates[0][0]
    assert "now come first" not in other.says(f"/why {first}").text
