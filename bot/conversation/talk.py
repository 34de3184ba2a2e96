"""The one way from what a reader did to what we answer."""

import re
from collections.abc import Callable, Mapping

from bot.conversation import (
    actions,
    alerts,
    cards,
    dial,
    following,
    inline,
    letter,
    link,
    lists,
    ops,
    own,
    portrait,
    privacy,
    reasons,
    suggest,
    together,
    verdicts,
    welcome,
)
from bot.conversation.actions import Action, Deed
from bot.conversation.commands import BY_NAME, COMMANDS, OPS, CommandSpec, Group, Takes
from bot.conversation.context import Context
from bot.conversation.errors import UserError
from bot.conversation.events import (
    Chosen,
    Command,
    File,
    Platform,
    Press,
    Reaction,
    Said,
    Silent,
    Text,
)
from bot.conversation.find import find, shortened
from bot.conversation.reply import Reply
from db.tables import Verdict


def answer(ctx: Context, said: Said) -> Reply | None:
    """The reply to what was said; None where silence is the answer."""
    try:
        return _answer(ctx, said)
    except UserError as error:
        if isinstance(said, Silent):
            return None
        sentence = ctx.say(error.key, **error.values)
        if not isinstance(said, Press):
            return Reply(sentence, buttons=error.buttons)
        if error.buttons:  # which hang on nothing that passes by
            return Reply(sentence, buttons=error.buttons, private=True)
        return Reply(notice=sentence, private=True)


def help_(ctx: Context) -> Reply:
    """All commands that this reader may give, a line each, by what they are about."""
    lines = [ctx.say("help.head")]
    known = (*COMMANDS, *((OPS,) if ctx.admin else ()))
    for group in Group:
        lines += ["", ctx.say(f"help.{group}")]
        lines += [_line(ctx, spec) for spec in known if spec.group is group]
    if ctx.speaker.platform is not Platform.DISCORD:  # there only slash commands are heard
        lines += ["", ctx.say("help.plain")]
    return Reply("\n".join(lines), private=True)


def _line(ctx: Context, spec: CommandSpec) -> str:
    what = ctx.say(f"command.{spec.name}")
    return ctx.say("help.row", name=spec.name, korean=spec.korean, what=what)


def search(ctx: Context, argument: str) -> Reply:
    """The card of the work that `argument` names, or several to choose from."""
    work = find(ctx, argument, actions.show, "search")
    return work if isinstance(work, Reply) else Reply(cards=(cards.card(ctx, work),))


# Recommend me something, or something of a kind, as people say it.
_PLEA = re.compile(
    r"(?P<wish>.*?)\s*추천\s*(?:좀\s*)?(?:해\s*(?:줘|주세요|줄래|주실래요|달라고)요?|부탁(?:해|드려)?요?)?[.!?~]*"
    r"|(?:please )?recommend(?: me)?(?: something| some| an?)?"
    r"(?P<kind> (?!please).+?)?(?: please)?[.!?]*",
    re.IGNORECASE,
)
_COMMANDS: Mapping[str, Callable[[Context, str], Reply]] = {
    "start": inline.start,
    "recommend": suggest.recommend,
    "search": search,
    "like": lambda ctx, argument: verdicts.give(ctx, argument, Verdict.LIKE),
    "dislike": lambda ctx, argument: verdicts.give(ctx, argument, Verdict.DISLIKE),
    "unlike": verdicts.unlike,
    "read": lambda ctx, argument: verdicts.give(ctx, argument, Verdict.READ),
    "similar": suggest.similar,
    "together": lambda ctx, _: together.gather(ctx),
    "why": reasons.why,
    "taste": lambda ctx, _: portrait.taste(ctx),
    "list": lambda ctx, _: own.show_list(ctx),
    "follow": following.follow,
    "unfollow": following.unfollow,
    "following": lambda ctx, _: following.show(ctx),
    "alerts": alerts.alerts,
    "settings": lambda ctx, _: own.settings(ctx),
    "language": own.language,
    "dial": dial.dial,
    "link": link.link,
    "privacy": lambda ctx, _: privacy.privacy(ctx),
    "import": lists.import_,
    "export": lambda ctx, _: own.export(ctx),
    "forget": lambda ctx, _: own.forget(ctx),
    "help": lambda ctx, _: help_(ctx),
    "ops": lambda ctx, _: ops.overview(ctx),
}

