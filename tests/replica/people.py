"""Makes the users of Watcha Pedia: their tastes, their lists and what they wrote."""

import random
from collections.abc import Callable, Sequence

from tests.replica import words
from tests.replica.model import Comment, Row, User, WatchaWork

SPECIAL = ("zero", "nine", "ten", "eighteen", "private", "walled", "stalled")
# Rows of the special ones; all of them are ratings.
ROWS = {"nine": 9, "ten": 10, "eighteen": 18, "private": 12, "walled": 20, "stalled": 25}
STALLS_AFTER = 15
CROWD = 24  # comments that the busiest work has at least, if there are as many users


class People:
    """`users` by code, all `comments`, and the codes of the `special` ones by name."""

    def __init__(
        self,
        rng: random.Random,
        number: int,
        works: Sequence[WatchaWork],
        new_code: Callable[[str], str],
    ) -> None:
        self.rng, self.works, self.new_code = rng, works, new_code
        self.users: dict[str, User] = {}
        self.comments: list[Comment] = []
        self.special: dict[str, str] = {}
        self.findable = [work for work in works if work.title_id]
        # A long tail: the first few works are what everybody has read.
        self.popularity = {
            work.code: 1 / (place + 2) ** 0.7
            for place, work in enumerate(rng.sample(list(works), len(works)))
        }
        wanted = [name for name in SPECIAL if ROWS.get(name, 0) <= len(works)]
        for name in wanted[: max(0, number - 3)]:
            self.special[name] = self._special(name).code
        while len(self.users) < number:
            self._ordinary(len(self.users))
        self._all_values()
        self._talk()

    def add(self, nickname: str | None = None) -> User:
        """A new user without rows."""
        code = self.new_code("")
        user = self.users[code] = User(code, nickname or words.nickname(self.rng))
        user.taste = tuple(self.rng.sample(sorted(words.GENRES), self.rng.choice((1, 2))))
        return user

    def comment(self, user: str, work: str, starred: bool, text: str | None = None) -> Comment:
        """A new comment."""
        rng = self.rng
        text = text or rng.choice(words.COMMENTS)
        made = Comment(self.new_code(""), user, work, text, starred, rng.randint(0, 300))
        self.comments.append(made)
        return made

    def _special(self, name: str) -> User:
        user = self.add()
        user.rows = [self._rated(user, work) for work in self._choose(user, ROWS.get(name, 0))]
        user.private, user.walled = name == "private", name == "walled"
        user.stops_after = STALLS_AFTER if name == "stalled" else None
        return user

    def _ordinary(self, place: int) -> None:
        rng, ordinary = self.rng, place - len(self.special)
        first = next(reversed(self.users.values()), None)
        user = self.add(first.nickname if ordinary == 1 and first else None)
        share = 0.05 + 0.55 * rng.random() ** 2
        if ordinary in {0, 1, 3}:  # long lists, whatever the seed: repeats, wishes, one nickname
            share = max(share, 0.45)
        chosen = self._choose(user, max(2, round(share * len(self.works))))
        user.rows = [self._rated(user, work) for work in chosen]
        user.repeats = ordinary % 3 == 0
        if ordinary % 5 < 2:
            # What stands in a list and is no rating, one of each kind, in between.
            rated = {work.code for work in chosen}
            others = [work for work in self.works if work.code not in rated]
            rng.shuffle(others)
            marks = (("wish", None), ("zero", 0), ("null", None), ("wish", None))
            for work, (mark, value) in zip(others, marks, strict=False):
                user.rows.insert(rng.randint(0, len(user.rows)), Row(work.code, value, mark))

    def _choose(self, user: User, number: int) -> list[WatchaWork]:
        """`number` works, the popular ones and those to the user's taste first."""
        keys = {
            work.code: self.rng.random()
            ** (1 / (self.popularity[work.code] * (4 if work.genre in user.taste else 1)))
            for work in self.works
        }
        chosen = sorted(self.works, key=lambda work: keys[work.code], reverse=True)[:number]
        self.rng.shuffle(chosen)
        return chosen

    def _rated(self, user: User, work: WatchaWork) -> Row:
        liked = 1.2 if work.genre in user.taste else -1.0
        value = round(self.rng.gauss(7.6 + work.quality + liked, 1.5))
        return Row(work.code, min(10, max(1, value)))

    def _all_values(self) -> None:
        """Sees to it that each of the ten values occurs."""
        rows = [row for user in self.users.values() if not user.private for row in user.rows[:9]]
        rows = [row for row in rows if row.mark == "rated"]
        have = {row.value for row in rows}
        missing = [value for value in range(1, 11) if value not in have]
        self.rng.shuffle(rows)
        for row, value in zip(rows, missing, strict=False):
            row.value = value

    def _talk(self) -> None:
        """Comments: by raters, by people without a rating, and at least one by everybody."""
        rng = self.rng
        findable = {work.code for work in self.findable}
        busiest = max(findable, key=lambda code: (self.popularity[code], code))
        said = set()

        def say(user: User, work: str, starred: bool, text: str | None = None) -> None:
            if (user.code, work) not in said:
                said.add((user.code, work))
                self.comment(user.code, work, starred, text)

        users = list(self.users.values())
        trap = next((user for user in reversed(users) if not user.row(busiest)), users[-1])
        say(trap, busiest, False, words.TRAP_COMMENT)
        for user in users:
            for row in user.rows:
                if rng.random() < 0.3:
                    say(user, row.work, row.mark == "rated" and rng.random() < 0.85)
        for user in rng.sample(users, min(CROWD, len(users))):
            say(user, busiest, user.row(busiest) is not None)
        for user in users:
            if not any(code == user.code and work in findable for code, work in said):
                mine = [row.work for row in user.rows if row.work in findable]
                say(user, mine[0] if mine else busiest, bool(mine))
            if rng.random() < 0.3:
                say(user, rng.choice(self.findable).code, False)
        rng.shuffle(self.comments)
