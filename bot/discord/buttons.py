"""Buttons that carry their whole action in the custom_id, so that a restart loses none of them."""

import re
from typing import Any, Self

import discord
from discord import ui

from bot.conversation.reply import Rows

MAX_ROWS = 5
MAX_IN_ROW = 5
MAX_LABEL = 80


class ActionButton(
    ui.DynamicItem[ui.Button[ui.View]],
    template=re.compile("(?P<action>.+)", re.DOTALL),  # an action is all that a custom_id holds
):
    """A button of any message we ever sent; a press is handed to the client."""

    def __init__(self, action: str, label: str = "", row: int | None = None) -> None:
        button: ui.Button[ui.View] = ui.Button(
            label=label[:MAX_LABEL] or "·",  # Discord refuses a button without a label
            custom_id=action,
            row=row,
        )
        super().__init__(button)
        self.action = action

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that was pressed, made anew from what it carries."""
        return cls(match["action"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hands the press to the client."""
        await interaction.client.pressed(interaction, self.action)


class ButtonRows(ui.View):
    """The buttons under one message."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(timeout=None)
        for number, row in enumerate(laid_out(rows)):
            for button in row:
                if button.url:
                    link: ui.Button[ui.View] = ui.Button(
                        label=button.label[:MAX_LABEL] or "·", url=button.url, row=number
                    )
                    self.add_item(link)
                    continue
                self.add_item(ActionButton(button.action, button.label, number))

    def is_dispatchable(self) -> bool:
        """Always False: `ActionButton` hears every press, whichever message it stands on.

        The library would otherwise keep each view, and forget ephemeral ones after 15 minutes.
        """
        return False


def laid_out(rows: Rows) -> Rows:
    """`rows` within Discord's 5 × 5: each action once, reflowed only where they do not fit."""
    unseen = {button.action or button.url: True for row in rows for button in row}
    kept = [tuple(b for b in row if unseen.pop(b.action or b.url, False)) for row in rows]
    kept = [row for row in kept if row]
    if len(kept) <= MAX_ROWS and all(len(row) <= MAX_IN_ROW for row in kept):
        return tuple(kept)
    every = [button for row in kept for button in row][: MAX_ROWS * MAX_IN_ROW]
    return tuple(tuple(every[i : i + MAX_IN_ROW]) for i in range(0, len(every), MAX_IN_ROW))
