"""What we answer, before any platform renders it: plain text, cards, buttons, a file, a picture."""

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

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
    thumbnail: str = ""  # where its site has its picture


@dataclass(frozen=True, slots=True)
class Document:
    """A small file to send along."""

    name: str
    media_type: str
    content: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A value of the reader's beside that of all readers, each 0..1; `alt` says both in words."""

    name: str
    own: float
    others: float
    alt: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A taste to be drawn: its numbers, and all words in it, in the reader's language.

    `sides` names whom the values belong to, the reader and all readers. `shares` are of genres and
    sum to 1 on either side; `standing` lies between the two `ends`, the niche at 0 and what all
    read at 1.
    """

    title: str
    lead: str  # how much it is drawn from; empty where that is nobody's business
    sides: tuple[str, str]
    shares_head: str
    shares: tuple[Compared, ...]
    ends: tuple[str, str]
    standing: Compared | None
    keywords_head: str
    keywords: tuple[str, ...]  # strongest first
    sign: str  # who drew it
    dark: bool = False

    @property
    def alt(self) -> str:
        """The same in words, a line for each part: for who cannot see it, and where it fails."""
        lines = [self.title, self.lead, *(share.alt for share in self.shares)]
        if self.standing:
            lines.append(self.standing.alt)
        if self.keywords:
            lines.append(f"{self.keywords_head}: {', '.join(self.keywords)}")
        return "\n".join(line for line in lines if line)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: `text` first, then the cards, `buttons` under the text.

    With a `picture` the buttons are under that, the last of all.

    `notice` is the short acknowledgement of a press (a toast, or a private line); `replaces`
    asks to put this reply in the place of the message that was pressed or reacted to; `private`
    means that nobody but the speaker may see it. `for_all` is said of an answer to a press which,
    where others read along, is theirs as well: it replaces the message for everybody, and what it
    adds everybody sees; the notice stays with who pressed. `together` asks for one
    message with all cards.
    """

    text: str = ""
    cards: tuple[Card, ...] = ()
    buttons: Rows = ()
    document: Document | None = None
    notice: str = ""
    replaces: bool = False
    private: bool = False
    together: bool = False
    picture: Picture | None = None
    for_all: bool = False

    @property
    def impressions(self) -> tuple[int, ...]:
        """The ids of the impressions that this reply shows, in the order of its cards."""
        return tuple(c.impression_id for c in self.cards if c.impression_id is not None)


STORED: Final = TypeAdapter(Reply)  # to JSON and back, as a reply is kept until it is sent


@dataclass(frozen=True, slots=True)
class Offer:
    """Works for what is being typed, of which one may be put into the chat; each has its work_id.

    `more` is where an inquiry for further ones is to start; 0 if there are none.
    """

    cards: tuple[Card, ...] = ()
    more: int = 0
