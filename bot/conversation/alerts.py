"""/alerts: when and where a reader is told of news; how their words are meant is in `hours`."""

from dataclasses import replace
from datetime import datetime

from bot.conversation import actions, hours
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.errors import StaleButton, UserError
from bot.conversation.events import Platform
from bot.conversation.find import shortened
from bot.conversation.hours import CITIES, MODES, NEVER, Quiet
from bot.conversation.reply import Button, Reply, Rows
from bot.conversation.texts import Language, say
from db import letters, news, readers, weekly
from db.news import Hours
from db.readers import Telling

_QUIET = ((22 * 60, 8 * 60), (23 * 60, 7 * 60), (0, 9 * 60))  # that buttons offer


def alerts(ctx: Context, argument: str) -> Reply:
    """Changes what `argument` names, or shows how all of it stands. Raises UserError."""
    words = " ".join(argument.split())
    if not words:
        return _shown(ctx)
    name, rest = hours.asked(words)
    if name == "quiet":
        if not rest:
            raise UserError("alerts.quiet_how")
        if (quiet := hours.quiet(rest)) is None:
            raise UserError("alerts.quiet_unknown", word=shortened(rest))
        return _changed(ctx, quiet_from=quiet[0], quiet_until=quiet[1])
    if name == "zone":
        if not rest:
            raise UserError("alerts.zone_how")
        if (zone := hours.zone(rest)) is None:
            raise UserError("alerts.zone_unknown", word=shortened(rest))
        return _changed(ctx, zone=zone)
    reply = _plain(ctx, name, rest)
    if reply is None:
        raise UserError("alerts.unknown", word=shortened(words))
    return reply


def press(ctx: Context, action: Action) -> Reply:
    """Changes what a button of the owner's asks for and shows how it now stands."""
    ctx.require_owner(action.number(2))
    name, value = action.text(0), action.text(1)
    if name == "show":
        return _shown(ctx)
    reply: Reply | None
    if name == "quiet" and (quiet := hours.minutes(value)):
        reply = _changed(ctx, quiet_from=quiet[0], quiet_until=quiet[1])
    elif name == "zone" and value in CITIES.values():
        reply = _changed(ctx, zone=value)
    else:
        reply = _plain(ctx, name, value)
    if reply is None:
        raise StaleButton
    return replace(reply, notice=ctx.say("settings.changed"), replaces=True)


def label(ctx: Context) -> str:
    """When the reader is told, in a word."""
    mode = news.hours_of(ctx.session, ctx.reader.id, ctx.zone).alerts
    return ctx.say(f"button.alerts_{mode}")


def offers(language: Language, typed: str) -> list[tuple[str, str]]:
    """What may follow the command, as (label, words); of time zones, those that are meant."""
    found = [(say(language, f"button.alerts_{mode}"), mode) for mode in MODES]
    found += [
        (say(language, "alerts.quiet_button", hours=_clock(quiet)), f"quiet {_clock(quiet)}")
        for quiet in _QUIET
    ]
    found.append((say(language, "button.alerts_awake"), "quiet off"))
    found += [
        (say(language, f"button.zone_{city}"), f"zone {zone}") for city, zone in CITIES.items()
    ]
    found.append((say(language, "button.alerts_here"), "here"))
    found.append((say(language, "button.alerts_own"), "own"))
    found += [(say(language, f"button.weekly_{flip}"), f"weekly {flip}") for flip in ("on", "off")]
    sought = typed.strip().lower()
    fitting = [offer for offer in found if any(sought in words.lower() for words in offer)]
    name, rest = hours.asked(sought)
    if name == "zone" and rest:
        known = {words for _, words in fitting}
        named = ((zone, f"zone {zone}") for zone in hours.zones_like(rest))
        fitting += [offer for offer in named if offer[1] not in known]
    return fitting


def _plain(ctx: Context, name: str, value: str) -> Reply | None:
    """What is changed by one of few words; None for what is none of them."""
    if name == "mode" and value in MODES:
        return _changed(ctx, alerts=value)
    if name == "weekly" and value in ("on", "off"):
        return _weekly(ctx, on=value == "on")
    if name == "here":
        return _here(ctx)
    return _changed(ctx, alerts_to=None) if name == "own" else None


