"""A Reply becomes messages in Telegram's HTML, within every limit by construction."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
)
from telegram.constants import (
    CallbackQueryLimit,
    InlineKeyboardMarkupLimit,
    MessageLimit,
    ParseMode,
)

from bot.conversation.reply import Button, Card, Picture, Reply

MAX_BUTTONS = int(InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER)
MAX_IN_ROW = int(InlineKeyboardMarkupLimit.BUTTONS_PER_ROW)
MAX_NOTICE = int(CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH)
MAX_TEXT = int(MessageLimit.MAX_TEXT_LENGTH)
MAX_CAPTION = int(MessageLimit.CAPTION_LENGTH)

# A card's parts are cut so that the whole always fits one message: 4,073 at most.
_MAX_TITLE, _MAX_LINE, _MAX_LINES, _MAX_REASON, _MAX_MARK = 256, 256, 8, 1500, 256
_MAX_LABEL = 64
_SHARE = "📤"
_ROOMY = 3  # buttons in a row whose labels can still be read on a phone
_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Share:
    """A button that lets its reader choose a chat and put this work into it."""

    label: str
    webtoon_id: int


Rows = tuple[tuple[Button | Share, ...], ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message: escaped HTML, its length as Telegram counts, and what hangs on it.

    `preview` is the page whose picture is shown below; empty for no preview at all. `picture` is
    what is to be drawn, `photo` the drawn PNG, of which the text is the caption.
    """

    html: str
    length: int
    rows: Rows = ()
    preview: str = ""
    impressions: tuple[int, ...] = ()
    picture: Picture | None = None
    photo: bytes = b""

    @property
    def keyboard(self) -> InlineKeyboardMarkup | None:
        """The buttons as Telegram takes them: at most 8 in a row and 100 in all."""
        rows = list(_rows(self.rows))
        return InlineKeyboardMarkup(rows) if rows else None


