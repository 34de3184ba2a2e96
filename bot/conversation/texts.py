"""Every sentence we say, by key and language; the sentences themselves are in bot/locale."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources

from bot.conversation.particles import Word


class Language(StrEnum):
    """The languages we speak; the value is the tag platforms use."""

    KOREAN = "ko"
    ENGLISH = "en"


def language_of(tag: str | None) -> Language:
    """The language for a platform's tag ("ko-KR", "en", None): Korean for ko, else English."""
    return Language.KOREAN if (tag or "").lower().startswith("ko") else Language.ENGLISH


@cache
def sentences(language: Language) -> Mapping[str, str]:
    """All sentences of a language, keys dotted as in the file's tables."""
    return _flat(_toml(f"{language}.toml"))


class Count(int):
    """A number that names what it counts: "{count:work/works}" is "1 work", "2 works"."""

    def __format__(self, spec: str) -> str:
        one, _, many = spec.partition("/")
        if not many:
            return super().__format__(spec)
        return f"{int(self)} {one if self == 1 else many}"


def say(language: Language, key: str, /, **values: object) -> str:
    """The sentence `key` with `values` put in; strings take Korean particles ("{title:을/를}").

    Numbers take English plurals ("{count:work/works}"). Raises KeyError for an unknown key: a
    sentence that is missing is a bug, not an input.
    """
    return sentences(language)[key].format(**{k: _told(v) for k, v in values.items()})


def _told(value: object) -> object:
    if isinstance(value, str):
        return Word(value)
    return Count(value) if isinstance(value, int) else value


@cache
def _terms() -> Mapping[str, Mapping[str, str]]:
    return _toml("keywords.toml")


def term(language: Language, korean: str) -> str:
    """A genre's or keyword's name in `language`; the Korean one where none is known."""
    if language is Language.KOREAN:
        return korean
    return next((table[korean] for table in _terms().values() if korean in table), korean)


def terms() -> Mapping[str, str]:
    """Every genre and keyword we have a name for: lower-case name in any language -> Korean."""
    pairs = [(ko, en) for table in _terms().values() for ko, en in table.items()]
    return {ko: ko for ko, _ in pairs} | {en.lower(): ko for ko, en in pairs}


def _toml(name: str) -> dict[str, dict[str, str]]:
    text = resources.files("bot").joinpath("locale", name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, str):
            flat[prefix + key] = value
        elif isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
    return flat
