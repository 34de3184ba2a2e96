import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.hangul import jamo, normalise
from bot.conversation.search import Entry, Found, Hit, Index, Match

TOWER, SOUND, SOUND_2, KID_A, KID_B, YUMI, YUMI_MORE, BEAUTY, LOOKS, QUEST, INN = range(1, 12)
LIMIT, MV, REVENGE, DOG, HELL, HEAVEN = range(12, 18)
SHELF = [
    Entry(TOWER, "신의 탑", "Tower of God", ("SIU",), 100.0),
    Entry(SOUND, "마음의소리", "The Sound of Your Heart", ("조석",), 90.0),
    Entry(SOUND_2, "마음의소리2", None, ("조석",), 20.0),
    Entry(KID_A, "키드갱", None, ("신영우",), 30.0),
    Entry(KID_B, "키드갱", "Kid Gang", ("신영우",), 10.0),
    Entry(YUMI, "유미의 세포들", "Yumi's Cells", ("이동건",), 95.0),
    Entry(YUMI_MORE, "유미의 세포들 외전 : 프로 직장인", None, ("이동건",), 5.0),
    Entry(BEAUTY, "여신강림", "True Beauty", ("야옹이",), 99.0),
    Entry(LOOKS, "외모지상주의", "Lookism", ("박태준",), 98.0),
    Entry(QUEST, "퀘스트지상주의", "Quest Supremacy", ("정종택", "박태준 만화회사"), 60.0),
    Entry(INN, "인생존망", None, ("박태준", "전선욱"), 70.0),
    Entry(LIMIT, "소년전[Limit]", None, ("김하나",)),
    Entry(MV, "Penguin loves Mev", None, ("펭귄",), 40.0),
    Entry(REVENGE, "OH, MY GOD!", None, ("김하나",)),
    Entry(DOG, "내 ID는 강남미인!", "My ID is Gangnam Beauty!", ("기맹기",), 80.0),
    Entry(HELL, "지옥", "Hellbound", ("연상호", "최규석"), 85.0),
    Entry(HEAVEN, "천국의 지옥", None, ("한사람",), 1.0),
]
INDEX = Index(SHELF)


def ids(found):
    return [hit.webtoon_id for hit in found.hits]


def first(query):
    found = INDEX.find(query)
    hit = found.hits[0]
    return hit.webtoon_id, hit.match, found.clear


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("신의 탑", (TOWER, Match.EXACT, True)),
        ("  신의탑!! 👍", (TOWER, Match.EXACT, True)),
        (unicodedata.normalize("NFD", "신의 탑"), (TOWER, Match.EXACT, True)),
        ("마음의 소리", (SOUND, Match.EXACT, True)),
        ("마음의소리 2", (SOUND_2, Match.EXACT, True)),
        ("내 id는 강남미인", (DOG, Match.EXACT, True)),
        ("소년전 limit", (LIMIT, Match.EXACT, True)),
        ("oh my god", (REVENGE, Match.EXACT, True)),
        ("여신", (BEAUTY, Match.PREFIX, True)),
        ("유미의", (YUMI, Match.PREFIX, False)),
        ("신읱", (TOWER, Match.PREFIX, True)),  # what a keyboard makes of 신의ㅌ
        ("강남미인", (DOG, Match.PART, True)),
        ("지상주의", (LOOKS, Match.PART, False)),
        ("loves", (MV, Match.PART, True)),
        ("ㅅㅇㅌ", (TOWER, Match.CHOSEONG, True)),
        ("ㅅ ㅇ ㅌ", (TOWER, Match.CHOSEONG, True)),
        ("ㅇㅁㅇㅅㅍㄷ", (YUMI, Match.CHOSEONG, True)),
        ("ㅇㅁㅇ", (YUMI, Match.CHOSEONG, False)),
        ("ㄱㄴㅁㅇ", (DOG, Match.CHOSEONG, False)),
        ("신의ㅌ", (TOWER, Match.CHOSEONG, True)),
        ("ㅅ의탑", (TOWER, Match.CHOSEONG, True)),
        ("TRUE BEAUTY", (BEAUTY, Match.ENGLISH, True)),
        ("yumis cells", (YUMI, Match.ENGLISH, True)),
        ("tower", (TOWER, Match.ENGLISH, True)),
        ("beauty", (BEAUTY, Match.ENGLISH, False)),
        ("siu", (TOWER, Match.AUTHOR, True)),
        ("조석", (SOUND, Match.AUTHOR, False)),
        ("박태준", (LOOKS, Match.AUTHOR, False)),
        ("종택", (QUEST, Match.AUTHOR, False)),
        ("마음의 쇼리를", (SOUND, Match.TYPO, False)),
        ("여신깅림", (BEAUTY, Match.TYPO, True)),
        ("lokism", (LOOKS, Match.TYPO, True)),
        ("tlsdml xkq", (TOWER, Match.TYPO, True)),
        ("TLSDML XKQ", (TOWER, Match.TYPO, True)),
        ("dutls", (BEAUTY, Match.TYPO, False)),  # 여신
        ("dbaldm", (YUMI, Match.TYPO, False)),  # 유미으
    ],
)
def test_a_reader_finds_the_work_that_was_meant(query, expected):
    assert first(query) == expected


