"""What those who read together are shown, and what of each other."""

import re

import pytest
from sqlalchemy import select

from bot.conversation import lineup, together
from bot.conversation.taste import Taste, rank
from bot.conversation.texts import Language, say
from bot.telegram.render import _MAX_REASON, length
from db import feedback, readers
from db.tables import Impression
from tests.plugins.chat import at_once, buttons, joins, titles


@pytest.fixture
def anna(chat):
    return chat.as_("anna", shared=True)


@pytest.fixture
def ben(chat):
    return chat.as_("ben", shared=True)


def told(card):
    """Name -> percent, as a card has them."""
    return dict(re.findall(r"^(.+?): better (?:known )?than (\d+)%", card.reason, re.MULTILINE))


def test_three_works_with_a_line_for_each_person(chat, anna, ben):
    anna.says("/like 신의 탑")
    ben.says("/like 여신강림")
    joins(anna, ben)

    reply = anna.press("🎬")

    assert reply.text == "🎬 For Anna, Ben: something all of you may like"
    assert (len(reply.cards), reply.replaces, reply.for_all) == (3, False, True)
    for card in reply.cards:
        assert list(told(card)) == ["Anna", "Ben"]
        assert all(25 <= int(share) <= 99 for share in told(card).values())
        assert card.reason.count("\n") == 1
    assert buttons(reply)[-1].label == "🔄 Others"


def test_nothing_that_one_of_them_judged_or_that_is_for_adults_is_shown(chat, anna, ben):
    mine = [work for work in chat.world.serving.library.works if not work.adult]
    for work in mine[:11]:
        anna.says(f"/dislike #{work.id}")
    for work in mine[11:22]:
        ben.says(f"/read #{work.id}")
    joins(anna, ben)

    reply = ben.press("🎬")

    shown = {card.work_id for card in reply.cards}
    assert shown and shown <= {work.id for work in mine[22:]}


def test_what_is_said_of_a_person_is_what_their_own_works_say(chat, anna, ben):
    """Percentiles over what they could be shown, worked out from the scores once more."""
    anna.says("/like 신의 탑")
    anna.says("/dislike 덴마")
    ben.says("/like 여신강림")
    joins(anna, ben)
    reply = ben.press("🎬")
    library = chat.world.serving.library
    with chat.world.database.write() as session:
        reader = readers.of_account(session, "telegram", "anna", chat.world.clock())
        taste = Taste.of(feedback.current(session, reader.id))
    ranking = rank(library, taste)
    scores = ranking.scores + lineup.lean(library, ranking, 1)
    hers = [
        scores[row]
        for row, work in enumerate(library.works)
        if not work.adult and work.id not in taste.verdicts
    ]

    for card in reply.cards:
        score = scores[library.row_of[card.work_id]]
        less = sum(other < score for other in hers) / (len(hers) - 1)
        assert told(card)["Anna"] == str(min(99, int(100 * less)))


def test_of_whom_nothing_is_known_popularity_stands_and_it_is_said(chat, anna, ben):
    anna.says("/like 신의 탑")
    joins(anna, ben)

    (first, second) = anna.press("🎬").cards[0].reason.splitlines()

    assert re.fullmatch(r"Anna: better than \d+% of works for you", first)
    assert re.fullmatch(r"Ben: better known than \d+% of works \(taste unknown\)", second)


def test_one_alone_gets_works_too(chat, anna):
    joins(anna)

    assert [list(told(card)) for card in anna.press("🎬").cards] == [["Anna"]] * 3


def test_others_are_others_until_none_are_left(chat, anna, ben, clock):
    joins(anna, ben)
    seen = titles(anna.press("🎬"))
    while True:
        clock.pass_(seconds=6)
        reply = anna.press("🔄")
        if not reply.cards:
            break
        seen += titles(reply)

    assert reply.notice.startswith("You've seen all that suits every one of you.")
    # Three quarters of the 27 works that are for everybody, the two of one title among them.
    assert len(seen) == 20
    assert len(set(seen)) >= 19


def test_where_nothing_suits_everybody_it_says_so_and_changes_nothing(chat, anna, ben):
    works = [work for work in chat.world.serving.library.works if not work.adult]
    for work in works[::2]:
        anna.says(f"/read #{work.id}")
    for work in works[1::2]:
        ben.says(f"/read #{work.id}")
    joins(anna, ben)

    reply = anna.press("🎬")

    assert (reply.text, reply.cards, reply.private) == ("", (), True)
    assert reply.notice == say(Language.ENGLISH, "together.none")


