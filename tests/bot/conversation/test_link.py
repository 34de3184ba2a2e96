"""/link: two accounts become one reader, by a code; shown before, undone for a day."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.conversation.link import LIVES, UNDOABLE
from db.reader_tables import LinkCode
from db.tables import Reader
from tests.plugins.chat import buttons, export


def code_from(chat):
    return re.search(r"/link (\w{4}-\w{4})", chat.says("/link").text)[1]


def linked(chat, elsewhere):
    """Links the account that speaks elsewhere to this one; the last answer is there."""
    elsewhere.says(f"/link {code_from(chat)}")
    return elsewhere.press("🔗")


def people(chat):
    with chat.world.database.read() as session:
        return session.scalar(select(func.count(Reader.id)))


def test_what_both_said_is_united_and_known_on_both(chat, elsewhere):
    chat.says("/like 신의 탑")
    elsewhere.says("/like 덴마")

    assert linked(chat, elsewhere).text.startswith("🔗 Linked! I now know 2 works")

    assert chat.verdicts() == elsewhere.verdicts() == {"1001": "like", "1014": "like"}
    assert people(chat) == 1
    assert {account["platform"] for account in export(chat)["accounts"]} == {"telegram", "discord"}


def test_what_linking_does_is_shown_before_it_is_done(chat, elsewhere):
    chat.says("/like 신의 탑")
    chat.says("/like 헬퍼")
    elsewhere.says("/dislike 신의 탑")
    elsewhere.says("/read 덴마")

    shown = elsewhere.says(f"/link {code_from(chat)}")

    assert "(Telegram): 2 works" in shown.text
    assert "Here: 2 works" in shown.text
    assert "Together: 3 works" in shown.text
    assert "different things about 1 work; what you said last counts: 신의 탑 👎" in shown.text
    assert shown.private
    assert people(chat) == 2


def test_a_verdict_that_was_taken_back_later_elsewhere_is_named(chat, elsewhere, clock):
    chat.says("/dislike 여신강림")
    elsewhere.says("/like 여신강림")
    clock.now += timedelta(hours=1)
    elsewhere.says("/unlike 여신강림")

    shown = elsewhere.says(f"/link {code_from(chat)}")
    elsewhere.press("🔗")

    assert "what you said last counts: 여신강림 (taken back)" in shown.text
    assert "Together: 0 works" in shown.text
    assert chat.verdicts() == {}


def test_the_later_word_counts_whichever_account_said_it(chat, elsewhere, clock):
    elsewhere.says("/like 신의 탑")
    chat.says("/like 덴마")
    clock.now += timedelta(hours=1)
    chat.says("/dislike 신의 탑")
    elsewhere.says("/like 덴마")
    elsewhere.says("/unlike 덴마")

    linked(chat, elsewhere)

    assert chat.verdicts() == {"1001": "dislike"}


def test_a_link_is_undone_within_a_day_and_each_has_what_it_had(chat, elsewhere, clock):
    chat.says("/like 신의 탑")
    chat.says("/dislike 헬퍼")
    elsewhere.says("/dislike 신의 탑")
    elsewhere.says("/like 덴마")
    elsewhere.says("/unlike 헬퍼")
    before = chat.verdicts(), elsewhere.verdicts()
    linked(chat, elsewhere)
    clock.now += UNDOABLE - timedelta(seconds=1)

    reply = elsewhere.press("↩️")

    assert reply.text.startswith("↩️ The accounts are separate again")
    assert (chat.verdicts(), elsewhere.verdicts()) == before
    assert people(chat) == 2


def test_what_was_said_in_between_stays_with_the_account_that_gave_the_code(chat, elsewhere):
    chat.says("/like 신의 탑")
    elsewhere.says("/dislike 신의 탑")
    linked(chat, elsewhere)
    undo = elsewhere.action("↩️")
    elsewhere.says("/read 신의 탑")
    elsewhere.says("/like 덴마")

    elsewhere.presses(undo)

    assert chat.verdicts() == {"1001": "read", "1014": "like"}
    assert elsewhere.verdicts() == {"1001": "dislike"}


def test_after_a_day_a_link_stays(chat, elsewhere, clock):
    linked(chat, elsewhere)
    clock.now += UNDOABLE

    assert elsewhere.press("↩️").notice == "That link can't be undone any more."
    assert people(chat) == 1
    assert not buttons(chat.says("/link"))


def test_an_undone_link_is_not_undone_again(chat, elsewhere):
    linked(chat, elsewhere)
    undo = elsewhere.action("↩️")
    elsewhere.presses(undo)

    for person in (chat, elsewhere):
        assert person.presses(undo).notice == "That link can't be undone any more."
    foreign = chat.as_("other").presses(undo).notice
    assert foreign.startswith("This button belongs to somebody else.")


def test_the_undo_is_offered_with_the_next_code_too(chat, elsewhere):
    chat.says("/like 신의 탑")
    linked(chat, elsewhere)
    chat.says("/link")

    chat.press("↩️")

    assert elsewhere.verdicts() == {}


def test_cards_and_buttons_from_before_work_on(chat, elsewhere):
    elsewhere.says("/like 신의 탑")
    undo = elsewhere.action("↩️")
    elsewhere.says("/recommend")
    card, message = elsewhere.action("👍", card=0), elsewhere.posted(0)
    elsewhere.says("/settings")
    setting = elsewhere.action("🔞")
    linked(chat, elsewhere)

    assert elsewhere.presses(card).notice.startswith("👍")
    assert elsewhere.reacts(message, "👎").notice.startswith("👎")
    assert elsewhere.presses(undo).notice.startswith("↩️")
    assert elsewhere.presses(setting).notice == "Changed."
    assert chat.says("/why").text.startswith("💡")  # of the slate that was shown elsewhere


def test_whoever_said_without_me_on_one_account_is_left_out_on_both(chat, elsewhere):
    elsewhere.says("/settings")
    elsewhere.press("🚫")
    linked(chat, elsewhere)

    assert not export(chat)["settings"]["trains"]

    elsewhere.press("↩️")
    assert export(chat)["settings"]["trains"]
    assert not export(elsewhere)["settings"]["trains"]


def test_choices_are_taken_over_where_none_was_made(chat, elsewhere):
    chat.says("/language en")
    elsewhere.says("/language ko")
    elsewhere.says("/dial niche")
    linked(chat, elsewhere)

    assert export(chat)["settings"]["language"] == "en"
    assert export(chat)["settings"]["dial"] == "niche"


def test_a_like_left_elsewhere_is_forgotten_with_the_united_reader(chat, elsewhere):
    elsewhere.says("/like 신의 탑")
    linked(chat, elsewhere)
    chat.says("/forget")
    chat.press("🗑️")

    assert people(chat) == 0
    assert elsewhere.verdicts() == {}


@pytest.mark.parametrize("typed", ["{}", "{} ", "{}".lower(), " {}", "{}!"])
def test_a_code_is_known_however_it_is_typed(chat, elsewhere, typed):
    code = code_from(chat)

    assert elsewhere.says(f"/link {typed.format(code.lower().replace('-', ' '))}").buttons


def test_a_wrong_code_is_told_in_one_sentence(chat):
    reply = chat.says("/link ABCD-EFGH")

    assert reply.text.startswith("I don't know that code.")
    assert "\n" not in reply.text


def test_a_code_runs_out(chat, elsewhere, clock):
    code = code_from(chat)
    clock.now += LIVES

    assert elsewhere.says(f"/link {code}").text.startswith("That code has run out.")


def test_a_confirmation_runs_out_too(chat, elsewhere, clock):
    elsewhere.says(f"/link {code_from(chat)}")
    clock.now += LIVES

    assert elsewhere.press("🔗").notice.startswith("That code has run out.")
    assert people(chat) == 2


def test_a_code_is_used_once(chat, elsewhere):
    code = code_from(chat)
    elsewhere.says(f"/link {code}")
    elsewhere.press("🔗")

    assert chat.as_("third").says(f"/link {code}").text.startswith("That code was used already.")
    assert people(chat) == 2


def test_a_code_that_somebody_entered_is_nobody_elses(chat, elsewhere):
    code = code_from(chat)
    elsewhere.says(f"/link {code}")

    assert chat.as_("thief").says(f"/link {code}").text.startswith("That code was used already.")
    assert elsewhere.press("🔗").text.startswith("🔗 Linked!")


def test_a_new_code_ends_the_one_before(chat, elsewhere):
    first, second = code_from(chat), code_from(chat)

    assert elsewhere.says(f"/link {first}").text.startswith("That code has run out.")
    assert elsewhere.says(f"/link {second}").buttons


def test_linking_to_oneself_is_told(chat, elsewhere):
    assert chat.says(f"/link {code_from(chat)}").text.startswith("That is this account's own code.")

    linked(chat, elsewhere)
    reply = elsewhere.says(f"/link {code_from(chat)}")
    assert reply.text.startswith("That is this account's own code.")


def test_a_link_that_is_not_wanted_after_all_changes_nothing(chat, elsewhere):
    elsewhere.says(f"/link {code_from(chat)}")

    confirm = elsewhere.action("🔗")

    assert elsewhere.press("✖️").text == "Fine, nothing was linked."
    assert elsewhere.presses(confirm).notice.startswith("That code has run out.")
    assert people(chat) == 2


def test_whoever_guesses_is_stopped_and_let_on_later(chat, elsewhere, clock):
    code = code_from(chat)
    for _ in range(5):
        elsewhere.says("/link AAAA-AAAA")

    assert elsewhere.says(f"/link {code}").text == (
        "Too many wrong codes. Please try again in 15 min."
    )
    clock.now += timedelta(minutes=15)
    assert elsewhere.says(f"/link {code_from(chat)}").buttons


def test_codes_are_not_given_without_end(chat):
    for _ in range(5):
        code_from(chat)

    assert chat.says("/link").text.startswith("You've asked for many codes lately.")


def test_a_code_is_nowhere_stored(chat):
    code = code_from(chat).replace("-", "")

    with chat.world.database.read() as session:
        stored = repr(session.execute(select(LinkCode.__table__)).all())
    assert code not in stored


def test_somebody_elses_confirmation_is_refused(chat, elsewhere):
    elsewhere.says(f"/link {code_from(chat)}")

    assert (
        chat.as_("other")
        .presses(elsewhere.action("🔗"))
        .notice.startswith("This button belongs to somebody else.")
    )
    assert people(chat) == 3


def test_only_the_latest_of_two_links_can_be_undone(chat, elsewhere):
    third = chat.as_("mina-t", platform="terminal")
    third.says("/like 헬퍼")
    linked(chat, elsewhere)
    first = elsewhere.action("↩️")
    linked(third, chat)

    assert elsewhere.presses(first).notice == "That link can't be undone any more."
    chat.press("↩️")
    elsewhere.presses(first)
    assert people(chat) == 3
    assert third.verdicts() == {"1024": "like"}
