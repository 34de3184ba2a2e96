"""Three models to go back and forth between."""

import shutil
from datetime import timedelta

import pytest

from db import models
from tests.plugins.library import NOON, activate


@pytest.fixture
def three(database, model_dir, digest):
    """Three models, each newer than the one before: first, second, third (active)."""
    activate(database, "first", digest)
    for days, name in enumerate(("second", "third"), start=1):
        publish(database, model_dir, digest, name, days)
    return database


def publish(database, model_dir, digest, name, days):
    """A model as a training makes it: registered and active. It is a copy of the first."""
    shutil.copytree(model_dir / "first", model_dir / name)
    activate(database, name, digest, NOON + timedelta(days=days))


def states(database):
    with database.read() as session:
        return {row.id: str(row.state) for row in models.every(session)}
