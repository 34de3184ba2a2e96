"""What we answer, before any platform renders it: plain text, cards, buttons, a file."""

from dataclasses import dataclass

MAX_ACTION_BYTES = 64  # Telegram's callback_data, the tightest of the platforms


@dataclass(frozen=True, slots=True)
class Button:
    """A label ("👍 Like") and the whole action it carries, at most 64 bytes of UTF-8.

    Or the address that it opens, which brings no press.
    """

    label: str
    action: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        size = len(self.action.encode())
        if self.url and not size:
            return
        if not 1 <= size <= MAX_ACTION_BYTES:
            message = f"a button carries 1 to {MAX_ACTION_BYTES} bytes, this one {size}"
            raise ValueError(message)


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One work as it is shown: plain strings in the reader's language, nothing escaped yet."""

    title: str
    url: str
    lines: tuple[str, ...] = ()  # authors; genres, status and age mark
    reason: str = ""  # why it is suggested
    mark: str = ""  # the reader's own verdict on it
    buttons: Rows = ()
    impression_id: int | None = None  # set when this card was logged as shown
    work_id: int | None = None  # whose card it is, where it can be shared


@dataclass(frozen=True, slots=True)
class Document:
    """A small file to send along."""

    name: str
    media_type: str
    content: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: `text` first, then the cards, `buttons` under the text.

    `notice` is the short acknowledgement of a press (a toast, or a private line); `replaces`
    asks to put this reply in the place of the message that was pressed or reacted to; `private`
    means that nobody but the speaker may see it. `for_all` is said of an answer to a press which,
    where others read along, is theirs as well: it replaces the message for everybody, and what it
    adds everybody sees; the notice stays with who pressed.
    """

    text: str = ""
    cards: tuple[Card, ...] = ()
    buttons: Rows = ()
    document: Document | None = None
    notice: str = ""
    replaces: bool = False
    private: bool = False
    for_all: bool = False

    @property
    def impressions(self) -> tuple[int, ...]:
        """The ids of the impressions that this reply shows, in the order of its cards."""
        return tuple(c.impression_id for c in self.cards if c.impression_id is not None)
