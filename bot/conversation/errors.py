"""What a reader can be told went wrong.

UserError             a sentence of the catalogue and its values; nothing was changed
└── StaleButton       the button is forged, or what it spoke of is gone
"""

from bot.conversation.reply import Rows


class UserError(Exception):
    """Something a reader can mend; `talk.answer` is the one place that turns it into a Reply."""

    def __init__(self, key: str, buttons: Rows = (), **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.buttons = buttons
        self.values = values


class StaleButton(UserError):
    """The button is forged, or what it spoke of is gone."""

    def __init__(self) -> None:
        super().__init__("trouble.stale")
