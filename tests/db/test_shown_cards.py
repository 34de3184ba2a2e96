"""Impressions: cards as they were shown."""

from datetime import timedelta

import pytest

from db import catalogue, feedback, impressions, readers
from db.impressions import LikeRate, Reception, Showing, Shown
from db.tables import Verdict
from tests.plugins.library import NOON, stock


@pytest.fixture
def world(database):
    stock(database)
    with database.write() as session:
        reader = readers.of_account(session, "telegram", "1", NOON).id
        yield session, reader, [work.id for work in catalogue.works(session)]


def show(session, reader, slate, works, *, policy="ease", hours=0, model="m"):
    cards = [Shown(work, position, policy) for position, work in enumerate(works)]
    at = NOON + timedelta(hours=hours)
    return impressions.log(session, reader, slate, cards, model_id=model, now=at)


def test_a_slate_is_logged_in_order(world):
    session, reader, works = world
    ids = show(session, reader, "a", works[:3])

    assert [row.id for row in impressions.in_slate(session, "a")] == ids
    first = impressions.get(session, ids[0])
    assert (first.reader_id, first.webtoon_id, first.slate, first.position, first.policy) == (
        reader, works[0], "a", 0, "ease",
    )  # fmt: skip


def test_a_message_leads_back_to_its_cards(world):
    session, reader, works = world
    ids = show(session, reader, "a", works[:3])
    impressions.delivered(session, ids[:2], "telegram:1:7")
    impressions.delivered(session, [], "telegram:1:8")

    assert [row.id for row in impressions.on_message(session, "telegram:1:7")] == ids[:2]
    assert impressions.on_message(session, "telegram:1:8") == []


def test_what_one_policy_showed_a_reader_comes_in_the_order_it_was_shown(world):
    session, reader, works = world
    other = readers.of_account(session, "telegram", "2", NOON).id
    show(session, reader, "old", works[:1], policy="welcome")
    asked = show(session, reader, "asked", works[1:2], policy="welcome", hours=2)
    show(session, reader, "a", works[2:4], hours=2)
    show(session, other, "theirs", works[:1], policy="welcome", hours=3)
    asked += show(session, reader, "again", works[4:5], policy="welcome", hours=3)

    found = impressions.of_policy(session, reader, "welcome", NOON + timedelta(hours=1))

    assert [row.id for row in found] == asked


def test_what_was_shown_lately_comes_latest_first_without_what_is_older(world):
    session, reader, works = world
    show(session, reader, "old", works[:1])
    show(session, reader, "asked", works[1:2], policy="welcome", hours=2)
    show(session, reader, "a", works[2:4], hours=2)
    show(session, reader, "b", [works[4], works[2]], hours=3)
    since = NOON + timedelta(hours=1)

    found = impressions.shown_since(session, reader, since, limit=9, except_policies=("welcome",))
    assert found == [
        Showing(works[2], NOON + timedelta(hours=3)),
        Showing(works[4], NOON + timedelta(hours=3)),
        Showing(works[3], NOON + timedelta(hours=2)),
        Showing(works[2], NOON + timedelta(hours=2)),
    ]
    found = impressions.shown_since(session, reader, since, limit=2, except_policies=("welcome",))
    assert [showing.webtoon_id for showing in found] == [works[2], works[4]]


def test_the_last_slate_is_ones_own(world):
    session, reader, works = world
    other = readers.of_account(session, "telegram", "2", NOON).id
    assert impressions.last(session, reader) is None
    show(session, reader, "a", works[:3])
    show(session, reader, "w", works[3:4], policy="welcome")
    show(session, other, "b", works[4:6])

    assert impressions.last(session, reader).slate == "w"
    assert impressions.last(session, reader, except_policies=("welcome",)).webtoon_id == works[0]


