"""From what a reader types to the work they mean, through the commands."""

import pytest

from bot.conversation.events import Text
from tests.plugins.chat import ON_SQLITE, buttons, titles

pytestmark = ON_SQLITE


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("신의 탑", "신의 탑"),
        ("신의탑", "신의 탑"),
        ("  신의   탑!! ", "신의 탑"),
        ("인더트랩", "치즈인더트랩"),  # a part
        ("ㅅㅇㅌ", "신의 탑"),  # initials
        ("ㄱ ㅇㅂ ㅎㅇㅅㅋ", "갓 오브 하이스쿨"),
        ("신으ㅣ 탑", "신의 탑"),  # slips
        ("여신강릴", "여신강림"),
        ("dutlsrkdfla", "여신강림"),  # the keyboard was set to English
        ("tower of god", "신의 탑"),
        ("LOOKISM", "외모지상주의"),
        ("towr of god", "신의 탑"),
        ("조석", "마음의소리"),  # its author
        ("무적핑크", "조선왕조실톡"),
    ],
)
def test_one_clear_hit_acts_at_once(chat, query, title):
    assert titles(chat.says(f"/search {query}")) == [title]
    assert titles(chat.says(query)) == [title]
    assert title in chat.says(f"/like {query}").text


def test_several_hits_are_offered_as_buttons_that_act(chat):
    reply = chat.says("/like 일")
    labels = [button.label for button in reply.buttons[0] + reply.buttons[1]]

    assert reply.text == "Which one do you mean?"
    assert all(label.startswith("📖 ") for label in labels)

    chat.press("📖 독립일기")

    assert chat.verdicts() == {"1018": "like"}


def test_two_works_of_one_title_are_told_apart_by_their_authors(chat):
    reply = chat.says("/like 봄날")

    assert sorted(button.label for button in buttons(reply)) == [
        "📖 봄날 · 오누리",
        "📖 봄날 · 한가람",
    ]

    chat.press("📖 봄날 · 오누리")

    assert chat.verdicts() == {"1027": "like"}


@pytest.mark.parametrize(
    ("command", "verdict"), [("/dislike", "dislike"), ("/read", "read"), ("/like", "like")]
)
def test_an_offer_does_what_its_command_was_to_do(chat, command, verdict):
    chat.says(f"{command} 봄날")
    chat.press("📖")

    assert list(chat.verdicts().values()) == [verdict]


def test_offers_of_search_similar_why_and_unlike_act_too(chat):
    chat.says("/search 봄날")
    assert titles(chat.press("📖")) == ["봄날"]
    chat.says("/similar 봄날")
    assert chat.press("📖").text == "Works like 봄날."
    chat.says("/why 봄날")
    assert chat.press("📖").text.startswith("💡 Why 봄날")
    chat.says("/like 봄날")
    chat.press("📖")
    chat.says("/unlike 봄날")
    assert chat.press("📖").text.startswith(("You haven't", "What you", "↩️"))


def test_an_unknown_title_offers_the_nearest(chat):
    reply = chat.says("/like 신의 나라 대모험")

    assert reply.text.startswith("I found no work for “신의 나라 대모험”. Did you mean")
    assert 1 <= len(buttons(reply)) <= 3

    chat.press("📖")

    assert list(chat.verdicts().values()) == ["like"]


def test_in_an_empty_catalogue_nothing_is_near(bare_chat):
    assert bare_chat.says("/search 신의 탑").text == "I found no work for “신의 탑”."


def test_an_id_as_autocomplete_gives_it_names_the_work(chat):
    assert titles(chat.says(f"/search #{chat.work('1027').id}")) == ["봄날"]


def test_an_id_of_nothing_is_searched_for_like_any_words(chat):
    assert "I found no work for “#999999”" in chat.says("/search #999999").text
    assert chat.says("/search #" + "9" * 150).text.startswith("I found no work")


@pytest.mark.parametrize("command", ["search", "like", "dislike", "unlike", "read", "similar"])
@pytest.mark.parametrize("query", ["", "   ", "\t"])
def test_an_empty_query_is_answered_with_an_example(chat, command, query):
    text = chat.says(f"/{command} {query}").text

    assert text == f"Which work? Write it like this: /{command} Tower of God"


@pytest.mark.parametrize("command", ["/search ", "/like ", ""])
@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("가" * 4_000, "That title is too long. Please keep it under 200 characters."),
        ("🔥💯", "I found no letters in that."),
        ("\x00\x07\x1b[2J", None),
        ("\x01\x02\x03", "I found no letters in that."),
        ("\u202e\u200d\ufeff", "I found no letters in that."),
        ("'; DROP TABLE reader; --", "I found no work for “'; DROP TABLE reader; --”."),
        ("{query} {0} %s", "I found no work for “{query} {0} %s”."),
        ("ㅋㅋㅋㅋㅋㅋㅋ", "I found no work for “ㅋㅋㅋㅋㅋㅋㅋ”."),
    ],
)
def test_odd_queries_get_a_clear_sentence(chat, command, query, answer):
    text = chat.says(command + query).text

    assert text
    assert "\x1b" not in text and "\x00" not in text
    assert text.startswith(answer or "I found no work for “")


def test_a_long_query_is_repeated_shortened(chat):
    text = chat.says("/search " + "없는제목" * 20).text

    assert "…”" in text
    assert len(text) < 120


def test_plain_words_are_a_search(chat):
    assert titles(chat.says("덴마")) == ["덴마"]


@pytest.mark.parametrize(
    "text", ["추천", " 추천 ", "/추천", "추천 로맨스", "추천\n로맨스", "/추천 로맨스"]
)
def test_korean_commands_need_no_slash(chat, text):
    assert len(chat.does(Text(text)).cards) == 3


@pytest.mark.parametrize("text", ["좋아요 덴마", "읽었어요 덴마"])
def test_a_korean_command_with_a_title_acts(chat, text):
    chat.says(text)

    assert list(chat.verdicts()) == ["1014"]


@pytest.mark.parametrize("text", ["좋아요", "검색", "목록 없음", "도움말 없음"])
def test_a_word_that_is_no_whole_command_is_a_search(chat, text):
    assert chat.says(text).text.startswith(f"I found no work for “{text}”")


def test_an_unknown_command_says_so(chat):
    assert chat.says("/dance 신의 탑").text == "I don't know /dance. See /help."
    assert (
        chat.as_("mina", language="ko").says("/춤").text
        == "/춤은 모르는 명령이에요. /help 를 보세요."
    )
    assert chat.says("/").text.startswith("I don't know /")


def test_where_others_read_along_a_card_does_not_tell_what_one_said_of_the_work(chat):
    chat.says("/like 신의 탑")

    own, mine, anybodys = (
        person.says("/search 신의 탑").cards[0]
        for person in (chat, chat.in_public(), chat.as_("bora", shared=True))
    )

    assert own.mark == "👍 You like this"
    assert mine == anybodys
