"""The slot for works that hardly anybody has rated: labelled, drawn by chance, and logged."""

import re
from itertools import pairwise

import numpy as np
import pytest
from sqlalchemy import select

from db.catalogue import Facts
from db.tables import Impression
from recommender import exploration
from tests.plugins.chat import ON_SQLITE, titles
from tests.plugins.library import stock

pytestmark = ON_SQLITE

LABEL = "🆕 Hardly anyone has rated it yet. "
NEAR = Facts("naver", "5000", "새로운 탑", authors=("SIU",), genres=("판타지",))
ALSO_NEAR = Facts("naver", "5001", "다른 탑", genres=("스토리", "판타지"), keywords=("탑", "성장"))
FAR = Facts("naver", "5002", "새 개그", genres=("에피소드", "개그"), keywords=("병맛", "역사"))
ADULT = Facts("naver", "5003", "밤의 탑", authors=("SIU",), genres=("판타지",), adult=True)


@pytest.fixture
def newer(chat, database, clock):
    """Puts works into the catalogue that are newer than the model."""

    def add(*works):
        clock.pass_(seconds=1)
        stock(database, clock(), works)
        chat.world.serving.refresh()

    return add


def logged(chat, policy="new"):
    """The cards that were shown by this policy, oldest first."""
    with chat.world.database.read() as session:
        query = select(*Impression.__table__.columns).where(Impression.policy == policy)
        return session.execute(query.order_by(Impression.id)).all()


def test_the_last_card_of_a_slate_is_a_new_work_and_says_so(chat, newer):
    newer(NEAR)
    chat.says("/like 신의 탑")
    reply = chat.says("/recommend")

    assert len(reply.cards) == 3
    assert titles(reply)[2] == "새로운 탑"
    assert reply.cards[2].reason == LABEL + "💡 Because you liked 신의 탑 (100%)"
    assert not any(card.reason.startswith("🆕") for card in reply.cards[:2])
    (card,) = logged(chat)
    assert (card.position, card.propensity, card.rank) == (2, 1.0, None)


def test_the_label_is_korean_for_koreans(chat, newer):
    newer(NEAR)
    mina = chat.as_("mina", language="ko")
    mina.says("/like 신의 탑")

    assert (
        mina.says("/recommend")
        .cards[2]
        .reason.startswith("🆕 아직 평가가 거의 없는 작품이에요. 💡")
    )


def test_a_work_that_the_model_knows_by_content_alone_is_new_too(chat):
    """As if nobody had liked the two works nearest to what mina likes."""
    library = chat.world.serving.library
    cold = library.served.model.cold.copy()
    rows = [library.row_of[chat.work(id_).id] for id_ in ("1012", "1022")]
    cold[library.served.columns[rows]] = True
    library.served.model.cold = cold
    chat.says("/like 신의 탑")

    reply = chat.says("/recommend")

    assert reply.cards[2].reason.startswith(LABEL)
    assert titles(reply)[2] in ("전지적 독자 시점", "쿠베라")


def test_who_likes_nothing_is_shown_none(chat, newer):
    newer(NEAR)
    chat.says("/recommend")

    assert logged(chat) == []


def test_what_is_not_near_to_what_one_likes_is_not_shown(chat, newer):
    newer(FAR)
    chat.says("/like 신의 탑")
    chat.says("/recommend")

    assert logged(chat) == []


def test_a_dislike_makes_a_new_work_less_near(chat, newer):
    newer(NEAR)
    chat.says("/like 노블레스")
    chat.says("/dislike 신의 탑")
    chat.says("/recommend")

    assert logged(chat) == []


def test_new_works_for_adults_stay_with_adults(chat, newer):
    newer(ADULT)
    chat.says("/like 신의 탑")
    chat.says("/recommend")

    assert logged(chat) == []


def test_a_wish_holds_for_the_new_work_too(chat, newer):
    newer(NEAR)
    chat.says("/like 신의 탑")

    assert "새로운 탑" not in titles(chat.says("/recommend 로맨스"))
    assert "새로운 탑" in titles(chat.says("/recommend 판타지"))


