"""A Reply as Discord messages, each within Discord's limits by construction."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import discord

from bot.conversation.reply import Card, Document, Picture, Reply, Rows
from bot.discord.buttons import MAX_IN_ROW, ButtonRows
from bot.discord.escaping import fitted, pieces

MAX_CONTENT = 2000
# An embed's parts may have 6,000 characters together: these come to 5,352.
MAX_TITLE = 256
MAX_DESCRIPTION = 4096
MAX_FOOTER = 1000
MAX_URL = 2048
MAX_ALT = 1024
# Of several cards in one message: four of them have 5,824 characters at most, and a row each.
_MAX_TOGETHER, _SMALL, _SMALL_MARK = 4, 1000, 200
BLANK = "\u200b"  # zero-width: the content of a message that is nothing but buttons


@dataclass(frozen=True, slots=True)
class Message:
    """One message to send: `content` is escaped already, `card` becomes an embed.

    Or `cards` one each. `picture` is what is to be drawn, `png` what was; it then says what
    `content` says.
    """

    content: str = ""
    card: Card | None = None
    cards: tuple[Card, ...] = ()
    rows: Rows = ()
    document: Document | None = None
    picture: Picture | None = None
    png: bytes = b""

    @property
    def impressions(self) -> tuple[int, ...]:
        """What of all that was logged as shown this message shows."""
        shown = (self.card, *self.cards) if self.card else self.cards
        return tuple(card.impression_id for card in shown if card.impression_id is not None)

    def as_new(self) -> dict[str, Any]:
        """Arguments for sending it; made anew for each try, as a file is used up by one."""
        arguments: dict[str, Any] = {}
        if self.content and not self.png:
            arguments["content"] = self.content
        if self.card:
            arguments["embed"] = embed(self.card)
        if self.cards:
            arguments["embeds"] = [embed(card, _SMALL) for card in self.cards]
        if self.rows:
            arguments["view"] = ButtonRows(self.rows)
        if files := self._files():
            arguments["files"] = files
        return arguments

    def as_edit(self) -> dict[str, Any]:
        """Arguments for putting it in another message's place: what it lacks is taken away."""
        shown = [embed(card, _SMALL) for card in self.cards]
        return {
            "content": None if self.png else self.content or None,
            **({"embeds": shown} if shown else {"embed": embed(self.card) if self.card else None}),
            "view": ButtonRows(self.rows) if self.rows else None,
            "attachments": self._files(),
        }

    def _files(self) -> list[discord.File]:
        files = [_file(self.document)] if self.document else []
        if self.picture and self.png:
            alt = _cut(self.picture.alt, MAX_ALT)
            files.append(discord.File(io.BytesIO(self.png), "taste.png", description=alt))
        return files


def messages(reply: Reply, *, noticed: bool = True) -> tuple[Message, ...]:
    """The messages that say `reply`: its text, one for each card, its picture; none if it is empty.

    `noticed` puts the notice before the text, for want of a toast on Discord.
    """
    said = dict.fromkeys((reply.notice if noticed else "", reply.text))  # the same once
    first = tuple(pieces("\n\n".join(part for part in said if part), MAX_CONTENT))
    if reply.together and reply.cards:
        return (*map(Message, first[:-1]), _together(first[-1] if first else "", reply))
    return (
        *_texts(first, () if reply.picture else reply.buttons, reply.document),
        *(Message(card=card, rows=card.buttons) for card in reply.cards),
        *_pictured(reply),
    )


def acknowledgement(reply: Reply) -> tuple[Message, ...]:
    """The messages that answer a verdict on a card which itself stays as it is.

    A notice says it all if the rest of the reply was meant to replace the card.
    """
    if reply.replaces and reply.notice:
        return messages(Reply(notice=reply.notice))
    return messages(reply)


def embed(card: Card, limit: int = MAX_DESCRIPTION) -> discord.Embed:
    """A card: linked title, its lines and the reason, the reader's own mark as the footer."""
    body = "\n".join(card.lines)
    parts = [part for part in (body, card.reason) if part]
    shown = discord.Embed(
        title=fitted(card.title, MAX_TITLE),
        url=card.url if _linkable(card.url) else None,
        description=fitted("\n\n".join(parts), limit) or None,
    )
    if card.mark:
        # Footers show markdown as it is written: escaping would show the backslashes.
        shown.set_footer(text=_cut(card.mark, MAX_FOOTER))
    return shown


def _texts(texts: tuple[str, ...], rows: Rows, document: Document | None) -> Iterator[Message]:
    """Buttons and file go with the last of the texts, or alone if there is none."""
    for content in texts[:-1]:
        yield Message(content)
    if texts or rows or document:
        last = texts[-1] if texts else ""
        yield Message(last or ("" if document else BLANK), rows=rows, document=document)


def _together(content: str, reply: Reply) -> Message:
    """All cards of `reply` in one message, each with its first buttons in a row, all numbered."""
    shown = tuple(
        replace(card, title=f"{number}. {card.title}", mark=card.mark[:_SMALL_MARK])
        for number, card in enumerate(reply.cards[:_MAX_TOGETHER], start=1)
    )
    rows = tuple(
        tuple(
            replace(button, label=f"{number} {button.label}")
            for button in [button for row in card.buttons for button in row][:MAX_IN_ROW]
        )
        for number, card in enumerate(shown, start=1)
    )
    return Message(content, cards=shown, rows=rows + reply.buttons)


def _pictured(reply: Reply) -> Iterator[Message]:
    """The picture with the buttons; its words stand in for it until it is drawn."""
    if reply.picture:
        yield Message(
            fitted(reply.picture.alt, MAX_CONTENT), rows=reply.buttons, picture=reply.picture
        )


def _linkable(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(url) <= MAX_URL


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _file(document: Document) -> discord.File:
    return discord.File(io.BytesIO(document.content.encode()), filename=document.name)
