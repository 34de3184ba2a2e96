"""/import: a whole list of works at once, shown first, then added, and taken back as one."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from bot.conversation import actions, cards, listing
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.entries import Entry, Known, Stars
from bot.conversation.errors import StaleButton, UserError
from bot.conversation.events import MAX_FILE, File
from bot.conversation.find import shortened
from bot.conversation.hangul import normalise
from bot.conversation.reply import Button, Reply
from db import catalogue, exports, feedback, imports
from db.catalogue import Work
from db.imports import Batch, Row
from db.tables import Verdict

SOURCE = "import"
_SHOWN, _NAMED = 8, 5
_LIKED = 0.6  # of all stars: 3 of 5
_FEWEST_LINES = 3  # of a list that is pasted without a word
_MEGABYTE = 1 << 20


@dataclass(slots=True)
class _Matched:
    """What a list says of which works, and what of it says nothing."""

    verdicts: dict[int, Verdict] = field(default_factory=dict)
    explicit: set[int] = field(default_factory=set)  # ids that it has a verdict or rating for
    left_out: set[int] = field(default_factory=set)  # ids of likes that are not to count
    unsure: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    adult: int = 0
    rated: bool = False

    @property
    def total(self) -> int:
        named = (self.verdicts, self.unsure, self.unclear, self.unknown)
        return sum(map(len, named)) + self.adult


def import_(ctx: Context, argument: str) -> Reply:
    """What a list after the command says, or how to send one."""
    if not argument.strip():
        return Reply(ctx.say("lists.how", most=listing.MOST), private=True)
    if len(argument.encode(errors="replace")) > MAX_FILE:
        raise UserError("lists.too_large", limit=MAX_FILE // _MEGABYTE)
    return _shown(ctx, listing.of_text(argument, _known(ctx)))


def file(ctx: Context, sent: File) -> Reply:
    """What a list in a file says. Raises UserError for a file that holds none."""
    if sent.size > MAX_FILE or (sent.content and len(sent.content) > MAX_FILE):
        raise UserError("lists.too_large", limit=MAX_FILE // _MEGABYTE)
    if sent.content is None:
        raise UserError("lists.not_fetched")
    return _shown(ctx, listing.of_file(sent.name, sent.content, _known(ctx)))


def pasted(ctx: Context, text: str) -> Reply | None:
    """What plain words say if they are plainly a list: lines, at least half of them titles."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < _FEWEST_LINES or len(lines) > listing.MOST:
        return None
    entries = listing.of_text(text, known := _known(ctx))
    titles = sum(known(entry.title) for entry in entries)
    return _shown(ctx, entries) if 2 * titles >= max(len(lines), _FEWEST_LINES) else None


def press(ctx: Context, action: Action) -> Reply:
    """Adds a list, leaves it, or takes it back, as its owner pressed."""
    batch = imports.get(ctx.session, action.number(1))
    if batch is None:
        raise StaleButton
    ctx.require_owner(batch.reader_id)
    if ctx.now - batch.made_at > imports.OPEN_FOR:
        raise UserError("lists.settled" if action.text(0) == "undo" else "lists.expired")
    match action.text(0):
        case "add":
            return _add(ctx, batch)
        case "no":
            return _leave(ctx, batch)
        case "undo":
            return _undo(ctx, batch)
    raise StaleButton


def _known(ctx: Context) -> Known:
    index = ctx.library.index

    @cache  # a line is looked at from several sides
    def known(title: str) -> bool:
        return bool(index.exact(title))

    return known


def _match(ctx: Context, entries: Sequence[Entry]) -> _Matched:
    matched, out_of = _Matched(), listing.scale(entries)
    numbers = _numbers(ctx) if any(entry.external_id for entry in entries) else {}
    meant = ctx.library.index.meant([entry.title for entry in entries])
    for entry, ids in zip(entries, meant, strict=True):
        works = [work for i in ids if (work := ctx.library.work(i))]
        work = _numbered(entry, numbers) or _one(entry, works)
        if work is None:
            name = shortened(entry.title)
            (matched.unsure if works else matched.unknown).append(name)
        elif work.adult and not ctx.adult:
            matched.adult += work.id not in matched.verdicts
        elif entry.unclear:
            matched.unclear.append(work.title)
        else:
            _take(matched, entry, work.id, out_of)
    matched.unsure, matched.unknown = (
        list(dict.fromkeys(names)) for names in (matched.unsure, matched.unknown)
    )
    return matched


