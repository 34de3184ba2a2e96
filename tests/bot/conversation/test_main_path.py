"""From the first like to a recommendation that has learned."""

import pytest

from tests.plugins.chat import buttons, buttons_of, titles
from tests.plugins.library import SHELF

ALL_AGES = {facts.external_id for facts in SHELF if not facts.adult}


def shown_by(chat):
    """External ids of the cards that /recommend shows."""
    by_url = {facts.url: facts.external_id for facts in SHELF}
    return [by_url[card.url] for card in chat.says("/recommend").cards]


def test_the_first_like_gives_a_personal_answer(chat):
    chat.says("/like 신의 탑")
    reply = chat.says("/recommend")

    assert len(reply.cards) == 3
    assert reply.text == ""
    assert [c.reason for c in reply.cards] == ["💡 Because you liked 신의 탑 (100%)"] * 3
    assert titles(reply) != titles(chat.as_("newcomer").says("/recommend"))


def test_two_readers_with_different_likes_get_different_slates(chat):
    romance, action = chat.as_("romance"), chat.as_("action")
    for title in ("여신강림", "유미의 세포들", "치즈인더트랩"):
        romance.says(f"/like {title}")
    for title in ("갓 오브 하이스쿨", "나이트런", "노블레스"):
        action.says(f"/like {title}")

    assert titles(romance.says("/recommend")) != titles(action.says("/recommend"))


def test_without_a_like_popularity_is_served_and_said(chat):
    reply = chat.says("/recommend")

    assert reply.text.startswith("I don't know your taste yet, so here is what many readers like.")
    assert {card.reason for card in reply.cards} == {"💡 Many readers like it"}


def test_without_a_model_a_newcomer_is_served_popularity_and_told_so(unlearned_chat):
    for number in range(10):
        unlearned_chat.as_(f"jun {number}").says("/like 덴마")
    unlearned_chat.world.serving.refresh()
    reply = unlearned_chat.says("/recommend")

    assert reply.text == "There is no trained model yet, so here is what many readers like."
    assert titles(reply)[0] == "덴마"
    assert reply.cards[0].reason == "💡 Many readers like it"
    assert len(reply.cards) == 3


def test_one_like_is_not_called_many_readers(unlearned_chat):
    unlearned_chat.as_("jun").says("/like 덴마")
    unlearned_chat.world.serving.refresh()
    reply = unlearned_chat.says("/recommend")

    assert reply.text.startswith("There are hardly any ratings yet")
    assert titles(reply)[0] == "덴마"
    assert reply.cards[0].reason == "💡 Typical of its kind"
    assert "many readers" not in unlearned_chat.press("💡", card=0).text


def test_without_any_rating_a_newcomer_is_shown_works_of_several_kinds(unlearned_chat):
    facts = {f.url: f for f in SHELF}
    reply = unlearned_chat.says("/recommend")

    assert reply.text.startswith("There are hardly any ratings yet, so here are works of several")
    assert {card.reason for card in reply.cards} == {"💡 Typical of its kind"}
    assert len({facts[card.url].genres[-1] for card in reply.cards}) == 3


def test_without_a_model_a_like_is_answered_by_content_and_that_is_said(unlearned_chat):
    unlearned_chat.says("/like 덴마")
    reply = unlearned_chat.says("/recommend")

    assert reply.text.startswith("There is no trained model yet, so I compared genres")
    assert "나이트런" in titles(reply)  # both are about SF
    assert reply.cards[0].reason == "💡 Because you liked 덴마 (100%)"


def test_without_any_work_it_says_so(bare_chat):
    for command in ("/recommend", "/start", "/similar 신의 탑"):
        assert bare_chat.says(command).text.startswith("My catalogue is still empty.")


def test_a_card_tells_title_authors_genres_status_and_link(chat):
    reply = chat.says("/search 신의 탑")
    (card,) = reply.cards

    assert card.title == "신의 탑 (Tower of God)"
    assert card.lines == ("by SIU", "story · fantasy · Every Mon")
    assert card.url == "https://comic.naver.com/webtoon/list?titleId=1001"
    assert [button.label for button in buttons(reply)] == [
        "👍 Like", "👎 Not for me", "✅ Read it", "🔍 More like this", "💡 Why?", "🙈 Hide",
        "🔔 Follow",
    ]  # fmt: skip


