"""What a reader asks of a slate, in tokens that a button can carry and that are taken back singly.

A token is the name of a genre or keyword, "finished" or "ongoing"; "-name" for none of these;
"↑62" and "↓40" for works better known than 62 % of all and no better known than 40 %; "≠12.7" for
the third that is least like the works 12 and 7. These unit critiques are constraints, and each new
one narrows what the ones before left (Reilly, McCarthy, McGinty & Smyth 2004).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.conversation.context import Context
from bot.conversation.errors import UserError
from bot.conversation.find import shortened
from bot.conversation.hangul import normalise
from bot.conversation.library import FINISHED, ONGOING, Library
from bot.conversation.taste import rows_of
from bot.conversation.texts import term, terms

MORE_POPULAR, MORE_HIDDEN, UNLIKE, NOT = "↑", "↓", "≠", "-"
_MAX_BYTES = 60  # an action has 64
_OPPOSITE = {FINISHED: ONGOING, ONGOING: FINISHED}
_PARTED_SIGN = re.compile(rf"(?<!\S){NOT}\s+")
# Instead of a sign: English words before a name, Korean ones after it, often without a blank.
_NOT_WHAT_FOLLOWS = ("no", "not", "without")
_NOT_WHAT_PRECEDES = re.compile(r"(빼고|말고|제외(?:하고)?)(?!\S)")
_NAME_WORDS = 6  # in the longest name of a genre or keyword
_ALIKE = 1 / 3  # of the works that fit otherwise: those least like what is to be unlike


@dataclass(frozen=True, slots=True)
class Wish:
    """Tokens, each of which a work has to fulfil."""

    tokens: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The tokens as a button carries them, if it can."""
        return ",".join(self.tokens)

    @property
    def carried(self) -> bool:
        """Whether a button can carry all of it."""
        return len(self.words.encode()) <= _MAX_BYTES

    def cut(self) -> "Wish":
        """The tokens, without those that a button has no room for after the ones before."""
        kept = Wish()
        for token in self.tokens:
            longer = Wish((*kept.tokens, token))
            kept = longer if longer.carried else kept
        return kept

    def and_(self, token: str) -> "Wish":
        """This and that, without what it replaces or contradicts."""
        replaced = {token, NOT + token, token.removeprefix(NOT)}
        if token in (FINISHED, ONGOING):
            replaced |= {FINISHED, ONGOING}
        kept = [t for t in self.tokens if t not in replaced]
        if token[0] in (MORE_POPULAR, MORE_HIDDEN, UNLIKE):
            others = {MORE_POPULAR, MORE_HIDDEN} if token[0] != UNLIKE else {UNLIKE}
            kept = [t for t in kept if t[0] not in others]
        return Wish((*kept, token))

    def without(self, token: str) -> "Wish":
        """All but that."""
        return Wish(tuple(t for t in self.tokens if t != token))

    def fits(self, library: Library) -> NDArray[np.bool_]:
        """(works,) bool: what is all that was asked for."""
        fitting = np.ones(len(library.works), dtype=bool)
        unlike = [token for token in self.tokens if token.startswith(UNLIKE)]
        for token in self.tokens:
            if token not in unlike:
                fitting &= _fulfils(library, token)
        for token in unlike:  # among what is left: of fantasy alone some is unlike other fantasy
            works = [int(part) for part in token.removeprefix(UNLIKE).split(".")]
            fitting &= _unlike(library, works, fitting)
        return fitting


