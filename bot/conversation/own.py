"""What is the reader's own: their list, settings, language, and the data stored of them."""

import json
import math
from dataclasses import asdict
from datetime import UTC

from bot.conversation import actions, alerts, cards, dial, verdicts
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.errors import StaleButton, UserError
from bot.conversation.find import shortened
from bot.conversation.reply import Button, Document, Reply
from bot.conversation.texts import Language, say
from db import catalogue, feedback, follows, holdings, readers
from db.feedback import Current
from db.tables import Verdict

_PAGE = 8
_LANGUAGES = {
    "ko": Language.KOREAN,
    "한국어": Language.KOREAN,
    "korean": Language.KOREAN,
    "en": Language.ENGLISH,
    "english": Language.ENGLISH,
    "영어": Language.ENGLISH,
}


def show_list(ctx: Context, number: int = 0) -> Reply:
    """A page of the reader's verdicts, latest first, each with a button to take it back, and to
    count it again if it is left out of account."""
    given = feedback.current(ctx.session, ctx.reader.id)
    if not given:
        return Reply(ctx.say("list.empty"), private=True)
    pages = math.ceil(len(given) / _PAGE)
    number = min(number, pages - 1)
    shown = given[number * _PAGE : (number + 1) * _PAGE]
    titles = catalogue.titles(ctx.session, [row.webtoon_id for row in shown])
    lines = [ctx.say("list.head", count=len(given), page=number + 1, pages=pages)]
    lines += [
        ctx.say(
            "list.left_out" if row.ignored else "list.row",
            emoji=cards.EMOJI[row.verdict],
            title=titles[row.webtoon_id],
        )
        for row in shown
    ]
    owner = ctx.reader.id
    rows = [_row(ctx, row, titles[row.webtoon_id], number) for row in shown]
    turn = []
    if number > 0:
        turn.append(Button(ctx.say("button.previous"), actions.page(number - 1, owner)))
    if number < pages - 1:
        turn.append(Button(ctx.say("button.next"), actions.page(number + 1, owner)))
    return Reply("\n".join(lines), buttons=(*rows, *((tuple(turn),) if turn else ())), private=True)


def _row(ctx: Context, given: Current, title: str, page: int) -> tuple[Button, ...]:
    owner = ctx.reader.id
    undo = Button(ctx.say("list.undo", title=title), actions.remove(given.webtoon_id, owner, page))
    if not given.ignored:
        return (undo,)
    again = actions.take_in(given.webtoon_id, owner, page)
    return (undo, Button(f"{ctx.say('button.in')}: {title}", again))


def turn_page(ctx: Context, action: Action) -> Reply:
    """Another page of the owner's list, in the place of this one."""
    ctx.require_owner(action.number(1))
    return _in_place(show_list(ctx, action.number(0)))


def remove(ctx: Context, action: Action) -> Reply:
    """Takes back a verdict from the owner's list."""
    ctx.require_owner(action.number(1))
    work = ctx.library.work(action.number(0))
    if work is None:
        raise StaleButton
    if work.id not in ctx.taste.verdicts:  # a title that is not on the list is not told by it
        ctx.require_showable(work)
    said = verdicts.take_back(ctx, work).text
    return _in_place(show_list(ctx, action.number(2)), said)


def take_in(ctx: Context, action: Action) -> Reply:
    """Counts a like of the owner's list again that was left out of account."""
    ctx.require_owner(action.number(1))
    like = action.number(0)
    if ctx.taste.verdicts.get(like) is not Verdict.LIKE:
        raise UserError("trouble.changed_since")
    feedback.count_again(ctx.session, ctx.reader.id, [like])
    title = catalogue.titles(ctx.session, [like])[like]
    return _in_place(show_list(ctx, action.number(2)), ctx.say("why.in", title=title))


def settings(ctx: Context) -> Reply:
    """The reader's settings, and buttons to change them."""
    reader, owner = ctx.reader, ctx.reader.id
    chosen = reader.language or "auto"
    adult, trains = ("on" if on else "off" for on in (reader.adult, reader.trains))
    lines = [
        ctx.say("settings.head"),
        ctx.say("settings.language", value=ctx.say(f"settings.{chosen}")),
        ctx.say(f"settings.adult_{adult}"),
        ctx.say(f"settings.trains_{trains}"),
        ctx.say("settings.dial", value=dial.label(ctx)),
        ctx.say("settings.alerts", value=alerts.label(ctx)),
    ]
    flip_adult, flip_trains = ("off" if on else "on" for on in (reader.adult, reader.trains))
    buttons = (
        _language_buttons(ctx),
        (
            Button(
                ctx.say(f"button.adult_{flip_adult}"), actions.setting("adult", flip_adult, owner)
            ),
        ),
        (
            Button(
                ctx.say(f"button.trains_{flip_trains}"),
                actions.setting("trains", flip_trains, owner),
            ),
        ),
        (Button(ctx.say("button.alerts"), actions.alerts("show", "", owner)),),
        (
            Button(ctx.say("button.export"), actions.export(owner)),
            Button(ctx.say("button.forget"), actions.forget("ask", owner)),
        ),
    )
    return Reply("\n".join(lines), buttons=buttons, private=True)


