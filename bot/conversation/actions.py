"""What buttons carry: a letter for the deed and its numbers, at most 64 bytes in all.

Numbers are ids of our own tables. Whoever forges them can only do what their own commands could:
deeds that are one person's (undo, settings, forget, the pages of a list) carry that reader's id,
and are refused to everybody else.
"""

from collections.abc import Sequence
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
    NO_MORE_WEEKS = "z"
    TASTE = "c"
    BEGIN = "q"
    FOLLOW = "a"
    FOLLOWING = "b"
    ALERTS = "n"
    LINK = "k"
    ACCOUNT = "o"
    TAKE_IN = "d"
    IMPORT = "i"
    TOGETHER = "t"


@dataclass(frozen=True, slots=True)
class Action:
    """A parsed press: the deed and its parts, still text; and its message, if that is known."""

    deed: Deed
    parts: tuple[str, ...]
    message: str | None = None

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


def parse(action: str, message: str | None = None) -> Action:
    """The action that a button of `message` carried. Raises StaleButton for what we never wrote."""
    deed, *parts = action.split(":")
    try:
        return Action(Deed(deed), tuple(parts), message)
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


def welcome(answer: Verdict | None, impression_id: int, best: Sequence[int] = ()) -> str:
    """Answer a question of the welcome; None: haven't read it.

    `best` are the four works, at most, that would be recommended when it was asked.
    """
    words = (Deed.WELCOME, _LETTERS[answer] if answer else "n", impression_id, *best)
    return ":".join(map(str, words))


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


def begin() -> str:
    """Begin the welcome, of whoever presses it."""
    return Deed.BEGIN.value


def follow(webtoon_id: int, card: int | None = None, *, author: bool = False) -> str:
    """Follow a work; `author`: though it is finished, for what its author does next.

    `card` is the impression of the card that this stands on, 0 for one that was not logged.
    """
    return f"{Deed.FOLLOW}:{'w' if author else 'f'}:{webtoon_id}{_on(card)}"


def unfollow(webtoon_id: int, card: int | None = None) -> str:
    """Follow a work no more; `card` as in `follow`."""
    return f"{Deed.FOLLOW}:u:{webtoon_id}{_on(card)}"


def following(owner: int) -> str:
    """Show what the owner follows."""
    return f"{Deed.FOLLOWING}:s:{owner}"


def following_page(number: int, owner: int) -> str:
    """Turn to a page of what the owner follows."""
    return f"{Deed.FOLLOWING}:p:{owner}:{number}"


def following_less(webtoon_id: int, owner: int, page: int) -> str:
    """Follow a work no more, from a page of what the owner follows."""
    return f"{Deed.FOLLOWING}:u:{owner}:{page}:{webtoon_id}"


def alerts(name: str, value: str, owner: int) -> str:
    """Change when or where the owner is told; "show" shows how that stands."""
    return f"{Deed.ALERTS}:{name}:{value}:{owner}"


def _on(card: int | None) -> str:
    return "" if card is None else f":{card}"


def link(answer: str, number: int, owner: int) -> str:
    """Link with the code of this number ("yes", "no"), or "undo" the link of this number."""
    return f"{Deed.LINK}:{answer}:{number}:{owner}"


def account(webtoon_id: int, like: int, counts: bool, owner: int) -> str:
    """Whether a like of the owner's counts, asked for below the reasons for a work."""
    return f"{Deed.ACCOUNT}:{webtoon_id}:{like}:{'in' if counts else 'out'}:{owner}"


def take_in(like: int, owner: int, page: int) -> str:
    """Count a like that was left out of account again, from a page of the owner's list."""
    return f"{Deed.TAKE_IN}:{like}:{owner}:{page}"


def batch(answer: str, batch_id: int) -> str:
    """Add a list of works ("add"), leave it ("no"), or take it back ("undo")."""
    return f"{Deed.IMPORT}:{answer}:{batch_id}"


def take_part(party_id: int, language: str) -> str:
    """Join a round or leave it; `language` is the one that its message is in."""
    return f"{Deed.TOGETHER}:j:{party_id}:{language}"


def pick(party_id: int) -> str:
    """Choose for all who are in a round."""
    return f"{Deed.TOGETHER}:p:{party_id}"


def pick_others(party_id: int, number: int) -> str:
    """Choose other works for a round than all so far, which pick `number` was the last of."""
    return f"{Deed.TOGETHER}:o:{party_id}:{number}"


def no_more_weeks(owner: int) -> str:
    """Send the owner no works picked for a week."""
    return f"{Deed.NO_MORE_WEEKS}:{owner}"
