"""The sources that can be crawled: each module in this folder that has a SOURCE is one."""

from importlib import import_module
from pkgutil import iter_modules

from crawler.source import Source


def names() -> list[str]:
    """The names of all sources, sorted; a source's module has its name."""
    return sorted(module.name for module in iter_modules(__path__))


def load(name: str, url: str | None = None) -> Source:
    """The source of this name, which is one of `names()`, at `url` or where it is at home."""
    make = import_module(f"{__name__}.{name}").SOURCE
    found: Source = make(url or make.home)
    return found
