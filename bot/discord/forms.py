"""The form into which a list is typed by who gave the command for it and nothing more."""

from collections.abc import Iterator, Mapping
from typing import Any

import discord
from discord import ui

from bot.conversation.texts import Language, say

_FORM, _FIELD = "import", "list"
_MAX_TYPED = 4000  # Discord takes no more
_MAX_LABEL, _MAX_PLACEHOLDER = 45, 100


def list_form(language: Language) -> ui.Modal:
    """The form, which the client hears of whichever process showed it: see `typed`."""
    field: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id=_FIELD,
        style=discord.TextStyle.paragraph,
        placeholder=say(language, "discord.form_example")[:_MAX_PLACEHOLDER],
        max_length=_MAX_TYPED,
    )
    form = ui.Modal(title=say(language, "discord.form_title")[:_MAX_LABEL], custom_id=_FORM)
    form.add_item(ui.Label(text=say(language, "discord.form_label")[:_MAX_LABEL], component=field))
    form.stop()  # the library need not wait for it
    return form


def typed(interaction: discord.Interaction[Any]) -> str | None:
    """What was typed into the form; None where it is another interaction."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return None
    data: Mapping[str, Any] = dict(interaction.data or {})
    if data.get("custom_id") != _FORM:
        return None
    return next((str(f["value"]) for f in _fields(data) if f.get("custom_id") == _FIELD), "")


def _fields(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every field of a form: each stands in a label or in a row of its own."""
    if "value" in part:
        yield part
    for inner in (*part.get("components", ()), *filter(None, (part.get("component"),))):
        yield from _fields(inner)