def change(ctx: Context, action: Action) -> Reply:
    """Changes one of the owner's settings and shows how they now are."""
    ctx.require_owner(action.number(2))
    name, value = action.text(0), action.text(1)
    if name == "language" and value in tuple(Language):
        readers.choose(ctx.session, ctx.reader.id, language=value)
    elif name in ("adult", "trains") and value in ("on", "off"):
        readers.choose(ctx.session, ctx.reader.id, **{name: value == "on"})
    elif name == "dial":
        return dial.press(ctx, value)
    else:
        raise StaleButton
    changed = ctx.refreshed()
    return _in_place(settings(changed), changed.say("settings.changed"))


def language(ctx: Context, argument: str) -> Reply:
    """Sets the language that `argument` names, or asks which."""
    word = argument.strip()
    if not word:
        return Reply(
            ctx.say("settings.language_which"), buttons=(_language_buttons(ctx),), private=True
        )
    chosen = _LANGUAGES.get(word.lower())
    if chosen is None:
        raise UserError("settings.language_unknown", word=shortened(word))
    readers.choose(ctx.session, ctx.reader.id, language=chosen)
    return Reply(say(chosen, "settings.language_set"), private=True)


def export(ctx: Context) -> Reply:
    """All that is stored of the reader as a JSON file: as /import reads it, then row by row."""
    data = {
        "reader": ctx.reader.id,
        "accounts": [
            {"platform": platform, "user_id": user_id}
            for platform, user_id in readers.accounts(ctx.session, ctx.reader.id)
        ],
        "feedback": [
            _exported(ctx, given) for given in feedback.current(ctx.session, ctx.reader.id)
        ],
        "follows": [
            {
                "title": row.title,
                "external_id": row.external_id,
                "at": row.at.astimezone(UTC).isoformat(),
            }
            for row in follows.of_reader(ctx.session, ctx.reader.id)
        ],
        "settings": {
            "language": ctx.reader.language,
            "adult": ctx.reader.adult,
            "trains": ctx.reader.trains,
            "dial": ctx.reader.dial.value,
            **asdict(readers.telling(ctx.session, ctx.reader.id)),
        },
        "stored": holdings.everything(ctx.session, ctx.reader.id),
    }
    content = json.dumps(data, ensure_ascii=False, indent=2)
    document = Document("webtoonbot-export.json", "application/json", content)
    return Reply(ctx.say("own.export"), document=document, private=True)


def answer_export(ctx: Context, action: Action) -> Reply:
    """The owner's data, asked for by button."""
    ctx.require_owner(action.number(0))
    return export(ctx)


def forget(ctx: Context) -> Reply:
    """Asks whether to delete everything."""
    count = len(feedback.current(ctx.session, ctx.reader.id))
    buttons = (
        Button(ctx.say("button.forget_yes"), actions.forget("yes", ctx.reader.id)),
        Button(ctx.say("button.forget_no"), actions.forget("no", ctx.reader.id)),
    )
    return Reply(ctx.say("own.forget_ask", count=count), buttons=(buttons,), private=True)


def answer_forget(ctx: Context, action: Action) -> Reply:
    """Deletes all data of the owner, keeps it, or asks which."""
    ctx.require_owner(action.number(1))
    answer = action.text(0)
    if answer == "ask":
        return forget(ctx)
    if answer == "yes":
        readers.forget(ctx.session, ctx.reader.id)
        return Reply(ctx.say("own.forgotten"), replaces=True, private=True)
    return Reply(ctx.say("own.kept"), replaces=True, private=True)


def _exported(ctx: Context, given: Current) -> dict[str, str | bool]:
    work = ctx.library.work(given.webtoon_id)
    titles = {} if work else catalogue.titles(ctx.session, [given.webtoon_id])
    left_out = {"left_out": True} if given.ignored else {}
    return left_out | {
        "title": work.title if work else titles.get(given.webtoon_id, ""),
        "external_id": work.external_id if work else "",
        "verdict": given.verdict.value,
        "at": given.at.astimezone(UTC).isoformat(),
    }


def _language_buttons(ctx: Context) -> tuple[Button, ...]:
    return tuple(
        Button(ctx.say(f"button.{name}"), actions.setting("language", tag, ctx.reader.id))
        for name, tag in (("korean", "ko"), ("english", "en"))
    )


def _in_place(reply: Reply, notice: str = "") -> Reply:
    return Reply(
        reply.text, buttons=reply.buttons, notice=notice, replaces=True, private=reply.private
    )
