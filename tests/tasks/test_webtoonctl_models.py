"""`webtoonctl train` and `models`: what is told of a model, and which of them serves."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete

from db import alerts
from db.tables import Rating
from tests.tasks.conftest import KEYS, sqlite_only


def test_training_says_what_the_cleaning_left(trained):
    steps = trained("train", "--json").json["cleaning"]

    told = {"name", "rows", "readers", "items", "mean", "sd"}
    assert [set(step) for step in steps] == [told] * len(steps)
    first = steps[0]
    assert trained("train").out.startswith(
        f"as read: {first['rows']} ratings, {first['readers']} readers, {first['items']} works; "
        f"mean {first['mean']:.3f} stars, sd {first['sd']:.3f}.\n"
    )


def test_training_on_nothing_ends_with_1_and_the_reason(operator):
    told = operator("train")
    as_json = operator("train", "--json")

    assert (told.code, as_json.code) == (1, 1)
    assert told.err == "No model was made. There are no works yet: import a catalogue first.\n"
    assert as_json.json["outcome"] == "skipped"


def test_models_are_listed_newest_first_as_promised(trained):
    trained("train")

    found = trained("models", "list", "--json").json

    assert [set(model) for model in found] == [KEYS, KEYS]
    assert [model["state"] for model in found] == ["active", "retired"]
    times = [datetime.fromisoformat(model["created_at"]) for model in found]
    assert times[0] > times[1]
    assert times[0].utcoffset() == timedelta(0)
    assert found[0]["demo"] is False
    assert found[0]["metrics"]["ndcg@10"] > 0
    assert found[0]["id"] in trained("models", "list").out


def test_a_rollback_goes_back_once_and_then_says_there_is_none(trained):
    first = trained("models", "list", "--json").json[0]["id"]
    second = trained("train", "--json").json["model"]["id"]

    back = trained("models", "rollback", "--json")
    none = trained("models", "rollback")

    assert back.json == {"left": second, "active": first}
    assert none.code == 1
    assert none.err == f"There is no earlier model than {first} to go back to.\n"
    assert none.out == ""


@pytest.fixture
def rejecting(trained, database):
    """The same, after most of the ratings were lost: what is trained now is rejected."""
    with database.write() as session:
        session.execute(delete(Rating).where(Rating.rater > "sim-0060"))
    return trained


def test_a_rejected_model_is_told_with_its_reason_and_1(rejecting):
    old = rejecting("models", "list", "--json").json[0]["id"]

    told = rejecting("train")
    as_json = rejecting("train", "--json")

    assert (told.code, as_json.code) == (1, 1)
    assert "is active" not in told.out
    assert told.err.startswith("The new model ")
    assert f" does not serve. It learnt from {as_json.json['model']['rows']} ratings, " in told.err
    assert told.err.count("\n") == 1
    assert as_json.json["outcome"] == "rejected"
    assert as_json.json["reason"].startswith(f"The new model {as_json.json['model']['id']} does")
    assert as_json.json["model"]["state"] == "rejected"
    assert old in as_json.json["model"]["note"]
    assert rejecting("status", "--json").json["model"]["id"] == old


def test_a_rejected_model_is_listed_with_its_note_and_may_be_promoted(rejecting, database):
    old = rejecting("models", "list", "--json").json[0]["id"]
    new = rejecting("train", "--json").json["model"]
    listed = rejecting("models", "list").out.splitlines()[1]

    done = rejecting("models", "promote", new["id"])
    again = rejecting("models", "promote", new["id"])
    back = rejecting("models", "promote", old, "--json")

    assert listed.startswith(new["id"])
    assert listed.endswith(new["note"])
    assert (done.code, done.out) == (0, f"{new['id']} is active; {old} is retired.\n")
    assert (again.code, again.out) == (1, "")
    assert again.err == f"{new['id']} is the active model already.\n"
    assert back.json == {"left": new["id"], "active": old}
    with database.read() as session:
        assert alerts.open_alerts(session) == []


def test_a_model_is_shown_with_its_files_and_whether_they_are_sound(trained, tmp_path):
    (row,) = trained("models", "list", "--json").json
    folder = tmp_path / "models" / row["id"]

    found = trained("models", "show", row["id"], "--json").json
    told = trained("models", "show", row["id"]).out
    (folder / "weights.npy").write_bytes(b"half")
    damaged = trained("models", "show", row["id"])

    more = {"digest", "folder", "files", "bytes", "sound", "damage"}
    assert set(found) == KEYS | more
    assert {name: found[name] for name in KEYS} == row
    assert found["sound"] is True
    assert found["bytes"] == sum(found["files"].values()) > found["files"]["weights.npy"]
    assert told.startswith(f"Model     {row['id']}, active\n")
    assert "Figure    ndcg@10 0." in told
    assert told.endswith("Sound     yes\n")
    assert damaged.code == 0
    assert f"Sound     NO. The model {row['id']} cannot be used: " in damaged.out


def test_two_models_are_compared_the_second_being_the_active_one(trained, crowd):
    (old,) = trained("models", "list", "--json").json
    crowd(200)
    new = trained("train", "--json").json["model"]

    turned = trained("models", "diff", old["id"], "--json").json
    found = trained("models", "diff", new["id"], old["id"], "--json").json
    told = trained("models", "diff", new["id"], old["id"]).out

    assert (new["state"], found["one"], turned["other"]) == ("active", new, new)
    assert found["other"] == old | {"state": "retired"}
    assert found["difference"]["rows"] == old["rows"] - new["rows"] == -turned["difference"]["rows"]
    assert found["gained"] == turned["lost"]
    assert 0 < found["top20"]["jaccard"] == turned["top20"]["jaccard"] <= 1
    assert new["id"] in told.splitlines()[0]
    assert f"{found['top20']['jaccard']:.0%} in common" in told


@sqlite_only
@pytest.mark.parametrize("command", ["show", "promote", "diff"])
def test_a_model_that_is_not_there_is_one_sentence_and_1(trained, command):
    done = trained("models", command, "nonsense")

    assert done.code == 1
    assert done.err == "There is no model nonsense: webtoonctl models list shows all.\n"
