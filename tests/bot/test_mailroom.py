"""Letters as they are written: in whose words, of what, to where."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bot.conversation.events import Platform
from bot.conversation.letter import LINES
from db import catalogue, letters
from db.tables import Outbox, Webtoon
from tests.plugins.chat import ON_SQLITE, buttons_of, export, titles
from tests.plugins.happenings import a_week_begins, choose, happens, reader_of, written
from tests.plugins.library import NOON

pytestmark = ON_SQLITE

MORNING = NOON - timedelta(hours=2)  # 19:00 in Seoul


class Reader:
    """Somebody who chats, and what they are told unasked."""

    def __init__(self, chat):
        self.chat, self.database = chat, chat.world.database
        chat.says("/help")
        self.id = reader_of(self.database, chat.platform, chat.name)

    def news(self, work=1001, kind="chapter", detail="3화"):
        happens(self.database, self.chat.work(str(work)).id, [self.id], kind, detail, now=MORNING)

    def week(self):
        a_week_begins(self.database, [self.id], now=MORNING)

    def chooses(self, **choices):
        choose(self.database, self.id, **choices)

    def letters(self, platform=Platform.TELEGRAM):
        """(address, reply) of what is written when the bot of this platform looks."""
        self.chat.world.hearing.mailroom.compose(platform, 9)
        return written(self.database)

    def letter(self):
        ((_, reply),) = self.letters()
        return reply

    def loses_the_last(self):
        """The last letter may not have arrived."""
        with self.database.write() as session:
            letters.doubted(session, session.scalar(select(func.max(Outbox.id))), NOON)


@pytest.fixture
def mina(chat):
    return Reader(chat)


@pytest.fixture
def korean(chat):
    return Reader(chat.as_("민아", language="ko"))


@pytest.mark.parametrize(
    ("what", "english", "hangul"),
    [
        (("chapter", "3화"), "📖 신의 탑: 3화 is out", "📖 신의 탑 3화가 올라왔어요"),
        (("chapter", "시즌 끝"), "📖 신의 탑: 시즌 끝 is out", "📖 신의 탑 시즌 끝이 올라왔어요"),
        (("chapter", None), "📖 신의 탑: a new chapter is out", "📖 신의 탑 새 화가 올라왔어요"),
        (
            ("returned", None),
            "🎉 신의 탑 is back from its break",
            "🎉 신의 탑이 휴재를 마치고 돌아왔어요",
        ),
        (("completed", None), "🏁 신의 탑 is complete", "🏁 신의 탑이 완결됐어요"),
        (
            ("new", None),
            "🌱 신의 탑, new by SIU",
            "🌱 SIU 작가의 새 작품 신의 탑이 시작됐어요",
        ),
    ],
)
def test_a_letter_says_in_the_readers_language_what_happened(mina, korean, what, english, hangul):
    for reader in (mina, korean):
        reader.news(1001, *what)

    told = {address: reply.text for address, reply in mina.letters()}

    assert told == {"telegram:mina": english, "telegram:민아": hangul}


def test_all_that_is_due_is_in_one_letter_and_a_works_chapters_on_one_line(korean):
    korean.news(1001, detail="1화")
    korean.news(1003, "completed", None)
    korean.news(1001, detail="2화")

    assert korean.letter().text.splitlines() == [
        "🔔 기다리시던 소식이 왔어요",
        "📖 신의 탑 새 화 2개가 올라왔어요 (최신: 2화)",
        "🏁 외모지상주의가 완결됐어요",
    ]


def test_a_letter_leads_to_its_works_and_to_all_that_is_followed(mina):
    for work in (1001, 1001, 1002, 1003, 1004):
        mina.news(work)

    labels = [button.label for row in mina.letter().buttons for button in row]

    assert labels == ["📖 신의 탑", "📖 여신강림", "📖 외모지상주의", "🔔 What I follow"]


def test_a_letter_has_fifteen_lines_and_the_rest_is_counted(mina):
    for work in range(1001, 1019):
        mina.news(work)

    lines = mina.letter().text.splitlines()

    assert len(lines) == 1 + LINES + 1
    assert lines[-1] == "… and 3 more (/following)"


def test_titles_from_outside_cannot_make_a_letter_long(mina, database):
    with database.write() as session:
        facts = catalogue.Facts(source="naver", external_id="1001", title="탑\n" * 500)
        catalogue.upsert(session, [facts], NOON)
    mina.news(detail="화 " * 500)

    text = mina.letter().text

    assert len(text.splitlines()) == 1
    assert len(text) < 130


def test_nothing_is_written_twice_for_the_same_news(mina):
    mina.news()

    assert len(mina.letters()) == 1
    assert len(mina.letters()) == 1


def test_what_may_have_arrived_is_said_below_what_is_new(mina):
    mina.news()
    mina.week()
    mina.letters()
    mina.loses_the_last()
    assert len(mina.letters()) == 1  # of the week
    mina.loses_the_last()
    assert mina.letters() == []  # what is in doubt alone makes no letter
    mina.news(1003)

    assert mina.letter().text.splitlines() == [
        "📖 외모지상주의: 3화 is out",
        "Perhaps you know this already:",
        "📖 신의 탑: 3화 is out",
        "✨ My picks of the week are waiting: /recommend",
    ]


def test_works_that_are_gone_and_works_for_adults_are_not_told(mina, database):
    mina.news(1028)  # for adults
    mina.news(1002)
    with database.write() as session:
        work = mina.chat.work("1002").id
        session.execute(update(Webtoon).where(Webtoon.id == work).values(gone_at=NOON))

    assert mina.letters() == []


def test_works_for_adults_are_told_to_who_may_see_them(mina):
    mina.chooses(adult=True)
    mina.news(1028)

    assert mina.letter().text == "📖 밤의 정원사: 3화 is out"


def test_in_a_chat_that_they_chose_nothing_is_told_but_the_news(mina):
    mina.chooses(adult=True, alerts_to="telegram:-100")
    mina.news(1001)
    mina.news(1028)
    mina.week()

    ((address, reply),) = mina.letters()
    assert address == "telegram:-100"
    assert (reply.text, reply.cards) == ("📖 신의 탑: 3화 is out", ())
    assert [button.label for row in reply.buttons for button in row] == ["📖 신의 탑"]


def test_what_is_not_for_all_comes_to_their_own_chat(mina, arrive):
    mina.chooses(adult=True, alerts_to="telegram:-100")
    for news in (1001, 1028):
        mina.news(news)
    mina.week()
    told = []
    while found := mina.letters():
        told += found
        arrive()

    assert [address for address, _ in told] == ["telegram:-100", "telegram:mina", "telegram:mina"]
    assert told[1][1].text == "📖 밤의 정원사: 3화 is out"
    assert len(told[2][1].cards) == 3


@pytest.fixture
def arrive(mina):
    """The letters that are written arrive."""

    def arrive():
        mailroom = mina.chat.world.hearing.mailroom
        for letter in mailroom.take(Platform.TELEGRAM, 9):
            mailroom.arrived(Platform.TELEGRAM, mailroom.going(Platform.TELEGRAM, letter))

    return arrive


def test_another_platforms_bot_writes_to_its_own_readers(mina):
    mina.news()

    assert mina.letters(Platform.DISCORD) == []
    assert len(mina.letters(Platform.TELEGRAM)) == 1


def test_a_week_brings_three_works_as_recommend_does_and_a_way_to_end_it(mina):
    mina.chat.says("/like 신의 탑")
    mina.week()

    reply = mina.letter()

    assert reply.text == "✨ Picked for you this week"
    assert len(set(titles(reply)) - {"신의 탑"}) == 3
    assert all(card.reason for card in reply.cards)
    assert reply.together
    assert [button.label for button in buttons_of(reply.buttons)] == ["🚫 No Sunday picks"]


def test_a_verdict_on_a_weeks_card_counts_and_leaves_the_others_there(mina):
    mina.week()
    mina.chat.last = mina.letter()
    first, *others = titles(mina.chat.last)

    reply = mina.chat.press("👍", card=0)

    assert titles(reply) == [first, *others]
    assert [bool(card.mark) for card in reply.cards] == [True, False, False]
    assert reply.replaces
    assert reply.together
    assert reply.text == "✨ Picked for you this week"
    given = export(mina.chat)["feedback"]
    assert [entry["verdict"] for entry in given] == ["like"]


def test_undo_on_a_weeks_card_shows_the_week_again(mina):
    mina.week()
    mina.chat.last = mina.letter()
    mina.chat.press("👍", card=0)

    reply = mina.chat.press("↩️", card=0)

    assert [bool(card.mark) for card in reply.cards] == [False, False, False]
    assert mina.chat.verdicts() == {}


def test_who_wants_no_more_weeks_gets_none(mina, arrive):
    mina.week()
    mina.chat.last = mina.letter()

    reply = mina.chat.press("🚫")
    arrive()
    a_week_begins(mina.database, [mina.id], now=MORNING, week="2026-W20")

    assert reply.notice == "I won't send weekly picks any more. /alerts turns them back on."
    assert mina.letters() == []


def test_somebody_elses_week_is_not_mine_to_end(mina):
    mina.week()
    mina.chat.last = mina.letter()
    action = mina.chat.action("🚫")

    reply = mina.chat.as_("other").presses(action)

    assert reply.notice == "This button belongs to somebody else. Send the command yourself."


def test_where_nothing_is_left_to_pick_no_letter_is_written(mina):
    for work in mina.chat.world.serving.library.works:
        if not work.adult:
            mina.chat.says(f"/read #{work.id}")
    mina.week()

    assert mina.letters() == []
    assert mina.letters() == []


def test_what_became_of_letters_is_counted(chat, database, clock):
    from bot.hearing import Hearing

    counted = []
    hearing = Hearing(database, chat.world.serving, clock, sent=counted.append)
    chat.world.hearing = hearing
    mina = Reader(chat)
    mina.week()
    mina.letters()
    (letter,) = hearing.mailroom.take(Platform.TELEGRAM, 9)
    hearing.mailroom.refused(Platform.TELEGRAM, letter, "blocked", shut=True)

    assert [(sent.outcome, len(sent.cards)) for sent in counted] == [
        ("written", 3),
        ("shut_out", 0),
    ]
