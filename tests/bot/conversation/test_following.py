"""Following works: by command, on cards, and the list of what one follows."""

import pytest

from db import catalogue, follows
from db.catalogue import Facts
from tests.plugins.chat import Chat, buttons, buttons_of, export, titles

WORK = "🔔 I'll tell you when 신의 탑 has a new chapter."
REMOVED = "🔕 No more news of 신의 탑."


def followed(chat):
    """The titles this person follows, from their own export."""
    found = export(Chat(chat.world, chat.name, platform=chat.platform))["follows"]
    return [row["title"] for row in found]


def labels(reply, card=None):
    rows = reply.cards[card].buttons if card is not None else None
    return [b.label for b in (buttons(reply) if rows is None else buttons_of(rows))]


def test_a_work_is_followed_by_its_title_and_no_more(chat):
    first = chat.says("/follow 신의 탑")
    again = chat.says("/follow 신의탑")
    removed = chat.says("/unfollow 신의 탑")
    nothing = chat.says("/unfollow 신의 탑")

    assert (first.text, first.private) == (WORK, True)
    assert labels(first) == ["🔕 Unfollow", "🔔 Alerts"]
    assert again.text == "You follow 신의 탑 already."
    assert removed.text == REMOVED
    assert nothing.text == "You don't follow 신의 탑."
    assert followed(chat) == []


def test_it_speaks_korean_by_korean_words_too(chat):
    mina = chat.as_("mina", language="ko")

    reply = mina.says("관심 신의 탑")

    assert reply.text == "🔔 신의 탑을 관심 작품에 담았어요. 새 화가 올라오면 알려 드릴게요."
    assert mina.says("관심목록").text.splitlines()[1] == "• 신의 탑 · 월요일 연재"
    assert mina.says("관심해제 신의 탑").text == "🔕 신의 탑을 관심 작품에서 뺐어요."


def test_of_several_works_of_a_name_one_is_chosen(chat):
    which = chat.says("/follow 봄날")
    reply = chat.press("📖 봄날 · 한가람")

    assert which.text == "Which one do you mean?"
    assert reply.text == "🔔 I'll tell you when 봄날 has a new chapter."
    assert chat.press("🔕").text == "🔕 No more news of 봄날."


def test_an_unknown_work_is_said(chat):
    assert chat.says("/follow qqqq").text.startswith("I found no work for “qqqq”.")
    assert chat.says("/follow").text.startswith("Which work?")


def test_while_alerts_are_off_that_is_said(chat):
    chat.says("/alerts off")

    assert chat.says("/follow 신의 탑").text == (
        WORK + "\nYour alerts are off at the moment. Switch them on in /alerts."
    )


def test_a_finished_work_is_not_followed_but_its_author_may_be(chat):
    refused = chat.says("/follow 덴마")
    before = followed(chat)
    reply = chat.press("🔔")

    assert refused.text == (
        "덴마 is finished, so there won't be new chapters. "
        "Shall I tell you when its author begins a new work?"
    )
    assert before == []
    assert reply.text == "🔔 I'll tell you when an author of 덴마 starts a new work."
    assert followed(chat) == ["덴마"]
    assert "• 덴마 · Finished; the author's next work" in chat.says("/following").text


def test_a_finished_work_by_nobody_offers_nothing(chat):
    with chat.world.database.write() as session:
        facts = Facts("naver", "7000", "외톨이", finished=True)
        catalogue.upsert(session, [facts], chat.world.clock())
    chat.world.serving.refresh()

    reply = chat.says("/follow 외톨이")

    assert reply.text == "외톨이 is finished, so there won't be new chapters to tell you of."
    assert reply.buttons == ()
    assert labels(chat.says("/search 외톨이"))[-1] == "🙈 Hide"


def test_two_hundred_works_are_as_many_as_may_be_followed(chat, monkeypatch):
    monkeypatch.setattr(follows, "MOST", 2)
    for title in ("신의 탑", "쿠베라"):
        chat.says(f"/follow {title}")

    reply = chat.says("/follow 화산귀환")

    assert reply.text.startswith("You follow 2 works, as many as I can watch for you.")
    assert followed(chat) == ["쿠베라", "신의 탑"]


