"""Korean particles that agree with any word: Hangul, numbers, English, brackets and all.

A particle follows what is pronounced last, so punctuation, brackets and spaces are looked through
and their content is read. What cannot be read (emoji, Chinese characters, nothing at all) takes
the written compromise 을(를).

Numbers are read in Sino-Korean. Latin letters are read as Korean writes them down:

- one letter, letters without a vowel, and capitals up to three in number are read letter by
  letter; only L and R (엘, 알) and M and N (엠, 엔) close;
- a word closes in l with ㄹ (cell 셀) and in m, n, ng with a consonant (dream 드림);
- a silent e is looked through after l, m and n (smile 스마일, time 타임), and opens after all
  others (love 러브);
- p, t, k, b, c close right after one vowel letter (top 톱, comic 코믹), and open after two or
  after a consonant (street 스트리트, first 퍼스트); oo before k is short (book 북);
- every other ending opens (star 스타, boss 보스, kid 키드).

Common words that break the rule are spelled out in a table.
"""

import re
import unicodedata
from enum import Enum

from bot.conversation.hangul import final, is_syllable

_PAIR = re.compile(r"([가-힣]+)/([가-힣]+)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*$", re.ASCII)
_LATIN = re.compile(r"[A-Za-z]+$")
_LAST_BRACKET = re.compile(
    r"[(\[{<（［＜〈《「『【][^(\[{<（［＜〈《「『【]*[)\]}>）］＞〉》」』】][\s!?.~]*$"
)
_VOWEL = re.compile(r"[aeiouy]")
_CLOSING_STOP = re.compile(r"(?:(?<![aeiou])[aeiouy]|oo(?=k))(?:ck|pp|tt|kk|bb|[ptkbc])$")

_DIGITS = "영일이삼사오육칠팔구"
_TENS = ("", "십", "백", "천")
_MYRIADS = ("", "만", "억", "조", "경", "해", "자")
_SIGNS = {"%": "퍼센트", "+": "플러스", "&": "앤드", "℃": "도", "°": "도"}
_SILENT = "~^`<>＜＞～|=-"
_UNITS = {"kg": "킬로그램", "g": "그램", "mg": "밀리그램", "m": "미터", "cm": "센티미터"}
_UNITS |= {"mm": "밀리미터", "km": "킬로미터", "l": "리터", "ml": "밀리리터"}
_SPOKEN = {
    "god": "갓",
    "good": "굿",
    "big": "빅",
    "bag": "백",
    "type": "타입",
    "deep": "딥",
    "sleep": "슬립",
    "group": "그룹",
    "foot": "풋",
    "hit": "히트",
    "set": "세트",
    "net": "네트",
    "bat": "배트",
    "check": "체크",
    "shock": "쇼크",
    "knock": "노크",
    "mr": "미스터",
    "dr": "닥터",
    "jr": "주니어",
    "vs": "버서스",
    "anime": "아니메",
}


class _End(Enum):
    VOWEL = 0
    RIEUL = 1
    CONSONANT = 2


class Word(str):
    """A word that takes the right particle: f"{Word('신의 탑'):을/를}" is "신의 탑을".

    The format spec is the pair, the form after a consonant first: 을/를, 이/가, 은/는, 과/와,
    으로/로, 이에요/예요, 아/야, 이라/라, 이나/나 or any other. Other specs are those of `str`.
    """

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if _PAIR.fullmatch(spec):
            return str(self) + particle(self, spec)
        return super().__format__(spec)


def particle(word: str, pair: str) -> str:
    """Return the one of `pair`, such as "을/를", that follows `word`; "을(를)" where none is sure.

    Raises ValueError if `pair` is not two Hangul forms with a slash between.
    """
    forms = _PAIR.fullmatch(pair)
    if forms is None:
        raise ValueError(f"expected a pair of particles such as 을/를, found {pair!r}")
    closed, opened = forms.groups()
    end = _end(word)
    if end is None:
        extra = closed.removesuffix(opened)
        return f"({extra}){opened}" if extra != closed else f"{closed}({opened})"
    if end is _End.RIEUL and closed == f"으{opened}":
        return opened
    return opened if end is _End.VOWEL else closed


