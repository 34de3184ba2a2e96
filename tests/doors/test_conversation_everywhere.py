"""One conversation, the same at every door: a real process each, over pipes or real sockets."""

import json

CARD_BUTTONS = ("👍 좋아요", "👎 별로예요", "✅ 읽었어요", "🔍 비슷한 작품", "💡 이유")


def titles(cards):
    return [card.text.splitlines()[0] for card in cards]


def test_a_like_brings_three_cards_whose_reason_is_that_like(door):
    (liked,) = door.says("/like 신의 탑")

    cards = door.says("/recommend", messages=3)

    assert liked.text.startswith("👍 신의 탑을 좋아하는 작품에 담았어요.")
    assert len(cards) == 3
    for card in cards:
        assert "https://comic.naver.com/webtoon/list?titleId=" in card.text or card.handle
        assert "💡 신의 탑을 좋아하셔서 골랐어요(100%)" in card.text
        assert card.buttons[:5] == CARD_BUTTONS


def test_a_thumb_up_shows_on_the_card_and_the_next_slate_has_learned_from_it(door):
    door.says("/like 신의 탑")
    first = door.says("/recommend", messages=3)

    marked = door.changes(first[0], "👍")
    second = door.says("/recommend", messages=3)

    assert "👍 좋아하는 작품이에요" in marked.text
    assert marked.buttons[0] == "↩️ 되돌리기"
    assert not set(titles(first)) & set(titles(second))
    name = titles(first)[0].split(" (")[0]
    assert any(name in card.text for card in second)


def test_a_thumb_down_can_be_undone(door):
    door.says("/like 신의 탑")
    cards = door.says("/recommend", messages=3)

    marked = door.changes(cards[1], "👎")
    undone = door.changes(marked, "↩️")

    assert "👎 나와 안 맞는 작품이에요" in marked.text
    assert undone.buttons[:5] == CARD_BUTTONS


def test_start_leads_to_a_first_recommendation_in_at_most_eight_taps(door):
    question = door.says("/start", messages=2)[-1]

    for answer in ("🤷", "👍", "👎", "👍"):
        assert "이 작품, 어떠셨어요?" in question.text
        question = door.changes(question, answer)
    thanks, *slate = door.finishes(question, "👍")

    (listed,) = door.says("/list")
    assert "고마워요! 이런 작품은 어떠세요?" in thanks.text
    assert [card.buttons[:5] for card in slate] == [CARD_BUTTONS] * 3
    assert listed.text.startswith("내가 남긴 평가 4개")


def test_initials_a_typo_an_english_title_and_an_author_find_the_work(door):
    found = [
        door.says(f"/search {query}")[0].text for query in ("ㅅㅇㅌ", "신의 턉", "tower of god")
    ]
    by_author = door.says("/search 조석")[0]

    assert all(text.startswith("신의 탑 (Tower of God)") for text in found)
    assert any("마음의소리" in label for label in (by_author.text, *by_author.buttons))


def test_several_finds_are_offered_and_one_tap_chooses(door):
    (offer,) = door.says("/like 마음의")
    (chosen,) = door.presses(offer, "마음의소리 ")

    assert "어떤 작품을 말씀하시나요?" in offer.text
    assert chosen.text.startswith("👍 마음의소리를 좋아하는 작품에 담았어요.")


def test_an_unknown_title_gets_the_nearest_ones(door):
    (answer,) = door.says("/like 세상에없는웹툰제목")

    assert answer.text.startswith("'세상에없는웹툰제목'에 맞는 작품을 찾지 못했어요.")
    assert len(answer.buttons) == 3


def test_why_gives_exact_parts_and_says_that_the_model_is_a_demo(door):
    door.says("/like 신의 탑")
    door.says("/like 노블레스")
    door.says("/recommend", messages=3)

    (why,) = door.says("/why")

    assert "신의 탑" in why.text
    assert "합계" in why.text
    assert "데모 모델" in why.text


def test_dislike_read_and_unlike_are_remembered_and_listed(door):
    door.says("/dislike 외모지상주의")
    door.says("/read 여신강림")
    door.says("/like 노블레스")

    (listed,) = door.says("/list")
    (removed,) = door.says("/unlike 노블레스")

    assert "👎 외모지상주의" in listed.text
    assert "✅ 여신강림" in listed.text
    assert "👍 노블레스" in listed.text
    assert removed.text.startswith("↩️ 노블레스에 남긴 평가를 지웠어요.")


def test_similar_works_are_three_cards_that_say_of_what(door):
    shown = door.says("/similar 노블레스", messages=4)

    assert shown[0].text == "노블레스와 비슷한 작품이에요."
    assert all("💡 노블레스와 결이 비슷해요" in card.text for card in shown[1:])


def test_recommendations_can_be_asked_by_genre_and_status(door):
    door.says("/like 신의 탑")

    asked, *cards = door.says("/recommend 로맨스 완결", messages=4)

    assert asked.text.startswith("🎛️ 지금 조건: 로맨스 · 완결")
    assert len(cards) == 3
    assert all("로맨스" in card.text and "완결" in card.text for card in cards)


def test_language_changes_what_is_said(door):
    (changed,) = door.says("/language English")
    (liked,) = door.says("/like 신의 탑")

    assert changed.text == "I'll speak English from now on."
    assert liked.text.startswith("👍 신의 탑 is on your list of likes.")


def test_export_gives_everything_and_forget_leaves_nothing(door):
    door.says("/like 신의 탑")

    exported = json.loads("{" + door.exports().partition("{")[2])
    (question,) = door.says("/forget")
    gone = door.changes(question, "🗑️")
    (listed,) = door.says("/list")

    assert [given["title"] for given in exported["feedback"]] == ["신의 탑"]
    assert exported["feedback"][0]["verdict"] == "like"
    assert "1개" in question.text
    assert gone.text.startswith("모두 지웠어요.")
    assert listed.text.startswith("아직 남기신 평가가 없어요.")


def test_help_names_every_command(door):
    answer = "\n".join(shown.text for shown in door.says("/help"))

    assert all(f"/{name} " in answer for name in ("start", "recommend", "forget", "why"))


def test_settings_show_adult_works_only_when_asked(door):
    hidden = door.says("/settings")[0]
    shown = door.changes(hidden, "🔞")

    assert "성인 작품: 숨기기" in hidden.text
    assert "성인 작품: 보이기" in shown.text


def test_privacy_says_what_is_stored(door):
    (answer,) = door.says("/privacy")

    assert answer.text.startswith("🔒 저장하는 것과 이유")
