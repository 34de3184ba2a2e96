"""Which work an operator or a file means: by key, external id or title.

Titles are compared without case, blanks, width (Ａ is A) and what nobody sees.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process

from db.catalogue import Work
from tasks.errors import UnknownWork

NEAR = 55.0  # of 100: below it, two titles have nothing in common
_UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp")  # blanks, and what joins, parts and marks text
_FILLERS = "\u115f\u1160\ufe0e\ufe0f"  # Hangul's blanks, and how an emoji is drawn
_BETWEEN_NAMES = re.compile(r"[|,/&·;]")


class AmbiguousWork(UnknownWork):
    """A title or an id that several works have; the message names their keys."""


class Lookup:
    """An index over the works of one moment."""

    def __init__(self, works: Iterable[Work]) -> None:
        self.works = tuple(works)
        self._by_key = {work.key: work for work in self.works}
        self._by_external_id: dict[str, list[Work]] = {}
        self._by_title: dict[str, list[Work]] = {}
        for work in self.works:
            self._by_external_id.setdefault(work.external_id, []).append(work)
            for title in dict.fromkeys(map(_normal, filter(None, (work.title, work.title_en)))):
                self._by_title.setdefault(title, []).append(work)

    def find(self, words: str) -> Work:
        """The work with this key "source:external id", this title, or this external id.

        Raises UnknownWork with the nearest titles, or with the keys of all that match.
        """
        if work := self._by_key.get(words):
            return work
        matches = self._called(words) or self._by_external_id.get(words, [])
        if not matches:
            near = ", ".join(f"{work.title} ({work.key})" for work in self.nearest(words))
            message = f'No work is called "{words}"' + (f"; the nearest: {near}." if near else ".")
            raise UnknownWork(message)
        return _only(words, matches)

    def by_external_id(
        self, external_id: str, *sources: str | None, authors: Sequence[str] = ()
    ) -> Work:
        """The work with this id in the first of `sources` that has it, or in the only one.

        Of several, that by most of these `authors`. Raises UnknownWork.
        """
        for source in filter(None, sources):
            if work := self._by_key.get(f"{source}:{external_id}"):
                return work
        matches = self._by_external_id.get(external_id, [])
        if not matches:
            raise UnknownWork(f'unknown work: no external id "{external_id}"')
        return _only(external_id, _by(authors, matches))

    def by_title(self, title: str, *sources: str | None, authors: Sequence[str] = ()) -> Work:
        """The work with this title.

        Of several, the one in the first of `sources` that has any of them, and by most of these
        `authors`. Raises UnknownWork.
        """
        matches = self._called(title)
        if not matches:
            raise UnknownWork(f'unknown work: no title "{title}"')
        for source in filter(None, sources):
            there = [work for work in matches if work.source == source]
            if there:
                matches = there
                break
        return _only(title, _by(authors, matches))

    def _called(self, title: str) -> list[Work]:
        """The works with this title; those that are written just so, if any are."""
        matches = self._by_title.get(key, []) if (key := _normal(title)) else []
        return [work for work in matches if title in (work.title, work.title_en)] or matches

    def nearest(self, words: str, limit: int = 3) -> list[Work]:
        """The works whose titles are most like `words`, best first."""
        titles = list(self._by_title)
        # Decomposed, one wrong letter of a Hangul syllable is one wrong letter of three.
        found = process.extract(
            _letters(_normal(words)[:100]),
            titles,
            scorer=fuzz.ratio,
            processor=_letters,
            limit=limit,
            score_cutoff=NEAR,
        )
        works = [work for title, _, _ in found for work in self._by_title[title]]
        return list(dict.fromkeys(works))[:limit]


def _by(authors: Sequence[str], works: list[Work]) -> list[Work]:
    """Those of `works` that share most names with `authors`; all if they share none."""
    sought = _names(authors)
    shared = [len(sought & _names(work.authors)) for work in works]
    return [work for work, count in zip(works, shared, strict=True) if count == max(shared)]


def _names(authors: Iterable[str]) -> set[str]:
    return {_normal(name) for names in authors for name in _BETWEEN_NAMES.split(names)} - {""}


def _only(words: str, matches: list[Work]) -> Work:
    if len(matches) == 1:
        return matches[0]
    keys = ", ".join(f"{work.key} by {'/'.join(work.authors) or '?'}" for work in matches)
    raise AmbiguousWork(f'"{words}" is ambiguous: {keys}')


@lru_cache(maxsize=10_000)  # the works of a file come again and again
def _normal(title: str) -> str:
    wide = unicodedata.normalize("NFKC", title).casefold()
    seen = "".join(c for c in wide if c not in _FILLERS and unicodedata.category(c) not in _UNSEEN)
    return unicodedata.normalize("NFC", seen)


def _letters(title: str) -> str:
    return unicodedata.normalize("NFD", title)