_DEEDS: Mapping[Deed, Callable[[Context, Action], Reply]] = {
    Deed.VERDICT: verdicts.press,
    Deed.UNDO: verdicts.undo,
    Deed.REMOVE: own.remove,
    Deed.SIMILAR: lambda ctx, action: suggest.similar_to(ctx, ctx.work(action.number(0))),
    Deed.WHY: reasons.answer,
    Deed.SHOW: lambda ctx, action: Reply(cards=(cards.card(ctx, ctx.work(action.number(0))),)),
    Deed.AGAIN: lambda ctx, action: suggest.recommend(ctx, ":".join(action.parts)),
    Deed.WELCOME: welcome.press,
    Deed.TASTE: portrait.press,
    Deed.PAGE: own.turn_page,
    Deed.SETTING: own.change,
    Deed.FORGET: own.answer_forget,
    Deed.EXPORT: own.answer_export,
    Deed.NO_MORE_WEEKS: letter.no_more_weeks,
    Deed.BEGIN: inline.begin,
    Deed.FOLLOW: following.press,
    Deed.FOLLOWING: following.turn_page,
    Deed.ALERTS: alerts.press,
    Deed.LINK: link.press,
    Deed.ACCOUNT: reasons.take_account,
    Deed.TAKE_IN: own.take_in,
    Deed.IMPORT: lists.press,
    Deed.TOGETHER: together.press,
}


def _answer(ctx: Context, said: Said) -> Reply | None:
    match said:
        case Reaction():
            return verdicts.react(ctx, said)
        case Chosen():
            inline.choose(ctx, said)
            return None
        case Press():
            action = actions.parse(said.action, said.message)
            return _DEEDS[action.deed](ctx, action)
        case Command():
            return _command(ctx, said)
        case Text():
            return _text(ctx, said.text)
        case File():
            return lists.file(ctx, said)


def _command(ctx: Context, said: Command) -> Reply:
    spec = _spec(ctx, said.name.lower())
    if spec is None:
        raise UserError("help.unknown", name=shortened(said.name))
    return _COMMANDS[spec.name](ctx, said.argument)


def _spec(ctx: Context, name: str) -> CommandSpec | None:
    if ctx.admin and name in (OPS.name, OPS.korean):
        return OPS
    return BY_NAME.get(name)


def _text(ctx: Context, text: str) -> Reply:
    """Plain words: a Korean command ("추천 로맨스", "/추천"), a list of titles, else a search."""
    first, rest = [*text.split(maxsplit=1), "", ""][:2]
    name = first.removeprefix("/")
    spec = _spec(ctx, name)
    takes_list = first != name or (spec is not None and spec.takes is Takes.LIST)
    if not takes_list and (listed := lists.pasted(ctx, text)):
        return listed  # even one that begins with a word such as 추천
    if first == name and (reply := _asked(ctx, text)):
        return reply
    if spec and (first != name or _may_stand_alone(spec, name, rest)):
        return _command(ctx, Command(name, rest))
    if first != name:
        raise UserError("help.unknown", name=shortened(name))
    return search(ctx, text)


def _asked(ctx: Context, text: str) -> Reply | None:
    """What is asked for in so many words: "help", "로맨스 추천해줘"; None if a title says so."""
    if ctx.library.index.exact(text):
        return None
    spec = _spec(ctx, text.strip(" .!?~").lower())
    if spec is not None and not spec.needs:
        return _command(ctx, Command(spec.name))
    plea = _PLEA.fullmatch(text.strip())
    if plea is None:
        return None
    try:
        return suggest.recommend(ctx, plea["wish"] or plea["kind"] or "")
    except UserError as error:
        if error.key == "recommend.unknown_filter":  # then it may be a title after all
            return None
        raise


def _may_stand_alone(spec: CommandSpec, name: str, rest: str) -> bool:
    """Without a slash only Korean words are commands: what may follow one follows it, no more."""
    if name != spec.korean:
        return False
    return spec.takes is not Takes.NOTHING if rest else not spec.needs
