"""What tests share: a library with a model, newer or damaged ones, and readers to be written to."""

import pytest

from bot.serving import Serving
from db import alerts
from tests.fakes.town import Town
from tests.plugins.library import activate, saved, stock


@pytest.fixture
def serving(database, model_dir, clock):
    return Serving(database, model_dir, clock)


@pytest.fixture
def served(serving, database, digest):
    """Serving the model "first"."""
    stock(database)
    activate(database, "first", digest)
    serving.refresh()
    return serving


@pytest.fixture
def town(database, clock):
    stock(database)
    return Town(database, clock)


def damage(folder):
    """Flips one bit of the largest file."""
    path = max(folder.iterdir(), key=lambda file: file.stat().st_size)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def incidents(database):
    with database.read() as session:
        return alerts.open_alerts(session)


def second(database, model_dir, clock, *, damaged=False):
    """A newer model, saved, perhaps damaged, and made the active one."""
    digest = saved(model_dir, "second", seed=1)
    if damaged:
        damage(model_dir / "second")
    clock.pass_(hours=1)
    activate(database, "second", digest, clock())
