"""Folders of models that the operator may not read or write: one sentence, whatever is asked."""

import pytest

from tests.fakes.closed import closed
from tests.tasks.conftest import sqlite_only

pytestmark = sqlite_only


@pytest.fixture
def model(trained, tmp_path):
    """The folder of the active model."""
    (folder,) = (tmp_path / "models").iterdir()
    return folder


@pytest.mark.parametrize(
    ("mode", "why"),
    [(0, "models cannot be read"), (0o400, "was not written"), (0o500, "was not written")],
)
def test_a_training_says_that_it_may_not_write(trained, tmp_path, mode, why):
    with closed(tmp_path / "models", mode):
        done = trained("train")

    assert done.code == 1
    assert done.err.startswith("The model cannot be made or used: ")
    assert done.err.endswith(f"{why}: Permission denied\n")
    assert trained("models", "list", "--json").json[0]["state"] == "active"


def test_a_training_says_that_there_is_a_file_where_models_belong(crowd, operator, tmp_path):
    crowd(150)
    (tmp_path / "models").write_text("")

    done = operator("train")

    assert done.code == 1
    assert done.err.endswith("models cannot be read: Not a directory\n")


@pytest.mark.parametrize("mode", [0, 0o400])
def test_a_model_that_may_not_be_read_is_shown_as_unsound(trained, model, mode):
    with closed(model, mode):
        done = trained("models", "show", model.name, "--json")

    assert done.code == 0
    assert (done.json["sound"], done.json["files"]) == (False, {})
    assert done.json["damage"].endswith("has no readable manifest.json: Permission denied.")


def test_a_file_of_a_model_that_is_a_loop_is_named(trained, model):
    (model / "weights.npy").unlink()
    (model / "weights.npy").symlink_to("weights.npy")

    done = trained("models", "show", model.name)

    assert done.code == 0
    assert "weights.npy cannot be read: " in done.out


@pytest.mark.parametrize(
    "command", [("models", "rollback"), ("recommend", "신의 탑"), ("prune",), ("backup",)]
)
def test_no_command_is_surprised_by_a_closed_folder(trained, model, command):
    with closed(model.parent):
        done = trained(*command)

    assert "This should not happen" not in done.err
    assert len(done.err.splitlines()) <= 1
