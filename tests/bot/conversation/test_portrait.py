"""/taste: what a reader likes beside what all readers like, in numbers and words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.conversation.library import Library
from bot.conversation.portrait import Genre, Portrait, percentiles, popularity
from bot.conversation.reply import Reply
from bot.conversation.texts import Language, say
from db.catalogue import Facts, Work
from tests.bot.pictures.samples import PICTURE
from tests.plugins.chat import ON_SQLITE, buttons
from tests.plugins.library import SHELF, stock

pytestmark = ON_SQLITE

FOREIGN = "This button belongs to somebody else. Send the command yourself."
STALE = "This button no longer works."


def work(number, genres, keywords=""):
    told = (tuple(genres.split()), tuple(keywords.split()))
    return Work(
        number, "naver", str(number), f"Work {number}", None, (), *told, (), True, False, ""
    )


def library(*works, popularity=()):
    counted = popularity or [0.0] * len(works)
    return Library(works, np.array(counted, dtype=np.float32))


FOUR = library(
    work(1, "스토리 판타지", "탑 성장"),
    work(2, "스토리 로맨스", "학원"),
    work(3, "판타지 로맨스", "탑 학원"),
    work(4, "에피소드 개그"),
    popularity=(100, 300, 0, 600),
)


def likes(chat, *titles):
    for title in titles:
        chat.says(f"/like {title}")
    return chat


# The numbers


def test_genres_are_the_mean_of_what_the_likes_are_of_beside_what_all_readers_like():
    portrait = Portrait.of(FOUR, (1, 3))

    # Mine: (1 + 1/2) / 2 and (0 + 1/2) / 2. All readers': 100, 300 and 600 of 1,000 likes.
    assert portrait.likes == 2
    assert portrait.genres == (
        Genre("판타지", 0.75, pytest.approx(0.1)),
        Genre("로맨스", 0.25, pytest.approx(0.3)),
        Genre("개그", 0.0, pytest.approx(0.6)),
    )


def test_the_way_a_work_is_told_is_no_genre_of_a_taste():
    assert "스토리" in FOUR.kinds
    assert {genre.name for genre in Portrait.of(FOUR, (1,)).genres} == {"판타지", "로맨스", "개그"}


def test_standing_is_the_mean_percentile_rank_of_popularity():
    # Ranks of 100, 300, 0, 600: 1.5/4, 2.5/4, 0.5/4, 3.5/4.
    assert percentiles(np.array([100.0, 300, 0, 600])).tolist() == [0.375, 0.625, 0.125, 0.875]

    own, others = Portrait.of(FOUR, (1, 3)).standing

    assert own == (0.375 + 0.125) / 2
    assert others == pytest.approx(0.1 * 0.375 + 0.3 * 0.625 + 0.6 * 0.875)


def test_equals_share_their_rank_and_all_ranks_have_a_mean_of_one_half():
    assert percentiles(np.array([5.0, 5, 5, 9])).tolist() == [0.375, 0.375, 0.375, 0.875]


def test_the_strongest_keywords_are_those_that_all_readers_like_least_as_often():
    # Mine: 탑 2 of 2, 성장 and 학원 1 of 2. All readers': 탑 and 성장 0.1, 학원 0.3.
    assert Portrait.of(FOUR, (1, 3)).keywords == ("탑", "성장", "학원")
    assert Portrait.of(FOUR, (4,)).keywords == ()


@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from("abcdefg스"), max_size=4), st.integers(0, 900), st.booleans()
        ),
        min_size=1,
        max_size=12,
    )
)
def test_shares_sum_to_one_on_either_side_and_ranks_to_one_half(told):
    works = [work(n, " ".join(sorted(genres)), "x") for n, (genres, _, _) in enumerate(told)]
    shelf = library(*works, popularity=[count for _, count, _ in told])

    portrait = Portrait.of(shelf, [n for n, (*_, liked) in enumerate(told) if liked])

    if portrait.genres:
        assert sum(genre.own for genre in portrait.genres) == pytest.approx(1)
        assert sum(genre.others for genre in portrait.genres) == pytest.approx(1) or not any(
            genre.others for genre in portrait.genres
        )
    crowd = popularity(shelf)
    if crowd is not None:
        assert percentiles(crowd).mean() == pytest.approx(0.5)
        if portrait.standing:
            assert all(0 <= side <= 1 for side in portrait.standing)


def test_a_handful_of_likes_tells_nothing_of_those_who_gave_them():
    few = library(*FOUR.works, popularity=(1, 98, 0, 0))

    portrait = Portrait.of(few, (1,))

    # Below a hundred likes all works count the same instead.
    assert portrait.standing is None
    assert [genre.others for genre in portrait.genres] == pytest.approx([0.375, 0.375, 0.25])


def test_where_nothing_was_counted_the_model_says_what_all_like(chat):
    library = chat.world.serving.library

    assert not library.popularity.any()
    assert popularity(library) == pytest.approx(
        library.served.by_work(library.served.model.popularity, missing=0)
    )


# The picture


def test_the_picture_says_both_sides_of_every_value_and_is_private(chat):
    reply = likes(chat, "신의 탑", "노블레스", "여신강림").says("/taste")

    picture, lines = reply.picture, reply.picture.alt.splitlines()
    assert reply.private and not reply.text and not picture.dark
    assert (picture.title, picture.lead) == ("My webtoon taste", "Drawn from 3 likes")
    assert lines[2].startswith("Fantasy 67% · All readers ")
    assert lines[3].startswith("Romance 33% · All readers ")
    assert [share.own for share in picture.shares][:2] == pytest.approx([2 / 3, 1 / 3])
    assert 0 <= picture.standing.own <= 1
    assert set(picture.keywords) <= {"tower", "coming of age", "school", "fighting", "looks"}
    assert picture.sign == "webtoonbot"


def test_it_speaks_korean(chat):
    reply = likes(chat.as_("jun", language="ko"), "신의 탑").says("/취향")

    lines = reply.picture.alt.splitlines()
    assert lines[:2] == ["내 웹툰 취향", "좋아요 1개로 그린 첫 스케치예요"]
    assert lines[2].startswith("판타지 100% · 모든 독자 ")
    assert lines[-1].startswith("좋아하는 작품의 키워드: ")


@pytest.mark.parametrize(
    ("count", "lead"),
    [(1, "A first sketch. Likes so far: 1"), (2, "A first sketch. Likes so far: 2")],
)
def test_of_few_likes_it_says_that_it_is_a_sketch(chat, count, lead):
    assert likes(chat, *["신의 탑", "덴마"][:count]).says("/taste").picture.lead == lead


def test_a_like_that_is_left_out_of_account_is_not_in_it(chat):
    likes(chat, "신의 탑", "노블레스", "여신강림").says("/why 갓 오브 하이스쿨")
    chat.press("⏸️ Leave out: 노블레스")

    picture = chat.says("/taste").picture

    assert picture.lead == "A first sketch. Likes so far: 2"
    assert {share.name: share.own for share in picture.shares if share.own} == {
        "Fantasy": 0.5,
        "Romance": 0.5,
    }


def test_without_a_like_it_is_one_helpful_sentence(chat):
    chat.says("/dislike 덴마")

    reply = chat.says("/taste")

    assert reply.picture is None
    assert reply.text == say(Language.ENGLISH, "taste.none")
    assert "/like" in reply.text


def test_of_works_that_nothing_is_known_of_it_says_so(bare_chat):
    bare = Facts(source="naver", external_id="1", title="무제", url="https://example.org")
    stock(bare_chat.world.database, works=[bare])
    bare_chat.world.serving.refresh()

    reply = likes(bare_chat, "무제").says("/taste")

    assert reply.picture is None
    assert reply.text == say(Language.ENGLISH, "taste.unknown")


def test_without_ratings_it_compares_with_the_whole_catalogue(unlearned_chat):
    picture = likes(unlearned_chat, "신의 탑").says("/taste").picture

    assert picture.sides == ("Me", "Whole catalogue")
    assert picture.standing is None
    assert sum(share.others for share in picture.shares) == pytest.approx(1)


def test_of_twenty_genres_six_are_named_and_the_rest_are_taken_together(bare_chat):
    works = [
        Facts(
            source="naver",
            external_id=str(n),
            title=f"작품{n}",
            genres=(f"장르{n:02}",),
            url="https://example.org",
        )
        for n in range(20)
    ]
    stock(bare_chat.world.database, works=works)
    bare_chat.world.serving.refresh()

    picture = (
        likes(bare_chat, *[f"#{work.id}" for work in bare_chat.world.serving.library.works])
        .says("/taste")
        .picture
    )

    # Nobody gave them English names.
    assert [share.name for share in picture.shares] == [
        *(f"장르{n:02}" for n in range(6)),
        "Everything else",
    ]
    assert sum(share.own for share in picture.shares) == pytest.approx(1)
    assert picture.shares[-1].own == pytest.approx(14 / 20)


def test_a_picture_outlives_a_restart_as_plain_data():
    stored = TypeAdapter(Reply)
    reply = Reply(picture=PICTURE, private=True)

    assert stored.validate_json(stored.dump_json(reply)) == reply


# The buttons


def test_the_theme_changes_in_place_there_and_back(chat):
    light = likes(chat, "신의 탑").says("/taste")
    dark = chat.press("🌙")
    again = chat.press("☀️")

    assert [reply.picture.dark for reply in (light, dark, again)] == [False, True, False]
    assert [reply.replaces for reply in (light, dark, again)] == [False, True, True]
    assert all(reply.private for reply in (light, dark, again))
    assert again.picture == light.picture


@pytest.mark.parametrize("theme", ["", "🌙"])
def test_the_card_to_share_has_the_shape_of_the_taste_and_nothing_of_whose_it_is(chat, theme):
    own = likes(chat, "신의 탑", "덴마", "노블레스").says("/taste")
    if theme:
        own = chat.press(theme)

    shared = chat.press("📤")

    assert shared.picture.shares == own.picture.shares
    assert shared.picture.dark == own.picture.dark == bool(theme)
    assert not shared.private and not shared.replaces
    assert shared.notice.startswith("📤 No titles")
    assert buttons(shared) == []  # they would carry an id
    told = TypeAdapter(Reply).dump_json(shared).decode()
    title, lead, *rest = own.picture.alt.splitlines()
    assert lead == "Drawn from 3 likes"
    assert shared.picture.alt.splitlines() == [title, *rest]
    assert not any(facts.title in told or (facts.title_en or "—") in told for facts in SHELF)
    assert "mina" not in told


def test_few_likes_are_not_given_away_by_a_card_to_share(chat):
    likes(chat, "신의 탑", "덴마").says("/taste")
    labels = [button.label for button in buttons(chat.last)]
    share = chat.action("🌙").replace("c:d:f", "c:l:s")

    assert labels == ["🌙 Dark"]
    assert chat.presses(share).notice == (
        "From so few likes anybody could tell which they are. "
        "From 3 likes on I make you a card to share."
    )
    assert "Keywords of what I like: " in chat.says("/taste").picture.alt


def test_whose_likes_are_all_left_out_is_told_so(chat):
    likes(chat, "신의 탑").says("/why 덴마")
    chat.press("⏸️")

    assert chat.says("/taste").text.startswith("All your likes are left out of account, so there")
    assert chat.says("/recommend").text.startswith(
        "All your likes are left out of account, so here"
    )
    assert "All your likes are left out" in chat.says("/why 덴마").text


def test_somebody_elses_buttons_are_refused(chat):
    likes(chat, "신의 탑", "노블레스", "헬퍼").says("/taste")
    other = likes(chat.as_("other"), "덴마")

    for label in ("🌙", "📤"):
        refused = other.presses(chat.action(label))
        assert (refused.notice, refused.picture) == (FOREIGN, None)


@pytest.mark.parametrize(
    "forged", ["c", "c:l", "c:l:f", "c:x:f:{}", "c:l:x:{}", "c::f:{}", "c:l:f:x"]
)
def test_a_forged_button_is_stale(chat, forged):
    likes(chat, "신의 탑").says("/taste")
    owner = chat.action("🌙").rsplit(":", 1)[1]

    assert chat.presses(forged.format(owner)).notice == STALE


def test_a_button_pressed_after_the_last_like_is_gone_says_so(chat):
    likes(chat, "신의 탑").says("/taste")
    action = chat.action("🌙")
    chat.says("/unlike 신의 탑")

    assert chat.presses(action).notice == say(Language.ENGLISH, "taste.none")
