"""From what a reader typed to the work they mean."""

from collections.abc import Callable

from bot.conversation import cards
from bot.conversation.context import Context
from bot.conversation.entries import ADDRESS
from bot.conversation.errors import UserError
from bot.conversation.hangul import normalise
from bot.conversation.reply import Button, Reply
from db.catalogue import Work

MAX_QUERY = 200  # characters; the longest title has 40
_SHOWN = 40
_OFFERS = 8


def find(ctx: Context, query: str, action: Callable[[int], str], command: str) -> Work | Reply:
    """The work that `query` clearly means, or a reply that offers several as buttons.

    `action` is what a button does with the work it names. "#12" names a work by id, as
    autocomplete does, and the address of its page names it too. Raises UserError for an empty, an
    endless and an unknown query.
    """
    query = query.strip()
    if not query:
        raise UserError("ask.query", command=command)
    if len(query) > MAX_QUERY:
        raise UserError("ask.too_long", limit=MAX_QUERY)
    named = by_id(ctx, query)
    if named is not None:
        ctx.require_showable(named)
        return named
    if not normalise(query):
        raise UserError("ask.no_words")
    found = ctx.library.index.find(query, limit=_OFFERS)
    works = [w for hit in found.hits if (w := ctx.library.work(hit.webtoon_id))]
    if works and found.clear:
        ctx.require_showable(works[0])
        return works[0]
    showable = [work for work in works if ctx.adult or not work.adult]
    if showable:
        return Reply(ctx.say("ask.which"), buttons=offers(showable, action))
    if works:
        ctx.require_showable(works[0])
    nearest = [w for i in ctx.library.index.nearest(query) if (w := ctx.library.work(i))]
    nearest = [work for work in nearest if ctx.adult or not work.adult]
    raise UserError(
        "ask.nearest" if nearest else "ask.unknown",
        offers(nearest, action),
        query=shortened(query),
    )


def by_id(ctx: Context, query: str) -> Work | None:
    """The work that "#12" names, or the address of its page."""
    if query.startswith("#") and query[1:].isascii() and query[1:].isdigit():
        return ctx.library.work(int(query[1:19]))
    if address := ADDRESS.fullmatch(query):
        works = [work for work in ctx.library.works if work.external_id == address[1]]
        return works[0] if len(works) == 1 else None
    return None


def offers(works: list[Work], action: Callable[[int], str]) -> tuple[tuple[Button, ...], ...]:
    """One button a work, told apart by its authors."""
    return tuple((Button(_label(work), action(work.id)),) for work in works)


def shortened(text: str) -> str:
    """A reader's words as we repeat them: printable, and not too many."""
    clean = "".join(char for char in text if char.isprintable())
    return clean if len(clean) <= _SHOWN else clean[: _SHOWN - 1] + "…"


def _label(work: Work) -> str:
    authors = ", ".join(work.authors[:2])
    return f"📖 {cards.title(work)} · {authors}" if authors else f"📖 {cards.title(work)}"
