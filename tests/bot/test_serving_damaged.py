"""A model whose files are damaged: what serves instead, and who is told."""

import shutil

import numpy as np
import pytest
import structlog

from bot.serving import Serving
from db import models, outbox
from tests.bot.conftest import damage, incidents, second
from tests.fakes.closed import closed
from tests.plugins.library import SHELF, activate, saved, stock


def test_a_damaged_new_model_is_not_served_and_the_operator_is_told(
    served, database, model_dir, clock
):
    second(database, model_dir, clock, damaged=True)

    with structlog.testing.capture_logs() as logs:
        served.refresh()

    assert served.library.served.id == "first"
    (alert,) = incidents(database)
    assert alert.key == "model-damaged:second"
    assert alert.message.startswith("The model second cannot be loaded, first serves: ")
    assert alert.opened_at == clock()
    assert [(entry["log_level"], entry["model"]) for entry in logs] == [("error", "second")]


def test_a_mended_model_is_taken_up_and_its_alert_closed(served, database, model_dir, clock):
    second(database, model_dir, clock, damaged=True)
    served.refresh()

    damage(model_dir / "second")  # the same bit once more: as it was
    served.refresh()

    assert served.library.served.id == "second"
    assert incidents(database) == []


def test_those_who_run_the_bots_are_written_to_once_of_a_damaged_model(
    database, model_dir, clock, digest
):
    stock(database)
    damage(model_dir / "first")
    activate(database, "first", digest)
    bots = [Serving(database, model_dir, clock, [("discord", "5")]) for _ in range(2)]

    for bot in bots:
        bot.refresh()

    with database.write() as session:
        (letter,) = outbox.take(session, "discord", clock(), clock())
    assert letter.user_id == "5"
    assert letter.text.startswith("The model first cannot be loaded, none serves, ")


def test_after_a_restart_an_earlier_model_stands_in_for_a_damaged_one(
    served, database, model_dir, clock
):
    second(database, model_dir, clock, damaged=True)
    restarted = Serving(database, model_dir, clock)

    restarted.refresh()

    assert restarted.library.served.id == "first"
    assert len(incidents(database)) == 1


@pytest.mark.parametrize("harm", ["gone", "truncated", "manifest", "a file", "a loop"])
def test_any_harm_to_its_files_is_damage(served, database, model_dir, clock, harm):
    digest = saved(model_dir, "second", seed=1)
    if harm == "gone":
        shutil.rmtree(model_dir / "second")
    elif harm == "truncated":
        (model_dir / "second" / "weights.npy").write_bytes(b"\x93NUMPY")
    elif harm == "a file":
        shutil.rmtree(model_dir / "second")
        (model_dir / "second").write_text("")
    elif harm == "a loop":
        (model_dir / "second" / "weights.npy").unlink()
        (model_dir / "second" / "weights.npy").symlink_to("weights.npy")
    else:
        (model_dir / "second" / "manifest.json").write_text("{}")
    clock.pass_(hours=1)
    activate(database, "second", digest, clock())

    served.refresh()

    assert served.library.served.id == "first"
    assert len(incidents(database)) == 1


def test_a_sound_model_other_than_the_registered_one_is_damage(served, database, model_dir, clock):
    digest = saved(model_dir, "second", seed=1)
    saved(model_dir, "second", seed=2)
    clock.pass_(hours=1)
    activate(database, "second", digest, clock())

    served.refresh()

    assert served.library.served.id == "first"
    (alert,) = incidents(database)
    assert alert.key == "model-damaged:second"
    assert alert.message.endswith(f"expected {digest}")


def test_another_sound_model_beneath_the_one_that_serves_is_told(served, database, model_dir):
    before = served.library.served.model
    saved(model_dir, "first", seed=2)

    served.refresh()

    assert served.library.served.model is before
    assert [alert.key for alert in incidents(database)] == ["model-damaged:first"]


# Of a folder with the mode 0400 one may list the names, and no more.
@pytest.mark.parametrize("shut", [("models", 0), ("models/first", 0), ("models/first", 0o400)])
def test_a_bot_that_may_not_read_its_model_serves_popularity_until_it_may(
    served, database, model_dir, clock, shut
):
    folder, mode = shut
    restarted = Serving(database, model_dir, clock)

    with closed(model_dir.parent / folder, mode):
        restarted.refresh()
        again, without, told = restarted.refresh(), restarted.library.served, incidents(database)
    restarted.refresh()

    assert (again, without) == (False, None)
    assert [alert.key for alert in told] == ["model-damaged:first"]
    assert "Permission denied" in told[0].message
    assert restarted.library.served.id == "first"
    assert incidents(database) == []


def test_a_bot_that_may_no_longer_read_its_models_can_still_go_back(
    served, database, model_dir, clock
):
    second(database, model_dir, clock)
    with closed(model_dir / "second"):
        served.refresh()
        with database.write() as session:
            models.activate(session, "first", clock())

        served.refresh()

    assert served.library.served.id == "first"
    assert incidents(database) == []


def test_going_back_to_a_model_that_is_damaged_leaves_the_present_one_serving(
    served, database, model_dir, clock
):
    second(database, model_dir, clock)
    served.refresh()
    damage(model_dir / "first")
    with database.write() as session:
        models.activate(session, "first", clock())

    served.refresh()

    assert served.library.served.id == "second"
    assert [alert.key for alert in incidents(database)] == ["model-damaged:first"]


def test_files_damaged_beneath_a_loaded_model_do_not_unseat_it_but_are_told(
    served, database, model_dir
):
    before = served.library.served.model
    damage(model_dir / "first")

    served.refresh()

    assert served.library.served.model is before
    (alert,) = incidents(database)
    assert alert.message.startswith(
        "The files of the model first, which serves from memory, are damaged: "
    )

    damage(model_dir / "first")  # mended
    served.refresh()
    assert incidents(database) == []


def test_a_file_cut_short_while_it_serves_changes_no_answer(served, model_dir):
    model = served.library.served.model
    before = model.scores_of([0, 1])

    for path in (model_dir / "first").glob("*.npy"):
        path.write_bytes(b"")

    np.testing.assert_array_equal(model.scores_of([0, 1]), before)


def test_with_no_model_that_can_be_read_it_serves_without(serving, database, model_dir, digest):
    stock(database)
    damage(model_dir / "first")
    activate(database, "first", digest)

    serving.refresh()

    assert serving.library.served is None
    assert len(serving.library.works) == len(SHELF)
    (alert,) = incidents(database)
    assert alert.message.startswith(
        "The model first cannot be loaded, none serves, popularity does: "
    )