def _take(matched: _Matched, entry: Entry, webtoon_id: int, out_of: int) -> None:
    """What is said of a work several times: the last that says more than its title counts."""
    (matched.left_out.add if entry.left_out else matched.left_out.discard)(webtoon_id)
    verdict = entry.verdict or (_of_stars(entry.stars, out_of) if entry.stars else None)
    if verdict:
        matched.verdicts[webtoon_id] = verdict
        matched.explicit.add(webtoon_id)
        matched.rated |= entry.verdict is None
    else:
        matched.verdicts.setdefault(webtoon_id, Verdict.LIKE)


def _of_stars(stars: Stars, out_of: int) -> Verdict:
    # Few stars are no dislike: people rate low what lies near their taste.
    return Verdict.LIKE if stars.number / (stars.of or out_of) >= _LIKED else Verdict.READ


def _numbers(ctx: Context) -> Mapping[str, list[Work]]:
    found: dict[str, list[Work]] = {}
    for work in ctx.library.works:
        found.setdefault(work.external_id, []).append(work)
    return found


def _numbered(entry: Entry, numbers: Mapping[str, list[Work]]) -> Work | None:
    """The only work with this number, unless its title says that the number is another site's."""
    works = numbers.get(entry.external_id, []) if entry.external_id else []
    named = [work for work in works if normalise(work.title) == normalise(entry.title)]
    if named or "://" in entry.title or entry.title == entry.external_id:
        works = named or works
        return works[0] if len(works) == 1 else None
    return None


def _one(entry: Entry, works: Sequence[Work]) -> Work | None:
    if len(works) > 1 and entry.author:
        by = [w for w in works if any(_same(entry.author, author) for author in w.authors)]
        works = by or works
    return works[0] if len(works) == 1 else None


def _same(written: str, author: str) -> bool:
    name = normalise(author)
    return bool(name) and name in normalise(written)


def _shown(ctx: Context, entries: Sequence[Entry]) -> Reply:
    """The summary of a list, kept so that its buttons can add it."""
    matched = _match(ctx, entries)
    if not matched.verdicts:
        if matched.unclear:
            raise UserError("lists.unclear", titles=_names(ctx, matched.unclear))
        hidden = "ask.adult_shared" if ctx.adult_elsewhere else "lists.all_adult"
        raise UserError(hidden if matched.adult else "lists.nothing")
    standing, found = _standing(ctx, matched), matched.verdicts.items()
    same = sum(standing.get(work) == verdict for work, verdict in found)
    # What the reader told us themselves stands, unless the list has a word against it.
    rows = [
        (work, verdict)
        for work, verdict in found
        if work not in standing or (work in matched.explicit and standing[work] != verdict)
    ]
    remarks = {
        "same": same,
        "kept": len(found) - same - len(rows),
        "changed": sum(work in standing for work, _ in rows),
        "adult": 0 if ctx.adult_elsewhere else matched.adult,
    }
    lines = [_head(ctx, matched, rows), *_titles(ctx, rows)]
    lines += [ctx.say(f"lists.{remark}", count=count) for remark, count in remarks.items() if count]
    if matched.adult and ctx.adult_elsewhere:
        lines.append(ctx.say("ask.adult_shared"))
    if matched.rated:
        scale = listing.scale(entries)
        lines.append(ctx.say("lists.rated", scale=scale, least=f"{_LIKED * scale:g}"))
    if matched.unclear:
        lines.append(ctx.say("lists.unclear", titles=_names(ctx, matched.unclear)))
    if matched.unsure:
        lines.append(ctx.say("lists.unsure", titles=_names(ctx, matched.unsure)))
    if matched.unknown:
        lines.append(ctx.say("lists.unknown", titles=_names(ctx, matched.unknown)))
    if not rows:
        return Reply("\n".join(lines), private=True)
    batch_id = imports.keep(ctx.session, ctx.reader.id, rows, ctx.now)
    buttons = (
        Button(ctx.say("button.import_add", count=len(rows)), actions.batch("add", batch_id)),
        Button(ctx.say("button.import_no"), actions.batch("no", batch_id)),
    )
    return Reply("\n".join(lines), buttons=(buttons,), private=True)


def _standing(ctx: Context, matched: _Matched) -> dict[int, Verdict]:
    """The reader's verdicts, without likes left out of account that the list says anew."""
    likes = {work for work, verdict in matched.verdicts.items() if verdict is Verdict.LIKE}
    anew = (likes - matched.left_out).intersection(ctx.taste.left_out)
    return {work: verdict for work, verdict in ctx.taste.verdicts.items() if work not in anew}