def length(text: str) -> int:
    """The length of `text` in UTF-16 units, the strictest way in which Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int) -> str:
    """`text`, or as much of it as fits `limit` UTF-16 units with an ellipsis at its end."""
    text = _sound(text)
    return text if length(text) <= limit else _head(text, limit - 1).rstrip() + "…"


def split(text: str, limit: int = MAX_TEXT) -> tuple[str, ...]:
    """`text` in parts of at most `limit` units: at a line's end, else a word's, else anywhere."""
    rest, parts = _sound(text).strip(), []
    while length(rest) > limit:
        head = _head(rest, limit)
        end = max(head.rfind("\n"), 0) or max(head.rfind(" "), 0) or len(head)
        parts.append(head[:end].rstrip())
        rest = rest[end:].lstrip()
    return tuple(part for part in (*parts, rest) if part)


def render(reply: Reply, *, together: bool = False, sharing: bool = False) -> tuple[Outgoing, ...]:
    """The messages of `reply`: its text, then each card; or all in one where it fits (`together`).

    One message for a slate is for chats that others read, where 20 messages a minute are all we
    have; its cards and their buttons are numbered. With `sharing` a card can be put into other
    chats. A picture comes last, with the buttons and its words as caption. The document goes
    separately.
    """
    if reply.picture:
        rest = replace(reply, picture=None, buttons=())
        caption = cut(reply.picture.alt, MAX_CAPTION)
        html = escape(caption, quote=False)
        drawn = Outgoing(html, length(caption), reply.buttons, picture=reply.picture)
        return (*render(rest, together=together, sharing=sharing), drawn)
    texts = [Outgoing(escape(part, quote=False), length(part)) for part in split(reply.text)]
    numbered = together and len(reply.cards) > 1
    cards = [
        _card(card, n if numbered else None, sharing=sharing)
        for n, card in enumerate(reply.cards, start=1)
    ]
    if together:
        return tuple(_hang(_pack([*texts, *cards]), reply.buttons))
    return (*_hang(texts, reply.buttons), *cards) if texts else tuple(_hang(cards, reply.buttons))


def article(card: Card, result_id: str) -> InlineQueryResultArticle:
    """A card to choose among others, and the message that it becomes in the chat."""
    message = _card(card, None, sharing=False)
    lines = [cut(line, _MAX_LINE) for line in card.lines[:_MAX_LINES]]
    return InlineQueryResultArticle(
        result_id,
        cut(card.title.strip() or card.url or "?", _MAX_TITLE),
        InputTextMessageContent(
            message.html,
            parse_mode=ParseMode.HTML,
            link_preview_options=LinkPreviewOptions(
                url=message.preview or None, is_disabled=not message.preview
            ),
        ),
        reply_markup=message.keyboard,
        description="\n".join(lines),
        thumbnail_url=card.thumbnail or None,
    )


def _card(card: Card, number: int | None, *, sharing: bool) -> Outgoing:
    title = cut(card.title.strip() or card.url or "?", _MAX_TITLE)
    lines = [cut(line, _MAX_LINE) for line in card.lines[:_MAX_LINES] if line.strip()]
    reason, mark = cut(card.reason, _MAX_REASON), cut(card.mark, _MAX_MARK)
    prefix = f"{number}. " if number else ""

    name = f"<b>{escape(title, quote=False)}</b>"
    if card.url:
        name = f'<a href="{escape(card.url)}">{name}</a>'
    html = [prefix + name, *(escape(line, quote=False) for line in lines)]
    if reason:
        html.append(f"<i>{escape(reason, quote=False)}</i>")
    if mark:
        html.append(escape(mark, quote=False))
    plain = "\n".join([prefix + title, *lines, *filter(None, (reason, mark))])

    rows: Rows = card.buttons
    if sharing and card.work_id is not None:
        rows = _with_share(rows, Share(_SHARE, card.work_id), crowded=bool(number))
    if number:
        rows = tuple(tuple(replace(b, label=f"{number} {b.label}") for b in row) for row in rows)
    shown = () if card.impression_id is None else (card.impression_id,)
    # Of several works' pages none may stand for the whole slate.
    preview = "" if number else card.url
    return Outgoing("\n".join(html), length(plain), rows, preview, shown)


def _with_share(rows: Rows, share: Share, *, crowded: bool) -> Rows:
    """The button in the last row that has room, or in one of its own where labels would be cut.

    Where several cards share a message there are more rows than enough.
    """
    full = MAX_IN_ROW if crowded else _ROOMY
    for at in reversed(range(len(rows))):
        if len(rows[at]) < full:
            return (*rows[:at], (*rows[at], share), *rows[at + 1 :])
    return (*rows, (share,))


def _pack(pieces: Iterable[Outgoing]) -> list[Outgoing]:
    """The pieces in as few messages as the limits on text and buttons allow."""
    packed: list[Outgoing] = []
    for piece in pieces:
        if packed and _fit(packed[-1], piece):
            packed[-1] = _join(packed[-1], piece)
        else:
            packed.append(piece)
    return packed


def _fit(one: Outgoing, other: Outgoing) -> bool:
    buttons = sum(len(row) for row in one.rows + other.rows)
    return one.length + len(_GAP) + other.length <= MAX_TEXT and buttons <= MAX_BUTTONS


def _join(one: Outgoing, other: Outgoing) -> Outgoing:
    return Outgoing(
        one.html + _GAP + other.html,
        one.length + len(_GAP) + other.length,
        one.rows + other.rows,
        one.preview or other.preview,
        one.impressions + other.impressions,
    )


def _hang(messages: list[Outgoing], rows: Rows) -> list[Outgoing]:
    """The messages with the reply's own buttons under the last; they need something to hang on."""
    if messages and rows:
        messages[-1] = replace(messages[-1], rows=messages[-1].rows + rows)
    return messages


def _rows(rows: Rows) -> Iterator[list[InlineKeyboardButton]]:
    left = MAX_BUTTONS
    for row in rows:
        for start in range(0, len(row), MAX_IN_ROW):
            buttons = row[start : start + MAX_IN_ROW][:left]
            left -= len(buttons)
            if buttons:
                yield [_button(button) for button in buttons]


def _button(button: Button | Share) -> InlineKeyboardButton:
    label = cut(button.label, _MAX_LABEL) or "·"
    if isinstance(button, Share):
        return InlineKeyboardButton(label, switch_inline_query=f"#{button.webtoon_id}")
    if button.url:
        return InlineKeyboardButton(label, url=button.url)
    return InlineKeyboardButton(label, callback_data=button.action)


def _head(text: str, limit: int) -> str:
    """The longest beginning of `text` within `limit` units; an astral character stays whole."""
    return text.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", errors="ignore")


def _sound(text: str) -> str:
    """`text` without what cannot be sent: lone surrogates have no UTF-8."""
    return text.encode(errors="replace").decode().replace("\0", "")