def test_a_card_in_korean(chat):
    mina = chat.as_("mina", language="ko")
    (card,) = mina.says("/search 모죠의 일지").cards

    assert card.lines == ("작가 모죠", "에피소드 · 개그 · 월·목요일 연재")


@pytest.mark.parametrize(
    ("label", "mark", "verdict"),
    [
        ("👍", "👍 You like this", "like"),
        ("👎", "👎 Not for you", "dislike"),
        ("✅", "✅ You've read this", "read"),
    ],
)
def test_a_pressed_verdict_shows_on_the_card_and_is_stored(chat, label, mark, verdict):
    slate = chat.says("/recommend")

    reply = chat.press(label, card=1)

    (card,) = reply.cards
    assert reply.replaces
    assert (card.title, card.mark) == (slate.cards[1].title, mark)
    assert reply.notice.startswith(label)
    assert list(chat.verdicts().values()) == [verdict]


def test_a_like_on_a_card_changes_the_very_next_slate(chat):
    mina, twin = chat, chat.as_("twin")
    first = titles(mina.says("/recommend"))
    assert titles(twin.says("/recommend")) == first

    mina.press("👍", card=0)

    assert shown_by(mina) != shown_by(twin)
    assert mina.last.cards[0].reason == f"💡 Because you liked {first[0]} (100%)"


def test_after_a_verdict_the_card_leads_on_to_the_next_recommendation(chat):
    chat.says("/recommend")

    chat.press("👍", card=2)

    assert [button.label for button in buttons(chat.last)][:2] == ["↩️ Undo", "✨ Recommend"]
    assert len(chat.press("✨").cards) == 3


def test_a_dislike_lowers_what_is_like_it(chat):
    mina, twin = chat, chat.as_("twin")
    for reader in (mina, twin):
        reader.says("/like 신의 탑")
        reader.says("/like 여신강림")
    mina.says("/dislike 유미의 세포들")

    def score(reader):
        return float(reader.says("/why 치즈인더트랩").text.split("Total ")[1].split()[0])

    assert score(mina) < score(twin)


def test_what_has_a_verdict_is_never_recommended(chat):
    given = {"신의 탑": "like", "덴마": "like", "노블레스": "dislike", "여신강림": "read"}
    for title, verdict in given.items():
        chat.says(f"/{verdict} {title}")

    seen = {title for _ in range(12) for title in titles(chat.says("/recommend"))}

    assert not seen & set(given)


