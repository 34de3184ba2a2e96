"""Works for adults: shown to who asked, where nobody reads along, and nowhere else."""

import pytest

from bot.conversation.texts import Language, say
from tests.plugins.chat import ON_SQLITE, buttons, buttons_of, export, titles
from tests.plugins.library import SHELF

pytestmark = ON_SQLITE

ADULT = {facts.title: facts.external_id for facts in SHELF if facts.adult}
HIDDEN = "That is a work for adults, so it is hidden."


def allow(chat):
    chat.says("/settings")
    chat.press("🔞")


def shown(reply):
    """All titles a reply shows, on cards and on buttons."""
    return " ".join([*titles(reply), *(button.label for button in buttons(reply)), reply.text])


@pytest.mark.parametrize("command", ["search", "like", "similar", "why", "read"])
@pytest.mark.parametrize("title", ADULT)
def test_a_clear_hit_is_refused_with_the_way_to_switch_it_on(chat, command, title):
    reply = chat.says(f"/{command} {title}")

    assert reply.text.startswith(HIDDEN)
    assert "/settings" in reply.text
    assert reply.cards == ()
    assert chat.verdicts() == {}


@pytest.mark.parametrize("query", ["탑", "등대지기", "밤", "밤의 전원사", "ㅌ", "night"])
def test_offers_and_nearest_titles_leave_them_out(chat, query):
    assert not any(title in shown(chat.says(f"/search {query}")) for title in ADULT)


def test_they_are_never_recommended_nor_asked_about(chat):
    seen = [titles(chat.says("/start"))]
    seen += [titles(chat.press("🤷")) for _ in range(5)]
    chat.says("/like 유미의 세포들")
    seen += [titles(chat.says("/recommend")) for _ in range(12)]
    seen += [titles(chat.says("/recommend 심리")), titles(chat.says("/similar 신의 탑"))]

    assert not set(ADULT) & {title for slate in seen for title in slate}


def test_they_are_never_completed(chat):
    allow(chat)
    speaker = chat.event(None).speaker
    for typed in ("", "탑", "밤", "등대지기", "붉은"):
        offered = chat.world.hearing.complete(speaker, "like", typed)
        assert not any(title in choice.label for choice in offered for title in ADULT)


def test_who_asked_sees_them_marked(chat):
    allow(chat)

    reply = chat.says("/search 밤의 정원사")

    assert titles(reply) == ["밤의 정원사"]
    assert reply.cards[0].lines[-1].endswith("🔞 18+")
    assert "탑 아래의 밤" in shown(chat.says("/search 탑"))


def test_who_asked_is_recommended_them(chat):
    allow(chat)
    seen = {title for _ in range(11) for title in titles(chat.says("/recommend"))}

    assert set(ADULT) <= seen


def test_where_others_read_along_not_even_who_asked_sees_them(chat):
    allow(chat)
    public = chat.in_public()

    assert public.says("/search 밤의 정원사").text.startswith("I don't show works for adults where")
    assert not any(title in shown(public.says("/search 탑")) for title in ADULT)
    seen = {title for _ in range(10) for title in titles(public.says("/recommend"))}
    assert not seen & set(ADULT)


@pytest.mark.parametrize("deed", ["s", "m", "y", "v:l"])
def test_a_forged_button_does_not_show_them(chat, deed):
    work = chat.work(ADULT["밤의 정원사"])

    reply = chat.presses(f"{deed}:{work.id}" + (":0" if deed == "v:l" else ""))

    assert reply.notice.startswith(HIDDEN)
    assert chat.verdicts() == {}


@pytest.mark.parametrize("forged", ["x:{work}:{owner}:0", "b:u:{owner}:0:{work}"])
def test_a_forged_row_of_ones_own_list_does_not_name_them(chat, forged):
    chat.says("/like 신의 탑")
    work, owner = chat.work(ADULT["밤의 정원사"]).id, export(chat)["reader"]

    assert chat.presses(forged.format(work=work, owner=owner)).notice.startswith(HIDDEN)


def test_a_button_from_ones_own_chat_does_not_show_them_in_public(chat):
    allow(chat)
    chat.says("/search 밤의 정원사")
    action = chat.action("🔍")

    assert chat.in_public().presses(action).notice.startswith("I don't show works for adults")


def test_switched_off_again_they_are_gone_but_can_be_taken_from_the_list(chat):
    allow(chat)
    chat.says("/like 밤의 정원사")
    chat.says("/settings")
    chat.press("🙈")
    assert chat.says("/search 밤의 정원사").text.startswith(HIDDEN)

    chat.says("/list")
    chat.press("↩️")

    assert chat.verdicts() == {}


def test_switched_off_again_no_reason_names_them(chat):
    allow(chat)
    chat.says("/like 밤의 정원사")
    chat.says("/settings")
    chat.press("🙈")

    slate = chat.says("/recommend")

    assert {card.reason for card in slate.cards} == {"💡 Picked for your taste"}


def test_a_thumb_taken_back_counts_even_after_they_were_switched_off(chat):
    allow(chat)
    chat.says("/recommend 복수")
    adult = next(n for n, card in enumerate(chat.last.cards) if titles(chat.last)[n] in ADULT)
    assert buttons_of(chat.last.cards[adult].buttons)
    message = chat.posted(adult)
    chat.reacts(message, "👍")
    chat.says("/settings")
    chat.press("🙈")

    assert chat.unreacts(message, "👍") is None

    assert chat.verdicts() == {}


def test_in_a_group_settings_are_not_what_hides_those_of_a_list(chat):
    allow(chat)
    public, stranger = chat.in_public(), chat.as_("other", shared=True)
    why = say(Language.ENGLISH, "ask.adult_shared")

    assert public.says("/import 밤의 정원사").text == why
    assert public.says("/import 밤의 정원사\n덴마").text.splitlines()[1:] == ["👍 덴마", why]
    assert stranger.says("/import 밤의 정원사").text == say(Language.ENGLISH, "lists.all_adult")
