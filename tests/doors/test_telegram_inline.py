"""`webtoonbot telegram` as a process, asked from chats that it is told nothing of."""

import json
from urllib.parse import parse_qs, urlsplit

from tests.doors.test_telegram_webhook import start
from tests.plugins.doors import SECONDS, start_telegram, stopped


def offered(server, user, words):
    query = server.types(user, words)
    return query, server.wait_for_offer(query, SECONDS)


def test_from_a_word_in_a_chat_to_a_strangers_like_and_the_bots_own_chat(
    home, server, mina, running
):
    jun = server.user("Jun", language="ko")

    query, offer = offered(server, mina, "신의")
    message = server.choose(query)
    toast = server.wait_for_answer(server.press_inline(jun, message, "👍 좋아요"), SECONDS)
    link = urlsplit(next(b["url"] for row in message.rows for b in row if "url" in b))
    server.say(jun, f"/start {parse_qs(link.query)['start'][0]}")
    card = server.wait_for_message(jun, timeout=SECONDS)

    assert offer.titles[0] == message.text.splitlines()[0] == "신의 탑 (Tower of God)"
    assert (offer.personal, offer.cache_seconds) == (True, 0)
    assert toast == "👍 신의 탑을 좋아하는 작품에 담았어요. 다음 추천에 바로 반영돼요."
    assert (link.netloc, link.path) == ("t.me", "/WebtoonTestBot")
    assert card.text.startswith("신의 탑 (Tower of God)")
    assert "👍 좋아하는 작품이에요" in card.text
    liked = "SELECT user_id, verdict, source FROM account JOIN feedback_event USING (reader_id)"
    assert home.rows(liked) == [(str(jun.id), "like", "button")]
    shown = (
        "SELECT user_id, policy, message FROM account"
        " JOIN impression USING (reader_id) JOIN feedback_event ON impression.id = impression_id"
    )
    assert home.rows(shown) == [(str(mina.id), "inline", message.reference)]
    assert server.made("editMessageText") == []
    assert server.sent == [card]


def test_a_new_reader_comes_by_a_link_and_goes_on_to_the_welcome(home, server, mina, running):
    ((number,),) = home.rows("SELECT id FROM webtoon WHERE title = '신의 탑'")

    server.say(mina, f"/start w_{number}")
    hello, card = server.wait_for_message(mina, 1, SECONDS), server.wait_for_message(mina, 2)
    server.press(mina, hello, "👋 시작하기")
    question = server.wait_for_message(mina, 4, SECONDS)

    assert hello.text.startswith("안녕하세요! 취향에 맞는 웹툰을 찾아 드려요.")
    assert card.text.startswith("신의 탑 (Tower of God)")
    assert "이 작품, 어떠셨어요?" in question.text


def test_a_card_is_put_into_another_chat_by_its_own_button(home, server, mina, running):
    server.say(mina, "/search 신의 탑")
    card = server.wait_for_message(mina, timeout=SECONDS)
    (share,) = [b for row in card.rows for b in row if b["text"] == "📤"]

    _, offer = offered(server, mina, share["switch_inline_query"])

    assert offer.titles == ["신의 탑 (Tower of God)"]


def test_typing_leaves_no_trace_and_no_work(home, server, mina, running):
    for words in ("", "시", "신", "신의"):
        offered(server, mina, words)
    server.wait_until_confirmed(max(server.updates), SECONDS)

    for table in ("reader", "account", "inbox", "impression"):
        assert home.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert "신의" not in home.log("telegram")


def test_a_killed_bot_goes_back_to_nothing_that_was_typed(home, server, mina):
    process = start_telegram(home, server)
    with stopped(process, kill=True):
        offered(server, mina, "신의")
        server.wait_until_confirmed(max(server.updates), SECONDS)
        process.kill()
        process.wait()
    late = server.types(mina, "신의 ㅌ")
    server.expire_queries()

    with stopped(start_telegram(home, server)):
        _, offer = offered(server, mina, "신의 탑")
        server.wait_until_confirmed(max(server.updates), SECONDS)

    assert offer.titles[0] == "신의 탑 (Tower of God)"
    assert late not in server.offers
    assert "Traceback" not in home.log("telegram")
    assert "warning" not in home.log("telegram")


def test_behind_a_webhook_it_is_the_same(home, server, mina):
    process, address = start(home, server)
    with stopped(process):
        server.call(address)
        query, offer = offered(server, mina, "신의")
        server.choose(query)
        server.wait_until_taken(max(server.updates), timeout=SECONDS)
        logged = "SELECT policy FROM impression"
        server.wait_for(lambda: home.rows(logged) == [("inline",)], SECONDS, "a choice")

    assert offer.titles[0] == "신의 탑 (Tower of God)"
    assert {"inline_query", "chosen_inline_result"} <= set(server.allowed)
    assert len(home.rows("SELECT key FROM inbox")) == 1  # the choice


def test_a_flood_of_what_is_typed_lets_a_message_through(home, server, mina, running):
    people = [server.user(str(number)) for number in range(150)]
    queries = [server.types(person, "") for person in people]
    server.say(mina, "/help")

    server.wait_for_message(mina, timeout=SECONDS)
    server.wait_for(lambda: len(server.offers) >= len(queries), SECONDS, "all offers")

    (answered,) = server.made("sendMessage")
    offers = server.made("answerInlineQuery")
    before = sum(call.at < answered.at for call in offers)
    assert before < len(offers)
    assert all(len(json.loads(call.params["results"])) == 10 for call in offers)
