"""What is the reader's own: list, settings, export, and being forgotten."""

import json
from datetime import datetime

import pytest
from sqlalchemy import func, select, text

from db import readers
from db.tables import Base, Outbox
from tests.plugins.chat import buttons, export, titles
from tests.plugins.library import NOON
from tests.plugins.lived_in import beyond_verdicts


def fill_list(chat, count=20):
    works = [work for work in chat.world.serving.library.works if not work.adult][:count]
    for work in works:
        chat.says(f"/like #{work.id}")
    return [work.title for work in works]


def listed(reply):
    return [line[2:] for line in reply.text.splitlines()[1:]]


def test_an_empty_list_says_how_to_fill_it(chat):
    assert chat.says("/list").text.startswith("You haven't told me anything yet.")


def test_the_list_is_paged_latest_first(chat):
    given = fill_list(chat)

    first = chat.says("/list")
    second = chat.press("▶️")
    third = chat.press("▶️")
    back = chat.press("◀️")

    assert first.text.splitlines()[0] == "What you told me: 20 works (1/3)"
    assert listed(first) + listed(second) + listed(third) == given[::-1]
    assert back.text == second.text
    assert not any(b.label.startswith("▶️") for b in buttons(third))
    assert [reply.replaces for reply in (first, second, third)] == [False, True, True]


def test_a_verdict_is_taken_back_from_the_list(chat):
    fill_list(chat, 3)
    chat.says("/list")

    reply = chat.press("↩️ 여신강림")

    assert reply.notice == "↩️ Took back what you said about 여신강림."
    assert "여신강림" not in listed(reply)
    assert set(chat.verdicts()) == {"1001", "1003"}


def test_taking_back_the_only_one_of_the_last_page_turns_to_the_page_before(chat):
    given = fill_list(chat, 9)
    chat.says("/list")
    chat.press("▶️")

    reply = chat.press(f"↩️ {given[0]}")

    assert reply.text.splitlines()[0] == "What you told me: 8 works (1/1)"


def test_taking_back_the_last_one_leaves_an_empty_list(chat):
    chat.says("/like 덴마")
    chat.says("/list")

    assert chat.press("↩️").text.startswith("You haven't told me anything yet.")


def test_a_list_button_pressed_twice_is_no_trouble(chat):
    chat.says("/like 덴마")
    chat.says("/like 쿠베라")
    chat.says("/list")
    action = chat.action("↩️ 덴마")
    chat.presses(action)

    reply = chat.presses(action)

    assert reply.notice == "You haven't said anything about 덴마."
    assert listed(reply) == ["쿠베라"]


def test_settings_change_and_show_what_they_are(chat):
    before = chat.says("/settings")
    after = chat.press("🔞")
    chat.press("🚫")
    chat.press("🇰🇷")

    assert before.text.splitlines() == [
        "⚙️ Settings", "Language: automatic", "Adult works: hidden", "Training: uses my likes",
        "Dial: 🎯 Balanced (/dial)", "Alerts: ⚡ At once (/alerts)",
    ]  # fmt: skip
    assert after.notice == "Changed."
    assert after.replaces
    assert "Adult works: shown" in after.text
    assert export(chat)["settings"] == {
        "language": "ko", "adult": True, "trains": False, "dial": "balanced", "alerts": None,
        "alerts_to": None, "zone": None, "quiet_from": None, "quiet_until": None, "weekly": True,
    }  # fmt: skip


def test_settings_that_are_switched_on_can_be_switched_off(chat):
    chat.says("/settings")
    chat.press("🔞")

    chat.press("🙈")

    assert export(chat)["settings"]["adult"] is False


def test_the_export_keeps_its_contract(chat, clock):
    chat.says("/like 신의 탑")
    clock.pass_(hours=1)
    chat.says("/dislike 덴마")
    chat.says("/recommend")

    reply = chat.says("/export")

    assert (reply.document.name, reply.document.media_type) == (
        "webtoonbot-export.json",
        "application/json",
    )
    assert reply.private
    data = json.loads(reply.document.content)
    assert set(data) == {"reader", "accounts", "feedback", "follows", "settings", "stored"}
    assert data["accounts"] == [{"platform": "telegram", "user_id": "mina"}]
    assert data["feedback"] == [
        {
            "title": "덴마",
            "external_id": "1014",
            "verdict": "dislike",
            "at": "2026-05-04T13:00:00+00:00",
        },
        {
            "title": "신의 탑",
            "external_id": "1001",
            "verdict": "like",
            "at": "2026-05-04T12:00:00+00:00",
        },
    ]
    assert datetime.fromisoformat(data["feedback"][1]["at"]) == NOON


def test_the_export_can_be_had_from_settings(chat):
    chat.says("/settings")

    assert chat.press("📦").document is not None


def naming():
    """The columns that name a reader, by table."""
    found = {"reader": Base.metadata.tables["reader"].c.id}
    for table in Base.metadata.tables.values():
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            if key.column.table.name == "reader":
                found.setdefault(table.name, key.parent)
    return found


