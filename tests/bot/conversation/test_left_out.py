"""A like that a reader leaves out of account: it stands, but recommends nothing."""

import re

import pytest

from bot.conversation import actions
from bot.conversation.events import File
from bot.conversation.texts import Language, say
from db import feedback
from tests.plugins.chat import buttons_of, export


def shares(reply):
    """Title -> share in percent, of the likes that an explanation names."""
    return {t: int(s) for t, s in re.findall(r"👍 (.+): \+[\d.]+ \((\d+)%\)", reply.text)}


@pytest.fixture
def reader(chat):
    """Somebody with three likes, who asked why a work is suggested."""
    for title in ("신의 탑", "노블레스", "헬퍼"):
        chat.says(f"/like {title}")
    chat.says("/why 갓 오브 하이스쿨")
    return chat


def test_the_likes_behind_a_card_are_told_with_their_shares(reader):
    told = shares(reader.last)

    assert set(told) <= {"신의 탑", "노블레스", "헬퍼"}
    assert sum(told.values()) == pytest.approx(100, abs=len(told))


def test_each_of_the_strongest_has_a_button(reader):
    labels = [button.label for button in buttons_of(reader.last.buttons)]

    assert labels == [f"⏸️ Leave out: {title}" for title in shares(reader.last)]


def test_leaving_one_out_changes_the_reasons_at_once_and_what_comes_next(reader):
    first = next(iter(shares(reader.last)))
    before = reader.world.hearing  # the same process, nothing is trained
    reply = reader.press("⏸️")

    assert reply.notice == f"⏸️ {first} is left out of account from now on."
    assert first not in shares(reply)
    assert f"⏸️ Left out of account: {first}" in reply.text
    assert reply.replaces
    assert reply.private
    assert before is reader.world.hearing


def test_it_can_be_counted_again(reader):
    before = reader.last.text
    reader.press("⏸️")

    reply = reader.press("▶️")

    assert reply.text == before


def test_what_is_left_out_stays_liked_and_is_not_suggested(reader):
    first = next(iter(shares(reader.last)))
    reader.press("⏸️")

    assert len(reader.verdicts()) == 3
    for _ in range(12):
        reader.says("/recommend")
        assert first not in {card.title.split(" (")[0] for card in reader.last.cards}


def test_with_all_likes_left_out_it_is_as_if_nothing_was_known(reader):
    for _ in range(3):
        reader.press("⏸️")

    assert reader.says("/recommend").text
    assert "Leave out" not in str(reader.says("/why 갓 오브 하이스쿨").buttons)


def test_the_list_and_the_export_say_so(reader):
    first = next(iter(shares(reader.last)))
    reader.press("⏸️")

    assert f"👍 {first} · ⏸️ left out of account (/why)" in reader.says("/list").text
    assert [entry["title"] for entry in export(reader)["feedback"] if entry.get("left_out")] == [
        first
    ]


def test_each_can_be_counted_again_from_the_list(reader):
    for title in ("쿠베라", "덴마"):
        reader.says(f"/like {title}")
    for _ in range(5):
        reader.says("/why 갓 오브 하이스쿨")
        reader.press("⏸️")
    reader.says("/list")

    notices = [reader.press("▶️ Count again: ").notice for _ in range(5)]

    reply = reader.last
    assert notices == [
        f"▶️ {title} counts again." for title in ("덴마", "쿠베라", "헬퍼", "노블레스", "신의 탑")
    ]
    assert (reply.replaces, reply.private) == (True, True)
    assert not any(entry.get("left_out") for entry in export(reader)["feedback"])


def test_liking_it_again_counts_again(reader):
    first = next(iter(shares(reader.last)))
    reader.press("⏸️")
    reader.says(f"/dislike {first}")
    reader.says(f"/like {first}")

    assert first in shares(reader.says("/why 갓 오브 하이스쿨"))


def test_saying_so_once_more_counts_again(reader):
    first = next(iter(shares(reader.last)))
    reader.press("⏸️")

    assert reader.says(f"/like {first}").text == f"▶️ {first} counts again."
    assert first in shares(reader.says("/why 갓 오브 하이스쿨"))
    assert reader.says(f"/like {first}").text == f"You already like {first}."


def test_so_does_a_thumb_on_its_card(reader):
    reader.says("/recommend")
    title, thumb, message = reader.last.cards[0].title, reader.action("👍"), reader.posted(0)
    title = title.split(" (")[0]
    reader.presses(thumb)
    for again in (lambda: reader.presses(thumb), lambda: reader.reacts(message, "👍")):
        reader.says("/why 갓 오브 하이스쿨")
        reader.presses(leaving_out(reader, title))

        assert again().notice == f"▶️ {title} counts again."
        assert not any(entry.get("left_out") for entry in export(reader)["feedback"])


