"""Packages that only some models need: loaded when such a model is fitted, else never."""

from importlib import import_module
from types import ModuleType

from recommender.errors import PackageMissing


def needed(module: str, extra: str) -> ModuleType:
    """`module`, imported now. Raises PackageMissing, which says that `extra` brings it."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise PackageMissing(
            f"found no package {package}, expected it installed: pip install webtoonbot[{extra}]"
        ) from error