def test_two_works_with_one_title_are_both_found_and_never_clear():
    found = INDEX.find("키드갱", limit=2)

    assert found == Found((Hit(KID_A, Match.EXACT, 100.0), Hit(KID_B, Match.EXACT, 100.0)), False)
    assert not INDEX.find("kid gang").clear
    assert not INDEX.find("ㅋㄷㄱ").clear


@pytest.mark.parametrize(
    ("query", "expected"),
    [("지상주의", [LOOKS, QUEST]), ("유미", [YUMI, YUMI_MORE]), ("ㅇㅁㅇㅅ", [YUMI, YUMI_MORE])],
)
def test_works_found_in_the_same_way_come_in_order_of_popularity(query, expected):
    assert ids(INDEX.find(query, limit=2)) == expected


def test_equal_popularity_is_ordered_by_shorter_title_then_by_id():
    index = Index(
        Entry(i, title, None, ()) for i, title in [(1, "가나다"), (3, "가나"), (2, "가라")]
    )

    assert ids(index.find("가")) == [2, 3, 1]


def test_kinds_of_match_are_ranked():
    titles = ["탑", "탑의 신", "신의 탑", "도마뱀"]
    index = Index(Entry(i, title, None, ("탑",)) for i, title in enumerate(titles))

    found = index.find("탑")

    assert [hit.match for hit in found.hits] == ["exact", "prefix", "author", "author"]
    assert [hit.score for hit in found.hits] == [100.0, 90.0, 85.0, 85.0]


def test_a_work_is_listed_once_by_its_best_match():
    index = Index([Entry(1, "Lookism", "Lookism", ("Lookism",))])

    assert index.find("lookism").hits == (Hit(1, Match.EXACT, 100.0),)


@pytest.mark.parametrize("query", ["신", "탑", "ㅅ", "여", "t"])
def test_one_letter_is_never_clear(query):
    found = INDEX.find(query)

    assert found.hits
    assert not found.clear


def test_one_syllable_is_clear_if_it_is_the_title():
    index = Index([Entry(1, "연", None, ()), Entry(2, "연애혁명", None, ())])

    assert index.find("연").clear


def test_two_initials_are_clear_only_if_nothing_else_fits():
    alone = Index([Entry(1, "아사", None, ())])
    among = Index([Entry(1, "아사", None, ()), Entry(2, "이상형", None, ())])

    assert alone.find("ㅇㅅ").clear
    assert not among.find("ㅇㅅ").clear


def test_syllables_among_initials_must_fit_where_they_stand():
    titles = ["사이트", "신의 탑", "사이트, 신의 터", "신의 차"]
    index = Index(Entry(i, title, None, ()) for i, title in enumerate(titles))

    found = [(h.webtoon_id, h.score) for h in index.find("신의ㅌ").hits if h.match == "choseong"]

    assert found == [(1, 88.0), (2, 65.0)]


