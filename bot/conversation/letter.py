"""What readers are told unasked: news of what they follow, and works picked for a week."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.conversation import actions, cards, suggest
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.errors import UserError
from bot.conversation.reply import Button, Reply
from bot.conversation.texts import Language, say
from db import impressions, readers
from db import weekly as weeks
from db.impressions import ImpressionRow
from db.news import Item

LINES = 15
_LED_TO = 3  # works that a letter has buttons for
_MAX_TITLE, _MAX_CHAPTER, _MAX_AUTHORS = 60, 40, 40
_CHAPTER = "chapter"
_SENTENCES = {
    "returned": "news.returned",
    "completed": "news.completed",
    "new": "news.new",
}


def news(language: Language, items: Sequence[Item], owner: int | None = None) -> Reply:
    """All of these in one letter: what is in doubt below, as it may be known already.

    It leads to the first works of them and, in their `owner`'s own chat, to what they follow.
    """
    fresh = list(_lines(language, [item for item in items if not item.doubt]))
    known = list(_lines(language, [item for item in items if item.doubt]))
    shown, also = fresh[:LINES], known[: max(0, LINES - len(fresh))]
    if len(shown) > 1:
        shown.insert(0, say(language, "news.head"))
    if also:
        shown += [say(language, "news.doubt"), *also]
    if left := len(fresh[LINES:]) + len(known) - len(also):
        shown.append(say(language, "news.more", count=left))
    works = {item.webtoon_id: item.title for item in items if item.kind}
    buttons = [
        (Button(f"📖 {_cut(title, _MAX_TITLE)}", actions.show(work)),)
        for work, title in list(works.items())[:_LED_TO]
    ]
    if owner is not None:
        following = Button(say(language, "button.following"), actions.following(owner))
        buttons.append((following,))
    return Reply("\n".join(shown), buttons=tuple(buttons))


def weekly(ctx: Context, known: Sequence[Item] = ()) -> Reply | None:
    """Works picked for this week, logged as shown; None if nothing is left to pick.

    `known` is what else is in doubt, said below.
    """
    try:
        shown = impressions.get(ctx.session, suggest.recommend(ctx, "", weeks.KEY).impressions[0])
    except UserError:
        shown = None
    if shown is None:
        return None
    lines = [ctx.say("news.weekly")]
    if known:
        lines += [ctx.say("news.doubt"), *_lines(ctx.language, known)][: LINES + 1]
    return _week(ctx, "\n".join(lines), shown.slate)


def week_again(ctx: Context, shown: ImpressionRow, notice: str) -> Reply | None:
    """A week's works as they now stand, in the place of the letter that has this card of them.

    None if that is no such letter, or somebody else's.
    """
    if not shown.slate.startswith(weeks.KEY) or shown.reader_id != ctx.reader.id:
        return None
    week = _week(ctx, ctx.say("news.weekly"), shown.slate)
    return replace(week, notice=notice, replaces=True)


def no_more_weeks(ctx: Context, action: Action) -> Reply:
    """Picks nothing for its owner's weeks any more."""
    ctx.require_owner(action.number(0))
    readers.choose(ctx.session, ctx.reader.id, weekly=False)
    weeks.drop(ctx.session, ctx.reader.id)
    return Reply(notice=ctx.say("news.weekly_off"), private=True)


def _week(ctx: Context, text: str, slate: str) -> Reply:
    """The cards of a slate, without the ways on that stand below one which was asked for."""
    shown = []
    for row in impressions.in_slate(ctx.session, slate):
        work = ctx.library.work(row.webtoon_id)
        if work is not None and (ctx.adult or not work.adult):
            reason = cards.reason_of(ctx, work, row.policy)
            shown.append(cards.card(ctx, work, reason=reason, impression_id=row.id))
    off = Button(ctx.say("button.weekly_off"), actions.no_more_weeks(ctx.reader.id))
    return Reply(text, tuple(shown), ((off,),), together=True)


def _lines(language: Language, items: Sequence[Item]) -> Iterator[str]:
    """A line for each, and one for all new chapters of a work, where the first of them stands."""
    chapters: dict[int, list[Item]] = {}
    for item in items:
        if item.kind == _CHAPTER:
            chapters.setdefault(item.webtoon_id, []).append(item)
    for item in items:
        if item.kind == _CHAPTER:
            if found := chapters.pop(item.webtoon_id, None):
                yield _chapters(language, found)
        elif item.kind in _SENTENCES:
            title, authors = _cut(item.title, _MAX_TITLE), ", ".join(item.authors[:2])
            yield say(
                language,
                _SENTENCES[item.kind],
                title=title,
                authors=_cut(authors, _MAX_AUTHORS),
            )
        elif item.kind is None:
            yield say(language, "news.weekly_known")


def _chapters(language: Language, items: Sequence[Item]) -> str:
    title, chapter = _cut(items[0].title, _MAX_TITLE), _cut(items[-1].detail or "", _MAX_CHAPTER)
    if len(items) > 1:
        key = "news.chapters" if chapter else "news.chapters_unnamed"
        return say(language, key, title=title, chapter=chapter, count=len(items))
    return say(
        language,
        "news.chapter" if chapter else "news.chapter_unnamed",
        title=title,
        chapter=chapter,
    )


def _cut(text: str, limit: int) -> str:
    """Words from outside on one line of a letter."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
