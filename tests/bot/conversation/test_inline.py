"""What other chats are offered while somebody types, and what is then put there."""

import pytest
import structlog
from sqlalchemy import select, text

from bot.conversation.events import Chosen, Inquiry, Press
from bot.conversation.reply import Button, Offer
from db import catalogue
from db.catalogue import Facts
from db.engine import Database
from db.tables import Base, FeedbackEvent, Impression
from tests.plugins.chat import Chat, World, buttons_of, titles
from tests.plugins.library import SHELF, stock

HOME = "https://t.me/WebtoonTestBot"
ADULT = {facts.title for facts in SHELF if facts.adult}
MESSAGE = "telegram:inline:AAIn7"


def typed(chat, query, start=0):
    """What somebody is offered who has typed so much."""
    speaker = chat.event(None).speaker
    return chat.world.hearing.inquire(speaker, Inquiry(query, start, HOME))


def offered(chat, query):
    return titles(typed(chat, query))


def stored(chat):
    """How many rows each table has."""
    with chat.world.database.read() as session:
        return {
            name: session.scalar(text(f"SELECT count(*) FROM {name}"))
            for name in Base.metadata.tables
        }


def sent(chat, external_id, position=0):
    """A work that this person has put into some chat, under the name MESSAGE."""
    return chat.in_public().does(Chosen(chat.work(external_id).id, position, MESSAGE))


def likes(chat, external_id):
    """What a tap on the like of such a message brings."""
    (like, _), *_ = typed(chat, f"#{chat.work(external_id).id}").cards[0].buttons
    return chat.in_public().does(Press(like.action, MESSAGE))


def gone(chat, external_id):
    chat.world.clock.pass_(hours=1)
    with chat.world.database.write() as session:
        catalogue.bury(session, "naver", external_id, chat.world.clock())
    chat.world.serving.refresh()


def test_a_word_finds_works_whose_cards_anybody_may_press(chat):
    offer = typed(chat, "신의")

    work, card = chat.work("1001"), offer.cards[0]
    assert card.title == "신의 탑 (Tower of God)"
    assert card.lines == ("by SIU", "story · fantasy · Every Mon")
    assert (card.url, card.work_id, card.reason, card.mark) == (work.url, work.id, "", "")
    assert buttons_of(card.buttons) == [
        Button("👍 Like", f"v:l:{work.id}:0"),
        Button("💬 Open in the bot", url=f"{HOME}?start=w_{work.id}"),
    ]
    assert offer.more == 0


@pytest.mark.parametrize("query", ["ㅅㅇㅌ", " tower of god ", "신의 턉", "SIU"])
def test_it_finds_by_all_that_search_does(chat, query):
    assert offered(chat, query)[0] == "신의 탑"


@pytest.mark.parametrize("query", ["!?", "세상에없는웹툰제목", "#999999", "#", "😀" * 256])
def test_what_finds_nothing_offers_nothing(chat, query):
    assert typed(chat, query) == Offer()


def test_a_number_names_one_work(chat):
    assert offered(chat, f"#{chat.work('1014').id}") == ["덴마"]


def test_no_words_offer_a_stranger_ten_popular_works(chat):
    library = chat.world.serving.library
    popular = library.served.model.popularity[library.served.columns]

    shown = [library.row_of[card.work_id] for card in typed(chat, " ").cards]

    assert len(set(shown)) == 10
    assert popular[shown].mean() > popular.mean()


def test_no_words_offer_a_reader_what_suits_their_verdicts(chat):
    before = offered(chat, "")
    for title in (*before[:2], "유미의 세포들"):
        chat.says(f"/like {title}")
    chat.says(f"/dislike {before[3]}")

    after = offered(chat, "")

    assert len(after) == 10
    assert after != before
    assert not {*before[:2], before[3], "유미의 세포들"} & set(after)


def test_when_all_was_shown_lately_there_still_are_ten(chat):
    chat.says("/like 신의 탑")
    for _ in range(9):
        chat.says("/recommend")

    assert len(set(offered(chat, ""))) == 10


@pytest.mark.parametrize("query", ["", "밤의 정원사", "등대지기", "ㅂㅇㅈㅇㅅ", "밤"])
def test_works_for_adults_are_offered_to_nobody(chat, query):
    chat.says("/settings")
    chat.press("🔞")

    assert not ADULT & set(offered(chat, query))


def test_a_work_for_adults_is_not_to_be_had_by_its_number(chat):
    adult = next(work for work in chat.world.serving.library.works if work.adult)

    assert offered(chat, f"#{adult.id}") == []


@pytest.mark.parametrize("query", ["", "신의 탑", "number"])
def test_works_that_are_gone_are_not_offered(chat, query):
    work = chat.work("1001")
    gone(chat, "1001")

    assert "신의 탑" not in offered(chat, f"#{work.id}" if query == "number" else query)


