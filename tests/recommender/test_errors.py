"""The family of errors."""

import pkgutil
import re
from importlib import import_module

import recommender
from recommender import errors


def family(error):
    return [error.__name__, *(name for one in error.__subclasses__() for name in family(one))]


def test_every_error_of_the_package_is_in_the_tree_and_has_its_place_there():
    for module in pkgutil.iter_modules(recommender.__path__):
        import_module(f"recommender.{module.name}")

    names = family(errors.RecommenderError)

    assert re.findall(r"^[│ ]*[├└]?[─ ]*(\w+)", errors.__doc__, re.MULTILINE)[1:] == names