def test_initials_that_a_keyboard_has_joined_are_found():
    index = Index([Entry(1, "고수", None, ())])

    assert index.find("ㄳ").hits == (Hit(1, Match.CHOSEONG, 88.0),)


def test_loose_consonants_in_a_title_are_found_as_they_stand():
    index = Index([Entry(1, "ㅋㄷㅋㄷ만화", None, ()), Entry(2, "ㄹㅇ 관종", None, ())])

    assert index.find("ㄹㅇ관종").hits[0] == Hit(2, Match.EXACT, 100.0)
    assert index.find("ㅋㄷㅋㄷ").hits[0] == Hit(1, Match.PREFIX, 90.0)


def test_an_exact_title_and_another_exact_english_title_are_not_clear():
    index = Index([Entry(1, "Lost", None, ()), Entry(2, "로스트", "LOST", ())])

    found = index.find("lost")

    assert (len(found.hits), found.clear) == (2, False)


def test_an_author_beside_any_other_match_is_not_clear():
    index = Index([Entry(1, "신의 탑", None, ("조석",)), Entry(2, "행조석", None, ())])

    assert not index.find("조석").clear


def test_a_slip_with_a_close_rival_is_not_clear():
    found = INDEX.find("마음의 소라")

    assert ids(found)[:2] == [SOUND, SOUND_2]
    assert not found.clear


def test_beside_a_literal_match_a_slip_comes_last():
    index = Index([Entry(1, "소라의 집", None, (), 0.0), Entry(2, "소리", None, (), 9.0)])

    found = index.find("소라")

    assert [(hit.webtoon_id, hit.match) for hit in found.hits] == [(1, "prefix"), (2, "typo")]
    assert found.clear


def test_a_title_inside_a_longer_sentence_is_found_but_not_clear():
    found = INDEX.find("오늘은 마음의소리 같은 거 보고 싶다")

    assert found == Found((Hit(SOUND, Match.PART, 55.0),), False)


@pytest.mark.parametrize("query", ["", "   ", "!!!", "👍🏽", "\x00\u200b\ufeff", "ㅤ", "\ud83d"])
def test_a_query_without_letters_finds_nothing(query):
    assert INDEX.find(query) == Found((), False)
    assert INDEX.nearest(query) == ()


def test_a_query_like_no_title_finds_nothing_but_has_nearest_titles():
    assert INDEX.find("쿄쿄쿄쿄") == Found((), False)
    assert len(INDEX.nearest("쿄쿄쿄쿄")) == 3


def test_the_nearest_title_is_first_however_far():
    assert INDEX.nearest("여자는 강한 림보", limit=1) == (BEAUTY,)
    assert INDEX.nearest("gangnum beaty girl", limit=1) == (DOG,)
    assert len(INDEX.nearest("신의 탑", limit=100)) == len(SHELF)


def test_an_empty_box_completes_to_the_best_known_works():
    assert INDEX.complete("", limit=3) == (TOWER, BEAUTY, LOOKS)
    assert INDEX.complete(" ") == tuple(e.webtoon_id for e in sorted(SHELF, key=popularity))


def popularity(entry):
    return (-entry.popularity, len(entry.title), entry.webtoon_id)


@pytest.mark.parametrize("typed", ["ㅇ", "유", "윰", "유미", "유미으", "유미의 ㅅ", "유미의 세폳"])
def test_every_step_of_typing_completes_to_the_title(typed):
    assert YUMI in INDEX.complete(typed)


@pytest.mark.parametrize("limit", [-1, 0])
def test_no_room_for_hits_means_no_hits(limit):
    assert INDEX.find("유미", limit) == Found((), False)
    assert INDEX.nearest("신의 탑", limit) == ()
    assert INDEX.complete("신의", limit) == ()
    assert INDEX.complete("", limit) == ()


def test_an_empty_catalogue_finds_nothing():
    index = Index([])

    assert index.find("신의 탑") == Found((), False)
    assert index.nearest("신의 탑") == ()
    assert index.complete("") == ()


def test_titles_and_queries_beyond_100_letters_are_cut():
    index = Index([Entry(1, "가" * 150, None, ())])

    assert index.find("가" * 120).hits == (Hit(1, Match.EXACT, 100.0),)