def test_who_is_not_in_cannot_pick_and_nobody_can_where_nobody_is(chat, anna, ben):
    anna.says("/together")
    assert anna.press("🎬").notice == "Nobody is in yet. Tap ✋ first."

    joins(anna)
    anna.says("/together")
    ben.last = anna.last

    assert ben.press("🎬").notice == "Only those who are in can pick. Tap ✋ first."


def test_without_a_catalogue_it_says_so(bare_chat):
    anna = bare_chat.as_("anna", shared=True)
    joins(anna)

    assert anna.press("🎬").notice.startswith("My catalogue is still empty.")


def test_two_taps_at_pick_bring_one_slate(chat, anna, ben, clock):
    joins(anna, ben)
    anna.says("/together")
    ben.last = anna.last

    first, second = anna.press("🎬"), ben.press("🎬")
    ben.last = anna.last
    third = ben.press("🔄")
    clock.pass_(seconds=6)
    ben.last = first
    fourth = ben.press("🔄")

    assert len(first.cards) == len(fourth.cards) == 3
    assert second.notice == third.notice == "I've just picked: it's right below."


def test_who_pick_at_once_get_one_slate(chat, anna, ben):
    joins(anna, ben)
    anna.says("/together")
    action = anna.action("🎬")

    replies = at_once(*(lambda person=person: person.presses(action) for person in (anna, ben)))

    assert sorted(len(reply.cards) for reply in replies) == [0, 3]
    assert "I've just picked: it's right below." in {reply.notice for reply in replies}


def test_others_of_an_older_slate_lead_to_the_last(chat, anna, clock):
    joins(anna)
    old = anna.press("🎬")
    clock.pass_(seconds=6)
    anna.press("🔄")
    clock.pass_(seconds=6)

    anna.last = old

    assert anna.press("🔄").notice.startswith("There are newer picks already.")


def test_others_are_to_be_had_though_who_picked_last_is_gone(chat, anna, ben, clock):
    joins(anna, ben)
    ben.last = anna.press("🎬")
    clock.pass_(seconds=6)
    alone = anna.as_("anna", shared=False)
    alone.says("/forget")
    alone.press("🗑️")
    clock.pass_(seconds=6)

    assert len(ben.press("🔄").cards) == 3


def test_a_verdict_on_such_a_card_is_the_pressers_own_and_why_is_theirs(chat, anna, ben):
    anna.says("/like 신의 탑")
    joins(anna, ben)
    anna.press("🎬")
    ben.last = anna.last

    why = ben.press("💡", card=0)
    ben.last = anna.last
    ben.press("👍", card=0)

    assert why.private
    assert "신의 탑" not in why.text
    assert list(ben.verdicts().values()) == ["like"]
    assert list(anna.verdicts()) == ["1001"]


def test_a_card_names_no_work_genre_or_verdict_of_anybody(chat, anna, ben):
    anna.says("/like 신의 탑")
    ben.says("/dislike 덴마")
    joins(anna, ben)

    reply = ben.press("🎬")

    for card in reply.cards:
        assert card.mark == ""
        assert re.fullmatch(
            r"Anna: better than \d+% of works for you\n"
            r"Ben: better known than \d+% of works \(taste unknown\)",
            card.reason,
        )


def test_cards_are_logged_for_who_pressed(chat, anna, ben):
    joins(anna, ben)
    anna.says("/together")
    ben.last = anna.last
    shown = ben.press("🎬").impressions

    with chat.world.database.write() as session:
        reader = readers.of_account(session, "telegram", "ben", chat.world.clock())
        columns = (Impression.id, Impression.reader_id, Impression.policy, Impression.position)
        rows = [tuple(row) for row in session.execute(select(*columns).order_by(Impression.id))]
    assert rows == [(id_, reader.id, "together", place) for place, id_ in enumerate(shown)]


def test_the_why_of_a_shown_card_says_nothing_of_a_slate_of_ones_own(chat, anna):
    anna.says("/like 신의 탑")
    anna.says("/dial popular")
    joins(anna)
    anna.press("🎬")

    why = anna.press("💡", card=0)

    assert "신의 탑" in why.text
    assert "🎚️" not in why.text


def test_the_longest_lines_of_the_fullest_round_fit_a_card_of_any_platform(chat):
    name = "가" * together._NAME_IN_CROWD
    for language in Language:
        for key in ("together.fits", "together.guessed"):
            line = say(language, key, name=name, share="99")
            assert together.MAX_MEMBERS * (length(line) + 1) <= _MAX_REASON, key
