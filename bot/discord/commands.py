"""The slash commands: made from the one table of commands, registered only when they changed."""

from collections.abc import Callable, Coroutine
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.conversation import texts
from bot.conversation.commands import COMMANDS, OPS, CommandSpec, Takes
from bot.conversation.texts import Language

# Answered where everyone reads along: these show cards to react to, or buttons that are for all.
# What takes an argument can be asked for in private.
PUBLIC = frozenset({"recommend", "similar", "together"})

MAX_DESCRIPTION = 100

# What may follow a command is an option on Discord: its latin and its Korean name.
OPTIONS = {
    Takes.TITLE: ("title", "제목"),
    Takes.FILTER: ("filter", "조건"),
    Takes.LANGUAGE: ("language", "언어"),
    Takes.DIAL: ("dial", "다이얼"),
    Takes.ALERTS: ("alerts", "알림"),
    Takes.CODE: ("code", "코드"),
    Takes.LIST: ("list", "목록"),
}
FILE = ("file", "파일")
PRIVATE = ("private", "비공개")

Interaction = discord.Interaction[Any]
Act = Callable[[Interaction, str, str, bool], Coroutine[Any, Any, None]]  # name, argument, private
Offer = Callable[[Interaction, str, str], Coroutine[Any, Any, None]]  # name, what was typed so far


class Korean(app_commands.Translator):
    """Gives Discord the Korean form that each string carries with it."""

    async def translate(
        self,
        string: locale_str,
        locale: discord.Locale,
        _context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """The Korean form for Korean, None for every other language."""
        korean: str | None = string.extras.get("korean")
        return korean if locale is discord.Locale.korean else None


class Tree(app_commands.CommandTree[Any]):
    """The command tree, with autocomplete taken out of the library's hands.

    The library answers an autocomplete itself and logs a traceback when Discord no longer waits
    for it, which is an everyday thing while somebody types.
    """

    def __init__(
        self, client: discord.Client, act: Act, offer: Offer, *, operators: bool = False
    ) -> None:
        """`operators` says that some of those who run the bots are here, to be given /ops."""
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )
        self._offer = offer
        for spec in COMMANDS:
            self.add_command(command(spec, act))
        if operators:
            self.add_command(_hidden(command(OPS, act)))

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Answers autocompletes; lets everything else through."""
        if interaction.type is not discord.InteractionType.autocomplete:
            return True
        data: dict[str, Any] = dict(interaction.data or {})
        typed = next((o["value"] for o in data.get("options", ()) if o.get("focused")), "")
        await self._offer(interaction, data["name"], str(typed))
        return False

    async def sync_changes(self) -> bool:
        """Registers the commands if Discord has others; whether it had to.

        Discord allows 200 creations a day, so a start must cost none. Raises HTTPException.
        """
        await self.set_translator(translator := Korean())
        ours = [await c.get_translated_payload(self, translator) for c in self.get_commands()]
        route = discord.http.Route(
            "GET",
            "/applications/{application_id}/commands",
            application_id=self.client.application_id,
        )
        # The library's own method leaves the localizations out.
        theirs = await self.client.http.request(route, params={"with_localizations": "true"})
        if _essence(ours) == _essence(theirs):
            return False
        await self.sync()
        return True


def command(spec: CommandSpec, act: Act) -> app_commands.Command[Any, ..., None]:
    """The slash command for one line of the table; `act` is what it does."""
    callback = _callback(spec, act)
    options = {"argument": OPTIONS[spec.takes]} if spec.takes in OPTIONS else {}
    if spec.name in PUBLIC and spec.takes is not Takes.NOTHING:
        options["private"] = PRIVATE
    if spec.takes is Takes.LIST:
        options["file"] = FILE
    app_commands.describe(
        **{option: _described(f"discord.{latin}_option") for option, (latin, _) in options.items()}
    )(callback)
    app_commands.rename(
        **{option: locale_str(latin, korean=ko) for option, (latin, ko) in options.items()}
    )(callback)
    made: app_commands.Command[Any, ..., None] = app_commands.Command(
        name=locale_str(spec.name, korean=spec.korean),
        description=_described(f"command.{spec.name}"),
        callback=callback,
    )
    if "argument" in options and spec.takes is not Takes.LIST:
        made.autocomplete("argument")(_unused)
    return made


def _hidden(made: app_commands.Command[Any, ..., None]) -> app_commands.Command[Any, ..., None]:
    """The command out of readers' sight: in servers only, for those who administer one.

    Permissions hide nothing in direct messages. Discord lets a server's administrators show it to
    others there; what it answers is decided by the conversation, not here.
    """
    made.default_permissions = discord.Permissions.none()
    made.allowed_contexts = app_commands.AppCommandContext(
        guild=True, dm_channel=False, private_channel=False
    )
    made.allowed_installs = app_commands.AppInstallationType(guild=True, user=False)
    return made


def _callback(spec: CommandSpec, act: Act) -> Callable[..., Coroutine[Any, Any, None]]:
    """A callback with the signature from which the library reads the command's options."""

    async def bare(interaction: Interaction) -> None:
        await act(interaction, spec.name, "", False)

    async def needed(interaction: Interaction, argument: str) -> None:
        await act(interaction, spec.name, argument, False)

    async def optional(interaction: Interaction, argument: str = "") -> None:
        await act(interaction, spec.name, argument, False)

    async def needed_shown(interaction: Interaction, argument: str, private: bool = False) -> None:
        await act(interaction, spec.name, argument, private)

    async def optional_shown(
        interaction: Interaction, argument: str = "", private: bool = False
    ) -> None:
        await act(interaction, spec.name, argument, private)

    async def listed(
        interaction: Interaction,
        argument: str = "",
        file: discord.Attachment | None = None,  # noqa: ARG001 -- read by `events.attached`
    ) -> None:
        await act(interaction, spec.name, argument, False)

    if spec.takes is Takes.NOTHING:
        return bare
    if spec.takes is Takes.LIST:
        return listed
    if spec.name in PUBLIC:
        return needed_shown if spec.needs else optional_shown
    return needed if spec.needs else optional


async def _unused(_interaction: Interaction, _typed: str) -> list[app_commands.Choice[str]]:
    """Marks an option as autocompleted: `Tree.interaction_check` answers in its stead."""
    return []


def _described(key: str) -> locale_str:
    english, korean = (texts.say(language, key) for language in (Language.ENGLISH, Language.KOREAN))
    return locale_str(english[:MAX_DESCRIPTION], korean=korean[:MAX_DESCRIPTION])


# What we decide about a command; ids, versions and legacy flags are Discord's.
_OURS = {
    "autocomplete",
    "contexts",
    "default_member_permissions",
    "description",
    "description_localizations",
    "integration_types",
    "name",
    "name_localizations",
    "options",
    "required",
    "type",
}


def _essence(commands: list[dict[str, Any]]) -> list[Any]:
    """Commands in the one form that equal commands share, whoever wrote them down."""
    return sorted((_bare(c) for c in commands), key=lambda c: (c["name"], c.get("type", 1)))


def _bare(part: dict[str, Any]) -> dict[str, Any]:
    """A command or option without what is not ours, empty, false or null."""
    kept: dict[str, Any] = {}
    for key in _OURS & part.keys():
        value = part[key]
        if key == "options":
            value = [_bare(option) for option in value or ()]
        elif key in ("contexts", "integration_types"):
            value = sorted(value or ())
        elif key == "default_member_permissions" and value is not None:
            value = str(value)  # Discord writes 0 as "0", which is something else than nothing
        if value:
            kept[key] = value
    return kept