@pytest.mark.parametrize("letters", ["가", "ㄱ", "a", "1", "👍", "\x07", "e\u0301", "\ufdfa"])
def test_four_thousand_characters_are_answered(letters):
    query = (letters * 4_000)[:4_000]

    assert not INDEX.find(query).clear


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_text_raises_and_hits_are_in_order(text):
    found = INDEX.find(text, limit=50)

    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 100 for score in scores)
    assert len(set(ids(found))) == len(found.hits)
    INDEX.nearest(text)
    INDEX.complete(text)


@given(
    st.lists(st.text(max_size=30).filter(normalise), min_size=1, max_size=20, unique_by=normalise)
)
@settings(deadline=None)
def test_any_title_finds_itself_first(titles):
    index = Index(Entry(i, title, None, (titles[0],)) for i, title in enumerate(titles))

    firsts = [index.find(title).hits[0].webtoon_id for title in titles]

    assert firsts == list(range(len(titles)))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_long_title_with_one_wrong_key_is_among_the_first_five(data):
    work = data.draw(st.sampled_from([e for e in SHELF if len(normalise(e.title)) >= 5]))
    keys = list(jamo(normalise(work.title)))
    at = data.draw(st.integers(0, len(keys) - 1))
    keep = data.draw(st.booleans())
    keys[at : at + (not keep)] = data.draw(st.sampled_from(["", *"ㄱㄴㅅㅇㅎㅏㅓㅗㅜㅣ"]))

    found = INDEX.find("".join(keys))

    assert work.webtoon_id in ids(found)[:5]


@pytest.mark.parametrize(
    ("title", "meant"),
    [
        ("신의 탑", (TOWER,)),
        ("신의탑!", (TOWER,)),
        ("tower of god", (TOWER,)),
        ("키드갱", (KID_A, KID_B)),
        ("kid gang", (KID_B,)),
        ("마음의 소리", (SOUND,)),
        ("외모지상", (LOOKS,)),
        ("유미의", (YUMI, YUMI_MORE)),
        ("여신", ()),
        ("외모지상쥬의", (LOOKS,)),
        ("Lookizm", (LOOKS,)),
        ("조석", ()),
        ("여신강림 이야기", ()),
        ("아무도 모르는 작품", ()),
        ("", ()),
        ("?!", ()),
    ],
)
def test_a_title_of_a_long_list_is_surely_meant_or_not(title, meant):
    assert INDEX.meant(["지옥", title, "지옥"]) == [(HELL,), meant, (HELL,)]


def test_titles_of_long_lists_are_compared_part_by_part(monkeypatch):
    monkeypatch.setattr("bot.conversation.search._AT_ONCE", 2)
    slips = ["외모지상쥬의", "퀘스트지상쥬의", "여신강람", "Lookizm", "인생존맘"]

    assert INDEX.meant(slips) == [(LOOKS,), (QUEST,), (BEAUTY,), (LOOKS,), (INN,)]


def test_an_empty_catalogue_means_nothing():
    assert Index([]).meant(["신의 탑", "외모지상쥬의"]) == [(), ()]


@pytest.mark.parametrize(
    ("title", "exact"),
    [
        ("신의 탑", (TOWER,)),
        ("Kid Gang", (KID_B,)),
        ("키드갱", (KID_A, KID_B)),
        ("신의", ()),
        ("", ()),
    ],
)
def test_exact_titles_are_told_from_others(title, exact):
    assert INDEX.exact(title) == exact


def test_in_a_real_catalogue_every_title_finds_itself():
    data = Path(__file__).parents[3] / "shared" / "data" / "naver-catalogue.csv"
    if not data.exists():
        pytest.skip(f"development data not found: {data}")
    with data.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    titles = {int(row["title_id"]): row["title"] for row in rows}
    index = Index(
        Entry(int(row["title_id"]), row["title"], None, tuple(row["authors"].split("|")))
        for row in rows
    )

    lost = [
        title
        for title in titles.values()
        if normalise(titles[index.find(title, limit=1).hits[0].webtoon_id]) != normalise(title)
    ]

    assert lost == []
