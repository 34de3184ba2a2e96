"""/import: a list is shown, added, and taken back as one."""

import json
import time

import pytest
from sqlalchemy import select

from bot.conversation.events import MAX_FILE, File
from bot.conversation.texts import Language, say
from db.reader_tables import ImportBatch
from db.tables import FeedbackEvent
from tests.plugins.chat import buttons

LIST = "1. 신의 탑 ★4.5\n- 덴마\n《노블레스》 👎\n쿠베라, 2\n알 수 없는 이야기"
TOWER, DENMA, NOBLESSE, KUBERA = "1001", "1014", "1007", "1022"
ADDED = {TOWER: "like", DENMA: "like", NOBLESSE: "dislike", KUBERA: "read"}


def english(key, **values):
    return say(Language.ENGLISH, f"lists.{key}", **values)


def sends(chat, content, name="list.txt", size=None):
    content = content.encode() if isinstance(content, str) else content
    size = len(content or b"") if size is None else size
    return chat.does(File(name, content, size))


def kept(chat):
    """What is kept of lists."""
    with chat.world.database.read() as session:
        return [batch.rows for batch in session.scalars(select(ImportBatch))]


def test_a_list_is_shown_first_and_added_once_confirmed(chat):
    shown = chat.says(f"/import {LIST}")
    before = chat.verdicts()

    chat.last = shown
    added = chat.press("📥 Add 4")

    assert shown.text.splitlines() == [
        "📥 I found 4 of 5 works: 👍 2 · 👎 1 · ✅ 1",
        "👍 신의 탑",
        "👍 덴마",
        "👎 노블레스",
        "✅ 쿠베라",
        english("rated", scale=5, least="3"),
        "Not found: 알 수 없는 이야기",
    ]
    assert [button.label for button in buttons(shown)] == ["📥 Add 4", "✖️ Cancel"]
    assert (before, chat.verdicts()) == ({}, ADDED)
    assert (added.text, added.replaces) == (english("added", count=4), True)
    assert [button.label for button in buttons(added)] == ["↩️ Undo", "✨ Recommend"]


def test_a_list_is_added_as_such_and_counted(chat):
    chat.says(f"/import {LIST}")
    chat.press("📥")

    with chat.world.database.read() as session:
        assert set(session.scalars(select(FeedbackEvent.source))) == {"import"}
    assert len(chat.world.heard[-1].noted.verdicts) == 4


def test_a_title_alone_does_not_overwrite_what_was_said_and_a_word_with_it_does(chat):
    for line in ("/dislike 신의 탑", "/dislike 덴마", "/like 노블레스", "/like 쿠베라"):
        chat.says(line)

    shown = chat.says("/import 신의 탑\n덴마 👍\n노블레스\n쿠베라 ★5\n봄날, 한가람")
    chat.press("📥 Add 2")

    assert shown.text.splitlines() == [
        "📥 I found 5 of 5 works: 👍 2",
        "👍 덴마",
        "👍 봄날",
        english("same", count=2),
        english("kept", count=1),
        english("changed", count=1),
        english("rated", scale=5, least="3"),
    ]
    assert chat.verdicts() == {
        TOWER: "dislike", DENMA: "like", NOBLESSE: "like", KUBERA: "like", "1026": "like",
    }  # fmt: skip


def test_a_list_that_says_nothing_new_has_no_buttons(chat):
    chat.says("/like 덴마")

    shown = chat.says("/import 덴마")

    assert shown.text.splitlines() == [
        english("nothing_new", found=1, total=1),
        english("same", count=1),
    ]
    assert (buttons(shown), kept(chat)) == ([], [])


def test_works_that_share_their_title_are_told_apart_by_their_author(chat):
    shown = chat.says("/import 봄날 (오누리)\n봄날\n덴마")

    assert shown.text.splitlines()[1:] == [
        "👍 봄날",
        "👍 덴마",
        english("unsure", titles="봄날"),
    ]
    chat.press("📥")
    assert chat.verdicts() == {"1027": "like", DENMA: "like"}


