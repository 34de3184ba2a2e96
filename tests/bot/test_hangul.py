import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.hangul import (
    choseong,
    final,
    from_qwerty,
    is_choseong,
    is_syllable,
    jamo,
    normalise,
)

syllables = st.text(st.characters(min_codepoint=ord("가"), max_codepoint=ord("힣")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("탑", "ㅌㅏㅂ"),
        ("의", "ㅇㅡㅣ"),
        ("꺾", "ㄱㄱㅓㄱㄱ"),
        ("닭강정", "ㄷㅏㄹㄱㄱㅏㅇㅈㅓㅇ"),
        ("힣", "ㅎㅣㅎ"),
        ("가 A1ㄳ", "ㄱㅏ A1ㄱㅅ"),
        ("", ""),
    ],
)
def test_jamo_are_the_keys_one_presses(text, expected):
    assert jamo(text) == expected


@given(syllables)
def test_a_text_typed_with_the_english_keyboard_gives_the_jamo_of_the_text(text):
    keys = dict(
        zip(
            "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡㅒㅖ",
            "qwertyuiopasdfghjklzxcvbnmOP",
            strict=True,
        )
    )

    typed = "".join(keys[letter] for letter in jamo(text))

    assert from_qwerty(typed + "x") == jamo(text) + "ㅌ"


def test_shifted_keys_type_doubles_and_caps_lock_types_none():
    assert from_qwerty("Ekf") == "ㄷㄷㅏㄹ"
    assert from_qwerty("TLSDML XKQ") == "ㅅㅣㄴㅇㅡㅣ ㅌㅏㅂ"


def test_initials_keep_their_positions():
    assert choseong("신의 탑 2") == "ㅅㅇ ㅌ 2"
    assert choseong("깡") == "ㄲ"


@given(st.text())
def test_initials_are_as_long_as_the_text(text):
    assert len(choseong(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ㅅㅇㅌ", True),
        (" ㅅ ㅇㅌ", True),
        ("ㄳ", True),
        ("신ㅇㅌ", False),
        ("ㅏ", False),
        ("ㅅ1", False),
        ("", False),
        ("  ", False),
    ],
)
def test_only_consonants_and_spaces_are_initials(text, expected):
    assert is_choseong(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  신의\t탑!\n", "신의탑"),
        ("내 ID는 강남미인!", "내id는강남미인"),
        ("소년전[Limit]", "소년전limit"),
        ("신\u200b의‍ 탑\x00\ufeff👍🏽", "신의탑"),
        ("ＴＲＵＥ　１", "true1"),
        ("ㄳ", "ㄱㅅ"),
        ("ㄱ", "ㄱ"),
        ("ㅤ", ""),
        ("👨‍👩‍👧❤️", ""),
        ("\ud800", ""),
    ],
)
def test_the_key_of_a_text_is_its_letters_and_digits(text, expected):
    assert normalise(text) == expected


@given(syllables)
def test_decomposed_hangul_has_the_key_of_composed_hangul(text):
    assert normalise(unicodedata.normalize("NFD", text)) == normalise(text) == text


@given(st.text())
def test_a_key_is_its_own_key(text):
    assert normalise(normalise(text)) == normalise(text)


def test_a_loose_conjoining_jamo_is_a_typed_one():
    assert normalise("\u1109\u110b") == "ㅅㅇ"
    assert normalise("\u11aa") == "ㄱㅅ"


def test_final_consonants_are_read_off_the_syllable():
    assert [final(syllable) for syllable in "가각힣을"] == ["", "ㄱ", "ㅎ", "ㄹ"]


def test_only_composed_hangul_is_a_syllable():
    assert [is_syllable(char) for char in ("가", "힣", "ㄱ", "a", "", "가가")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
