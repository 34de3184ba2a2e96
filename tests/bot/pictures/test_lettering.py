"""Text in a picture: letters that the typeface has, in the room there is."""

import pytest

from bot.pictures.lettering import fitted, length


@pytest.mark.parametrize("text", ["무협/사극", "Slice of life", "R&B 100%", "漢字", "ㅅㅇㅌ", "각"])
def test_hangul_and_latin_are_drawn_as_they_are(text):
    assert fitted(text, 38, 900) == text


def test_a_syllable_written_in_parts_is_put_together():
    assert fitted("\u1100\u1161\u11a8", 38, 900) == "각"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("🗼 탑", "탑"),
        ("love ❤️ story", "love story"),
        ("👨‍👩‍👧 가족", "가족"),
        ("a\0b\nc", "a b c"),
        ("ไทย magic", "magic"),
        ("😀", "…"),
        ("", "…"),
    ],
)
def test_what_has_no_letter_is_left_out(text, kept):
    assert fitted(text, 38, 900) == kept


def test_a_text_that_is_too_long_is_cut_to_its_room():
    cut = fitted("아주 아주 긴 장르 이름", 38, 200)

    assert cut.endswith("…") and cut.startswith("아주")
    assert length(cut, 38) <= 200 < length(cut[:-1] + "주 ", 38) + 40
