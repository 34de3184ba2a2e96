"""What the Bot API refuses, in its own words."""

from urllib.parse import urlsplit

from tests.fakes.telegram_html import parse_html, utf16

UNMODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are "
    "exactly the same as a current content and reply markup of the message"
)
TOO_LATE = "Bad Request: query is too old and response timeout expired or query ID is invalid"
DEEDS = {"callback_data", "url", "switch_inline_query"}  # of buttons, as far as we know them


class Refused(Exception):
    def __init__(self, status, description, parameters=None):
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters or {}


def demand(condition, description):
    if not condition:
        raise Refused(400, f"Bad Request: {description}")


def said_in(params):
    """The text of a message and its entities."""
    text, entities = params.get("text", ""), []
    if params.get("parse_mode") == "HTML":
        text, entities = parse_html(text)
    text = text.strip()
    demand(text, "message text is empty")
    demand(utf16(text) <= 4096, "message is too long")
    return text, entities


def keyboard(markup, *, inline):
    """The rows of a keyboard, of which each button does exactly one thing.

    A button that leads to inline mode is refused without that: stricter than the real one may be.
    """
    rows = markup.get("inline_keyboard", [])
    demand(sum(map(len, rows)) <= 100, "reply markup is too long")
    for row in rows:
        demand(1 <= len(row) <= 8, "a row of buttons shows 1 to 8")
        for button in row:
            demand(button["text"], "BUTTON_TEXT_INVALID")
            does = [name for name in button if name in DEEDS]
            demand(len(does) == 1 and len(button) == 2, "BUTTON_TYPE_INVALID")
            if does == ["callback_data"]:
                demand(1 <= len(button["callback_data"].encode()) <= 64, "BUTTON_DATA_INVALID")
            elif does == ["url"]:
                demand(urlsplit(button["url"]).hostname, "BUTTON_URL_INVALID")
            else:
                demand(inline, "BUTTON_TYPE_INVALID")
                demand(len(button["switch_inline_query"]) <= 256, "BUTTON_QUERY_INVALID")
    return rows