def rows_of(session, reader_id):
    """How many rows of each table name a reader."""
    return {
        table: session.scalar(select(func.count()).where(column == reader_id))
        for table, column in naming().items()
    }


def lives_a_little(chat):
    """Leaves rows in every table that holds anything of readers."""
    chat.says("/start")
    chat.press("👍")
    chat.says("/recommend")
    chat.reacts(chat.posted(0), "👍")
    chat.says("/dislike 헬퍼")
    reader = export(chat)["reader"]
    with chat.world.database.write() as session:
        beyond_verdicts(session, reader, chat.work("1001").id, NOON)
        session.add(Outbox(platform="x", user_id="-1", text="", reader_id=reader, created_at=NOON))
    return reader


def test_the_export_has_every_row_that_names_the_reader(chat):
    reader = lives_a_little(chat)
    lives_a_little(chat.as_("other"))
    with chat.world.database.read() as session:
        stored = rows_of(session, reader)

    exported = export(chat)["stored"]

    assert {table: len(rows) for table, rows in exported.items()} == stored
    assert [row["title"] for row in exported["feedback"]].count("헬퍼") == 1
    assert "digest" not in exported["link_code"][0]


def test_forget_deletes_every_row_of_the_reader_and_nobody_elses(chat):
    other = chat.as_("other")
    mine, theirs = lives_a_little(chat), lives_a_little(other)
    with chat.world.database.read() as session:
        before = rows_of(session, theirs)
        assert all(rows_of(session, mine).values())

    question = chat.says("/forget")
    assert question.text.startswith("Delete everything: what you said about 3 works")
    reply = chat.press("🗑️")

    assert reply.text.startswith("Everything is deleted.")
    with chat.world.database.read() as session:
        assert not any(rows_of(session, mine).values())
        assert rows_of(session, theirs) == before


def test_after_being_forgotten_nothing_of_the_platform_account_is_left_in_any_table(chat):
    name = "mina-4711"
    mina = chat.as_(name)
    lives_a_little(mina)
    mina.says("/forget")
    mina.press("🗑️")
    for key in range(1, 60):
        chat.world.hearing.answered(mina.platform, str(key))  # as the adapter does

    with chat.world.database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(text(f"SELECT * FROM {table.name}")):
                assert name not in repr(row), table.name


def test_who_was_forgotten_comes_back_as_somebody_new(chat):
    before = lives_a_little(chat)
    chat.says("/forget")
    chat.press("🗑️")

    after = export(chat)

    assert after["reader"] > before  # ids are never used again: old buttons stay dead
    assert after["feedback"] == []
    assert "You've told me" not in chat.says("/start").text


def test_buttons_of_before_are_dead_after_being_forgotten(chat):
    chat.says("/like 덴마")
    undo = chat.action("↩️")
    chat.says("/recommend")
    like, card = chat.action("👍", card=0), titles(chat.last)[0]
    chat.says("/forget")
    forget = chat.action("🗑️")
    chat.presses(forget)

    for button in (undo, forget):
        assert chat.presses(button).notice == "This button no longer works."
    assert card in chat.presses(like).text  # a verdict is given anew, on a shown card or not
    assert list(chat.verdicts().values()) == ["like"]


def test_thinking_better_of_it_keeps_everything(chat):
    chat.says("/like 덴마")
    chat.says("/settings")
    chat.press("🗑️")

    assert chat.press("💚").text == "Nothing was deleted."
    assert chat.verdicts() == {"1014": "like"}


def test_one_readers_verdict_on_anothers_card_survives_the_others_leaving(chat):
    other = chat.as_("other")
    chat.says("/recommend")
    message = chat.posted(0)
    other.reacts(message, "👍")
    chat.says("/forget")
    chat.press("🗑️")

    assert list(other.verdicts().values()) == ["like"]


def test_who_says_no_is_left_out_of_training(chat):
    from db import feedback

    chat.says("/like 덴마")
    chat.as_("other").says("/like 쿠베라")
    chat.says("/settings")
    chat.press("🚫")

    with chat.world.database.read() as session:
        learned = [work for _, work, _ in feedback.for_training(session)]

    assert learned == [chat.work("1022").id]


@pytest.mark.parametrize("shared", [False, True])
def test_what_is_ones_own_is_private(chat, shared):
    mina = chat.as_("mina", shared=shared)
    for command in (
        "/list", "/settings", "/privacy", "/export", "/forget", "/language", "/help", "/following",
        "/alerts", "/follow 신의 탑", "/unfollow 신의 탑",
    ):  # fmt: skip
        assert mina.says(command).private, command


def test_a_reader_on_two_platforms_is_two_until_joined(chat):
    chat.says("/like 덴마")
    elsewhere = chat.as_("mina", platform="discord")

    assert export(elsewhere)["feedback"] == []
    with chat.world.database.read() as session:
        assert readers.count(session) == 2