def test_without_a_model_everything_is_new_and_nothing_is_called_so(unlearned_chat):
    unlearned_chat.says("/like 신의 탑")
    reply = unlearned_chat.says("/recommend")

    assert not any(card.reason.startswith("🆕") for card in reply.cards)


def test_a_model_that_knows_no_ratings_calls_nothing_new(chat):
    model = chat.world.serving.library.served.model
    model.cold = np.ones_like(model.cold)
    chat.says("/like 신의 탑")
    chat.says("/recommend")

    assert logged(chat) == []
    assert len(logged(chat, "content")) == 3


def test_a_new_work_is_not_shown_again_within_a_week(chat, newer, clock):
    newer(NEAR)
    chat.says("/like 신의 탑")
    for _ in range(3):
        chat.says("/recommend")
    assert len(logged(chat)) == 1

    clock.pass_(days=8)
    chat.says("/recommend")

    assert len(logged(chat)) == 2


def test_what_is_logged_is_the_chance_it_was_drawn_with_and_can_be_drawn_again(chat, newer):
    newer(NEAR, ALSO_NEAR)
    chat.says("/like 신의 탑")
    chat.says("/recommend")
    library = chat.world.serving.library
    liked = [library.row_of[chat.work("1001").id]]
    near = {id_: library.content.scores_of(liked)[library.row_of[chat.work(id_).id]]
            for id_ in ("5000", "5001")}  # fmt: skip
    candidates = sorted(near, key=near.get, reverse=True)
    nothing = np.zeros(2)
    best = library.content.scores_of(liked).max()
    nearness = np.array([near[id_] for id_ in candidates]) / best

    chances = exploration.propensities(*exploration.posterior(nearness, nothing, nothing, nothing))
    (card,) = logged(chat)
    drawn = exploration.draw(chances, np.random.default_rng(int(card.slate, 16)))

    assert card.webtoon_id == chat.work(candidates[drawn]).id
    assert card.propensity == pytest.approx(chances[drawn])


def test_what_readers_say_of_a_new_work_shifts_its_chances(chat, newer):
    """Two works alike in all that is known, one of which everybody likes who is shown it."""
    twins = [
        Facts("naver", str(6000 + n), title, genres=("스토리", "판타지"), keywords=("탑",))
        for n, title in enumerate(("하늘 탑", "바다 탑"))
    ]
    newer(*twins)
    loved = chat.work("6000").id
    for number in range(12):
        reader = chat.as_(f"reader {number}")
        reader.says("/like 신의 탑")
        reader.says("/recommend")
        reader.press("👍" if logged(chat)[-1].webtoon_id == loved else "👎", card=2)

    shown = logged(chat)
    assert shown[0].propensity == pytest.approx(0.5)
    chances = [
        card.propensity if card.webtoon_id == loved else 1 - card.propensity for card in shown
    ]
    assert all(before < after for before, after in pairwise(chances))
    assert chances[-1] > 0.8  # 0.82 where the loved one was drawn each time


def test_why_explains_a_work_newer_than_the_model_exactly_and_says_that_it_was_drawn(chat, newer):
    newer(NEAR)
    chat.says("/like 신의 탑")
    chat.says("/recommend")

    text = chat.press("💡", card=2).text

    part = re.search(r"^👍 신의 탑: \+(0\.\d{3}) \(100%\)$", text, re.M)
    assert f"Total +{part[1]}" in text
    assert "This one was drawn with a chance of 100%." in text


def test_new_cards_are_counted_by_their_own_name(chat, newer):
    newer(NEAR)
    chat.says("/like 신의 탑")
    chat.says("/recommend")

    shown = [(card.policy, card.position) for card in chat.world.heard[-1].noted.cards]

    assert shown == [("ease", 0), ("ease", 1), ("new", 2)]


def test_the_label_stays_when_the_card_is_answered(chat, newer):
    newer(NEAR)
    chat.says("/like 신의 탑")
    chat.says("/recommend")

    (card,) = chat.press("👍", card=2).cards

    assert card.reason.startswith(LABEL)


