"""/dial: how well known suggestions may be, from the niche to what everybody reads."""

from bot.conversation import actions
from bot.conversation.context import Context
from bot.conversation.errors import StaleButton, UserError
from bot.conversation.find import shortened
from bot.conversation.reply import Button, Reply
from db import readers
from db.tables import Dial

WORDS = {
    "niche": Dial.NICHE,
    "마니아": Dial.NICHE,
    "매니아": Dial.NICHE,
    "balanced": Dial.BALANCED,
    "균형": Dial.BALANCED,
    "popular": Dial.POPULAR,
    "인기": Dial.POPULAR,
    "대중": Dial.POPULAR,
}


def dial(ctx: Context, argument: str) -> Reply:
    """Turns the dial to what `argument` names, or shows how it stands."""
    word = argument.strip().lstrip("💎🎯🔥 ")  # as the buttons have it, too
    if not word:
        return _shown(ctx)
    setting = WORDS.get(word.lower())
    if setting is None:
        raise UserError("dial.unknown", word=shortened(word))
    return _shown(_turned(ctx, setting))


def press(ctx: Context, value: str) -> Reply:
    """Turns the dial by a button, whose owner pressed it, and shows it in its place."""
    if value not in tuple(Dial):
        raise StaleButton
    turned = _turned(ctx, Dial(value))
    shown = _shown(turned)
    return Reply(
        shown.text,
        buttons=shown.buttons,
        notice=turned.say("settings.changed"),
        replaces=True,
        private=True,
    )


def label(ctx: Context) -> str:
    """How the dial stands, in a word."""
    return ctx.say(f"button.dial_{ctx.reader.dial}")


def _turned(ctx: Context, setting: Dial) -> Context:
    readers.choose(ctx.session, ctx.reader.id, dial=setting.value)
    return ctx.refreshed()


def _shown(ctx: Context) -> Reply:
    dial = ctx.reader.dial
    row = []
    for setting in Dial:
        name = ctx.say(f"button.dial_{setting}")
        if setting is dial:
            name = ctx.say("dial.chosen", name=name)
        row.append(Button(name, actions.setting("dial", setting.value, ctx.reader.id)))
    again = Button(ctx.say("button.recommend"), actions.again())
    text = ctx.say("dial.head") + "\n" + ctx.say(f"dial.{dial}")
    return Reply(text, buttons=(tuple(row), (again,)), private=True)
