"""What a reader did, in words that no platform owns."""

from dataclasses import dataclass, field
from enum import StrEnum

MAX_FILE = 1 << 20  # bytes; a longer list of works is none


class Platform(StrEnum):
    """Where a conversation is held; the value is stored with accounts and updates."""

    TERMINAL = "terminal"
    TELEGRAM = "telegram"
    DISCORD = "discord"

    @property
    def replays(self) -> bool:
        """Whether answers are kept until they are known to be sent, to be sent after a crash."""
        return self is Platform.TELEGRAM


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who spoke: a platform's own id, and the language tag the platform reports ("ko", "en-US").

    `name` is what the chat calls them, for what is said to several people at once; it is not stored
    but for a round of /together.
    """

    platform: Platform
    user_id: str
    language: str | None = None
    name: str = field(default="", repr=False)  # a log needs no names


@dataclass(frozen=True, slots=True)
class Place:
    """Where it was said; `shared` when people other than the speaker read along.

    `common`: the chat is several people's, though they do not see this answer. `topic` is the part
    of the chat it was said in, if it has parts.
    """

    chat_id: str
    shared: bool = False
    common: bool = False
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command by its canonical English name without the slash, and all that followed it."""

    name: str
    argument: str = ""
    private: bool = False  # the reader asked for an answer that nobody else sees


@dataclass(frozen=True, slots=True)
class Text:
    """Plain words that are no command."""

    text: str


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button: the action it carried and the message it stands on, if known."""

    action: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """Emoji put on, or taken back from, one of our messages."""

    message: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A file that was sent, its size in bytes, and the words beside it.

    `content` is None where it was not fetched: it is larger than MAX_FILE, or could not be.
    """

    name: str
    content: bytes | None
    size: int
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A work that the reader put into some chat, from among those that an Inquiry brought.

    `position` is its place among them, and `message` the one that shows it, if known.
    """

    webtoon_id: int
    position: int = 0
    message: str | None = None


Said = Command | Text | Press | Reaction | File | Chosen
Silent = Reaction | Chosen  # what gets no answer, so that nobody could be told to try again


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Words that are being typed behind the bot's name, in whichever chat.

    It is no Event: it comes with every keystroke, and changes nothing. `start` is how many works it
    brought before, and `home` the address that opens the bot, behind which the name of a work goes.
    """

    query: str
    start: int = 0
    home: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a reader did. `key` is the platform's delivery id: the same key counts once."""

    key: str
    speaker: Speaker
    place: Place
    said: Said