def test_nothing_is_repeated_until_all_was_shown_then_the_longest_unseen_come_back(chat):
    chat.says("/like 신의 탑")
    left = len(ALL_AGES) - 1

    seen = [shown for _ in range(left // 3 + 1) for shown in shown_by(chat)]

    assert len(set(seen[:left])) == left
    assert seen[left:] == seen[: len(seen) - left]
    assert set(seen) <= ALL_AGES


def test_it_says_what_is_shown_again_and_only_then(chat):
    chat.says("/like 신의 탑")
    slates = [chat.says("/recommend") for _ in range((len(ALL_AGES) - 1) // 3 + 1)]
    fresh = (len(ALL_AGES) - 1) % 3  # of the last slate

    again = " · ".join(titles(slates[-1])[fresh:])
    assert slates[-1].text.splitlines()[-1].endswith(f"so here again: {again}")
    assert not any("again" in slate.text for slate in slates[:-1])


def test_after_a_week_the_best_may_be_shown_again(chat, clock):
    chat.says("/like 신의 탑")
    first = shown_by(chat)
    assert not set(shown_by(chat)) & set(first)

    clock.pass_(days=8)

    assert set(shown_by(chat)) & set(first)


def test_when_everything_has_a_verdict_it_says_so(chat):
    for external_id in ALL_AGES:
        chat.says(f"/read #{chat.work(external_id).id}")

    assert chat.says("/recommend").text.startswith("There is nothing left to recommend.")
    assert chat.says("/start").text.startswith("There is nothing left to recommend.")


@pytest.mark.parametrize("word", ["로맨스", "romance", "ROMANCE", "slice of life", "무협/사극"])
def test_a_genre_narrows_the_slate_in_either_language(chat, word):
    genre = {"로맨스": "로맨스", "slice of life": "일상", "무협/사극": "무협/사극"}
    reply = chat.says(f"/recommend {word}")

    facts = {f.url: f for f in SHELF}
    assert reply.cards
    assert all(genre.get(word, "로맨스") in facts[c.url].genres for c in reply.cards)


@pytest.mark.parametrize(("word", "finished"), [("finished", True), ("연재 중", False)])
def test_finished_and_ongoing_narrow_the_slate(chat, word, finished):
    facts = {f.url: f for f in SHELF}

    assert {facts[c.url].finished for c in chat.says(f"/recommend {word}").cards} == {finished}


@pytest.mark.parametrize(
    "words", ["판타지 탑", "fantasy, tower", "판타지 연재 중", "ongoing slice of life healing"]
)
def test_several_wishes_hold_together_and_stay_with_the_button(chat, words):
    first = chat.says(f"/recommend {words}")
    assert first.cards

    again = chat.press("🔄")

    assert set(titles(again)) == set(titles(first)) or not set(titles(again)) & set(titles(first))
    assert again.cards


def test_an_unknown_filter_names_what_there_is(chat):
    text = chat.says("/recommend steampunk").text

    assert text.startswith(
        "I don't know “steampunk” as a filter. Try finished, ongoing, or a genre"
    )
    assert "romance" in text


def test_a_filter_that_nothing_fits_says_so(chat):
    chat.says("/read 독립일기")

    assert chat.says("/recommend 힐링 연재").text.startswith(
        "Nothing new is left for “healing · ongoing”."
    )


def test_similar_works_come_from_the_model_and_leave_out_what_has_a_verdict(chat):
    first = chat.says("/similar 신의 탑")
    chat.says(f"/read {titles(first)[0]}")
    second = chat.says("/similar 신의 탑")

    assert first.text == "Works like 신의 탑."
    assert {card.reason for card in first.cards} == {"💡 Close in kind to 신의 탑"}
    assert "신의 탑" not in titles(first)
    assert titles(first)[0] not in titles(second)
    assert titles(second)[:2] == titles(first)[1:]


def test_more_like_this_on_a_card_is_the_command(chat):
    chat.says("/search 덴마")

    assert titles(chat.press("🔍")) == titles(chat.as_("other").says("/similar 덴마"))


def test_undo_after_a_command_restores_what_stood_before(chat):
    chat.says("/read 신의 탑")
    chat.says("/like 신의 탑")

    reply = chat.press("↩️")

    assert (reply.text, reply.replaces) == ("↩️ Undone: 신의 탑", True)
    assert chat.verdicts() == {"1001": "read"}


def test_undo_on_a_card_takes_the_mark_away(chat):
    chat.says("/recommend")
    chat.press("👎", card=0)

    reply = chat.press("↩️")

    assert reply.cards[0].mark == ""
    assert [b.label for b in buttons_of(reply.cards[0].buttons)][:3] == [
        "👍 Like", "👎 Not for me", "✅ Read it",
    ]  # fmt: skip
    assert chat.verdicts() == {}


def test_an_old_undo_does_not_overrule_a_newer_verdict(chat):
    chat.says("/like 신의 탑")
    undo = chat.action("↩️")
    chat.says("/dislike 신의 탑")

    reply = chat.presses(undo)

    assert reply.notice.startswith("You've changed your mind since")
    assert chat.verdicts() == {"1001": "dislike"}


def test_saying_the_same_twice_is_said_and_stored_once(chat):
    chat.says("/like 신의 탑")

    assert chat.says("/like 신의 탑").text == "You already like 신의 탑."
    assert chat.verdicts() == {"1001": "like"}


def test_unlike_takes_back_any_verdict(chat):
    chat.says("/dislike 신의 탑")

    assert chat.says("/unlike 신의 탑").text == "↩️ Took back what you said about 신의 탑."
    assert chat.says("/unlike 신의 탑").text == "You haven't said anything about 신의 탑."
    assert chat.verdicts() == {}


def test_the_same_delivery_counts_once_and_is_answered_once(chat):
    first = chat.says("/like 신의 탑", key="7")
    second = chat.says("/like 신의 탑", key="7")

    assert first.text
    assert second is None
    assert chat.verdicts() == {"1001": "like"}


def test_the_key_of_another_platform_is_another_delivery(chat):
    chat.says("/like 신의 탑", key="7")

    assert chat.as_("mina", platform="discord").says("/list", key="7") is not None


def test_a_slate_in_public_does_not_tell_what_somebody_likes(chat):
    chat.says("/like 신의 탑")

    reasons = {card.reason for card in chat.in_public().says("/recommend").cards}

    assert reasons == {"💡 Picked for your taste"}