def test_more_than_twenty_come_in_pages(bare_chat):
    works = [
        Facts("test", f"{n}", f"달빛 {n:02}", url="https://x.example", genres=("일상",))
        for n in range(45)
    ]
    stock(bare_chat.world.database, works=works)
    bare_chat.world.serving.refresh()

    pages = [typed(bare_chat, "달빛", start) for start in (0, 20, 40, 60)]

    assert [len(page.cards) for page in pages] == [20, 20, 5, 0]
    assert [page.more for page in pages] == [20, 40, 0, 0]
    assert len({title for page in pages for title in titles(page)}) == 45


def test_without_works_nothing_is_offered(bare_chat):
    assert typed(bare_chat, "") == typed(bare_chat, "신의") == Offer()


def test_without_a_model_there_is_something_for_everybody(unlearned_chat):
    assert len(typed(unlearned_chat, "").cards) == 10


def test_typing_stores_nothing_of_a_stranger_nor_of_a_reader(chat):
    chat.says("/like 신의 탑")
    before = stored(chat)

    for person in (chat, chat.as_("stranger")):
        for query in ("", "ㅅ", "시", "신", "신의", "#1"):
            typed(person, query)

    assert stored(chat) == before


def test_a_reader_is_spoken_to_in_the_language_that_they_chose(chat):
    korean = chat.as_("stranger", language="ko")
    chat.says("/language 한국어")

    for person in (chat, korean):
        assert typed(person, "신의").cards[0].buttons[0][0].label == "👍 좋아요"


def test_a_picture_is_where_the_site_has_it(chat):
    picture = "https://image.example/tower.jpg"
    stock(chat.world.database, works=[Facts("naver", "1001", "신의 탑", thumbnail_url=picture)])

    first, *others = typed(chat, "탑").cards

    assert (first.work_id, first.thumbnail) == (chat.work("1001").id, picture)
    assert {card.thumbnail for card in others} <= {""}


def test_a_database_that_is_away_offers_nothing_and_is_no_error(tmp_path, model_dir, clock):
    database = Database(f"sqlite:///{tmp_path}/empty.db")  # no tables at all
    chat = Chat(World(database, model_dir, clock))

    with structlog.testing.capture_logs() as logs:
        offer = typed(chat, "신의")

    database.close()
    assert offer == Offer()
    assert [entry["log_level"] for entry in logs] == ["warning"]
    assert [(heard.kind, heard.outcome) for heard in chat.world.heard] == [
        ("inquiry", "unavailable")
    ]


def test_what_somebody_puts_into_a_chat_is_logged_as_their_own_choice(chat):
    assert sent(chat.as_("newcomer"), "1014", position=3) is None

    with chat.world.database.read() as session:
        (row,) = session.scalars(select(Impression))
        told = (row.webtoon_id, row.position, row.policy, row.propensity, row.message)
    assert told == (chat.work("1014").id, 3, "inline", 1.0, MESSAGE)


def test_the_same_choice_delivered_twice_is_logged_once(chat):
    for _ in range(2):
        chat.does(Chosen(chat.work("1014").id), key="once")

    assert stored(chat)["impression"] == 1


def test_a_chosen_work_that_nobody_knows_is_nothing(chat):
    assert chat.does(Chosen(999_999)) is None
    assert stored(chat)["impression"] == 0


def test_a_like_there_is_the_pressers_own_and_points_at_the_choice(chat):
    sent(chat, "1014")
    jun = chat.as_("jun", language="ko")

    reply = likes(jun, "1014")
    again = likes(jun, "1014")

    assert reply.notice == "👍 덴마를 좋아하는 작품에 담았어요. 다음 추천에 바로 반영돼요."
    assert again.notice == "덴마는 이미 좋아하는 작품이에요."
    assert (reply.text, reply.cards, reply.private) == ("", (), True)
    assert jun.verdicts() == {"1014": "like"}
    assert chat.verdicts() == {}
    with chat.world.database.read() as session:
        (answered,) = session.scalars(select(FeedbackEvent.impression_id))
        assert session.get(Impression, answered).message == MESSAGE


def test_a_like_counts_where_the_choice_was_never_told(chat):
    reply = likes(chat, "1014")

    assert (reply.notice or reply.text).startswith("👍 덴마 is on your list of likes.")
    assert chat.verdicts() == {"1014": "like"}


def test_a_message_of_another_work_lends_its_choice_to_no_other(chat):
    sent(chat, "1001")

    likes(chat, "1014")

    with chat.world.database.read() as session:
        assert session.scalars(select(FeedbackEvent.impression_id)).all() == [None]


def test_a_choice_is_no_suggestion_that_why_would_explain(chat):
    chat.says("/recommend")
    first = titles(chat.last)[0]
    sent(chat, "1014")

    assert chat.says("/why").text.startswith(f"💡 Why {first}")


def test_a_choice_in_the_midst_of_the_welcome_does_not_end_it(chat):
    chat.says("/start")
    sent(chat, "1014")

    assert len(chat.press("⏭️").cards) == 3
