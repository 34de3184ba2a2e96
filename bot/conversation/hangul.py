"""Hangul taken apart: jamo for typos, initials for ㅅㅇㅌ, and the key that search compares."""

import unicodedata

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS: tuple[str, ...] = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
_CLUSTERS = dict(
    zip(
        "ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ",
        ("ㄱㅅ", "ㄴㅈ", "ㄴㅎ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ", "ㄹㅍ", "ㄹㅎ", "ㅂㅅ"),
        strict=True,
    )
)
_DOUBLES = dict(zip("ㄲㄸㅃㅆㅉ", ("ㄱㄱ", "ㄷㄷ", "ㅂㅂ", "ㅅㅅ", "ㅈㅈ"), strict=True))
_DIPHTHONGS = dict(
    zip("ㅘㅙㅚㅝㅞㅟㅢ", ("ㅗㅏ", "ㅗㅐ", "ㅗㅣ", "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", "ㅡㅣ"), strict=True)
)
_STROKES = str.maketrans(_CLUSTERS | _DOUBLES | _DIPHTHONGS)

# The Korean keyboard laid over the Latin one; only seven letters change with shift.
_QWERTY = str.maketrans(
    dict(
        zip(
            "qwertyuiopasdfghjklzxcvbnm",
            "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ",
            strict=True,
        )
    )
    | dict(zip("YUIASDFGHJKLZXCVBNM", "ㅛㅕㅑㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ", strict=True))
    | dict(zip("QWERTOP", ("ㅂㅂ", "ㅈㅈ", "ㄷㄷ", "ㄱㄱ", "ㅅㅅ", "ㅒ", "ㅖ"), strict=True))
)

# What NFC leaves behind: loose conjoining jamo, full-width Latin, and letters that show nothing.
# A keyboard joins the initials ㄱ and ㅅ into the one character ㄳ: clusters come apart here too.
_LOOSE: dict[int, str | None] = {
    **{0x1100 + i: letter for i, letter in enumerate(_INITIALS)},
    **{0x1161 + i: letter for i, letter in enumerate(_VOWELS)},
    **{0x11A7 + i: _CLUSTERS.get(letter, letter) for i, letter in enumerate(_FINALS) if letter},
    **{ord(cluster): parts for cluster, parts in _CLUSTERS.items()},
    **{0xFF01 + i: chr(0x21 + i) for i in range(94)},
    **dict.fromkeys((0x115F, 0x1160, 0x3164, 0xFFA0)),
}


def is_syllable(char: str) -> bool:
    """Say whether `char` is one composed syllable, 가 to 힣."""
    return "가" <= char <= "힣" and len(char) == 1


def final(syllable: str) -> str:
    """Return the final consonant of a composed syllable, "" where it ends in a vowel."""
    return _FINALS[(ord(syllable) - ord("가")) % 28]


def jamo(text: str) -> str:
    """Return `text` with every syllable written as the keys one presses for it.

    Doubles and clusters are split (꺾 is ㄱㄱㅓㄱㄱ, 의 is ㅇㅡㅣ): one slip of a finger is one
    changed letter. Characters that are not Hangul stay as they are.
    """
    return "".join(_spelled(char) if is_syllable(char) else char for char in text).translate(
        _STROKES
    )


def _spelled(syllable: str) -> str:
    rest, coda = divmod(ord(syllable) - ord("가"), 28)
    initial, vowel = divmod(rest, 21)
    return _INITIALS[initial] + _VOWELS[vowel] + _FINALS[coda]


def choseong(text: str) -> str:
    """Return `text` with every syllable reduced to its initial consonant, position for position.

    Characters that are not syllables stay, so the result is as long as `text`.
    """
    return "".join(
        _INITIALS[(ord(char) - ord("가")) // 588] if is_syllable(char) else char for char in text
    )


def is_choseong(text: str) -> bool:
    """Say whether `text` is consonants ㄱ to ㅎ and spaces, with at least one consonant."""
    letters = "".join(text.split())
    return bool(letters) and all("ㄱ" <= char <= "ㅎ" for char in letters)


def from_qwerty(text: str) -> str:
    """Return the jamo, split as `jamo` splits them, that the keys of `text` type in Hangul.

    "tlsdml xkq" gives "ㅅㅣㄴㅇㅡㅣ ㅌㅏㅂ". Capitals are shifted keys, unless all are: caps lock.
    """
    return (text.lower() if text.isupper() else text).translate(_QWERTY)


def normalise(text: str) -> str:
    """Return the key under which search compares `text`: its letters and digits, casefolded.

    Spaces, punctuation, symbols, emoji, marks, control and invisible characters are dropped, and
    decomposed (NFD) Hangul equals composed Hangul. Applying it twice changes nothing more.
    NFC rather than NFKC, which turns a typed ㄱ into another character.
    """
    folded = unicodedata.normalize("NFC", text.casefold())
    return "".join(filter(str.isalnum, folded)).translate(_LOOSE)
