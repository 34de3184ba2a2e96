"""One line of a reader's list: which title it names, and what it says of the work."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.conversation.hangul import normalise
from db.tables import Verdict

LONGEST = 200  # characters of a line: the longest title has 40, and what is said of it is short
SCALES = (5, 10, 100)  # what ratings are out of
_MOST_SIGNS = 4  # at either end of a line
_BULLET = re.compile(
    r"[-–—*•·‣▪●○◦☐☑✓✔■□◆◇▶►>]+\s*|\[[ xXvV]?\]\s*|#?\(?\d{1,4}[.):](?!\d)\s*|[①-⑳]\s*"
)
ADDRESS = re.compile(r"https?://\S*[?&]titleId=(\d{1,12})\S*")
_NUMBER = re.compile(r"#?\d{1,4}\s+")  # may as well begin the title
_AROUND = "•★☆⭐🌟/:「」『』《》〈〉<>“”‘’\"'`*_~,;| \t\u3000"
_PAIRS = {"(": ")", "[": "]", "【": "】"}
_SHADES = re.compile("[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]")

_EMOJI = {
    **dict.fromkeys("👍❤♥💖💕💚💙💜🧡💛😍🥰", Verdict.LIKE),
    "👎": Verdict.DISLIKE,
    "✅": Verdict.READ,
    "🙈": Verdict.HIDDEN,
}
_WORDS = {
    normalise(word): verdict
    for verdict, words in {
        Verdict.LIKE: "like, liked, love, loved, 좋아요, 좋음, 좋아함, 추천, 재밌어요, 최애",
        Verdict.DISLIKE: "dislike, disliked, not for me, 별로, 별로예요, 별로에요, 싫어요, 비추, "
        "비추천, 안 맞아요",
        Verdict.READ: "read, finished, completed, 읽음, 읽었어요, 봤어요, 봄, 완독, 정주행",
        Verdict.HIDDEN: "hidden, hide, 숨김, 숨기기, 숨겼어요",
    }.items()
    for word in words.split(", ")
}
_NUM = r"(\d{1,2}(?:[.,]\d{1,9})?)"
_SCORE = re.compile(rf"(?:[★☆⭐🌟]|별점|평점|점수|score|rating)?[\s:=]*{_NUM}\s*점?", re.IGNORECASE)
_OF = re.compile(rf"(?:[★☆⭐🌟]|별점|평점)?[\s:=]*{_NUM}\s*점?\s*/\s*(5|10)(?:\.0)?\s*점?")
_HUNDRED = re.compile(r"(\d{1,3}(?:\.\d{1,9})?)\s*(?:(%|/\s*100)|점)?")
_STARS = re.compile(r"[★⭐🌟]{2,5}[☆✩]{0,4}|[★⭐🌟][☆✩]{1,4}")
# How a title and what is said of it are parted, the surest sign first.
_ENDS = (
    re.compile(rf"(.+?)\s*([★☆⭐🌟]\s*{_NUM}\s*점?(?:\s*/\s*(?:5|10))?)", re.DOTALL),
    re.compile(rf"(.+?)\s*((?:별점|평점|점수)\s*:?\s*{_NUM}\s*점?(?:\s*/\s*(?:5|10))?)", re.DOTALL),
    re.compile(rf"(.+?)\s+({_NUM}\s*(?:점|/\s*(?:5|10)))", re.DOTALL),
    re.compile(r"(.+?)\s*([★⭐🌟]{2,5}[☆✩]{0,4}|[★⭐🌟][☆✩]{1,4})", re.DOTALL),
    re.compile(r"(.+?)\s+(\d\.\d)", re.DOTALL),
    re.compile(r"(.+?)(?:\s*[,;|\t:/=→]\s*|\s+[-–—~]+\s*|\s*[(\[](?=[^()]*[)\]]$))([^,;|\t]+)"),
    re.compile(r"(.+?)\s+(좋아요|별로예요|별로에요|읽었어요|봤어요)", re.DOTALL),
)

Known = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Stars:
    """A rating as it was written; `of` is one of SCALES where it says so, else None."""

    number: float
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A work of a list: its title as it was written, and what else is said of it.

    `left_out`: a like that its reader wants left out of account, as /export writes it. `unclear`:
    what stands where a rating should is none that we know.
    """

    title: str
    author: str = ""
    external_id: str = ""
    verdict: Verdict | None = None
    stars: Stars | None = None
    left_out: bool = False
    unclear: bool = False