def test_adult_works_are_followed_by_who_asked_for_them_only(chat):
    hidden = chat.says("/follow 밤의 정원사")
    chat.says("/settings")
    chat.press("🔞")

    shown = chat.says("/follow 밤의 정원사")

    assert hidden.text.startswith("That is a work for adults")
    assert shown.text.startswith("🔔")
    assert chat.in_public().says("/follow 탑 아래의 밤").text == (
        "I don't show works for adults where others read along."
    )


# On cards.


def test_a_card_that_was_searched_for_follows_and_unfollows_in_its_place(chat):
    chat.says("/search 신의 탑")

    on = chat.press("🔔 Follow")
    off = chat.press("🔕 Unfollow")

    assert (on.replaces, on.notice, titles(on)) == (True, WORK, ["신의 탑"])
    assert (off.replaces, off.notice) == (True, REMOVED)
    assert labels(off)[-1] == "🔔 Follow"
    assert followed(chat) == []


def test_a_card_of_a_slate_keeps_its_reason_and_its_impression(chat):
    chat.says("/like 신의 탑")
    slate = chat.says("/recommend ongoing")

    reply = chat.press("🔔 Follow", card=0)

    (card,) = reply.cards
    assert reply.replaces
    assert (card.title, card.reason) == (slate.cards[0].title, slate.cards[0].reason)
    assert card.impression_id == slate.cards[0].impression_id
    assert labels(reply, 0)[-1] == "🔕 Unfollow"
    assert followed(chat) == titles(reply)


def test_the_last_card_of_a_slate_leads_on_when_it_is_followed(chat):
    chat.says("/recommend ongoing")

    middle = chat.press("🔔 Follow", card=1)
    chat.says("/recommend ongoing")
    last = chat.press("🔔 Follow", card=len(chat.last.cards) - 1)

    assert labels(middle, 0)[-1] == "🔕 Unfollow"
    assert labels(last, 0)[-2:] == ["🔕 Unfollow", "🔄 Show others"]


def test_a_judged_card_can_be_followed_too(chat):
    chat.says("/recommend ongoing")
    chat.press("👍", card=0)

    reply = chat.press("🔔")

    assert reply.cards[0].mark == "👍 You like this"
    assert labels(reply) == [
        "↩️ Undo",
        "✨ Recommend",
        "🔍 More like this",
        "💡 Why?",
        "🔕 Unfollow",
    ]


def test_the_card_of_a_finished_work_follows_its_author(chat):
    chat.says("/search 덴마")

    reply = chat.press("🔔 Author's next work")

    assert reply.notice == "🔔 I'll tell you when an author of 덴마 starts a new work."
    assert labels(reply)[-1] == "🔕 Unfollow"


def test_a_button_of_before_a_work_was_finished_offers_its_author(chat):
    chat.says("/search 신의 탑")
    action = chat.action("🔔 Follow")
    with chat.world.database.write() as session:
        facts = Facts("naver", "1001", "신의 탑", finished=True)
        catalogue.upsert(session, [facts], chat.world.clock())
    chat.world.clock.pass_(minutes=1)
    chat.world.serving.refresh()

    reply = chat.presses(action)

    assert reply.text.startswith("신의 탑 is finished, so there won't be new chapters.")
    assert (reply.private, reply.replaces, followed(chat)) == (True, False, [])
    chat.presses(buttons(reply)[0].action)
    assert followed(chat) == ["신의 탑"]


def test_of_a_work_that_is_gone_there_is_no_news(chat):
    chat.says("/follow 쿠베라")
    chat.says("/search 신의 탑")
    action = chat.action("🔔 Follow")
    with chat.world.database.write() as session:
        for external_id in ("1001", "1022"):
            catalogue.bury(session, "naver", external_id, chat.world.clock())
    chat.world.serving.refresh()

    assert chat.presses(action).notice == (
        "신의 탑 is no longer on its site, so there won't be news of it."
    )
    assert "• 쿠베라 · No longer on its site" in chat.says("/following").text


def test_where_others_read_along_each_follows_for_themselves_and_is_told_in_private(chat):
    mina, other = chat.in_public(), chat.as_("other", shared=True)
    mina.says("/search 신의 탑")
    action = mina.action("🔔 Follow")

    for somebody in (mina, other):
        reply = somebody.presses(action)
        assert (reply.notice, reply.private, reply.cards, reply.replaces) == (WORK, True, (), False)
    again = other.presses(action)

    assert again.notice == "You follow 신의 탑 already."
    assert followed(mina) == followed(other) == ["신의 탑"]
    # What somebody follows is theirs to tell.
    assert labels(mina.says("/search 신의 탑"))[-1] == "🔔 Follow"


