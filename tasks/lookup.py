"""Which work an operator or a file means: by key, external id or title."""

import unicodedata
from collections.abc import Iterable

from rapidfuzz import fuzz, process

from db.catalogue import Work
from tasks.errors import UnknownWork

NEAR = 55.0  # of 100: below it, two titles have nothing in common


class Lookup:
    """An index over the works of one moment."""

    def __init__(self, works: Iterable[Work]) -> None:
        self.works = tuple(works)
        self._by_key = {work.key: work for work in self.works}
        self._by_external_id: dict[str, list[Work]] = {}
        self._by_title: dict[str, list[Work]] = {}
        for work in self.works:
            self._by_external_id.setdefault(work.external_id, []).append(work)
            for title in dict.fromkeys(filter(None, (work.title, work.title_en))):
                self._by_title.setdefault(_normal(title), []).append(work)

    def find(self, words: str) -> Work:
        """The work with this key "source:external id", this title, or this external id.

        Raises UnknownWork with the nearest titles, or with the keys of all that match.
        """
        if work := self._by_key.get(words):
            return work
        matches = self._by_title.get(_normal(words)) or self._by_external_id.get(words, [])
        if not matches:
            near = ", ".join(f"{work.title} ({work.key})" for work in self.nearest(words))
            message = f'No work is called "{words}"' + (f"; the nearest: {near}." if near else ".")
            raise UnknownWork(message)
        return _only(words, matches)

    def by_external_id(self, external_id: str, *sources: str | None) -> Work:
        """The work with this id in the first of `sources` that has it, or in the only one.

        Raises UnknownWork.
        """
        for source in filter(None, sources):
            if work := self._by_key.get(f"{source}:{external_id}"):
                return work
        matches = self._by_external_id.get(external_id, [])
        if not matches:
            raise UnknownWork(f'unknown work: no external id "{external_id}"')
        return _only(external_id, matches)

    def by_title(self, title: str) -> Work:
        """The only work with this title, whatever its case and blanks. Raises UnknownWork."""
        matches = self._by_title.get(_normal(title), [])
        if not matches:
            raise UnknownWork(f'unknown work: no title "{title}"')
        return _only(title, matches)

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


def _only(words: str, matches: list[Work]) -> Work:
    if len(matches) == 1:
        return matches[0]
    keys = ", ".join(f"{work.key} by {'/'.join(work.authors) or '?'}" for work in matches)
    raise UnknownWork(f'"{words}" is ambiguous: {keys}')


def _normal(title: str) -> str:
    return "".join(unicodedata.normalize("NFC", title).casefold().split())


def _letters(title: str) -> str:
    return unicodedata.normalize("NFD", title)
