"""/taste: what a reader likes beside what all readers like, as numbers and words to be drawn."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bot.conversation import actions
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.errors import StaleButton, UserError
from bot.conversation.library import FORMS, Library
from bot.conversation.reply import Button, Compared, Picture, Reply, Rows
from bot.conversation.taste import rows_of
from bot.conversation.texts import Language, term

_ROWS = 7  # genres, or one less and all the rest
_KEYWORDS = 6
_SKETCH = 3  # of fewer likes the picture says that it is one, and none is made to be shared
_CROWD = 100  # of fewer likes in all, the sum might tell what one reader likes
_ALIKE = 0.05  # nearer than this to what all readers like is the same
_RESIDUE = 1e-9  # what rounding leaves of a difference of nothing
_LIGHT, _DARK, _FULL, _SHARED = "l", "d", "f", "s"

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Genre:
    """How large a share of what is liked is of one genre: by the reader, by all readers."""

    name: str
    own: float
    others: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """A taste in numbers of 0..1, each beside that of all readers.

    The shares of `genres` sum to 1 on either side of which anything is known; the reader's largest
    come first. `standing` (the reader's, all readers') is the mean percentile rank of popularity
    (`percentiles`) of the works that are liked, each as often as it is: 0 is the niche, 1 is what
    all read; None where it is not known what all read. `keywords` are those that the reader's likes
    have more often than all readers', by how much more.
    """

    likes: int
    genres: tuple[Genre, ...]
    standing: tuple[float, float] | None
    keywords: tuple[str, ...]

    @property
    def few(self) -> bool:
        """Whether it is of too few likes to be more than a sketch."""
        return self.likes < _SKETCH

    @classmethod
    def of(cls, library: Library, likes: Sequence[int]) -> "Portrait":
        """The portrait of who likes these works (ids); of those that the library knows."""
        rows = rows_of(library, likes)
        own = np.zeros(len(library.works))
        own[rows] = 1.0
        crowd = popularity(library)
        others = np.ones(len(library.works)) if crowd is None else crowd
        standing = None
        if crowd is not None and rows:
            ranks = percentiles(crowd)
            standing = (float(ranks[rows].mean()), float(np.average(ranks, weights=crowd)))
        return cls(len(rows), _genres(library, own, others), standing, _words(library, own, others))


def popularity(library: Library) -> Weights | None:
    """(works,) how many like each work, in any unit, from wherever enough were counted; else None.

    As counted here, or as the model learnt it.
    """
    counted = library.popularity.astype(np.float64)
    if counted.sum() >= _CROWD:
        return counted
    if library.served is not None:
        learnt = library.served.by_work(library.served.model.popularity, missing=0)
        if learnt.any():
            return learnt.astype(np.float64)
    return None


def percentiles(popularity: Weights) -> Weights:
    """(works,) the share of all works that are less popular than each, 0..1.

    Equals count half, so that the mean of all is 1/2.
    """
    ordered = np.sort(popularity)
    below = np.searchsorted(ordered, popularity, side="left")
    up_to = np.searchsorted(ordered, popularity, side="right")
    return np.asarray((below + up_to) / (2 * len(popularity)), dtype=np.float64)


def _genres(library: Library, own: Weights, others: Weights) -> tuple[Genre, ...]:
    told = [n for n, genre in enumerate(library.kinds) if genre not in FORMS]
    mixes = library.mixes[:, told].astype(np.float64)
    whole = mixes.sum(axis=1, keepdims=True)
    mixes = np.divide(mixes, whole, out=np.zeros_like(mixes), where=whole > 0)
    sides = [weights @ mixes for weights in (own, others)]
    mine, theirs = (side / (side.sum() or 1.0) for side in sides)
    if not mine.any():
        return ()
    found = zip((library.kinds[n] for n in told), mine.tolist(), theirs.tolist(), strict=True)
    kept = (Genre(*shares) for shares in found if any(shares[1:]))
    return tuple(sorted(kept, key=lambda genre: (-genre.own, -genre.others, genre.name)))


def _words(library: Library, own: Weights, others: Weights) -> tuple[str, ...]:
    more: dict[str, float] = defaultdict(float)
    for weights, sign in ((own, 1.0), (others, -1.0)):
        total = weights.sum() or 1.0
        for row in np.flatnonzero(weights):
            for keyword in dict.fromkeys(library.works[row].keywords):
                more[keyword] += sign * float(weights[row] / total)
    mine = {word for row in np.flatnonzero(own) for word in library.works[row].keywords}
    kept = [word for word in mine if more[word] > _RESIDUE]
    return tuple(sorted(kept, key=lambda word: (-more[word], word)))


def taste(ctx: Context) -> Reply:
    """The reader's taste as a picture, for them alone."""
    return _shown(ctx, _portrait(ctx), dark=False)


