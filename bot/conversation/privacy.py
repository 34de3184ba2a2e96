"""/privacy: what is stored of the reader who asks, why, for how long, and how to be rid of it."""

from bot.conversation import actions
from bot.conversation.context import Context
from bot.conversation.reply import Button, Reply
from db import holdings, readers


def privacy(ctx: Context) -> Reply:
    """What is stored of this very reader, with buttons to have it, delete it, or not share it."""
    stored, owner = holdings.of(ctx.session, ctx.reader.id), ctx.reader.id
    platforms = dict.fromkeys(p for p, _ in readers.accounts(ctx.session, owner))
    named = ", ".join(ctx.say(f"link.on_{platform}") for platform in platforms)
    trains, flip_trains = ("on", "off") if ctx.reader.trains else ("off", "on")
    lines = [
        ctx.say("privacy.head"),
        ctx.say("privacy.accounts", platforms=named),
        ctx.say(f"privacy.verdicts_{trains}", count=stored.verdicts),
        ctx.say("privacy.changes", count=stored.changes, days=ctx.kept.days),
        ctx.say("privacy.cards", count=stored.cards, days=ctx.kept.days),
        ctx.say("privacy.follows", count=stored.follows),
        ctx.say("privacy.rest"),
        ctx.say("privacy.brief"),
        ctx.say("privacy.messages"),
    ]
    if ctx.kept.reader_days:
        lines.append(ctx.say("privacy.silent", days=ctx.kept.reader_days))
    buttons = (
        (
            Button(ctx.say("button.export"), actions.export(owner)),
            Button(ctx.say("button.forget"), actions.forget("ask", owner)),
        ),
        (
            Button(
                ctx.say(f"button.trains_{flip_trains}"),
                actions.setting("trains", flip_trains, owner),
            ),
        ),
    )
    return Reply("\n".join(lines), buttons=buttons, private=True)