def test_the_last_card_of_a_work_says_how_it_came_there(world):
    session, reader, works = world
    other = readers.of_account(session, "telegram", "2", NOON).id
    show(session, reader, "a", works[:2])
    cards = [Shown(works[1], 0, "ease", rank=7), Shown(works[0], 1, "new", 0.25)]
    impressions.log(session, reader, "b", cards, model_id="m", now=NOON)
    show(session, reader, "c", works[:1], policy="similar")
    show(session, other, "d", works[:2])

    moved = impressions.last_of(session, reader, works[1])
    drawn = impressions.last_of(session, reader, works[0], except_policies=("similar",))

    assert (moved.slate, moved.rank, moved.propensity) == ("b", 7, 1.0)
    assert (drawn.slate, drawn.rank, drawn.propensity) == ("b", None, 0.25)
    assert impressions.last_of(session, reader, works[2]) is None


def test_a_work_is_received_as_readers_say_now_who_were_shown_it_so(world):
    session, reader, works = world
    people = [reader] + [readers.of_account(session, "telegram", n, NOON).id for n in "234567"]
    verdicts = (
        Verdict.LIKE, Verdict.DISLIKE, Verdict.HIDDEN, Verdict.READ, None, None, Verdict.LIKE
    )  # fmt: skip
    readers.choose(session, people[-1], trains=False)  # what they say teaches nobody anything
    for person, verdict in zip(people, verdicts, strict=True):
        for slate in "ab":
            show(session, person, slate + str(person), works[:1], policy="new")
        say(session, person, works[0], Verdict.LIKE, None)
        say(session, person, works[0], verdict, None)
    show(session, reader, "c", works[1:2])
    show(session, reader, "d", works[2:3], policy="new")

    assert impressions.receptions(session, "new", works[:2], since=NOON) == {
        works[0]: Reception(likes=1, dislikes=2, unanswered=2)
    }
    assert impressions.receptions(session, "new", [], since=NOON) == {}
    later = NOON + timedelta(seconds=1)
    assert impressions.receptions(session, "new", works[:2], since=later) == {}


def say(session, reader, work, verdict, impression):
    feedback.record(
        session, reader, work, verdict, source="button", now=NOON, impression_id=impression
    )


def test_likes_are_rated_by_model_and_position(world):
    session, reader, works = world
    old = show(session, reader, "old", works[:2], hours=-1)
    first = show(session, reader, "a", works[:2])
    second = show(session, reader, "b", works[2:4], hours=1)
    other = show(session, reader, "c", works[4:5], model=None)
    show(session, reader, "d", works[5:6], model="n")
    say(session, reader, works[1], Verdict.LIKE, old[1])
    say(session, reader, works[0], Verdict.LIKE, first[0])
    say(session, reader, works[2], Verdict.DISLIKE, second[0])
    say(session, reader, works[3], Verdict.READ, second[1])
    say(session, reader, works[4], Verdict.LIKE, other[0])
    say(session, reader, works[6], Verdict.LIKE, None)  # without a card

    assert impressions.like_rates(session, NOON) == [
        LikeRate(None, 0, impressions=1, likes=1),
        LikeRate("m", 0, impressions=2, likes=1),
        LikeRate("m", 1, impressions=2, likes=0),
        LikeRate("n", 0, impressions=1, likes=0),
    ]


def test_a_card_is_liked_once_however_often_and_by_whomever(world):
    session, reader, works = world
    (card,) = show(session, reader, "a", works[:1])
    friend = readers.of_account(session, "telegram", "2", NOON).id
    for verdict in (Verdict.LIKE, None, Verdict.LIKE):
        say(session, reader, works[0], verdict, card)
    say(session, friend, works[0], Verdict.LIKE, card)

    assert impressions.like_rates(session, NOON) == [LikeRate("m", 0, 1, 1)]


def test_questions_can_be_left_out_of_the_rates(world):
    session, reader, works = world
    show(session, reader, "a", works[:1], policy="welcome")

    assert impressions.like_rates(session, NOON, except_policies=("welcome",)) == []
    assert impressions.like_rates(session, NOON) == [LikeRate("m", 0, 1, 0)]
