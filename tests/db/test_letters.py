"""Letters to readers: one for all that is due, and what is known of each that was to be sent."""

from datetime import datetime, timedelta

from db import letters, news, outbox, readers
from db.letters import IN_DOUBT, Destination
from db.tables import Reader
from tests.fakes.post import LEASE, LONDON
from tests.plugins.library import NOON

ANEW = timedelta(minutes=2)


def test_nobody_is_due_before_their_news_are(post):
    post.happens(at=NOON + timedelta(hours=1))

    assert post.due() == []
    assert post.due(now=NOON + timedelta(hours=1)) == [post.reader]


def test_a_reader_is_due_where_they_spoke_last(post):
    post.account("discord", "9", NOON + timedelta(hours=1))
    post.happens()

    assert post.due("telegram") == []
    assert post.due("discord") == [post.reader]
    assert letters.own(post.session, post.reader) == Destination("discord", "9", None)


def test_a_terminal_is_where_a_reader_is_told_who_is_nowhere_else(post):
    post.account("terminal", "mina", NOON + timedelta(hours=1))
    alone = post.person("jun", "terminal")
    post.happens(readers=[post.reader, alone])

    assert post.due("terminal") == [alone]
    assert post.due("telegram") == [post.reader]


def test_an_account_that_takes_no_messages_is_passed_over(post):
    post.account("discord", "9", NOON + timedelta(hours=1))
    readers.closed(post.session, "discord", "9", NOON)
    post.happens()

    assert post.due("discord") == []
    assert post.due("telegram") == [post.reader]


def test_a_reader_is_due_in_the_chat_that_they_chose(post):
    readers.choose(post.session, post.reader, alerts_to="discord:77")
    post.happens()

    assert post.due("discord") == [post.reader]
    assert letters.chosen(post.session, post.reader) == Destination("discord", "77", None, True)


def test_so_many_are_due_at_once_and_no_more(post):
    everybody = [post.reader, *(post.person(str(n)) for n in range(2, 6))]
    post.happens(readers=everybody)

    assert len(post.due(limit=3)) == 3


def test_what_is_due_comes_with_its_works_oldest_first(post):
    first = post.happens(0)
    second = post.happens(1, "completed", None)
    post.add("weekly:2026-W19")
    post.happens(2, at=NOON + timedelta(hours=2))

    weekly, one, other = sorted(post.items(), key=lambda item: item.title)
    assert (weekly.key, weekly.kind) == ("weekly:2026-W19", None)
    assert (one.key, one.kind, one.title) == (f"event:{first}", "chapter", "신의 탑")
    assert (one.detail, one.authors, one.adult, one.gone) == ("3화", ("SIU",), False, False)
    assert (other.key, other.kind, other.title) == (f"event:{second}", "completed", "여신강림")


def test_a_written_letter_has_its_news_and_keeps_others_from_being_written(post):
    post.happens()
    letter = post.write()
    post.happens(1)

    assert post.news() == [(letter, False), (None, False)]
    assert post.due() == []
    letters.arrived(post.session, letter, NOON)
    assert post.due() == [post.reader]


def test_a_letter_is_one_bots_at_a_time(post):
    post.happens()
    letter = post.write()

    (taken,) = post.take()
    assert (taken.id, taken.user_id, taken.reply, taken.again) == (letter, "1", "{}", False)
    assert post.take() == []
    assert [other.id for other in post.take(NOON + LEASE)] == [letter]


def test_letters_to_operators_are_not_among_them_nor_the_other_way_round(post):
    outbox.put(post.session, ("telegram", "1"), "A job failed.", NOON)
    post.happens()
    letter = post.write()

    mine = outbox.take(post.session, "telegram", NOON, NOON + LEASE)
    assert [other.text for other in mine] == ["A job failed."]
    assert [other.id for other in post.take()] == [letter]


def test_of_several_letters_to_one_chat_one_is_taken_at_a_time(post):
    jun = post.person("2")
    group = Destination("telegram", "-5", None, to_chat=True)
    post.happens(readers=[post.reader, jun])
    first, second = post.write(to=group), post.write(jun, group)

    assert [letter.id for letter in post.take()] == [first]
    assert post.take() == []  # whatever bot asks
    letters.arrived(post.session, first, NOON)
    assert post.take(but=["-5"]) == []
    assert [letter.id for letter in post.take()] == [second]