def _head(ctx: Context, matched: _Matched, rows: Sequence[Row]) -> str:
    found, total = len(matched.verdicts), matched.total
    if not rows:
        return ctx.say("lists.nothing_new", found=found, total=total)
    counts = Counter(verdict for _, verdict in rows)
    marks = " · ".join(
        f"{emoji} {counts[verdict]}" for verdict, emoji in cards.EMOJI.items() if counts[verdict]
    )
    return ctx.say("lists.found", found=found, total=total, marks=marks)


def _titles(ctx: Context, rows: Sequence[Row]) -> list[str]:
    """The first works of a list as lines, and how many more there are."""
    lines = [
        f"{cards.EMOJI[verdict]} {ctx.library.works[ctx.library.row_of[work]].title}"
        for work, verdict in rows[:_SHOWN]
    ]
    more = len(rows) - _SHOWN
    return [*lines, ctx.say("lists.more", count=more)] if more > 0 else lines


def _names(ctx: Context, titles: Sequence[str]) -> str:
    names = ", ".join(titles[:_NAMED])
    more = len(titles) - _NAMED
    return names + " " + ctx.say("lists.more", count=more) if more > 0 else names


def _require_open(batch: Batch) -> None:
    if batch.undone_at:
        raise UserError("lists.undone_before" if batch.applied_at else "lists.left_before")
    if batch.applied_at:
        raise UserError("lists.added_before")


def _add(ctx: Context, batch: Batch) -> Reply:
    _require_open(batch)
    # What was said after the list was sent is newer than it, a verdict taken back included.
    said = exports.last_said(ctx.session, ctx.reader.id)
    newer = {work for work, at in said.items() if at > batch.made_at}
    given = {work: verdict for work, verdict in batch.rows if work not in newer}
    told = ctx.record_all(given, SOURCE)
    likes = [work for work, verdict in given.items() if verdict is Verdict.LIKE]
    again = feedback.count_again(ctx.session, ctx.reader.id, likes)
    imports.applied(ctx.session, batch.id, told, again, ctx.now)
    lines = [ctx.say("lists.added", count=len(told) + len(again)), *_again(ctx, again)]
    if left := len(batch.rows) - len(told) - len(again):
        lines.append(ctx.say("lists.newer", count=left))
    buttons = (
        Button(ctx.say("button.undo"), actions.batch("undo", batch.id)),
        Button(ctx.say("button.recommend"), actions.again()),
    )
    return Reply("\n".join(lines), buttons=(buttons,), replaces=True, private=True)


def _again(ctx: Context, likes: Collection[int]) -> list[str]:
    """That the first of these likes count again, and how many more there are."""
    titles = catalogue.titles(ctx.session, sorted(likes)[:_NAMED])
    lines = [ctx.say("why.in", title=title) for _, title in sorted(titles.items())]
    more = len(likes) - len(lines)
    return [*lines, ctx.say("lists.more", count=more)] if more else lines


def _leave(ctx: Context, batch: Batch) -> Reply:
    _require_open(batch)
    imports.undone(ctx.session, batch.id, ctx.now)
    return Reply(ctx.say("lists.left"), replaces=True, private=True)


def _undo(ctx: Context, batch: Batch) -> Reply:
    if not batch.applied_at:
        raise StaleButton
    if batch.undone_at:
        raise UserError("lists.undone_before")
    standing = {g.webtoon_id: g for g in feedback.current(ctx.session, ctx.reader.id)}
    back = {
        told.webtoon_id: told.previous
        for told in batch.told
        if (now := standing.get(told.webtoon_id)) and now.event_id == told.event_id
    }
    older = {w: given.verdict for w, given in standing.items() if given.at <= batch.applied_at}
    out = [work for work in batch.again if older.get(work) is Verdict.LIKE]
    ctx.record_all(back, "undo")
    for work in out:
        feedback.ignore(ctx.session, ctx.reader.id, work, ignored=True)
    imports.undone(ctx.session, batch.id, ctx.now)
    lines = [ctx.say("lists.undone", count=len(back) + len(out))]
    if left := len(batch.rows) - len(back) - len(out):
        lines.append(ctx.say("lists.newer", count=left))
    return Reply("\n".join(lines), replaces=True, private=True)
