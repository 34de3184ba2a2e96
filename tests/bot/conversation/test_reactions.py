"""👍 and 👎 put on the message of a card, and taken back."""

import pytest

from db import readers
from tests.plugins.chat import titles


@pytest.fixture
def message(chat):
    """The message of the first card of a slate."""
    chat.says("/recommend")
    return chat.posted(0)


@pytest.fixture
def work_id(chat, message):
    return chat.last.cards[0].url.rpartition("=")[2]


@pytest.mark.parametrize(("emoji", "verdict"), [("👍", "like"), ("👎", "dislike")])
def test_a_thumb_is_a_verdict_and_shows_on_the_card(chat, message, work_id, emoji, verdict):
    reply = chat.reacts(message, emoji)

    assert reply.replaces
    assert reply.cards[0].mark.startswith(emoji)
    assert chat.verdicts() == {work_id: verdict}


def test_a_thumb_taken_back_takes_its_verdict_back(chat, message):
    chat.reacts(message, "👍")

    reply = chat.unreacts(message, "👍")

    assert reply.cards[0].mark == ""
    assert chat.verdicts() == {}


@pytest.mark.parametrize("before", ["read", "dislike"])
def test_what_stood_before_stands_again(chat, message, work_id, before):
    chat.says(f"/{before} #{chat.work(work_id).id}")
    chat.reacts(message, "👍")
    assert chat.verdicts() == {work_id: "like"}

    chat.unreacts(message, "👍")

    assert chat.verdicts() == {work_id: before}


def test_a_like_that_was_said_otherwise_outlives_the_thumb(chat, message, work_id):
    chat.says(f"/like #{chat.work(work_id).id}")
    assert chat.reacts(message, "👍") is None  # it stood already

    chat.unreacts(message, "👍")

    assert chat.verdicts() == {work_id: "like"}


def test_a_newer_verdict_outlives_the_thumb(chat, message, work_id):
    chat.reacts(message, "👍")
    chat.says(f"/read #{chat.work(work_id).id}")

    assert chat.unreacts(message, "👍") is None

    assert chat.verdicts() == {work_id: "read"}


def test_one_thumb_changed_for_the_other_in_one_update(chat, message, work_id):
    from bot.conversation.events import Reaction

    chat.reacts(message, "👍")
    chat.does(Reaction(message, added=("👎",), removed=("👍",)))
    assert chat.verdicts() == {work_id: "dislike"}

    chat.unreacts(message, "👎")

    assert chat.verdicts() == {}


def test_of_two_thumbs_the_later_counts_and_both_taken_back_leave_nothing(chat, message, work_id):
    chat.reacts(message, "👍")
    chat.reacts(message, "👎")
    chat.unreacts(message, "👍")
    assert chat.verdicts() == {work_id: "dislike"}

    chat.unreacts(message, "👎")

    assert chat.verdicts() == {}


def test_of_two_thumbs_the_earlier_stands_again_when_the_later_is_taken_back(
    chat, message, work_id
):
    chat.reacts(message, "👍")
    chat.reacts(message, "👎")

    chat.unreacts(message, "👎")

    assert chat.verdicts() == {work_id: "like"}


def test_a_thumb_beneath_another_gives_way_to_what_stood_before_both(chat, message, work_id):
    chat.says(f"/read #{chat.work(work_id).id}")
    chat.reacts(message, "👎")
    chat.reacts(message, "👍")
    chat.unreacts(message, "👎")
    chat.unreacts(message, "👍")

    assert chat.verdicts() == {work_id: "read"}


def test_put_on_taken_off_and_put_on_again_counts(chat, message, work_id):
    chat.reacts(message, "👍")
    chat.unreacts(message, "👍")
    chat.reacts(message, "👍")

    assert chat.verdicts() == {work_id: "like"}


def test_the_same_delivery_counts_once(chat, message):
    chat.reacts(message, "👍", key="r1")
    chat.unreacts(message, "👍")

    assert chat.reacts(message, "👍", key="r1") is None
    assert chat.verdicts() == {}


def test_a_thumb_changes_the_next_slate(chat, message):
    liked = titles(chat.last)[0]
    chat.reacts(message, "👍")

    assert chat.says("/recommend").cards[0].reason == f"💡 Because you liked {liked} (100%)"


@pytest.mark.parametrize("emoji", ["🔥", "❤", "custom:5368324170671202286", ""])
def test_other_emoji_say_nothing(chat, message, emoji):
    assert chat.reacts(message, emoji) is None
    assert chat.verdicts() == {}


def test_a_message_of_several_cards_takes_no_thumb(chat):
    chat.says("/recommend")
    message = chat.posted()

    assert chat.reacts(message, "👍") is None
    assert chat.verdicts() == {}


def test_a_thumb_on_somebody_elses_message_stores_nothing_of_anybody(chat):
    stranger = chat.as_("stranger")

    assert stranger.reacts("telegram:1:2", "👍") is None
    assert stranger.unreacts("telegram:1:2", "👍") is None

    with chat.world.database.read() as session:
        assert readers.count(session) == 0


def test_in_a_group_everybodys_thumb_is_their_own(chat):
    mina, other = chat.in_public(), chat.as_("other", shared=True)
    mina.says("/recommend")
    message = mina.posted(0)

    assert mina.reacts(message, "👍") is None  # what others see stays as it is
    assert other.reacts(message, "👎") is None
    mina.unreacts(message, "👍")

    assert mina.verdicts() == {}
    assert list(other.verdicts().values()) == ["dislike"]