def test_each_topic_of_a_chat_is_told_and_both_in_the_one_row_of_that_chat(post):
    jun = post.person("2")
    one, other = (Destination("telegram", "-5", None, to_chat=True, topic=t) for t in "78")
    post.happens(readers=[post.reader, jun])
    first = post.write(to=one)
    left = letters.untold(post.session, other, news.items(post.session, jun, NOON))
    second = post.write(jun, other)

    taken = post.take()
    assert len(left) == 1
    assert [(letter.id, letter.topic) for letter in taken] == [(first, "7")]
    assert post.take() == []
    letters.arrived(post.session, first, NOON)
    assert [(letter.id, letter.topic) for letter in post.take()] == [(second, "8")]


def test_a_topic_that_is_shut_leaves_those_alone_who_chose_another(post):
    jun = post.person("2")
    one, other = (Destination("telegram", "-5", None, to_chat=True, topic=t) for t in "78")
    for reader, to in ((post.reader, one), (jun, other)):
        readers.choose(post.session, reader, alerts_to=letters.address("telegram", "-5", to.topic))
    post.happens(readers=[post.reader, jun])
    post.write(to=one)
    (letter,) = post.take()

    letters.shut_out(post.session, "telegram", letter, "message thread not found", NOON)

    assert letters.chosen(post.session, post.reader) is None
    assert letters.chosen(post.session, jun) == other


def test_a_letter_that_was_lent_goes_with_a_note_of_when(post):
    post.happens()
    post.write()
    (letter,) = post.take()

    held = post.going(letter, NOON + timedelta(seconds=5))

    assert held.taken_until == NOON + timedelta(seconds=65)
    assert post.row(letter.id).sending_at == NOON + timedelta(seconds=5)


def test_what_another_took_over_does_not_go(post):
    post.happens()
    post.write()
    (late,) = post.take()
    (other,) = post.take(NOON + LEASE)

    assert post.going(late, NOON + LEASE) is None
    assert post.going(other, NOON + LEASE) is not None


def test_what_its_reader_deleted_does_not_go(post):
    post.happens()
    post.write()
    (letter,) = post.take()
    readers.forget(post.session, post.reader)
    post.session.expire_all()

    assert post.going(letter) is None
    assert post.news() == []


def test_a_letter_that_comes_too_late_in_the_evening_waits_until_morning(post):
    post.happens()
    post.write()
    night = NOON.astimezone(LONDON).replace(hour=22, minute=30)
    (letter,) = post.take(night)

    assert post.going(letter, night) is None

    morning = datetime(2026, 5, 5, 8, tzinfo=LONDON)
    assert post.row(letter.id) is None
    assert post.due(now=night) == []
    assert post.due(now=morning) == [post.reader]


def test_what_did_not_go_after_all_can_go_again(post):
    post.happens()
    post.write()
    (letter,) = post.take()
    held = post.going(letter)

    letters.back(post.session, held)
    letters.leave(post.session, [held])

    (again,) = post.take()
    assert (again.id, again.again) == (letter.id, False)


def test_a_letter_that_arrived_is_never_taken_again(post):
    post.happens()
    post.write()
    (letter,) = post.take()
    post.going(letter)
    letters.arrived(post.session, letter.id, NOON)

    assert post.take(NOON + timedelta(days=1)) == []
    assert post.news() == [(letter.id, False)]
    assert (post.row(letter.id).error, post.row(letter.id).reply) == (None, None)


def test_what_may_have_arrived_is_closed_and_its_news_come_with_the_next_letter(post):
    post.happens()
    letter = post.write()
    post.going(*post.take())

    assert post.take(NOON + LEASE) == []
    assert post.row(letter).error == IN_DOUBT
    assert post.news() == [(letter, True)]
    assert post.due(now=NOON + LEASE) == []  # alone they make no letter

    post.happens(1)
    assert post.due(now=NOON + LEASE) == [post.reader]
    assert [item.doubt for item in post.items()] == [True, False]
    after = post.write()
    assert post.news() == [(after, True), (after, False)]
    letters.arrived(post.session, after, NOON)
    assert post.news() == [(after, False), (after, False)]


