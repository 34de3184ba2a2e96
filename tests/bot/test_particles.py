import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.particles import Word, particle

PAIRS = [
    "을/를",
    "이/가",
    "은/는",
    "과/와",
    "으로/로",
    "이에요/예요",
    "아/야",
    "이라/라",
    "이나/나",
]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("탑", "을 이 은 과 으로 이에요 아 이라 이나"),
        ("유미", "를 가 는 와 로 예요 야 라 나"),
        ("세포들", "을 이 은 과 로 이에요 아 이라 이나"),
    ],
)
def test_the_particle_follows_the_final_sound(word, expected):
    chosen = [particle(word, pair) for pair in PAIRS]

    assert chosen == expected.split()


def test_a_word_is_written_with_its_particle():
    title = Word("신의 탑")
    template = "{title:이/가} 돌아왔다"

    assert f"{title:을/를} 좋아해요" == "신의 탑을 좋아해요"
    assert template.format(title=title) == "신의 탑이 돌아왔다"


@pytest.mark.parametrize("word", ["A", "I", "\uc740", "100", "😀"])
def test_an_empty_spec_gives_the_word_itself(word):
    assert f"{Word(word)}" == word


def test_other_specs_are_those_of_str():
    assert f"{Word('탑'):>3}|{Word('탑'):/<3}|{Word('신의 탑'):.2}" == "  탑|탑//|신의"
    with pytest.raises(ValueError, match="Invalid format specifier"):
        f"{Word('탑'):을를}"


def test_a_pair_that_is_none_is_refused():
    with pytest.raises(ValueError, match="expected a pair of particles such as 을/를, found '을'"):
        particle("탑", "을")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("0", "을 으로"),  # 영
        ("1", "을 로"),  # 일
        ("2", "를 로"),  # 이
        ("3", "을 으로"),  # 삼
        ("4", "를 로"),  # 사
        ("5", "를 로"),  # 오
        ("6", "을 으로"),  # 육
        ("7", "을 로"),  # 칠
        ("8", "을 로"),  # 팔
        ("9", "를 로"),  # 구
        ("10", "을 으로"),  # 십
        ("100", "을 으로"),  # 백
        ("1,000", "을 으로"),  # 천
        ("10000", "을 으로"),  # 만
        ("100000000", "을 으로"),  # 억
        ("1000000000000", "를 로"),  # 조
        ("20000000000000", "를 로"),  # 이십조
        ("2024", "를 로"),
        ("007", "을 로"),  # 공공칠
        ("0" * 12, "을 으로"),
        ("8.5", "를 로"),
        ("2.0", "을 으로"),  # 이 점 영
        ("시즌３", "을 으로"),
        ("35cm", "를 로"),  # 센티미터
        ("5 kg", "을 으로"),  # 킬로그램
        ("200%", "를 로"),  # 퍼센트
    ],
)
def test_numbers_are_followed_as_they_are_read(number, expected):
    assert f"{particle(number, '을/를')} {particle(number, '으로/로')}" == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("ABC", "를 로"),  # 에이비시
        ("SF", "를 로"),  # 에스에프
        ("SNL", "을 로"),  # 엘
        ("PR", "을 로"),  # 알
        ("SM", "을 으로"),  # 엠
        ("HTTPN", "을 으로"),  # 엔
        ("소설가J", "를 로"),
        ("심부름센터 L", "을 로"),
        ("DICE", "를 로"),  # 다이스
        ("STAR", "를 로"),
        ("REBORN", "을 으로"),  # 리본
        ("True Beauty", "를 로"),
        ("Lookism", "을 으로"),
        ("Eleceed", "를 로"),
        ("Noblesse", "를 로"),
        ("Yumi's Cells", "를 로"),
        ("Tower of God", "을 으로"),  # 갓
        ("Sweet Home", "을 으로"),  # 홈
        ("smile", "을 로"),  # 스마일
        ("title", "을 로"),  # 타이틀
        ("Girl", "을 로"),
        ("King", "을 으로"),
        ("love", "를 로"),
        ("me", "를 로"),
        ("Save Me", "를 로"),
        ("shop", "을 으로"),
        ("comic", "을 으로"),
        ("attack", "을 으로"),
        ("quick", "을 으로"),
        ("web", "을 으로"),
        ("bomb", "을 으로"),
        ("book", "을 으로"),
        ("boot", "를 로"),
        ("street", "를 로"),
        ("first", "를 로"),
        ("night", "를 로"),
        ("star", "를 로"),
        ("kid", "를 로"),
        ("café", "를 로"),
        ("Ｇｉｒｌ", "을 로"),
    ],
)
def test_english_is_followed_as_korean_writes_it(word, expected):
    assert f"{particle(word, '을/를')} {particle(word, '으로/로')}" == expected


@pytest.mark.parametrize(
    "decorated",
    [
        "탑!",
        "탑?!",
        '"탑"',
        "'탑'",
        "(탑)",
        "「탑」",
        "＜탑＞",
        "탑…",
        "탑 ",
        "탑~",
        "탑\u200b",
        "탑.\n",
    ],
)
def test_what_is_not_pronounced_is_looked_through(decorated):
    assert particle(decorated, "을/를") == "을"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("신의 탑 (완결)", "로"),
        ("유미(탑)", "으로"),
        ("소년전[Limit]", "으로"),
        ("위장불륜(僞裝不倫)", "으로"),
        ("소리 (🔥)!", "로"),
        ("ㅋㅋ", "으로"),  # 키읔
        ("ㄹ", "로"),  # 리을
        ("ㅠㅠ", "로"),
    ],
)
def test_brackets_are_read_unless_nobody_can(word, expected):
    assert particle(word, "으로/로") == expected


@pytest.mark.parametrize(
    "word", ["", "!!!", "신의 탑🔥", "신의 탑 ❤️", "트라우馬", "()", "Ⅲ", "1" + "0" * 28]
)
def test_what_cannot_be_read_takes_both_forms(word):
    chosen = [particle(word, pair) for pair in PAIRS]

    assert chosen == [
        "을(를)",
        "이(가)",
        "은(는)",
        "과(와)",
        "(으)로",
        "이에요(예요)",
        "아(야)",
        "(이)라",
        "(이)나",
    ]


def test_decomposed_hangul_takes_the_particle_of_composed_hangul():
    word = Word(unicodedata.normalize("NFD", "신의 탑"))

    assert f"{word:을/를}" == word + "을"


@given(st.text(), st.sampled_from(PAIRS))
def test_any_word_takes_one_of_three_forms(word, pair):
    closed, opened = pair.split("/")

    chosen = particle(word, pair)

    both = f"({closed[0]}){opened}" if closed[1:] == opened else f"{closed}({opened})"
    assert chosen in (closed, opened, both)
    assert f"{Word(word):{pair}}" == word + chosen
