"""Which model stands in for one that cannot be read: the one a rollback would go back to."""

from datetime import timedelta

from bot.serving import Serving
from db import models
from tests.bot.conftest import damage
from tests.plugins.library import NOON, activate, saved, stock


def test_what_served_last_stands_in_for_a_damaged_model_whenever_it_was_made(
    database, model_dir, clock, digest
):
    stock(database)
    activate(database, "first", digest)
    for days, name in enumerate(("second", "third"), start=1):
        activate(database, name, saved(model_dir, name, seed=days), NOON + timedelta(days=days))
    with database.write() as session:
        models.activate(session, "first", NOON + timedelta(days=3))
    damage(model_dir / "first")
    restarted = Serving(database, model_dir, clock)

    restarted.refresh()

    assert restarted.library.served.id == "third"
