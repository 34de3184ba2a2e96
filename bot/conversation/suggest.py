"""Slates: three works for a reader, or three like a given one, logged as shown."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.conversation import actions, cards, lineup
from bot.conversation.context import Context
from bot.conversation.errors import UserError
from bot.conversation.find import find, shortened
from bot.conversation.hangul import normalise
from bot.conversation.lineup import SLATE, Pick
from bot.conversation.newcomers import newcomer
from bot.conversation.reply import Button, Card, Reply
from bot.conversation.taste import POPULARITY, SIMILAR, Ranking, Taste, rank
from bot.conversation.texts import term, terms
from db.catalogue import Work
from db.impressions import Shown
from db.tables import Dial
from recommender.rank import top

_MAX_WISH_BYTES = 60  # an action has 64
_NAME_WORDS = 6  # in the longest name of a genre or keyword


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader asked of a slate: genres and keywords, and the words by which a button asks."""

    words: str
    names: tuple[str, ...] = ()

    def fits(self, work: Work) -> bool:
        """Whether the work is all that was asked for."""
        return all(_has(work, name) for name in self.names)


def recommend(ctx: Context, argument: str, occasion: str = "") -> Reply:
    """Three works for this reader that fit the wish in `argument`.

    The name of their slate begins with `occasion`.
    """
    _require_catalogue(ctx)
    wish = _wish(ctx, argument)
    ranking = ctx.ranking
    name = secrets.token_hex(8)
    picks = _picks(ctx, ranking, wish, name)
    if not picks:
        if wish.names:
            raise UserError("recommend.empty_filter", filter=shortened(argument))
        raise UserError("recommend.empty")
    shown = slate(ctx, occasion + name, picks)
    more = Button(ctx.say("button.more"), actions.again(wish.words))
    last = replace(shown[-1], buttons=(*shown[-1].buttons, (more,)))
    return Reply(_header(ctx, ranking), (*shown[:-1], last))


def similar(ctx: Context, argument: str) -> Reply:
    """Three works like the one that `argument` names."""
    _require_catalogue(ctx)
    work = find(ctx, argument, actions.similar, "similar")
    return work if isinstance(work, Reply) else similar_to(ctx, work)


def similar_to(ctx: Context, work: Work) -> Reply:
    """Three works like this one: what a reader who likes just it would be recommended."""
    ranking = rank(ctx.library, Taste.only(work.id))
    if ranking.policy == POPULARITY:
        raise UserError("recommend.nothing_similar", title=work.title)
    masked = lineup.unwanted(ctx) | ~(ranking.scores > 0)
    masked[ctx.library.row_of[work.id]] = True
    picks = [Pick(int(row), SIMILAR) for row in top(ranking.scores, masked, SLATE)]
    if not picks:
        raise UserError("recommend.nothing_similar", title=work.title)
    shown = slate(ctx, secrets.token_hex(8), picks, seed=work)
    return Reply(ctx.say("recommend.similar", title=work.title), shown)


def slate(
    ctx: Context, name: str, picks: Sequence[Pick], seed: Work | None = None
) -> tuple[Card, ...]:
    """The cards of these works, logged as the slate of this name; `seed` if they are like it."""
    works = [ctx.library.works[pick.row] for pick in picks]
    logged = ctx.show(
        name,
        [
            Shown(work.id, position, pick.policy, pick.propensity, pick.rank)
            for position, (pick, work) in enumerate(zip(picks, works, strict=True))
        ],
    )
    return tuple(
        cards.card(
            ctx,
            work,
            reason=cards.reason_of(ctx, work, pick.policy, seed),
            impression_id=impression,
            seed=seed.id if seed else None,
        )
        for pick, work, impression in zip(picks, works, logged, strict=True)
    )


def _picks(ctx: Context, ranking: Ranking, wish: Wish, name: str) -> list[Pick]:
    """The works of the slate of this name: the best that fit, and one to explore with.

    The name is the seed of what is drawn for the latter.
    """
    masked = lineup.unwanted(ctx)
    if wish.names:
        masked |= np.array([not wish.fits(work) for work in ctx.library.works], dtype=bool)
    before = lineup.past(ctx)
    known = masked | ~np.isfinite(ranking.scores)
    taken = masked.copy()
    taken[list(before.lately)] = True
    new = newcomer(ctx, taken, np.random.default_rng(int(name, 16)))
    if new is None:
        picks = lineup.line_up(ctx, ranking, known, before)
    else:
        # It goes last, and the others are chosen to be a varied list without it: among what it was
        # not drawn from, as else their chances would depend on the draw.
        taken = known.copy()
        taken[list(new.candidates)] = True
        picks = [*lineup.line_up(ctx, ranking, taken, before, SLATE - 1), new.pick]
    if len(picks) < SLATE:
        shown = {pick.row for pick in picks}
        left = lineup.longest_unseen(ranking, known, before)
        picks += [pick for pick in left if pick.row not in shown][: SLATE - len(picks)]
    return picks


def _header(ctx: Context, ranking: Ranking) -> str:
    if ranking.policy != POPULARITY:
        return "" if ctx.library.served else ctx.say("recommend.no_model")
    if not ctx.library.well_liked.any():
        return ctx.say("recommend.typical")
    if ctx.reader.dial is Dial.NICHE:
        return ctx.say("recommend.niche")
    if ctx.library.served is None:
        return ctx.say("recommend.popularity")
    return ctx.say("recommend.unrelated" if ctx.taste.likes else "recommend.first")


def _require_catalogue(ctx: Context) -> None:
    if ctx.library.gone.all():
        raise UserError("recommend.no_catalogue")


def _wish(ctx: Context, argument: str) -> Wish:
    """What the words after /recommend ask for. Raises UserError for a word we don't know."""
    if not argument.strip():
        return Wish("")
    known = _known_words(ctx)
    meant: list[str] = []
    for phrase in argument.split(","):
        words = phrase.split()
        while words:  # the longest name first: "slice of life", "romance fantasy"
            spans = range(min(len(words), _NAME_WORDS), 0, -1)
            keys = ((span, normalise("".join(words[:span]))) for span in spans)
            span, key = next(((span, key) for span, key in keys if key in known), (0, ""))
            if not span:
                names = ", ".join(term(ctx.language, genre) for genre in ctx.library.genres)
                raise UserError("recommend.unknown_filter", word=shortened(words[0]), genres=names)
            meant.append(known[key])
            del words[:span]
    return Wish(_cut(meant), tuple(dict.fromkeys(meant)))


def _known_words(ctx: Context) -> dict[str, str]:
    """Normalised word in any language -> "finished", "ongoing", or a genre or keyword."""
    known = {normalise(name): korean for name, korean in terms().items()}
    known |= {normalise(name): name for name in (*ctx.library.genres, *ctx.library.keywords)}
    known |= dict.fromkeys(("finished", "completed", "완결"), "finished")
    known |= dict.fromkeys(("ongoing", "연재", "연재중"), "ongoing")
    return known


def _has(work: Work, name: str) -> bool:
    if name in ("finished", "ongoing"):
        return work.finished == (name == "finished")
    return name in work.genres or name in work.keywords


def _cut(names: Sequence[str]) -> str:
    """As many whole names as a button can carry, with commas: a name may be of several words."""
    words = ""
    for name in dict.fromkeys(names):
        longer = f"{words},{name}" if words else name
        if len(longer.encode()) <= _MAX_WISH_BYTES:
            words = longer
    return words
