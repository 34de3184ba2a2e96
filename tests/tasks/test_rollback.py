"""Going back: to whatever served before the active model, however that came to serve."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from db import models, pulses
from db.engine import Database
from tasks import registry
from tasks.errors import Moved, NoModel, UnreadableModel
from tests.plugins.library import NOON, activate
from tests.tasks.conftest import sqlite_only
from tests.tasks.models import publish, states, three

__all__ = ["three"]  # a fixture
LATER = NOON + timedelta(days=9)


@pytest.fixture
def seen(three, model_dir, digest):
    """Does what an operator and a training do; the model that is active after each deed."""

    def do(*deeds):
        active = []
        for day, deed in enumerate(deeds, start=3):
            what, _, name = deed.partition(" ")
            if what == "train":
                publish(three, model_dir, digest, name, day)
            elif what == "promote":
                registry.promote(three, model_dir, name, NOON + timedelta(days=day))
            else:
                registry.rollback(three, model_dir, NOON + timedelta(days=day))
            active.append(registry.active(three).id)
        return active

    return do


@sqlite_only
@pytest.mark.parametrize(
    ("deeds", "active"),
    [
        (("rollback", "rollback"), "second first"),
        (("rollback", "train fourth", "rollback", "rollback"), "second fourth second first"),
        (("train fourth", "rollback", "train fifth", "rollback"), "fourth third fifth third"),
        # A promote is undone, and what it came from is what a later rollback leads to.
        (("promote first", "rollback", "rollback"), "first third second"),
        (("promote first", "train fourth", "rollback", "rollback"), "first fourth first third"),
        (("promote first", "promote third", "rollback"), "first third first"),
        (("promote first", "promote second", "rollback", "rollback"), "first second first third"),
        # One that was rejected may be promoted, and what served before it is the way back.
        (("rollback", "promote third", "rollback", "rollback"), "second third second first"),
    ],
    ids=" - ".join,
)
def test_a_rollback_leads_to_what_served_before(seen, deeds, active):
    assert seen(*deeds) == active.split()


def test_what_a_rollback_leaves_is_rejected_and_says_why(three, model_dir):
    moves = [registry.rollback(three, model_dir, LATER) for _ in range(2)]

    assert [(move.left.id, move.back.id) for move in moves] == [
        ("third", "second"),
        ("second", "first"),
    ]
    assert states(three) == {"third": "rejected", "second": "rejected", "first": "active"}
    assert registry.get(three, "third").note == "Left by hand for second."


def test_a_promote_can_be_undone_on_either_database(three, model_dir):
    registry.promote(three, model_dir, "first", LATER)

    registry.rollback(three, model_dir, LATER)

    assert states(three) == {"third": "active", "second": "retired", "first": "rejected"}


def test_the_order_holds_whatever_the_clock_says(three, model_dir):
    for name in ("first", "second", "third", "first"):
        registry.promote(three, model_dir, name, NOON - timedelta(days=300))

    assert registry.rollback(three, model_dir, NOON).back.id == "third"


def test_a_rollback_passes_over_a_damaged_model(three, model_dir):
    (model_dir / "second" / "weights.npy").unlink()

    assert registry.rollback(three, model_dir, LATER).back.id == "first"


def test_a_rollback_to_nothing_but_damage_moves_nothing(three, model_dir):
    for name in ("first", "second"):
        (model_dir / name / "manifest.json").write_text("{}")

    with pytest.raises(UnreadableModel, match="None of the 2 earlier models can be used"):
        registry.rollback(three, model_dir, LATER)

    assert states(three)["third"] == "active"


def test_there_is_nothing_before_the_first_model(database, model_dir, digest):
    activate(database, "first", digest)

    with pytest.raises(NoModel, match="no earlier model than first"):
        registry.rollback(database, model_dir, LATER)

    assert states(database) == {"first": "active"}


def test_without_any_model_there_is_nothing_to_go_back_from(database, tmp_path):
    with pytest.raises(NoModel):
        registry.rollback(database, tmp_path, LATER)
    with pytest.raises(NoModel):
        registry.active(database)


@pytest.fixture
def while_reading(monkeypatch, three):
    """Has something done, by somebody else, each time a model is read."""
    loaded = registry.loaded

    @contextmanager
    def set_up(deed):
        elsewhere = Database(three.engine.url.render_as_string(hide_password=False), wait_seconds=0)

        def reading(*arguments):
            deed(elsewhere)
            return loaded(*arguments)

        monkeypatch.setattr(registry, "loaded", reading)
        yield
        elsewhere.close()

    return set_up


@sqlite_only
def test_nobody_who_writes_waits_while_models_are_read(three, model_dir, while_reading):
    def write(elsewhere):
        with elsewhere.write() as session:
            pulses.beat(session, "bot", LATER, {})

    with while_reading(write):
        left = registry.promote(three, model_dir, "first", LATER)
        back = registry.rollback(three, model_dir, LATER).back

    assert left.id == back.id == "third"


def test_a_model_published_while_a_rollback_looks_is_the_one_it_leaves(
    three, model_dir, digest, while_reading
):
    def publish_one(elsewhere):
        if "fourth" not in states(elsewhere):
            publish(elsewhere, model_dir, digest, "fourth", days=4)

    with while_reading(publish_one):
        move = registry.rollback(three, model_dir, LATER)

    assert (move.left.id, move.back.id) == ("fourth", "third")
    assert states(three)["third"] == "active"
    assert registry.get(three, "fourth").note == "Left by hand for third."


def test_a_rollback_gives_up_where_the_mark_never_stands_still(three, model_dir, while_reading):
    names = iter(["first", "second", "third", "first"])

    def move(elsewhere):
        with elsewhere.write() as session:
            models.activate(session, next(names), LATER)

    with while_reading(move), pytest.raises(Moved, match="Other models became active meanwhile"):
        registry.rollback(three, model_dir, LATER)

    assert next(names) == "first"
    assert states(three) == {"third": "active", "second": "retired", "first": "retired"}


def test_the_commands_tell_when_a_model_was_activated(trained, database, tmp_path):
    first = trained("models", "list", "--json").json[0]
    second = trained("train", "--json").json["model"]

    trained("models", "promote", first["id"])
    undone = trained("models", "rollback", "--json")
    rows = {row["id"]: row for row in trained("models", "list", "--json").json}
    header, *lines = trained("models", "list").out.splitlines()

    assert undone.json == {"left": first["id"], "active": second["id"]}
    moments = [second["activated_at"], rows[first["id"]]["activated_at"]]
    moments += [rows[second["id"]]["activated_at"]]
    assert moments == sorted(set(moments))
    assert "ACTIVATED (UTC)" in header
    shown = moments[-1].replace("T", " ")[:16]
    assert lines[0].startswith(second["id"])
    assert shown in lines[0]
    assert f"Activated {shown} UTC\n" in trained("models", "show", second["id"]).out