def _changed(ctx: Context, **choices: str | int | None) -> Reply:
    readers.choose(ctx.session, ctx.reader.id, **choices)
    news.reschedule(ctx.session, ctx.reader.id, ctx.now, ctx.zone)
    return _shown(ctx)


def _weekly(ctx: Context, *, on: bool) -> Reply:
    readers.choose(ctx.session, ctx.reader.id, weekly=on)
    if not on:
        weekly.drop(ctx.session, ctx.reader.id)
    return _shown(ctx)


def _here(ctx: Context) -> Reply:
    """Has news told in this chat. Raises UserError where nobody could write by themselves."""
    if not (ctx.place.shared or ctx.place.common):
        return _changed(ctx, alerts_to=None)
    if not _may_tell(ctx):
        raise UserError("alerts.not_here")
    here = letters.address(ctx.speaker.platform, ctx.place.chat_id, ctx.place.topic)
    return _changed(ctx, alerts_to=here)


def _may_tell(ctx: Context) -> bool:
    """Whether this is a chat of several people in which we could write by ourselves."""
    several = ctx.place.shared or ctx.place.common
    return several and ctx.speaker.platform is not Platform.TERMINAL


def _shown(ctx: Context) -> Reply:
    reader = ctx.reader.id
    chosen = news.hours_of(ctx.session, reader, ctx.zone)
    telling = readers.telling(ctx.session, reader)
    mode, weeks = chosen.alerts, "on" if telling.weekly else "off"
    if telling.weekly and mode == news.OFF:
        weeks = "silent"
    lines = [
        ctx.say("alerts.head"),
        ctx.say(f"alerts.when_{mode}"),
        _quiet_line(ctx, chosen),
        ctx.say("alerts.zone", zone=hours.written(chosen.zone.key), now=_now(ctx.now, chosen)),
        ctx.say("alerts.where_chat" if telling.alerts_to else "alerts.where_own"),
        ctx.say(f"alerts.weekly_{weeks}"),
        "",
        ctx.say("alerts.hint_shared" if _may_tell(ctx) else "alerts.hint"),
    ]
    return Reply("\n".join(lines), buttons=_buttons(ctx, chosen, telling), private=True)


def _buttons(ctx: Context, chosen: Hours, telling: Telling) -> Rows:
    owner, quiet = ctx.reader.id, _quiet(chosen)

    def button(name: str, value: str, label: str, *, marked: bool = False) -> Button:
        label = ctx.say("dial.chosen", name=label) if marked else label
        return Button(label, actions.alerts(name, value, owner))

    modes = tuple(
        button("mode", mode, ctx.say(f"button.alerts_{mode}"), marked=mode == chosen.alerts)
        for mode in MODES
    )
    nights = tuple(
        button(
            "quiet",
            f"{night[0]}-{night[1]}",
            ctx.say("alerts.quiet_button", hours=_clock(night)),
            marked=night == quiet,
        )
        for night in _QUIET
    )
    awake = button("quiet", "0-0", ctx.say("button.alerts_awake"), marked=quiet == NEVER)
    cities = tuple(
        button("zone", zone, ctx.say(f"button.zone_{city}"), marked=zone == chosen.zone.key)
        for city, zone in CITIES.items()
    )
    flip = "off" if telling.weekly else "on"
    last = [button("weekly", flip, ctx.say(f"button.weekly_{flip}"))]
    if telling.alerts_to:
        last.insert(0, button("own", "", ctx.say("button.alerts_own")))
    # Where it is shared, this is read, and pressed, elsewhere.
    elif ctx.place.common and _may_tell(ctx):
        last.insert(0, button("here", "", ctx.say("button.alerts_here")))
    return (modes, (*nights, awake), cities[:3], cities[3:], tuple(last))


def _quiet(chosen: Hours) -> Quiet:
    never = chosen.quiet_from == chosen.quiet_until
    return NEVER if never else (chosen.quiet_from, chosen.quiet_until)


def _quiet_line(ctx: Context, chosen: Hours) -> str:
    quiet = _quiet(chosen)
    if quiet == NEVER:
        return ctx.say("alerts.quiet_never")
    return ctx.say("alerts.quiet", hours=_clock(quiet))


def _clock(quiet: Quiet) -> str:
    return "-".join(f"{minutes // 60}:{minutes % 60:02}" for minutes in quiet)


def _now(now: datetime, chosen: Hours) -> str:
    return f"{now.astimezone(chosen.zone):%H:%M}"