def test_slips_beginnings_and_english_titles_are_matched(chat):
    shown = chat.says("/import 치즈인더트렙\n닥터앤닥터\nTower of God\n외모")

    assert shown.text.splitlines()[1:] == [
        "👍 치즈인더트랩",
        "👍 닥터앤닥터 육아일기",
        "👍 신의 탑",
        english("unknown", titles="외모"),
    ]


def test_a_work_named_several_times_counts_once_and_the_last_word_on_it_stands(chat):
    shown = chat.says("/import 덴마 👍\n덴마\nDenma 👎\n덴마")

    assert shown.text.splitlines() == ["📥 I found 1 of 1 work: 👎 1", "👎 덴마"]


def test_long_lists_are_shown_in_part(chat):
    works = [work.title for work in chat.world.serving.library.works if not work.adult][:12]
    strangers = [f"누구도 모르는 {letter * 9} 이야기" for letter in "가나다라마바사"]

    lines = chat.says("/import " + "\n".join(works + strangers)).text.splitlines()

    assert lines[0] == "📥 I found 12 of 19 works: 👍 12"
    assert (len(lines), lines[9]) == (11, "… and 4 more")
    assert lines[10].endswith(f"{strangers[4]} … and 2 more")


def test_adult_works_are_left_out_unless_they_are_asked_for(chat):
    shown = chat.says("/import 밤의 정원사\n덴마")
    alone = chat.says("/import 밤의 정원사")
    chat.says("/settings")
    chat.press("🔞")
    asked = chat.says("/import 밤의 정원사\n덴마")

    assert shown.text.splitlines() == [
        "📥 I found 1 of 2 works: 👍 1",
        "👍 덴마",
        english("adult", count=1),
    ]
    assert (alone.text, buttons(alone)) == (english("all_adult"), [])
    assert asked.text.splitlines()[1:] == ["👍 밤의 정원사", "👍 덴마"]


def test_what_export_gives_can_be_sent_back(chat):
    for line in ("/like 덴마", "/dislike 봄날", "/read 신의 탑"):
        chat.says(line)
    chat.says("봄날")
    works = chat.world.serving.library.works
    twin = next(work for work in works if work.external_id == "1027")
    chat.says(f"/dislike #{twin.id}")
    document = chat.says("/export").document
    other = chat.as_("other")

    sends(other, document.content, document.name)
    other.press("📥 Add 3")

    assert other.verdicts() == chat.verdicts() == {
        DENMA: "like", "1027": "dislike", TOWER: "read",
    }  # fmt: skip


def test_a_number_of_another_site_does_not_mislead(chat):
    rows = [
        {"title": "덴마", "external_id": TOWER},
        {"title": "모르는 작품", "external_id": KUBERA},
    ]

    shown = sends(chat, json.dumps(rows))

    assert shown.text.splitlines()[1:] == ["👍 덴마", english("unknown", titles="모르는 작품")]


def test_pages_of_the_catalogue_are_works(chat):
    shown = chat.says("/import https://comic.naver.com/webtoon/list?titleId=1014")

    assert shown.text.splitlines()[1:] == ["👍 덴마"]


def test_a_rating_that_is_none_is_no_like_and_is_told(chat):
    shown = sends(chat, "제목,평점\n신의 탑,95\n덴마,abc\n노블레스,20".encode(), "list.csv")
    nothing = sends(chat, "제목,평점\n덴마,abc".encode(), "list.csv")

    assert shown.text.splitlines() == [
        "📥 I found 2 of 3 works: 👍 1 · ✅ 1",
        "👍 신의 탑",
        "✅ 노블레스",
        english("rated", scale=100, least="60"),
        english("unclear", titles="덴마"),
    ]
    assert nothing.text == english("unclear", titles="덴마")
    assert chat.verdicts() == {}


def test_ratings_out_of_ten_are_told(chat):
    shown = sends(chat, "제목,평점\n신의 탑,6\n덴마,5".encode("cp949"), "list.csv")

    assert shown.text.splitlines()[1:] == [
        "👍 신의 탑",
        "✅ 덴마",
        english("rated", scale=10, least="6"),
    ]