def _end(word: str) -> _End | None:
    text = unicodedata.normalize("NFC", word)
    end = _heard(text)
    if end is None and (gloss := _LAST_BRACKET.search(text)):
        # 위장불륜(僞裝不倫): a bracket nobody can read says nothing; what stands before it does.
        return _heard(text[: gloss.start()])
    return end


def _heard(text: str) -> _End | None:
    length = len(text)
    while length and _is_silent(text[length - 1]):
        length -= 1
    if not length:
        return None
    text = text[:length]
    last = text[-1]
    if is_syllable(last) or "ㄱ" <= last <= "ㅣ":
        return _of_hangul(last)
    if last in _SIGNS:
        return _of_hangul(_SIGNS[last])
    text = _plain(text)
    if number := _NUMBER.search(text):
        return _of_hangul(_read_number(number[0]))
    if letters := _LATIN.search(text):
        return _of_latin(letters[0], after_digit=text[: letters.start()].rstrip()[-1:].isdigit())
    return None


def _is_silent(char: str) -> bool:
    if char in _SIGNS:
        return False
    kind = unicodedata.category(char)
    return char in _SILENT or kind[0] in "PMZ" or kind in ("Cc", "Cf")


def _plain(text: str) -> str:
    """Return `text` without accents and in half-width forms; Roman numerals and ② stay unread."""
    return "".join(
        unicodedata.normalize("NFKD", char)[0] if char.isalpha() or char.isdecimal() else char
        for char in text
        if not unicodedata.combining(char)
    )


def _of_hangul(spelled: str) -> _End | None:
    """Tell how a Hangul spelling ends; a loose consonant is read by its name (ㄱ 기역, ㄹ 리을)."""
    if not spelled:
        return None
    last = spelled[-1]
    if is_syllable(last):
        last = final(last)
        if not last:
            return _End.VOWEL
    elif last >= "ㅏ":
        return _End.VOWEL
    return _End.RIEUL if last == "ㄹ" else _End.CONSONANT


def _read_number(digits: str) -> str:
    """Return the last syllable of a number as it is read, "" where it is too large to have a name.

    A fraction, and a number that starts with 0, are read digit by digit.
    """
    whole = digits.replace(",", "")
    zeros = len(whole) - len(whole.rstrip("0"))
    if "." in whole or whole[0] == "0" or zeros == 0:
        return _DIGITS[int(whole[-1])]
    if zeros < 4:
        return _TENS[zeros]
    return _MYRIADS[zeros // 4] if zeros // 4 < len(_MYRIADS) else ""


def _of_latin(letters: str, *, after_digit: bool) -> _End | None:
    word = letters.lower()
    if after_digit and word in _UNITS:
        return _of_hangul(_UNITS[word])
    abbreviated = letters.isupper() and len(letters) <= 3
    if word in _SPOKEN and not abbreviated:
        return _of_hangul(_SPOKEN[word])
    if abbreviated or len(word) == 1 or not _VOWEL.search(word):
        return _of_sound(word[-1], rieul="lr", consonant="mn")
    if re.search(r"[aeiouy].*[lmn]e$|[^aeiouy]le$", word):
        word = word[:-1]
    if word.endswith(("ng", "mb")) or _CLOSING_STOP.search(word.replace("qu", "kw")):
        return _End.CONSONANT
    return _of_sound(word[-1], rieul="l", consonant="mn")


def _of_sound(letter: str, *, rieul: str, consonant: str) -> _End:
    if letter in rieul:
        return _End.RIEUL
    return _End.CONSONANT if letter in consonant else _End.VOWEL
