"""Plain strings made to read on Discord exactly as they were written, and cut to its limits."""

import re
from collections.abc import Iterator

# discord.utils.escape_markdown leaves the inside of a masked link alone, escapes the line break
# before a list instead of the list, and escapes far more than would be formatted; hence our own.
_FORMATTED = re.compile(
    r"(?P<url>https?://[^\s<>]+)"  # a link stays a link, underscores and all
    r"|[\\*_`]"
    r"|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\|"  # only doubled do they strike or hide
    r"|\[(?=[^\]\n]*\]\()"  # a masked link
    r"|<(?=[@#:/\w])"  # mentions, channels, emoji, times, commands
    r"|@(?=everyone|here)"
    r"|:(?=\w+:)"  # :emoji:
    r"|^[ \t]*[#>+-]",  # a heading, a quote, a list
    re.MULTILINE,
)


def escaped(text: str) -> str:
    """`text` with a backslash before whatever Discord would format or take for a mention."""
    return _FORMATTED.sub(_with_backslash, text)


def _with_backslash(found: re.Match[str]) -> str:
    if found["url"]:
        return found[0]
    return f"{found[0][:-1]}\\{found[0][-1]}"


def fitted(text: str, limit: int) -> str:
    """`text` escaped, at most `limit` characters; what does not fit is cut with "…"."""
    whole = escaped(text)
    if len(whole) <= limit:
        return whole
    return escaped(text[: _fitting(text, limit - 1)]) + "…"


def pieces(text: str, limit: int) -> Iterator[str]:
    """`text` escaped, in as many pieces of at most `limit` characters as it takes.

    Breaks between lines where it can, within a line where it must; blank pieces are left out.
    """
    taken = ""
    for line in text.splitlines(keepends=True):
        if taken and len(escaped(taken + line)) > limit:
            yield from _whole(taken)
            taken = ""
        taken += line
        while len(escaped(taken)) > limit:
            kept = _fitting(taken, limit)
            yield from _whole(taken[:kept])
            taken = taken[kept:]
    yield from _whole(taken)


def _fitting(text: str, limit: int) -> int:
    """How many characters of `text` can be kept for at most `limit` escaped ones."""
    kept = limit
    while (over := len(escaped(text[:kept])) - limit) > 0:
        kept -= (over + 1) // 2  # a character takes two at most, so this never cuts too much
    return kept


def _whole(piece: str) -> Iterator[str]:
    if piece.strip():
        yield escaped(piece.rstrip())
