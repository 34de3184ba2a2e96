"""Text in a picture: one typeface with Hangul and Latin, never wider than its place."""

import unicodedata
from functools import lru_cache

import pylopdf_fonts_ko
from PIL import ImageFont

Font = ImageFont.FreeTypeFont
_ELLIPSIS = "…"
_NOWHERE = "\U0010ffff"  # a character that no typeface has


@lru_cache(maxsize=32)
def font(size: int) -> Font:
    """Noto Sans KR at `size` pixels."""
    path = pylopdf_fonts_ko.sans_path()
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def length(text: str, size: int) -> float:
    """How many pixels wide a text is that can be drawn."""
    return font(size).getlength(text)


def fitted(text: str, size: int, width: float) -> str:
    """`text` as far as it can be drawn: in one line of `width` pixels, cut with "…" if need be.

    What the typeface has no letter for, emoji above all, is left out.
    """
    text = _drawable(text) or _ELLIPSIS
    if length(text, size) <= width:
        return text
    fits, fails = 0, len(text)  # so many characters
    while fails - fits > 1:
        middle = (fits + fails) // 2
        if length(text[:middle].rstrip() + _ELLIPSIS, size) <= width:
            fits = middle
        else:
            fails = middle
    return text[:fits].rstrip() + _ELLIPSIS


def _drawable(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(letter if _has(letter) else " " for letter in composed)
    return " ".join(kept.split())


def _has(letter: str) -> bool:
    """Whether the typeface has this letter: what it lacks it draws as one and the same box."""
    if letter.isspace():
        return True
    if unicodedata.category(letter).startswith("C"):
        return False
    return _shape(letter) != _shape(_NOWHERE)


@lru_cache(maxsize=4096)
def _shape(letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font(24).getmask(letter)
    return mask.size, bytes(mask)