def test_the_command_alone_says_how(chat):
    for line in ("/import", "/import  \n ", "가져오기"):
        reply = chat.says(line)
        assert (reply.text, reply.private) == (english("how", most=3000), True)


def test_several_lines_that_are_titles_are_a_list_without_a_word(chat):
    lines = "신의 탑\n덴마\n\n쿠베라\n모르는 작품"

    assert chat.says(lines).text.startswith("📥 I found 3 of 4 works")
    assert chat.says(f"추천 웹툰 목록\n{lines}").text.startswith("📥 I found 3 of 5 works")
    assert chat.says(f"가져오기 {lines}").text.startswith("📥 I found 3 of 4 works")


@pytest.mark.parametrize(
    "text",
    [
        "신의 탑\n덴마",
        "이 웹툰\n어디서 볼 수\n있나요?",
        "덴마\n이건 어때요\n저건 어때요\n그건요",
        "\n\n",
    ],
)
def test_other_lines_are_searched_for_as_ever(chat, text):
    reply = chat.says(text)

    assert "of" not in reply.text or not reply.text.startswith("📥")
    assert kept(chat) == []


@pytest.mark.parametrize(
    ("content", "name", "size", "sentence"),
    [
        (None, "film.mp4", 20 * 2**20, english("too_large", limit=1)),
        (b"a" * (MAX_FILE + 1), "list.txt", 7, english("too_large", limit=1)),
        (None, "list.txt", 7, english("not_fetched")),
        (b"\x89PNG\r\n\x1a\n\0\0", "list.txt", None, english("binary")),
        (b"PK\x03\x04\x14\0\0\0", "list.csv", None, english("binary")),
        (b"", "list.txt", None, english("empty")),
        ("모르는 작품\n다른 작품", "list.txt", None, english("nothing")),
        ('{"feedback": [{', "list.json", None, english("broken")),
        ("[" * 200_000, "list.json", None, english("broken")),
        ("덴마\n" * 3001, "list.txt", None, english("too_many", limit=3000)),
    ],
    ids=range(10),
)
def test_a_file_that_is_no_list_gets_one_sentence(chat, content, name, size, sentence):
    reply = sends(chat, content, name, size)

    assert (reply.text, buttons(reply), kept(chat)) == (sentence, [], [])


def test_a_text_longer_than_any_list_gets_one_sentence(chat):
    assert chat.says("/import " + "가" * MAX_FILE).text == english("too_large", limit=1)


def test_forgetting_takes_lists_along(chat):
    chat.says(f"/import {LIST}")
    chat.says("/forget")
    chat.press("🗑️")

    assert kept(chat) == []


def test_in_a_group_a_list_is_its_senders_affair(chat):
    assert chat.in_public().says(f"/import {LIST}").private


def test_it_is_said_in_korean_too(chat):
    mina = chat.as_("mina", language="ko")

    shown = mina.says("/가져오기 신의 탑\n덴마")

    assert shown.text == "📥 2개 중 2개를 찾았어요: 👍 2\n👍 신의 탑\n👍 덴마"
    assert mina.press("📥 2개 추가").text == "📥 작품 2개를 추가했어요. 다음 추천에 바로 반영돼요."
    assert mina.press("↩️").text == "↩️ 되돌렸어요. 작품 2개가 담기 전으로 돌아갔어요."


def test_thousands_of_lines_keep_nobody_waiting(chat):
    titles = [work.title for work in chat.world.serving.library.works]
    lines = [f"{n}. {titles[n % 30]} 그 뒤의 긴 이야기 {n} ★{n % 6}" for n in range(2_999)]

    began = time.process_time()
    shown = chat.says("/import " + "\n".join([*lines, "덴마"]))

    assert time.process_time() - began < 3  # a third of it where nothing else runs
    assert shown.text.startswith("📥 I found 1 of")