def press(ctx: Context, action: Action) -> Reply:
    """The owner's picture, light or dark, in place of the other; or one to show to others."""
    theme, kind = action.text(0), action.text(1)
    ctx.require_owner(action.number(2))
    if theme not in (_LIGHT, _DARK) or kind not in (_FULL, _SHARED):
        raise StaleButton
    portrait = _portrait(ctx)
    if kind == _SHARED and portrait.few:
        raise UserError("taste.too_few", least=_SKETCH)
    shown = _shown(ctx, portrait, dark=theme == _DARK)
    if kind == _FULL:
        return replace(shown, replaces=True)
    assert shown.picture is not None  # noqa: S101 -- it was just made
    # No button either: it would carry whose it is.
    return Reply(picture=replace(shown.picture, lead=""), notice=ctx.say("taste.shared"))


def _portrait(ctx: Context) -> Portrait:
    """Of the reader. Raises UserError where there is nothing to draw."""
    if not ctx.taste.likes:
        raise UserError("taste.left_out" if ctx.taste.left_out else "taste.none")
    portrait = Portrait.of(ctx.library, ctx.taste.likes)
    if not (portrait.genres or portrait.keywords or portrait.standing):
        raise UserError("taste.unknown")
    return portrait


def _shown(ctx: Context, portrait: Portrait, *, dark: bool) -> Reply:
    picture = _picture(ctx, portrait, dark=dark)
    buttons = _buttons(ctx, dark=dark, share=not portrait.few)
    return Reply(picture=picture, buttons=buttons, private=True)


def _buttons(ctx: Context, *, dark: bool, share: bool) -> Rows:
    owner = ctx.reader.id
    now, other = (_DARK, _LIGHT) if dark else (_LIGHT, _DARK)
    switch = ctx.say("button.taste_light" if dark else "button.taste_dark")
    buttons = [Button(switch, actions.taste(other, _FULL, owner))]
    if share:
        label = ctx.say("button.taste_share")
        buttons.append(Button(label, actions.taste(now, _SHARED, owner)))
    return (tuple(buttons),)


def _picture(ctx: Context, portrait: Portrait, *, dark: bool) -> Picture:
    known = popularity(ctx.library) is not None
    whom = ctx.say("taste.readers" if known else "taste.catalogue")
    return Picture(
        title=ctx.say("taste.title"),
        lead=ctx.say("taste.sketch" if portrait.few else "taste.lead", count=portrait.likes),
        sides=(ctx.say("taste.me"), whom),
        shares_head=ctx.say("taste.genres"),
        shares=tuple(_shares(ctx, portrait, whom)),
        ends=(ctx.say("taste.niche"), ctx.say("taste.popular")),
        standing=_standing(ctx, portrait, whom),
        keywords_head=ctx.say("taste.keywords_few" if portrait.few else "taste.keywords"),
        keywords=tuple(term(ctx.language, word) for word in portrait.keywords[:_KEYWORDS]),
        sign=ctx.say("taste.sign"),
        dark=dark,
    )


def _shares(ctx: Context, portrait: Portrait, whom: str) -> Iterator[Compared]:
    genres = [replace(genre, name=_named(ctx, genre.name)) for genre in portrait.genres]
    if len(genres) > _ROWS:
        rest = genres[_ROWS - 1 :]
        together = (sum(genre.own for genre in rest), sum(genre.others for genre in rest))
        genres[_ROWS - 1 :] = [Genre(ctx.say("taste.rest"), *together)]
    for genre in genres:
        own, others = _hundredths(genre.own), _hundredths(genre.others)
        alt = ctx.say("taste.share", name=genre.name, own=own, whom=whom, others=others)
        yield Compared(genre.name, genre.own, genre.others, alt)


def _standing(ctx: Context, portrait: Portrait, whom: str) -> Compared | None:
    if portrait.standing is None:
        return None
    mine, theirs = portrait.standing
    if abs(mine - theirs) < _ALIKE:
        head = ctx.say("taste.as_known")
    else:
        head = ctx.say("taste.lesser_known" if mine < theirs else "taste.better_known")
    alt = ctx.say(
        "taste.standing", head=head, own=_hundredths(mine), whom=whom, others=_hundredths(theirs)
    )
    return Compared(head, mine, theirs, alt)


def _named(ctx: Context, genre: str) -> str:
    name = term(ctx.language, genre)
    return name[:1].upper() + name[1:] if ctx.language is Language.ENGLISH else name


def _hundredths(share: float) -> str:
    return f"{100 * share:.0f}"