def entry(line: str, known: Known) -> Entry | None:
    """What a line of a list says; None if it names nothing.

    `known` tells a title that there is: what looks like a bullet, a rating or an author's name and
    belongs to such a title stays with it.
    """
    line = line[:LONGEST]
    if address := ADDRESS.search(line):
        return Entry(address[0], external_id=address[1])
    text, given = _emoji(_SHADES.sub("", line).strip())
    title, rated = _unbulleted(text, known), None
    for _ in range(_MOST_SIGNS):
        end = _without_end(title)
        # A sign without letters is no part of any title, and so may always go.
        if end is None or (known(title) and _other(end[0], title)):
            break
        title, given, rated = end[0], end[1] or given, end[2] or rated
    if title.rstrip().endswith(":") and not known(title):  # a heading
        return None
    title, author = _bare(title), ""
    if not known(title):
        title, author = _without_author(title, known)
    return Entry(title, author, verdict=given, stars=rated) if normalise(title) else None


def verdict(word: str) -> Verdict | None:
    """The verdict that a word or an emoji stands for."""
    shown = _SHADES.sub("", word).strip()
    return _EMOJI.get(shown) or _WORDS.get(normalise(shown))


def stars(text: str) -> Stars | None:
    """The rating that a text is: 4.5, "★ 4.5", "9/10", "4.5점", "★★★★☆"; None for any other."""
    word = _SHADES.sub("", unicodedata.normalize("NFKC", text)).strip(" ()[]")
    if _STARS.fullmatch(word):
        return Stars(float(sum(word.count(star) for star in "★⭐🌟")), 5)
    found = _OF.fullmatch(word) or _SCORE.fullmatch(word)
    if found is None:
        return None
    number, of = float(found[1].replace(",", ".")), (*found.groups(), None)[1]
    return Stars(number, int(of) if of else None) if number <= 10 else None


def rating(cell: str) -> Stars | None:
    """The rating in a column of such: as `stars`, or a number up to 100."""
    if found := stars(cell):
        return found
    told = _HUNDRED.fullmatch(cell.strip())
    if told is None or float(told[1]) > SCALES[-1]:
        return None
    return Stars(float(told[1]), SCALES[-1] if told[2] else None)


def _emoji(text: str) -> tuple[str, Verdict | None]:
    """The text without the emoji at its ends, and the verdict that one of them stands for."""
    found = None
    while text and unicodedata.category(text[-1]) == "So" and text[-1] not in "★⭐🌟☆✩":
        found, text = _EMOJI.get(text[-1]) or found, text[:-1].rstrip()
    while text and unicodedata.category(text[0]) == "So" and not _BULLET.match(text):
        found, text = _EMOJI.get(text[0]) or found, text[1:].lstrip()
    return text, found


def _other(one: str, other: str) -> bool:
    return normalise(one) != normalise(other)


def _unbulleted(text: str, known: Known) -> str:
    for _ in range(_MOST_SIGNS):
        bullet = _BULLET.match(text)
        if bullet is None or (known(text) and _other(text[bullet.end() :], text)):
            break
        text = text[bullet.end() :]
    number = _NUMBER.match(text)
    if number and not known(text) and known(text[number.end() :]):
        return text[number.end() :]
    return text


def _without_end(title: str) -> tuple[str, Verdict | None, Stars | None] | None:
    """The title without the verdict or rating that it ends with, and that; None if it has none."""
    text, given = _emoji(title.strip())
    if text != title:
        return text, given, None
    for pattern in _ENDS:
        parted = pattern.fullmatch(text)
        if parted is None:
            continue
        word = parted[2].strip(" )]")
        said = verdict(word)
        rated = None if said else stars(word)
        if said or rated:
            return parted[1], said, rated
    return None


def _without_author(text: str, known: Known) -> tuple[str, str]:
    """The title that is known, and the rest, which may be its author's name; else all of it."""
    for one, other in _halves(text):
        for title, author in ((one, other), (other, one)):
            if known(title):
                return _bare(title), _bare(author)
    return text, ""


def _halves(text: str) -> Iterator[tuple[str, str]]:
    for parting in re.finditer(r"\s*[,;|\t/:(\[（]\s*|\s+[-–—~]+\s+|\s+by\s+", text):
        yield text[: parting.start()], text[parting.end() :]


def _bare(title: str) -> str:
    """A title without what stands around it, blanks in a row, or an end of brackets."""
    text = " ".join(title.split()).strip(_AROUND)
    while len(text) > 2 and _PAIRS.get(text[0]) == text[-1]:
        text = text[1:-1].strip(_AROUND)
    return text