def test_what_everybody_refused_who_was_shown_it_is_not_tried_on_others(chat, newer):
    newer(NEAR)
    for number in range(20):
        reader = chat.as_(f"reader {number}")
        reader.says("/like 신의 탑")
        reader.says("/recommend")
        if len(logged(chat)) == number:
            break
        reader.press("👎", card=2)

    assert 5 < len(logged(chat)) < 12


def test_who_must_not_be_learnt_from_does_not_shift_the_chances(chat, newer):
    newer(NEAR, ALSO_NEAR)
    for number in range(8):
        reader = chat.as_(f"reader {number}")
        reader.says("/like 신의 탑")
        reader.says("/settings")
        reader.press("🚫")
        reader.says("/recommend")
        reader.press("👎", card=2)

    one = chat.work("5000").id
    chances = {
        round(c.propensity if c.webtoon_id == one else 1 - c.propensity, 9) for c in logged(chat)
    }
    assert len(chances) == 1  # the same from first to last, though all who were asked refused


def test_a_work_newer_than_the_model_is_shown_however_many_like_it_by_now(chat, newer):
    newer(NEAR)
    library = chat.world.serving.library
    counts = np.full(len(library.works), 50, dtype=np.float32)
    chat.world.serving.library = type(library)(library.works, counts, library.served)
    chat.says("/like 신의 탑")

    reply = chat.says("/recommend")

    assert titles(reply)[2] == "새로운 탑"
    assert reply.cards[2].reason.startswith("🆕 New here. 💡")
    assert "It is newer than my model, so I compared" in chat.press("💡", card=2).text


def test_what_a_new_work_was_drawn_from_has_no_other_place_in_the_slate(chat):
    """Else the chances of the other cards would depend on the draw, and be logged as certain."""
    library = chat.world.serving.library
    cold = library.served.model.cold.copy()
    rows = [library.row_of[chat.work(id_).id] for id_ in ("1012", "1022", "1014")]
    cold[library.served.columns[rows]] = True
    library.served.model.cold = cold
    chat.says("/like 신의 탑")
    for _ in range(3):
        chat.says("/recommend")

    for card in logged(chat, "content"):
        assert card.webtoon_id not in {library.works[row].id for row in rows}
    assert {card.webtoon_id for card in logged(chat)} == {library.works[row].id for row in rows}


def test_no_work_is_shown_again_while_one_is_left_that_the_model_does_not_know(chat, newer):
    about = ("스토리", "판타지", "모험담")
    new = [Facts("naver", f"{6000 + n}", f"새 모험담 {n}", genres=about) for n in range(5)]
    newer(*new)
    chat.says("/like 신의 탑")

    one, other, last = (chat.says("/recommend 모험담") for _ in range(3))

    shown = [*titles(one), *titles(other)]
    assert set(shown[:5]) == {facts.title for facts in new}
    assert sum(card.reason.startswith("🆕") for card in one.cards) == 1
    assert other.text.endswith(f"so here again: {shown[5]}")
    assert last.text.endswith("so here is what you saw longest ago.")


def test_why_takes_off_what_a_dislike_takes_from_a_new_work(chat, newer):
    newer(NEAR)
    chat.says("/like 신의 탑")
    chat.says("/dislike 노블레스")
    chat.says("/recommend")

    text = chat.press("💡", card=2).text

    points = [float(found) for found in re.findall(r": ([+-]\d\.\d{3})(?: |$)", text, re.M)]
    assert re.search(r"^👎 노블레스: -0\.\d{3}$", text, re.M)
    assert float(re.search(r"Total ([+-]\d\.\d{3})", text)[1]) == pytest.approx(
        sum(points), abs=0.002
    )


def test_a_slate_with_a_new_work_keeps_its_variety(chat, newer):
    newer(NEAR)
    for title in ("기기괴괴", "조선왕조실톡", "신의 탑"):
        chat.says(f"/like {title}")
    library = chat.world.serving.library
    row = {work.title: row for row, work in enumerate(library.works)}

    first, second, new = titles(chat.says("/recommend"))

    assert new == "새로운 탑"
    pair = library.content.cosines(np.array([row[first]]), np.array([row[second]]))
    assert pair.item() < 0.3