def test_what_may_have_arrived_is_sent_anew_where_its_platform_would_know_it_again(post):
    post.happens()
    letter = post.write()
    post.going(*post.take())

    (again,) = post.take(NOON + LEASE, anew=ANEW)
    assert (again.id, again.again) == (letter, True)
    held = post.going(again, NOON + LEASE, anew=ANEW)
    letters.back(post.session, held)  # what was said of this attempt is not true of the first

    assert post.row(letter).sending_at == NOON
    assert post.take(NOON + ANEW, anew=ANEW) == []
    assert post.row(letter).error == IN_DOUBT


def test_what_waited_too_long_to_be_sent_anew_is_in_doubt(post):
    post.happens()
    letter = post.write()
    post.going(*post.take())
    (again,) = post.take(NOON + LEASE, anew=ANEW)

    assert post.going(again, NOON + ANEW, anew=ANEW) is None
    assert post.row(letter).error == IN_DOUBT


def test_word_that_it_arrived_ends_the_doubt(post):
    post.happens()
    letter = post.write()
    post.going(*post.take())
    post.take(NOON + LEASE)

    letters.arrived(post.session, letter, NOON + LEASE)

    assert post.row(letter).error is None
    assert post.news() == [(letter, False)]


def test_who_blocked_us_is_closed_and_nothing_waits_for_them(post):
    post.happens()
    post.write()
    post.happens(1, at=NOON + timedelta(hours=1))
    (letter,) = post.take()

    letters.shut_out(post.session, "telegram", letter, "blocked", NOON)

    assert post.row(letter.id).error == "blocked"
    assert letters.own(post.session, post.reader) is None
    assert post.news() == []
    assert outbox.lost(post.session) == (0, None)  # no operator's


def test_who_blocked_us_in_one_place_is_told_in_another(post):
    post.account("discord", "9", NOON - timedelta(hours=1))
    post.happens()
    post.write()
    (letter,) = post.take()

    letters.shut_out(post.session, "telegram", letter, "blocked", NOON)

    assert post.due("telegram") == []
    assert post.due("discord") == [post.reader]


def test_who_blocked_us_and_speaks_again_is_told_again(post):
    readers.closed(post.session, "telegram", "1", NOON)
    readers.spoke(post.session, "telegram", "1", NOON)
    post.happens()

    assert post.due() == [post.reader]


def test_a_chat_that_threw_us_out_is_chosen_no_more(post):
    readers.choose(post.session, post.reader, alerts_to="telegram:-5")
    post.happens()
    post.write(to=letters.chosen(post.session, post.reader))
    (letter,) = post.take()

    letters.shut_out(post.session, "telegram", letter, "kicked", NOON)

    post.session.expire_all()
    assert post.session.get(Reader, post.reader).alerts_to is None
    assert post.due() == [post.reader]
    assert letters.own(post.session, post.reader).user_id == "1"


def test_a_chat_that_moved_is_told_in_its_new_place(post):
    readers.choose(post.session, post.reader, alerts_to="telegram:-5")
    post.happens()
    post.write(to=letters.chosen(post.session, post.reader))
    held = post.going(*post.take())

    letters.moved(post.session, "telegram", held, "-1005")

    assert letters.chosen(post.session, post.reader).user_id == "-1005"
    (letter,) = post.take()
    assert (letter.user_id, letter.again) == ("-1005", False)


def test_a_letter_that_is_refused_for_itself_says_nothing_of_its_reader(post):
    post.happens()
    post.write()
    (letter,) = post.take()

    letters.refused(post.session, letter, "can't parse entities", NOON)

    assert post.row(letter.id).error == "can't parse entities"
    assert letters.own(post.session, post.reader) is not None


def test_what_is_never_to_be_told_is_gone(post):
    post.happens()
    news.discard(post.session, post.items())

    assert post.news() == []