def test_an_impression_of_another_work_is_stale_and_changes_nothing(chat):
    chat.says("/recommend ongoing")
    other = chat.last.cards[1].impression_id

    reply = chat.presses(f"a:f:{chat.last.cards[0].work_id}:{other}")

    assert reply.notice == "This button no longer works."
    assert followed(chat) == []


# The list.


@pytest.fixture
def many(chat):
    """A reader who follows 18 works; their titles, latest first."""
    works = [work for work in chat.world.serving.library.works if not work.adult][:18]
    reader = export(chat)["reader"]
    with chat.world.database.write() as session:
        for work in works:
            follows.follow(session, reader, work.id, chat.world.clock())
            chat.world.clock.pass_(minutes=1)
    return [work.title for work in works][::-1]


def listed(reply):
    return [line.removeprefix("• ").split(" · ")[0] for line in reply.text.splitlines()[1:]]


def test_an_empty_list_says_how_to_fill_it(chat):
    reply = chat.says("/following")

    assert reply.text.startswith("You don't follow anything yet. Try /follow")
    assert reply.private


def test_the_list_is_paged_latest_first(chat, many):
    first = chat.says("/following")
    second = chat.press("▶️")
    third = chat.press("▶️")
    back = chat.press("◀️")

    assert first.text.splitlines()[0] == "Works you follow: 18 (1/3)"
    assert listed(first) + listed(second) + listed(third) == many
    assert back.text == second.text
    assert [reply.replaces for reply in (first, second, third)] == [False, True, True]
    assert all(reply.private for reply in (first, second, third))


def test_a_work_is_unfollowed_from_the_list_and_the_page_stays(chat, many):
    chat.says("/following")
    chat.press("▶️")
    action = chat.action(f"🔕 {many[9]}")

    reply = chat.presses(action)
    twice = chat.presses(action)

    assert (reply.replaces, reply.notice) == (True, f"🔕 No more news of {many[9]}.")
    assert listed(reply) == [*many[8:9], *many[10:17]]
    assert twice.notice == f"You don't follow {many[9]}."


def test_unfollowing_the_only_one_of_the_last_page_turns_to_the_page_before(chat, many):
    chat.says(f"/unfollow {many[0]}")
    chat.says("/following")
    chat.press("▶️")
    chat.press("▶️")

    reply = chat.press("🔕")

    assert reply.text.splitlines()[0] == "Works you follow: 16 (2/2)"


def test_unfollowing_the_last_work_leaves_an_empty_list(chat):
    chat.says("/follow 신의 탑")
    chat.says("/following")

    assert chat.press("🔕").text.startswith("You don't follow anything yet.")


def test_each_work_says_how_it_stands_whatever_is_served(chat):
    for title in ("신의 탑", "쿠베라", "모죠의 일지"):
        chat.says(f"/follow {title}")
    with chat.world.database.write() as session:
        resting = Facts("naver", "1022", "쿠베라", hiatus=True)
        ended = Facts("naver", "1001", "신의 탑", finished=True)
        catalogue.upsert(session, [resting, ended], chat.world.clock())

    lines = chat.says("/following").text.splitlines()[1:]

    assert sorted(lines) == [
        "• 모죠의 일지 · Every Mon·Thu",
        "• 신의 탑 · Finished; the author's next work",
        "• 쿠베라 · On hiatus",
    ]


def test_the_list_opens_by_button_as_a_message_of_its_own(chat):
    chat.says("/follow 신의 탑")

    reply = chat.presses(f"b:s:{export(chat)['reader']}")

    assert not reply.replaces
    assert listed(reply) == ["신의 탑"]


def test_the_export_has_what_is_followed(chat, clock):
    chat.says("/follow 신의 탑")

    assert export(chat)["follows"] == [
        {"title": "신의 탑", "external_id": "1001", "at": "2026-05-04T12:00:00+00:00"}
    ]


def test_who_is_forgotten_follows_nothing(chat):
    chat.says("/follow 신의 탑")
    chat.says("/forget")
    chat.press("🗑️")

    assert followed(chat) == []
