"""Letters that are not sent after all, and what then becomes of their news."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from db import impressions, letters, news, readers
from db.impressions import Shown
from db.letters import IN_DOUBT, Destination
from db.tables import Outbox
from tests.fakes.post import LONDON, Post
from tests.fakes.waiting import blocked, eventually
from tests.plugins.library import NOON, stock

# SQLite has one writer at a time.
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
HOUR = timedelta(hours=1)
GROUP = Destination("telegram", "-5", None, to_chat=True)


@pytest.fixture
def doubted(post):
    """A letter whose news are in doubt below something new."""
    post.happens()
    letters.doubted(post.session, post.write(), NOON)
    post.happens(1)
    return post.write()


def apart(post, what):
    """Has a letter not be sent for this reason."""
    if what == "other hours":
        news.reschedule(post.session, post.reader, NOON, LONDON)
    elif what == "night":
        (letter,) = post.take()
        night = NOON.astimezone(LONDON).replace(hour=22, minute=30)
        assert post.going(letter, night - timedelta(seconds=1)) is None
    elif what == "no bot":
        letters.give_up(post.session, ["telegram"], NOON + HOUR, NOON)
    elif what == "shut out":
        post.account("discord", "9", NOON - HOUR)
        (letter,) = post.take()
        letters.shut_out(post.session, "telegram", letter, "blocked", NOON)


WAYS = ("other hours", "night", "no bot", "shut out")


@pytest.mark.parametrize("what", WAYS)
def test_what_was_in_doubt_stays_so_when_its_letter_is_taken_apart(post, doubted, what):
    apart(post, what)

    assert post.news() == [(None, True), (None, False)]


def test_what_is_in_doubt_and_in_no_letter_makes_none_by_itself(post, doubted):
    apart(post, "other hours")
    fresh, *_ = (item for item in post.items() if not item.doubt)
    news.discard(post.session, [fresh])

    assert post.due(now=NOON + HOUR) == []
    assert [item.doubt for item in post.items()] == [True]


def test_what_is_in_doubt_is_not_said_twice_while_a_letter_says_it(post, doubted):
    assert post.items() == []


@pytest.mark.parametrize("what", [*WAYS, "refused"])
def test_what_a_letter_would_have_shown_was_not_shown(post, what):
    for name, at in (("weekly:1", NOON - HOUR), ("weekly:2", NOON), ("asked for", NOON)):
        shown = [Shown(post.works[0], 0, "ease")]
        impressions.log(post.session, post.reader, name, shown, model_id=None, now=at)
    post.add("weekly:2026-W19")
    post.write()
    apart(post, what)
    if what == "refused":
        letters.refused(post.session, post.take()[0], "can't parse entities", NOON)

    of_letters = impressions.in_slates(post.session, ["weekly:1", "weekly:2", "asked for"])
    assert sorted(of_letters) == ["asked for", "weekly:1"]


def test_a_letter_that_is_refused_for_itself_comes_with_the_next(post):
    post.happens()
    letter = post.write()
    letters.refused(post.session, post.take()[0], "can't parse entities", NOON)

    assert post.news() == [(letter, True)]
    assert post.due() == []
    post.happens(1)
    assert [item.doubt for item in post.items()] == [True, False]


def test_a_letter_that_nobody_takes_keeps_its_reader_from_others_for_an_hour(post):
    readers.choose(post.session, post.reader, alerts_to="discord:77")
    post.happens()
    post.write(to=letters.chosen(post.session, post.reader))
    readers.choose(post.session, post.reader, alerts_to=None)
    platforms = ["telegram", "discord"]

    letters.give_up(post.session, platforms, NOON + HOUR, NOON - timedelta(seconds=1))
    assert post.due() == []
    letters.give_up(post.session, platforms, NOON + HOUR, NOON)
    assert post.due() == [post.reader]


def test_a_letter_that_a_bot_has_or_had_lately_is_not_given_up(post):
    post.happens()
    letter = post.write()
    post.take(NOON + HOUR)

    letters.give_up(post.session, ["telegram"], NOON + HOUR, NOON + HOUR)

    assert post.row(letter) is not None


def test_a_letter_that_was_about_to_go_where_no_bot_runs_any_more_is_in_doubt(post):
    post.happens()
    letter = post.write()
    post.going(*post.take())

    letters.give_up(post.session, ["telegram"], NOON + 2 * HOUR, NOON + HOUR)

    assert post.row(letter).error == IN_DOUBT
    assert post.news() == [(letter, True)]


def test_what_is_for_all_waits_for_the_bot_of_the_chat_and_the_rest_does_not(post):
    readers.choose(post.session, post.reader, alerts_to="discord:77")
    post.happens()

    assert post.due("telegram") == []
    post.add("weekly:2026-W19")
    assert post.due("telegram") == [post.reader]
    assert post.due("discord") == [post.reader]


def test_what_waits_can_be_put_off(post):
    post.happens()
    news.put_off(post.session, post.reader, NOON, NOON + HOUR)

    assert post.due(now=NOON + HOUR - timedelta(seconds=1)) == []
    assert post.due(now=NOON + HOUR) == [post.reader]


class Group:
    """Two readers who are told in the same chat, of the same; the first has a letter there."""

    def __init__(self, post):
        self.post, self.session = post, post.session
        self.first, self.second = post.reader, post.person("2")
        for reader in (self.first, self.second):
            readers.choose(self.session, reader, alerts_to="telegram:-5")
        post.happens(readers=[self.first, self.second])
        self.letter = post.write(to=GROUP)

    def untold(self):
        return letters.untold(self.session, GROUP, self.post.items(self.second))

    def close(self, reader):
        user = "1" if reader == self.first else "2"
        readers.closed(self.session, "telegram", user, NOON)


@pytest.fixture
def group(post):
    return Group(post)


def test_what_a_letter_says_to_a_chat_is_said_for_all_who_are_told_there(post, group):
    post.happens(1, readers=[group.second])

    assert [item.title for item in group.untold()] == ["여신강림"]
    assert post.news() == [(group.letter, False), (group.letter, False), (None, False)]


def test_what_was_said_to_a_chat_is_not_said_to_it_again(post, group):
    letters.arrived(post.session, group.letter, NOON)

    assert group.untold() == []


def test_what_was_said_elsewhere_or_may_not_have_arrived_is_said(post, group):
    other = Destination("telegram", "-6", None, to_chat=True)
    assert len(letters.untold(post.session, other, post.items(group.second))) == 1
    letters.doubted(post.session, group.letter, NOON)

    assert len(group.untold()) == 1


def test_doubt_of_a_chats_letter_is_everybodys(post, group):
    group.untold()
    letters.doubted(post.session, group.letter, NOON)

    assert post.news() == [(group.letter, True), (group.letter, True)]


def test_a_chat_that_was_told_since_ends_its_doubt(post, group):
    letters.doubted(post.session, group.letter, NOON)
    again = post.write(group.second, GROUP)
    letters.arrived(post.session, again, NOON)

    assert letters.untold(post.session, GROUP, post.items(group.first)) == []
    assert post.news() == [(again, False), (again, False)]


@pytest.mark.parametrize("reachable", [True, False])
def test_a_letter_that_a_chat_does_not_take_leaves_the_others_their_news(post, group, reachable):
    group.untold()
    if not reachable:
        group.close(group.first)
    (letter,) = post.take()

    letters.shut_out(post.session, "telegram", letter, "kicked", NOON)

    assert post.news() == [(None, False)] * (2 if reachable else 1)
    assert group.second in post.due()


def test_a_reader_who_goes_leaves_the_others_of_a_chat_their_news(post, group):
    group.untold()
    readers.forget(post.session, group.first)

    assert post.news() == [(None, False)]


@ON_POSTGRESQL
def test_two_bots_that_write_at_once_tell_a_chat_once(database):
    stock(database)
    with database.write() as session:
        group = Group(Post(session))
        news.unwrite(session, [group.letter])

    def untold(session, reader):
        return letters.untold(session, GROUP, news.items(session, reader, NOON))

    def other():
        with database.write() as session:
            return untold(session, group.second)

    with ThreadPoolExecutor() as pool, database.write() as session:
        items = untold(session, group.first)
        asking = pool.submit(other)
        eventually(lambda: blocked(database), "the other's turn", 5)
        letters.write(session, group.first, GROUP, "{}", items, now=NOON)
        session.commit()

        assert asking.result() == []


@ON_POSTGRESQL
def test_a_chat_that_is_found_shut_while_its_reader_goes_does_not_tie_both_up(database):
    """Both need the account and the letter: who has the one first has the other first, too."""
    stock(database)
    with database.write() as session:
        post = Post(session)
        post.happens()
        post.write()
        (letter,) = post.take()

    def shut():
        with database.write() as session:
            letters.shut_out(session, "telegram", letter, "blocked", NOON)

    with ThreadPoolExecutor() as pool, database.write() as session:
        readers.of_account(session, "telegram", "1", NOON)
        shutting = pool.submit(shut)
        eventually(lambda: blocked(database), "the other's turn", 5)
        readers.forget(session, post.reader)
        session.commit()
        shutting.result()

    with database.read() as session:
        assert session.scalars(select(Outbox)).all() == []
