"""The data behind both sites, made from a seed, and how it changes between two runs."""

import random
import string
import threading
from collections.abc import Mapping
from datetime import timedelta
from hashlib import blake2s

from tests.replica.catalogue import Catalogue
from tests.replica.model import Comment, NaverWork, Row, User, WatchaWork
from tests.replica.people import People

ALPHABET = string.ascii_letters + string.digits
# What can be done to the world from outside, by name.
CHANGES = (
    "rate",
    "unrate",
    "wish",
    "add_user",
    "add_work",
    "remove_work",
    "restore_work",
    "remove_watcha_work",
    "restore_watcha_work",
    "remove_user",
    "restore_user",
    "publish_chapter",
    "hiatus",
    "finish",
    "go_private",
)


class World:
    """Users by code, works by code (Watcha) and titleId (Naver), and comments.

    `special` are the codes of users by what they are for; `kinds` says how each Watcha work can be
    matched. Take `lock` to read more than one thing at a time.
    """

    def __init__(self, seed: int, users: int, titles: int, many: int = 0) -> None:
        self.seed, self.lock = seed, threading.RLock()
        self._rng = random.Random(f"replica {seed}")
        self._codes: set[str] = set()
        self._catalogue = Catalogue(self._rng, titles, self._new_code)
        self.naver: dict[str, NaverWork] = self._catalogue.naver
        self.watcha: dict[str, WatchaWork] = self._catalogue.watcha
        self._people = People(self._rng, users, list(self.watcha.values()), self._new_code)
        self.users: dict[str, User] = self._people.users
        self.comments: list[Comment] = self._people.comments
        self.special: dict[str, str] = self._people.special
        if many:
            self._add_many(many)

    @property
    def kinds(self) -> dict[str, str]:
        """Code → outlink, platform, author, both, review, other or extra."""
        return {code: work.kind for code, work in self.watcha.items()}

    # What is there

    def user(self, code: str) -> User | None:
        """A user who was not removed."""
        found = self.users.get(code)
        return found if found and not found.removed else None

    def work(self, code: str) -> WatchaWork | None:
        """A Watcha work that was not removed."""
        found = self.watcha.get(code)
        return found if found and not found.removed else None

    def stars(self, comment: Comment) -> int | None:
        """The half-stars that stand beside a comment."""
        row = self.users[comment.user].row(comment.work) if comment.starred else None
        return row.value if row and row.mark == "rated" else None

    # What changes

    def rate(self, user: str, work: str, half_stars: int) -> None:
        """A rating, new (then first in the list) or another than before (in its old place)."""
        if not 1 <= half_stars <= 10:
            raise ValueError(f"half_stars is {half_stars}, expected 1 to 10")
        self._set_row(user, Row(work, half_stars))

    def wish(self, user: str, work: str) -> None:
        """The user wants to read it; a rating of theirs is gone."""
        self._set_row(user, Row(work, None, "wish"))

    def unrate(self, user: str, work: str) -> None:
        """Takes back a rating (or wish); comments stay, without a star."""
        with self.lock:
            rows = self.users[user].rows
            rows[:] = [row for row in rows if row.work != work]

    def add_user(self, ratings: Mapping[str, int], nickname: str | None = None) -> str:
        """The code of a new user, who comments on the first of what they rated."""
        with self.lock:
            user = self._people.add(nickname)
            user.rows = [Row(work, value) for work, value in ratings.items()]
            for row in user.rows[:1]:
                self._people.comment(user.code, row.work, starred=True)
            return user.code

    def add_work(
        self,
        title: str | None = None,
        authors: tuple[str, ...] | list[str] | None = None,
        kind: str = "outlink",
    ) -> tuple[str | None, str]:
        """titleId and Watcha code of a new work, matched as `kind` says; an ongoing one."""
        with self.lock:
            made = self._catalogue.pair(kind, title, tuple(authors) if authors else None)
            if made.title_id:
                naver = self.naver[made.title_id]
                naver.finished, naver.rest, naver.gate = False, False, None
                naver.age = "ALL" if naver.adult else naver.age
            return made.title_id, made.code

    def remove_work(self, title_id: str, how: str = "404") -> None:
        """Takes a Naver work away; `how` its pages say so: 404, 410 or deleted."""
        self.naver[str(title_id)].removed = _how(how)

    def restore_work(self, title_id: str) -> None:
        self.naver[str(title_id)].removed = None

    def remove_watcha_work(self, code: str, how: str = "404") -> None:
        """Takes a Watcha work away, out of everybody's list as well."""
        self.watcha[code].removed = _how(how)

    def restore_watcha_work(self, code: str) -> None:
        self.watcha[code].removed = None

    def remove_user(self, code: str, how: str = "404") -> None:
        """Takes a user away, with all comments."""
        self.users[code].removed = _how(how)

    def restore_user(self, code: str) -> None:
        self.users[code].removed = None

    def publish_chapter(self, title_id: str) -> int:
        """The number of a new chapter, a week after the one before."""
        with self.lock:
            work = self.naver[str(title_id)]
            work.chapter += 1
            work.chapter_date += timedelta(days=7)
            work.up = True
            return work.chapter

    def hiatus(self, title_id: str, on: bool = True) -> None:
        work = self.naver[str(title_id)]
        work.rest, work.up = on, work.up and not on

    def finish(self, title_id: str) -> None:
        with self.lock:
            work = self.naver[str(title_id)]
            work.finished, work.rest, work.up = True, False, False

    def go_private(self, user: str, on: bool = True) -> None:
        self.users[user].private = on

    def _set_row(self, code: str, new: Row) -> None:
        with self.lock:
            user = self.users[code]
            if new.work not in self.watcha:
                raise KeyError(new.work)
            for place, row in enumerate(user.rows):
                if row.work == new.work:
                    user.rows[place] = new
                    return
            user.rows.insert(0, new)

    def _add_many(self, number: int) -> None:
        """Somebody who rated more than anybody reads, one of it findable."""
        known = next(work for work in self.watcha.values() if work.kind == "outlink")
        works = [self._catalogue.extra(place + 1).code for place in range(number - 1)]
        user = self._people.add()
        user.rows = [Row(work, place % 10 + 1) for place, work in enumerate([*works, known.code])]
        self._people.comment(user.code, known.code, starred=True)
        self.special["many"] = user.code

    def _new_code(self, prefix: str) -> str:
        """Seven letters and digits that are nobody else's."""
        number = 0
        while True:
            digest = blake2s(f"{self.seed} {len(self._codes)} {number}".encode()).digest()
            code = prefix + "".join(ALPHABET[byte % 62] for byte in digest[: 7 - len(prefix)])
            # A digit at the least, so that no code is a word of an address, such as "ratings".
            if code not in self._codes and any(char.isdigit() for char in code):
                self._codes.add(code)
                return code
            number += 1


def _how(how: str) -> str:
    if str(how) not in {"404", "410", "deleted"}:
        raise ValueError(f"a work or user is gone by 404, 410 or deleted, not by {how}")
    return str(how)
