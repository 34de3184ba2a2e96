"""Makes the works of both sites and how they correspond."""

import random
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count

from tests.replica import words
from tests.replica.model import NaverWork, WatchaWork

TODAY = date(2026, 11, 20)
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
AGES = ("ALL", "RATE_12", "RATE_15")
GATES = ("401", "403", "404", "login")
GATED_AT = (4, 9, 13, 20)  # places in the catalogue; the last is an ongoing work
NAVER, KAKAO = "네이버웹툰", "카카오웹툰"
OUTLINK = "https://comic.naver.com/webtoon/list?titleId="
KAKAO_LINK = "https://webtoon.kakao.com/content/"

Codes = Callable[[str], str]


def kinds(titles: int) -> list[str]:
    """How each of `titles` Watcha works can be matched; every kind occurs from twelve on."""
    if titles < 12:
        return [("outlink", "author", "platform")[place % 3] for place in range(titles)]
    rare = ["both", "twin", "twin"]
    rare += ["review-other", "review-missing"] * max(1, round(titles * 0.03))
    rare += ["other"] * max(2, round(titles * 0.07))
    author = ["author"] * max(2, round(titles * 0.17))
    platform = ["platform"] * max(2, round(titles * 0.2))
    found = author + platform + rare
    return ["outlink"] * (titles - len(found)) + found


class Catalogue:
    """The works of both sites, `naver` by titleId and `watcha` by code."""

    def __init__(self, rng: random.Random, titles: int, new_code: Codes) -> None:
        self.rng, self.new_code = rng, new_code
        self.naver: dict[str, NaverWork] = {}
        self.watcha: dict[str, WatchaWork] = {}
        self.people: dict[str, str] = {}
        self._titles, self._names = words.titles(rng), words.pen_names(rng)
        self._ids = count(812_000, 37)
        hard = list(words.HARD_TITLES)
        drafts = kinds(titles)
        rng.shuffle(drafts)
        for kind in drafts:
            chosen = next((entry for entry in hard if entry[0] == kind), None)
            if chosen:
                hard.remove(chosen)
            self.pair(kind, chosen[1] if chosen else None)
        self._add_naver_only(max(2, round(titles * 0.1)) if titles >= 12 else 0)

    def pair(
        self, kind: str, title: str | None = None, authors: tuple[str, ...] | None = None
    ) -> WatchaWork:
        """A new Watcha work of `kind`, with the Naver work that belongs to it."""
        title = title or (words.TWIN_TITLE if kind == "twin" else next(self._titles))
        naver = None if kind == "other" else self.add_naver(title, authors)
        names = list(naver.authors if naver else authors or [next(self._names)])
        if title in words.DECOMPOSED:
            title, names = _decomposed(title), [_decomposed(name) for name in names]
        if kind == "review-other":
            names = [next(self._names)]
        if kind == "review-missing":
            names = []
        kind = {"twin": "author"}.get(kind, kind.partition("-")[0])
        return self.add_watcha(title, names, kind, naver)

    def add_naver(self, title: str, authors: tuple[str, ...] | None = None) -> NaverWork:
        """A new Naver work; its place in the catalogue decides what is special about it."""
        rng, place = self.rng, len(self.naver)
        ongoing = place // 5 if place % 5 == 0 else None  # every fifth, counted from 0
        writers = (authors or (next(self._names),))[:1]
        painters = (authors or ())[1:] or (writers if rng.random() < 0.6 else (next(self._names),))
        gate = None
        if place in GATED_AT:
            gate = GATES[GATED_AT.index(place)]
        elif place > 30 and place % 17 == 3:
            gate = GATES[place // 17 % 4]
        title_id = str(next(self._ids))
        work = self.naver[title_id] = NaverWork(
            title_id=title_id,
            title=title,
            writers=writers,
            painters=painters,
            origins=(next(self._names),) if place % 7 == 2 and not authors else (),
            genres=tuple(rng.sample(sorted(words.GENRES), rng.choice((1, 1, 2)))),
            keywords=tuple(rng.sample(words.KEYWORDS, rng.randint(1, 4))),
            synopsis=words.synopsis(rng),
            weekdays=_weekdays(rng, ongoing),
            finished=ongoing is None,
            rest=ongoing is not None and ongoing % 4 == 1,
            age="RATE_18" if gate else rng.choice(AGES),
            chapter=rng.randint(3, 180),
            chapter_date=_chapter_date(rng, ongoing),
            favorites=rng.randint(200, 90_000),
            gate=gate,
            old_details=place % 6 == 1,
            up=ongoing is not None and ongoing % 4 == 0,
        )
        return work

    def add_watcha(
        self, title: str, names: list[str], kind: str, naver: NaverWork | None
    ) -> WatchaWork:
        """A new Watcha work with what its `kind` shows of where it can be read."""
        rng = self.rng
        platforms, outlinks = [], []
        if kind in {"platform", "outlink", "both"}:
            platforms.append(NAVER)
        if kind in {"other", "both"}:
            platforms.append(KAKAO)
            outlinks.append(f"{KAKAO_LINK}{rng.randint(1000, 9999)}")
        if kind in {"outlink", "both"} and naver:
            outlinks.append(OUTLINK + naver.title_id)
        code = self.new_code(rng.choice("wwwwWbk"))
        work = self.watcha[code] = WatchaWork(
            code=code,
            title=title,
            year=rng.randint(2009, 2026),
            authors=tuple((name, self._person(name)) for name in names),
            kind=kind,
            genre=naver.genres[0] if naver else rng.choice(sorted(words.GENRES)),
            quality=rng.uniform(-1.2, 1.2),
            title_id=naver.title_id if naver else None,
            platforms=tuple(platforms),
            outlinks=tuple(outlinks),
        )
        return work

    def extra(self, number: int) -> WatchaWork:
        """A work that is in one user's list and nowhere else, not even in the search."""
        work = self.add_watcha(f"{next(self._titles)} {number}호", [], "extra", None)
        work.searchable = False
        return work

    def _add_naver_only(self, number: int) -> None:
        """Works that Watcha lacks; the first has the title of one that Watcha has."""
        shared = next((work for work in self.watcha.values() if work.kind == "platform"), None)
        for place in range(number):
            if place == 0 and shared and shared.title_id:
                self.add_naver(self.naver[shared.title_id].title)
            else:
                self.add_naver(next(self._titles))

    def _person(self, name: str) -> str:
        if name not in self.people:
            self.people[name] = self.new_code("p")
        return self.people[name]


def _weekdays(rng: random.Random, ongoing: int | None) -> tuple[str, ...]:
    if ongoing is not None and ongoing % 4 == 2:
        return ("DAILY_PLUS",)
    if ongoing is not None and ongoing % 4 == 3:
        first, second = sorted(rng.sample(range(7), 2))
        return (DAYS[first], DAYS[second])
    return (rng.choice(DAYS),)


def _chapter_date(rng: random.Random, ongoing: int | None) -> date:
    days = rng.randint(0, 6) if ongoing is not None else rng.randint(60, 2500)
    return TODAY - timedelta(days=days)


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)
