"""The terminal adapter: a line in, plain text out; buttons are numbers."""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TextIO
from unicodedata import category
from uuid import uuid4

import structlog

from bot.conversation.commands import BY_NAME, Takes
from bot.conversation.events import (
    MAX_FILE,
    Command,
    Event,
    File,
    Inquiry,
    Place,
    Press,
    Said,
    Speaker,
    Text,
)
from bot.conversation.reply import Button, Card, Picture, Reply, Rows
from bot.conversation.texts import language_of, say
from bot.hearing import Hearing, Unavailable
from bot.mailroom import said

log = structlog.get_logger()

_BAR = 20  # cells
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class Terminal:
    """One reader's chat over two text streams."""

    def __init__(
        self, hearing: Hearing, speaker: Speaker, out: TextIO, *, tty: bool, room: str | None = None
    ) -> None:
        """`room` is what others call the place too, who then are said to read along."""
        self._hearing, self._speaker, self._out, self._tty = hearing, speaker, out, tty
        self._place = Place(room or speaker.user_id, shared=room is not None)
        self._buttons: list[Button] = []
        self._messages = 0  # how many messages these buttons stand on

    def greet(self) -> None:
        """Says how to begin; for people, not for pipes."""
        if self._tty:
            self._line(say(language_of(self._speaker.language), "terminal.hello"))

    def hear(self, line: str) -> None:
        """Handles one line as it was typed, and prints the answer."""
        line = line.strip()
        if not line:
            return
        if line.split()[0] == "@":  # what other chats are offered while somebody types this there
            words = line[1:].strip()
            offer = self._hearing.inquire(self._speaker, Inquiry(words))
            nothing = say(language_of(self._speaker.language), "ask.unknown", query=words)
            self._show(Reply("" if offer.cards else nothing, cards=offer.cards))
            return
        said = self._said(line)
        event = Event(uuid4().hex, self._speaker, self._place, said)
        reply = self._hearing.hear(event)
        told = self._deliver()
        if reply is not None:
            self._show(reply, beside=told)

    def _deliver(self) -> bool:
        """Prints the letters that are due, now that their reader is there; whether there were any.

        Before the answer: who reads it has them on the screen.
        """
        mailroom, platform = self._hearing.mailroom, self._speaker.platform
        told = False
        if self._place.shared:  # they are for their reader's eyes alone
            return told
        with suppress(Unavailable):  # they will be there when the next line is typed
            while (letter := mailroom.hand_over(platform, self._speaker.user_id)) is not None:
                self._show(said(letter), beside=told)
                mailroom.arrived(platform, letter)
                told = True
        return told

    def _said(self, line: str) -> Said:
        number = int(line) if line.isascii() and line.isdigit() and len(line) < 6 else 0
        if 1 <= number <= len(self._buttons):
            return Press(self._buttons[number - 1].action)
        if line.startswith("/"):
            name, argument = [*line[1:].split(maxsplit=1), "", ""][:2]
            spec = BY_NAME.get(name.lower())
            takes_list = spec is not None and spec.takes is Takes.LIST
            return (_file(argument) if takes_list else None) or Command(name, argument)
        return Text(line)

    def _show(self, reply: Reply, *, beside: bool = False) -> None:
        messages = [rows for rows in (reply.buttons, *(c.buttons for c in reply.cards)) if rows]
        # Old numbers stay valid beside a message that only replaced one of several.
        if beside:
            self._messages += len(messages)
        elif messages and not (reply.replaces and self._messages > 1):
            self._buttons.clear()
            self._messages = len(messages)
        if reply.notice and reply.notice != reply.text:
            self._line(reply.notice)
        if reply.text:
            self._line(reply.text)
        if reply.document is not None:
            self._line(reply.document.content)
        if reply.picture is not None:
            self._picture(reply.picture)
        self._number(reply.buttons)
        for card in reply.cards:
            self._card(card)
        self._out.flush()

    def _card(self, card: Card) -> None:
        self._line()
        self._line(card.title, _BOLD)
        for line in card.lines:
            self._line(f"  {line}")
        self._line(f"  {card.url}", _DIM)
        for line in (*card.reason.splitlines(), *card.mark.splitlines()):
            self._line(f"  {line}")
        self._number(card.buttons)

    def _picture(self, picture: Picture) -> None:
        """Its words, with a bar before those that compare, and where the picture itself is."""
        bars = {
            compared.alt: compared for compared in (*picture.shares, picture.standing) if compared
        }
        for line in picture.alt.splitlines():
            compared = bars.get(line)
            self._line(f"{_bar(compared.own, compared.others)}  {line}" if compared else line)
        try:
            self._line(str(_kept(picture)), _DIM)
        except Exception as error:  # without a picture there are still its words
            log.warning("picture not drawn", reason=f"{type(error).__name__}: {error}")

    def _number(self, rows: Rows) -> None:
        for row in rows:
            labels = []
            for button in row:
                if button.url:
                    labels.append(f"{button.label}: {button.url}")
                    continue
                self._buttons.append(button)
                labels.append(f"[{len(self._buttons)}] {button.label}")
            self._line("  " + "  ".join(labels))

    def _line(self, text: str = "", style: str = "") -> None:
        # Titles come from outside: no control character of theirs may steer the terminal.
        clean = "".join(c for c in text if c == "\n" or category(c) != "Cc")
        if self._tty and style:
            clean = f"{style}{clean}{_PLAIN}"
        print(clean, file=self._out)


def _bar(own: float, others: float) -> str:
    """The reader's share as a bar, with a mark where all readers' ends."""
    cells = ["█" if cell < round(_BAR * own) else "·" for cell in range(_BAR)]
    cells[min(_BAR - 1, int(_BAR * others))] = "◆"
    return "".join(cells)


def _kept(picture: Picture) -> Path:
    """A file of the picture, for this user's eyes only. Raises OSError and what drawing raises."""
    from bot.pictures.drawing import png  # noqa: PLC0415 -- a chat that draws nothing loads nothing

    drawn = png(picture)
    with tempfile.NamedTemporaryFile(
        prefix="webtoonbot-taste-", suffix=".png", delete=False
    ) as file:
        file.write(drawn)
    return Path(file.name)


def _file(argument: str) -> File | None:
    """The file that this names; None if it names none. Only what may be a list is read."""
    path = Path(argument.strip().strip("'\"")).expanduser()
    try:
        if not path.is_file():
            return None
        size = path.stat().st_size
        return File(path.name, path.read_bytes() if size <= MAX_FILE else None, size)
    except (OSError, ValueError, RuntimeError):  # no path at all, or not ours to read
        return None
