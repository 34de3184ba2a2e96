"""A work as a card: its facts, the reason it is shown, the reader's verdict, its buttons."""

from bot.conversation import actions
from bot.conversation.context import Context
from bot.conversation.hangul import normalise
from bot.conversation.reply import Button, Card, Rows
from bot.conversation.taste import NEW, POPULARITY, explain
from bot.conversation.texts import term
from db import feedback
from db.catalogue import Work
from db.tables import Dial, Verdict

EMOJI = {Verdict.LIKE: "👍", Verdict.DISLIKE: "👎", Verdict.READ: "✅", Verdict.HIDDEN: "🙈"}
_MIN_SHARE = 0.10  # a like below a tenth of the reasons is not worth a line on a card


def card(
    ctx: Context,
    work: Work,
    *,
    reason: str = "",
    impression_id: int | None = None,
    seed: int | None = None,
) -> Card:
    """The card of `work`, with the buttons that its present verdict calls for.

    Where others read along it is the same for whoever asks: what they said is theirs to tell.
    `seed` is the work that it is shown for being like, so that "why?" speaks of the same.
    """
    verdict = None if ctx.place.shared else ctx.taste.verdicts.get(work.id)
    return Card(
        title=title(work),
        url=work.url,
        lines=facts(ctx, work),
        reason=reason,
        mark=ctx.say(f"mark.{verdict}") if verdict else "",
        buttons=_buttons(ctx, work, verdict, impression_id, seed),
        impression_id=impression_id,
        work_id=None if work.adult or work.gone else work.id,
    )


def title(work: Work) -> str:
    """The Korean title, and the official English one where there is one that it does not name."""
    english = work.title_en
    if not english or normalise(english) in normalise(work.title):
        return work.title
    return f"{work.title} ({english})"


def facts(ctx: Context, work: Work) -> tuple[str, ...]:
    """The lines below the title: authors; genres, status, age mark."""
    about = [term(ctx.language, genre) for genre in work.genres]
    about.append(status(ctx, work))
    if work.adult:
        about.append(ctx.say("card.adult"))
    lines = [" · ".join(about)]
    if work.authors:
        authors = ", ".join(dict.fromkeys(name.strip() for name in work.authors))
        lines.insert(0, ctx.say("card.by", authors=authors))
    return tuple(lines)


def status(ctx: Context, work: Work) -> str:
    """Finished, or the weekdays of new chapters."""
    if work.finished:
        return ctx.say("card.finished")
    if not work.weekdays:
        return ctx.say("card.ongoing")
    days = "·".join(ctx.say(f"card.days.{day}") for day in work.weekdays)
    return ctx.say("card.weekday", days=days)


def reason_of(ctx: Context, work: Work, policy: str, seed: Work | None = None) -> str:
    """Why `policy` chose this work for the reader, in one line; `seed` if it is like that one."""
    if seed:
        return ctx.say("reason.similar", title=seed.title)
    why = reason(ctx, work)
    if policy != NEW:
        return why
    row, served = ctx.library.row_of[work.id], ctx.library.served
    newer = served is not None and served.columns[row] < 0 and ctx.library.well_liked[row]
    return ctx.say("reason.newer" if newer else "reason.new", why=why)


def reason(ctx: Context, work: Work) -> str:
    """Why this work suits the reader, in one line with exact shares.

    Where others read along it names no other work: what somebody likes is theirs to tell.
    """
    explanation = explain(ctx.library, ctx.taste, work.id, ctx.ranking)
    if explanation.policy == POPULARITY:
        return popular(ctx, work)
    if not explanation.reasons:
        return ctx.say("reason.open")
    # Of many likes none may have a large share: then the two strongest are still the reason.
    strong = [part for part in explanation.reasons if part.share >= _MIN_SHARE]
    liked = (
        (ctx.library.work(part.webtoon_id), part.share) for part in strong or explanation.reasons
    )
    tellable = [(like, share) for like, share in liked if like and (ctx.adult or not like.adult)]
    if ctx.place.shared or not tellable:
        return ctx.say("reason.shared")
    named = {}
    for letter, (other, share) in zip("ab", tellable, strict=False):
        named[letter] = other.title
        named[f"share_{letter}"] = f"{100 * share:.0f}"
    return ctx.say("reason.two" if len(tellable) > 1 else "reason.one", **named)


def popular(ctx: Context, work: Work) -> str:
    """Why a work suits somebody of whom nothing is known."""
    many = ctx.library.well_liked[ctx.library.row_of[work.id]]
    niche = ctx.reader.dial is Dial.NICHE and ctx.library.well_liked.any()
    return ctx.say("reason.popular" if many else "reason.niche" if niche else "reason.typical")


def _buttons(
    ctx: Context,
    work: Work,
    verdict: Verdict | None,
    impression_id: int | None,
    seed: int | None,
) -> Rows:
    def give(given: Verdict) -> Button:
        return Button(ctx.say(f"button.{given}"), actions.verdict(given, work.id, impression_id))

    first: tuple[Button, ...]
    if verdict is None:
        first = (give(Verdict.LIKE), give(Verdict.DISLIKE), give(Verdict.READ))
    else:
        event_id = feedback.last_event(ctx.session, ctx.reader.id, work.id) or 0
        # The last card of a slate had the button for more; a judged one leads on by itself.
        first = (
            Button(ctx.say("button.undo"), actions.undo(event_id)),
            Button(ctx.say("button.recommend"), actions.again()),
        )
    second = [
        Button(ctx.say("button.similar"), actions.similar(work.id)),
        Button(ctx.say("button.why"), actions.why(work.id, seed)),
    ]
    follow = _follow_button(ctx, work, impression_id or 0)
    if verdict is not None:
        return (first, (*second, *follow))
    second.append(give(Verdict.HIDDEN))
    return (first, tuple(second), follow) if follow else (first, tuple(second))


def _follow_button(ctx: Context, work: Work, impression_id: int) -> tuple[Button, ...]:
    """One where there is something to follow; what the reader does is not for others' eyes."""
    if work.id in ctx.followed and not ctx.place.shared:
        return (Button(ctx.say("button.unfollow"), actions.unfollow(work.id, impression_id)),)
    if work.gone or (work.finished and not work.authors):
        return ()
    key = "button.follow_author" if work.finished else "button.follow"
    return (Button(ctx.say(key), actions.follow(work.id, impression_id, author=work.finished)),)