def wish_of(ctx: Context, argument: str) -> Wish:
    """What the words after /recommend ask for, each sign of the one name that it stands before.

    "no comedy" and "개그 빼고" are "-개그" in words.
    Raises UserError for a word we don't know.
    """
    wish = Wish()
    if not argument.strip():
        return wish
    known = _known_words(ctx)
    for phrase in argument.split(","):
        words = _NOT_WHAT_PRECEDES.sub(r" \1", _PARTED_SIGN.sub(NOT, phrase)).split()
        while words:
            name, span = _named(words, known)
            if not span and words[1:] and words[0].lower() in _NOT_WHAT_FOLLOWS:
                words[:2] = [NOT + words[1]]
                name, span = _named(words, known)
            if not span:
                names = ", ".join(term(ctx.language, genre) for genre in ctx.library.genres)
                word = shortened(words[0].lstrip(NOT) or NOT)
                raise UserError("recommend.unknown_filter", word=word, genres=names)
            left_out = words[0].startswith(NOT)
            del words[:span]
            if words and _NOT_WHAT_PRECEDES.fullmatch(words[0]) and not _is_measure(name):
                left_out = True
                del words[0]
            wish = wish.and_(_OPPOSITE.get(name, NOT + name) if left_out else name)
    return wish


def label(ctx: Context, token: str) -> str:
    """A token in words."""
    if token.startswith(NOT):
        return ctx.say("steer.not", name=label(ctx, token.removeprefix(NOT)))
    if token.startswith(MORE_POPULAR):
        return ctx.say("steer.popular")
    if token.startswith(MORE_HIDDEN):
        return ctx.say("steer.hidden")
    if token.startswith(UNLIKE):
        return ctx.say("steer.different")
    if token in (FINISHED, ONGOING):
        return ctx.say("recommend.finished" if token == FINISHED else "recommend.ongoing")
    return term(ctx.language, token)


def unlike(works: Sequence[int]) -> str:
    """The token for nothing like these works."""
    return UNLIKE + ".".join(map(str, works))


def _named(words: Sequence[str], known: Mapping[str, str]) -> tuple[str, int]:
    """The longest name that these words begin with, and of how many it is: "slice of life".

    ("", 0) if there is none. A sign begins another name: "romance -fantasy" are two.
    """
    if _is_measure(words[0]):
        return words[0], 1
    signed = (n for n, word in enumerate(words) if n and word.startswith(NOT))
    for span in range(min(next(signed, len(words)), _NAME_WORDS), 0, -1):
        if name := known.get(normalise("".join(words[:span]))):
            return name, span
    return "", 0


def _fulfils(library: Library, token: str) -> NDArray[np.bool_]:
    if token.startswith(NOT):
        return ~library.having(token.removeprefix(NOT))
    if token.startswith(MORE_POPULAR):
        return library.renown > int(token[1:])
    if token.startswith(MORE_HIDDEN):
        return library.renown <= int(token[1:])
    return library.having(token)


def _unlike(library: Library, works: Sequence[int], among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(works,) bool: the third of those `among` (works,) that is least like any of `works`."""
    rows = rows_of(library, works)
    if library.content is None or not rows or not among.any():
        return np.ones(len(library.works), dtype=bool)
    everywhere = np.arange(len(library.works))
    nearest = library.content.cosines(everywhere, np.array(rows, dtype=np.intp)).max(axis=1)
    nearest[rows] = 1  # most like themselves
    return np.asarray(nearest <= np.quantile(nearest[among], _ALIKE), dtype=bool)


def _is_measure(token: str) -> bool:
    """Whether this is a token that only our buttons write."""
    sign, rest = token[:1], token[1:]
    if sign in (MORE_POPULAR, MORE_HIDDEN):
        return rest.isascii() and rest.isdigit() and len(rest) <= 3
    parts = rest.split(".")
    return sign == UNLIKE and all(p.isascii() and p.isdigit() and len(p) < 12 for p in parts)


def _known_words(ctx: Context) -> dict[str, str]:
    """Normalised word in any language -> "finished", "ongoing", or a genre or keyword."""
    known = {normalise(name): korean for name, korean in terms().items()}
    known |= {normalise(name): name for name in (*ctx.library.genres, *ctx.library.keywords)}
    known |= dict.fromkeys(("finished", "completed", "완결"), FINISHED)
    known |= dict.fromkeys(("ongoing", "연재", "연재중"), ONGOING)
    return known
