"""What buttons carry: a letter for the deed and its numbers, at most 64 bytes in all.

Numbers are ids of our own tables. Whoever forges them can only do what their own commands could:
deeds that are one person's (undo, settings, forget, the pages of a list) carry that reader's id,
and are refused to everybody else.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.conversation.errors import StaleButton
from db.tables import Verdict

_LETTERS = {
    Verdict.LIKE: "l",
    Verdict.DISLIKE: "d",
    Verdict.READ: "r",
    Verdict.HIDDEN: "h",
}
_VERDICTS = {letter: verdict for verdict, letter in _LETTERS.items()}
_MAX_ID = 2**31 - 1  # all that PostgreSQL's column can be asked for


class Deed(StrEnum):
    """What a press asks for."""

    VERDICT = "v"
    UNDO = "u"
    REMOVE = "x"
    SIMILAR = "m"
    WHY = "y"
    SHOW = "s"
    AGAIN = "r"
    WELCOME = "w"
    PAGE = "p"
    SETTING = "g"
    FORGET = "f"
    EXPORT = "e"
    TASTE = "c"
    LINK = "k"
    ACCOUNT = "o"
    TOGETHER = "t"


@dataclass(frozen=True, slots=True)
class Action:
    """A parsed press: the deed and its parts, still text."""

    deed: Deed
    parts: tuple[str, ...]

    def number(self, index: int) -> int:
        """The part at `index` as an id. Raises StaleButton if it is none."""
        text = self.text(index)
        if not (text.isascii() and text.isdigit() and int(text) <= _MAX_ID):
            raise StaleButton
        return int(text)

    def text(self, index: int) -> str:
        """The part at `index`. Raises StaleButton if there is none."""
        if index >= len(self.parts):
            raise StaleButton
        return self.parts[index]

    def verdict(self, index: int) -> Verdict:
        """The part at `index` as a verdict. Raises StaleButton if it is none."""
        verdict = _VERDICTS.get(self.text(index))
        if verdict is None:
            raise StaleButton
        return verdict


def parse(action: str) -> Action:
    """The action a button carried. Raises StaleButton for what we never wrote."""
    deed, *parts = action.split(":")
    try:
        return Action(Deed(deed), tuple(parts))
    except ValueError:
        raise StaleButton from None


def verdict(verdict: Verdict, webtoon_id: int, impression_id: int | None = None) -> str:
    """Give this verdict on a work, in answer to an impression if it has one."""
    return f"{Deed.VERDICT}:{_LETTERS[verdict]}:{webtoon_id}:{impression_id or 0}"


def undo(event_id: int) -> str:
    """Take back one event of the feedback log."""
    return f"{Deed.UNDO}:{event_id}"


def remove(webtoon_id: int, owner: int, page: int) -> str:
    """Take back the verdict on a work from a page of the owner's list."""
    return f"{Deed.REMOVE}:{webtoon_id}:{owner}:{page}"


def similar(webtoon_id: int) -> str:
    """Show works like this one."""
    return f"{Deed.SIMILAR}:{webtoon_id}"


def why(webtoon_id: int, seed: int | None = None) -> str:
    """Explain this work's score, or its likeness to the work `seed`."""
    return f"{Deed.WHY}:{webtoon_id}:{seed or 0}"


def show(webtoon_id: int) -> str:
    """Show this work's card."""
    return f"{Deed.SHOW}:{webtoon_id}"


def again(wish: str = "") -> str:
    """Recommend once more, with the same wish."""
    return f"{Deed.AGAIN}:{wish}"


def welcome(answer: Verdict | None, impression_id: int) -> str:
    """Answer a question of the welcome; None: haven't read it."""
    return f"{Deed.WELCOME}:{_LETTERS[answer] if answer else 'n'}:{impression_id}"


def enough(impression_id: int) -> str:
    """Leave the welcome for the recommendations."""
    return f"{Deed.WELCOME}:e:{impression_id}"


def page(number: int, owner: int) -> str:
    """Turn to a page of the owner's list."""
    return f"{Deed.PAGE}:{number}:{owner}"


def setting(name: str, value: str, owner: int) -> str:
    """Change one of the owner's settings."""
    return f"{Deed.SETTING}:{name}:{value}:{owner}"


def forget(answer: str, owner: int) -> str:
    """Answer ("yes", "no", or "ask" to be asked) whether to delete the owner's data."""
    return f"{Deed.FORGET}:{answer}:{owner}"


def taste(theme: str, kind: str, owner: int) -> str:
    """Draw the owner's taste: light or dark ("l", "d"), in full or to be shared ("f", "s")."""
    return f"{Deed.TASTE}:{theme}:{kind}:{owner}"


def export(owner: int) -> str:
    """Give the owner their data."""
    return f"{Deed.EXPORT}:{owner}"


def link(answer: str, number: int, owner: int) -> str:
    """Link with the code of this number ("yes", "no"), or "undo" the link of this number."""
    return f"{Deed.LINK}:{answer}:{number}:{owner}"


def account(webtoon_id: int, like: int, counts: bool, owner: int) -> str:
    """Whether a like of the owner's counts, asked for below the reasons for a work."""
    return f"{Deed.ACCOUNT}:{webtoon_id}:{like}:{'in' if counts else 'out'}:{owner}"


def take_part(party_id: int, language: str) -> str:
    """Join a round or leave it; `language` is the one that its message is in."""
    return f"{Deed.TOGETHER}:j:{party_id}:{language}"


def pick(party_id: int) -> str:
    """Choose for all who are in a round."""
    return f"{Deed.TOGETHER}:p:{party_id}"


def pick_others(party_id: int, number: int) -> str:
    """Choose other works for a round than all so far, which pick `number` was the last of."""
    return f"{Deed.TOGETHER}:o:{party_id}:{number}"