def test_so_does_an_answer_to_a_question_of_before(chat):
    chat.says("/start")
    title, like = chat.last.cards[0].title.split(" (")[0], chat.action("👍")
    chat.presses(like)
    chat.says("/why 쿠베라")
    chat.presses(leaving_out(chat, title))

    assert chat.presses(like).notice == f"▶️ {title} counts again."


def leaving_out(chat, title):
    """What leaves this like out of account."""
    like = next(w.id for w in chat.world.serving.library.works if w.title == title)
    return actions.account(chat.work("1022").id, like, counts=False, owner=export(chat)["reader"])


def test_a_list_that_has_it_counts_it_again_until_that_is_undone(reader):
    first = next(iter(shares(reader.last)))
    reader.press("⏸️")

    shown = reader.says(f"/import {first}")
    added = reader.press("📥 Add 1")
    counts = first in shares(reader.says("/why 갓 오브 하이스쿨"))
    reader.last = added
    undone = reader.press("↩️")

    assert shown.text.splitlines() == ["📥 I found 1 of 1 work: 👍 1", f"👍 {first}"]
    assert added.text.splitlines() == [
        "📥 Added 1 work. Your next recommendation knows them.",
        f"▶️ {first} counts again.",
    ]
    assert counts
    assert undone.text == say(Language.ENGLISH, "lists.undone", count=1)
    assert f"👍 {first} · ⏸️" in reader.says("/list").text


def test_undoing_a_list_leaves_alone_what_was_liked_anew_since(reader):
    first = next(iter(shares(reader.last)))
    reader.press("⏸️")
    reader.says(f"/import {first}")
    added = reader.press("📥")
    reader.world.clock.pass_(minutes=1)
    reader.says(f"/unlike {first}")
    reader.says(f"/like {first}")
    reader.last = added

    reader.press("↩️")

    assert first in shares(reader.says("/why 갓 오브 하이스쿨"))


def test_what_export_gives_leaves_it_out_as_well(reader):
    reader.press("⏸️")
    content = reader.says("/export").document.content

    reply = reader.does(File("export.json", content.encode(), len(content.encode())))

    assert reply.text.startswith("I found 3 of 3 works, and there is nothing new to add.")


@pytest.mark.parametrize("said", ["/dislike {}", "/read {}", "/import {} 👎"])
def test_undoing_what_was_said_over_it_leaves_it_out_again(reader, said):
    first = next(iter(shares(reader.last)))
    reader.press("⏸️")
    reader.says(said.format(first))
    if reader.last.buttons[0][0].label.startswith("📥"):
        reader.press("📥")
    undo = reader.action("↩️")
    between = reader.says("/list").text

    reader.presses(undo)

    assert "⏸️" not in between
    assert f"👍 {first} · ⏸️" in reader.says("/list").text


def test_undoing_that_it_was_taken_back_counts_it_again(reader):
    first = next(iter(shares(reader.last)))
    reader.press("⏸️")
    reader.says(f"/unlike {first}")
    reader.press("↩️")

    assert first in shares(reader.says("/why 갓 오브 하이스쿨"))


def test_models_still_learn_that_it_was_liked(reader):
    reader.press("⏸️")

    with reader.world.database.read() as session:
        assert len(list(feedback.for_training(session))) == 3


def test_it_is_the_readers_alone(reader):
    action = reader.action("⏸️")

    assert reader.as_("other").presses(action).notice.startswith("This button belongs")
    reader.presses(action)
    reader.says("/list")
    assert reader.as_("other").presses(reader.action("▶️")).notice.startswith("This button belongs")


def test_what_is_no_longer_liked_cannot_be_left_out(reader):
    action = reader.action("⏸️")
    reader.presses(action)
    reader.says("/list")
    again = reader.action("▶️")
    for title in ("신의 탑", "노블레스", "헬퍼"):
        reader.says(f"/unlike {title}")

    for late in (action, again):
        assert reader.presses(late).notice.startswith("You've changed your mind since")


@pytest.mark.parametrize(
    "forged",
    ["o:1:1:x:{}", "o:1:1:{}", "o:1:999:out:{}", "o:999:1:out:{}", "d:1", "d:999:{}:0"],
)
def test_forged_ones_are_refused(reader, forged):
    owner = export(reader)["reader"]

    reply = reader.presses(forged.format(owner))

    assert reply.notice
    assert not any(entry.get("left_out") for entry in export(reader)["feedback"])
