"""Finding works by whatever a reader types: title, initials, English, author, or a slip of all."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from rapidfuzz import fuzz, process

from bot.conversation.hangul import choseong, from_qwerty, is_choseong, jamo, normalise

# Longer queries are cut: no title comes near, and the cost of a query stays bounded.
_MAX_RAW, _MAX_KEY = 4_000, 100

# Within one score the better-known work comes first, so a score says how sure the kind of match
# is, not how much of the title it covers: "신의" should offer 신의 탑 before a shorter stranger.
_WHOLE = 100.0
_PREFIX, _ENGLISH_PREFIX = 90.0, 89.0
_INITIALS_WHOLE = 88.0
_UNFINISHED = 86.0  # 신읱, which a keyboard makes of 신의ㅌ
_AUTHOR = 85.0
_KEYBOARD_PREFIX = 84.0
_PART, _ENGLISH_PART = 80.0, 78.0
_STRONG = 75.0
_INITIALS_PREFIX, _INITIALS_PART = 70.0, 65.0
_AUTHOR_PART = 60.0
_CONTAINED = 55.0  # the whole title stands in a longer query

_TYPO_CUTOFF, _LATIN_CUTOFF = 65.0, 72.0  # three slips in nine jamo score 67
_TYPO_CLEAR, _TYPO_GAP = 85.0, 10.0
_TYPO_JAMO = 4  # below this nearly every short title is one slip away
_TYPO_ROWS = 50
_SHORTEST_BEGINNING = 3  # of a title in a long list, where nobody is asked what they meant
_MOST_COMPARED = 5_000_000  # titles with titles
_AT_ONCE = 200  # titles of a list: a matrix of them and all works stays small


@dataclass(frozen=True, slots=True)
class Entry:
    """What search knows about one work; `popularity` only breaks ties, higher first."""

    webtoon_id: int
    title: str
    title_en: str | None
    authors: tuple[str, ...]
    popularity: float = 0.0


class Match(StrEnum):
    """How a work was found."""

    EXACT = "exact"
    PREFIX = "prefix"
    PART = "part"
    CHOSEONG = "choseong"
    ENGLISH = "english"
    AUTHOR = "author"
    TYPO = "typo"


@dataclass(frozen=True, slots=True)
class Hit:
    """One work that was found, by its best kind of match; `score` runs from 0 to 100."""

    webtoon_id: int
    match: Match
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """The hits, best first; `clear` if the first is surely meant and can be acted on at once."""

    hits: tuple[Hit, ...]
    clear: bool


_Find = tuple[int, Match, float]  # row, match, score


class Index:
    """A catalogue made searchable; built once, never changed, safe to share between threads."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        # The row is the tie-break: a lower row is the better-known work.
        shelf = sorted(entries, key=lambda e: (-e.popularity, len(e.title), e.webtoon_id))
        self._ids = tuple(entry.webtoon_id for entry in shelf)
        self._titles = tuple(_key(entry.title) for entry in shelf)
        self._initials = tuple(choseong(title) for title in self._titles)
        self._jamo = tuple(jamo(title) for title in self._titles)
        self._english = {
            row: key for row, entry in enumerate(shelf) if (key := _key(entry.title_en or ""))
        }
        self._authors = tuple("\n".join(_key(author) for author in e.authors) for e in shelf)
        self._named: dict[str, tuple[int, ...]] = {}
        for row, title in (*enumerate(self._titles), *self._english.items()):
            self._named[title] = (*self._named.get(title, ()), self._ids[row])
        self._ordered = sorted(self._named)
        self._spelled = tuple(map(jamo, self._ordered))
        self._twins = {title for title, works in Counter(self._titles).items() if works > 1}

    def find(self, query: str, limit: int = 8) -> Found:
        """Return at most `limit` works for `query`, the likeliest first.

        Equal scores are ordered by popularity, then by shorter title, then by id. Only the first
        100 letters and digits of a query count; one that has none finds nothing. Never raises.

        Clear are: the only exact title or exact English title; the only prefix or part of a title,
        whole title by initials, or unfinished last syllable; the only work of the exact author
        where nothing else fits; a slip that scores 85 or more, 10 above the next. Never clear are
        works that share their title, and one syllable that is not the whole title.
        """
        key = _key(query)
        finds = self._finds(query, key)
        hits = tuple(
            Hit(self._ids[row], match, score) for row, match, score in finds[: max(limit, 0)]
        )
        return Found(hits, self._is_clear(finds, len(key)))

    def exact(self, title: str) -> tuple[int, ...]:
        """Return the ids of the works with exactly this Korean or English title."""
        return tuple(dict.fromkeys(self._named.get(_key(title), ())))

    def meant(self, titles: Sequence[str]) -> list[tuple[int, ...]]:
        """Return, for each title of a long list, the ids of the works that it may mean.

        One id is surely meant: of the only exact title; else of the only one that begins so; else
        of a slip that scores 85 or more, 10 above the next. Several may be; none is surely near.
        Of all that is compared for slips, so much that it takes half a second. A `find` for each
        would look for more, and take ten times as long.
        """
        keys = [_key(title) for title in titles]
        found = {key: self._named.get(key) or self._beginning(key) for key in dict.fromkeys(keys)}
        left = [key for key, ids in found.items() if not ids and len(jamo(key)) >= _TYPO_JAMO]
        left = left[: _MOST_COMPARED // max(1, len(self._ordered))]
        for start in range(0, len(left), _AT_ONCE):
            part = left[start : start + _AT_ONCE]
            found.update(zip(part, self._slips(part), strict=True))
        return [tuple(dict.fromkeys(found[key])) for key in keys]

    def _beginning(self, key: str) -> tuple[int, ...]:
        """Return the ids of two works at most whose title begins with `key`, and is not it."""
        if len(key) < _SHORTEST_BEGINNING:
            return ()
        ids: list[int] = []
        for at in range(bisect_left(self._ordered, key), len(self._ordered)):
            title = self._ordered[at]
            if len(ids) > 1 or not title.startswith(key):
                break
            ids += self._named[title]
        return tuple(dict.fromkeys(ids))[:2]

    def _slips(self, keys: Sequence[str]) -> list[tuple[int, ...]]:
        """Return, for each key, the ids of the titles that it may be a slip of."""
        scores = process.cdist(
            [jamo(key) for key in keys],
            self._spelled,
            scorer=fuzz.ratio,
            score_cutoff=_TYPO_CLEAR - _TYPO_GAP,
            dtype=np.float32,
        )
        slips = []
        for row in scores:
            near = sorted(np.flatnonzero(row), key=lambda at: -row[at])
            best = row[near[0]] if near else 0.0
            likely = [at for at in near if row[at] > best - _TYPO_GAP and best >= _TYPO_CLEAR]
            slips.append(tuple(i for at in likely[:3] for i in self._named[self._ordered[at]]))
        return slips

    def nearest(self, query: str, limit: int = 3) -> tuple[int, ...]:
        """Return the ids of the `limit` works nearest to `query`, however far away they are.

        Fewer only where the catalogue holds fewer; none for a query without letters and digits.
        """
        key = _key(query)
        if not key or limit <= 0:
            return ()
        rows = [row for row, _, _ in self._finds(query, key)]
        if len(rows) < limit:
            near = [*_similar(jamo(key), self._jamo), *_similar(key, self._english)]
            rows += [row for row, _ in sorted(near, key=lambda pair: (-pair[1], pair[0]))]
        return tuple(self._ids[row] for row in list(dict.fromkeys(rows))[:limit])

    def complete(self, prefix: str, limit: int = 25) -> tuple[int, ...]:
        """Return the ids to offer while `prefix` is being typed.

        Without a letter or digit in it, these are the best-known works.
        """
        if not _key(prefix):
            return self._ids[: max(limit, 0)]
        return tuple(hit.webtoon_id for hit in self.find(prefix, limit).hits)

    def _finds(self, query: str, key: str) -> list[_Find]:
        """Return every work found, once, by its best match, in order."""
        if not key:
            return []
        best: dict[int, _Find] = {}
        for source in (self._by_title, self._by_initials, self._by_english, self._by_author):
            _keep_best(best, source(key))
        # Beside a literal find a slip is only a guess, and must not come before it.
        trust = 0.5 if best else 1.0
        _keep_best(best, self._by_contained_title(key))
        _keep_best(best, ((row, m, score * trust) for row, m, score in self._by_slip(query, key)))
        return sorted(best.values(), key=lambda find: (-find[2], find[0]))

    def _by_title(self, key: str) -> Iterator[_Find]:
        for row, title in enumerate(self._titles):
            if key in title:
                if key == title:
                    yield row, Match.EXACT, _WHOLE
                elif title.startswith(key):
                    yield row, Match.PREFIX, _PREFIX
                else:
                    yield row, Match.PART, _PART
        strokes = jamo(key)
        if len(strokes) > 1 and not is_choseong(key):
            for row, spelled in enumerate(self._jamo):
                if spelled.startswith(strokes):
                    yield row, Match.PREFIX, _UNFINISHED

    def _by_initials(self, key: str) -> Iterator[_Find]:
        """Yield works whose title fits a query with loose consonants: ㅅㅇㅌ, or 신의ㅌ."""
        if not any("ㄱ" <= char <= "ㅎ" for char in key):
            return
        sought = choseong(key)
        for row, initials in enumerate(self._initials):
            at = initials.find(sought)
            while at >= 0 and not _fits(key, self._titles[row], at):
                at = initials.find(sought, at + 1)
            if at > 0:
                yield row, Match.CHOSEONG, _INITIALS_PART
            elif at == 0:
                whole = len(initials) == len(sought)
                yield row, Match.CHOSEONG, _INITIALS_WHOLE if whole else _INITIALS_PREFIX

    def _by_english(self, key: str) -> Iterator[_Find]:
        for row, title in self._english.items():
            if key in title:
                if key == title:
                    yield row, Match.ENGLISH, _WHOLE
                elif title.startswith(key):
                    yield row, Match.ENGLISH, _ENGLISH_PREFIX
                else:
                    yield row, Match.ENGLISH, _ENGLISH_PART

    def _by_author(self, key: str) -> Iterator[_Find]:
        for row, authors in enumerate(self._authors):
            if key in authors:
                exact = key in authors.split("\n")
                yield row, Match.AUTHOR, _AUTHOR if exact else _AUTHOR_PART

    def _by_contained_title(self, key: str) -> Iterator[_Find]:
        for row, title in enumerate(self._titles):
            if len(title) > 2 and title in key:
                yield row, Match.PART, _CONTAINED

    def _by_slip(self, query: str, key: str) -> Iterator[_Find]:
        """Yield works a few wrong keys away, or typed with the keyboard set to English."""
        strokes = jamo(key)
        if len(strokes) < _TYPO_JAMO or is_choseong(key):
            return
        for row, score in _similar(strokes, self._jamo, _TYPO_CUTOFF):
            yield row, Match.TYPO, min(score, 99.0)
        if not any("a" <= char <= "z" for char in key):
            return
        for row, score in _similar(key, self._english, _LATIN_CUTOFF):
            yield row, Match.TYPO, min(score, 99.0)
        meant = jamo(normalise(from_qwerty(query[: 3 * _MAX_KEY])))
        for row, score in _similar(meant, self._jamo, _LATIN_CUTOFF):
            yield row, Match.TYPO, score * 0.95
        for row, spelled in enumerate(self._jamo):
            if spelled.startswith(meant):
                yield row, Match.TYPO, _KEYBOARD_PREFIX

    def _is_clear(self, finds: list[_Find], length: int) -> bool:
        if not finds or self._titles[finds[0][0]] in self._twins:
            return False
        _, match, score = finds[0]
        runner_up = finds[1][2] if len(finds) > 1 else 0.0
        if score == _WHOLE:
            return runner_up < _WHOLE
        if match is Match.TYPO:
            return score >= _TYPO_CLEAR and score - runner_up >= _TYPO_GAP
        if match is Match.AUTHOR:
            return length > 1 and score == _AUTHOR and len(finds) == 1
        # ㅇㅅ fits so much that even the one work of that very length need not be the one meant.
        shortest = 3 if match is Match.CHOSEONG and len(finds) > 1 else 2
        return length >= shortest and score >= _STRONG > runner_up


def _key(text: str) -> str:
    return normalise(text[:_MAX_RAW])[:_MAX_KEY]


def _fits(key: str, title: str, at: int) -> bool:
    """Say whether `key` fits `title` from `at` on, given that the initials do."""
    return all(
        sought == there or "ㄱ" <= sought <= "ㅎ"
        for sought, there in zip(key, title[at:], strict=False)
    )


def _similar(
    sought: str, choices: tuple[str, ...] | dict[int, str], cutoff: float = 0.0
) -> Iterator[tuple[int, float]]:
    for _, score, row in process.extract(
        sought, choices, scorer=fuzz.ratio, limit=_TYPO_ROWS, score_cutoff=cutoff
    ):
        yield row, score


def _keep_best(best: dict[int, _Find], finds: Iterable[_Find]) -> None:
    for find in finds:
        if find[0] not in best or best[find[0]][2] < find[2]:
            best[find[0]] = find
