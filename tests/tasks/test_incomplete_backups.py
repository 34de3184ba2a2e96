"""Backups of models that cannot be read: what is written, what is kept, and who is told."""

import shutil
from datetime import timedelta

import pytest

from db import alerts, jobs, models
from tasks import backup, restoring
from tasks.backup import Shelf
from tasks.errors import IncompleteBackup, NotWritten
from tasks.jobs import backup as run_backup
from tasks.records import Recording
from tests.plugins.library import NOON, activate, saved
from tests.tasks.conftest import sqlite_only

pytestmark = sqlite_only


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "backups", keep=2)


@pytest.fixture
def back_up(lived_in, model_dir, shelf):
    """Writes the backup of that day in May."""

    def write(day):
        return backup.back_up(lived_in, model_dir, shelf, NOON.replace(day=day))

    return write


def name(day, mark=""):
    return f"webtoonbot-202605{day:02}-120000{mark}.tar.gz"


def names(shelf):
    return sorted(path.name for path in shelf.folder.iterdir())


def test_without_the_active_model_the_rest_is_written_and_an_operator_is_told(
    lived_in, model_dir, shelf
):
    (model_dir / "first" / "weights.npy").write_bytes(b"")
    recording = Recording(lived_in, lambda: NOON, tell=(("telegram", "1"),))

    with pytest.raises(IncompleteBackup) as told:
        run_backup(recording, model_dir, shelf)

    file = shelf.folder / name(4, "-incomplete")
    assert str(told.value).startswith(
        f"The backup lacks the active model first, all tables are in {file}, and complete ones "
        f"were kept: {model_dir}/first/weights.npy has 0 bytes, expected "
    )
    contents = restoring.checked(file)
    assert (contents.models, contents.rows > 0) == ({}, True)
    with lived_in.read() as session:
        run = jobs.last_runs(session)["backup"]
        (alert,) = alerts.open_alerts(session)
    assert (run.outcome, run.error) == ("failed", f"IncompleteBackup: {told.value}")
    assert (alert.key, alert.message.endswith(str(told.value))) == ("backup.failed", True)


@pytest.mark.parametrize("harm", ["gone", "a file", "a loop"])
def test_a_folder_of_models_that_cannot_be_read_is_no_reason_to_delete_a_backup(
    back_up, model_dir, shelf, harm
):
    for day in (4, 5):
        back_up(day)
    shutil.rmtree(model_dir)
    if harm == "a file":
        model_dir.write_text("")
    elif harm == "a loop":
        model_dir.symlink_to(model_dir)

    for day in (6, 7, 8, 9):
        with pytest.raises(IncompleteBackup, match="lacks the active model first"):
            back_up(day)

    # One incomplete one, for a job that fails is repeated; what it lacks is said by its name.
    assert names(shelf) == [name(4), name(5), name(9, "-incomplete")]


def test_of_the_incomplete_backups_the_last_one_written_is_kept_whatever_the_clock_said(
    back_up, model_dir, shelf
):
    shutil.rmtree(model_dir)

    for day in (30, 5):
        with pytest.raises(IncompleteBackup):
            back_up(day)

    assert names(shelf) == [name(5, "-incomplete")]


def test_what_cannot_be_tidied_up_does_not_hide_that_the_active_model_is_missing(
    back_up, model_dir, shelf
):
    shutil.rmtree(model_dir)
    (shelf.folder / name(1, "-incomplete")).mkdir(parents=True)  # not even root can unlink that

    with pytest.raises(IncompleteBackup) as told:
        back_up(4)

    assert str(told.value).startswith("The backup lacks the active model first, all tables are in ")
    assert str(told.value).endswith(
        f"; and older files in {shelf.folder} cannot be deleted: is a directory."
    )
    assert restoring.checked(shelf.folder / name(4, "-incomplete")).rows > 0


def test_an_incomplete_backup_never_has_the_name_of_a_complete_one(back_up, model_dir, shelf):
    shutil.rmtree(model_dir)
    (shelf.folder / name(4, "-incomplete")).mkdir(parents=True)

    with pytest.raises(NotWritten, match="was not written: is a directory"):
        back_up(4)

    assert names(shelf) == [name(4, "-incomplete")]


def test_incomplete_backups_go_with_the_complete_ones_of_their_time(back_up, model_dir, shelf):
    aside = model_dir.with_name("aside")
    seen = []
    back_up(4)
    model_dir.rename(aside)
    with pytest.raises(IncompleteBackup):
        back_up(5)
    aside.rename(model_dir)

    for day in (6, 7):
        back_up(day)
        seen.append(names(shelf))

    assert seen == [[name(4), name(5, "-incomplete"), name(6)], [name(6), name(7)]]


def test_a_model_that_does_not_serve_is_named_where_it_is_left_out(
    lived_in, model_dir, operator, tmp_path, monkeypatch
):
    monkeypatch.setenv("BACKUP_DIR", str(tmp_path / "backups"))
    activate(lived_in, "second", saved(model_dir, "second", seed=1), NOON + timedelta(hours=1))
    shutil.rmtree(model_dir / "first")

    said = operator("backup")
    counted = operator("backup", "--json")

    assert (said.code, counted.code) == (0, 0)
    assert said.out.splitlines()[1] == "Left out, as their files are damaged or missing: first."
    assert (counted.json["models"], counted.json["left_out"]) == (1, ["first"])
    with lived_in.read() as session:
        run = jobs.last_runs(session)["backup"]
    assert (run.outcome, run.counts["left_out"]) == ("ok", ["first"])


def test_the_command_ends_with_1_where_the_active_model_is_missing(lived_in, operator, tmp_path):
    done = operator("backup", "--to", "there.tar.gz")

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(
        "The backup lacks the active model first, all tables are in there-incomplete.tar.gz: "
    )
    assert len(done.err.splitlines()) == 1
    assert restoring.checked(tmp_path / "there-incomplete.tar.gz").rows > 0


def test_an_incomplete_backup_to_a_file_leaves_the_good_one_there(written, lived_in, model_dir):
    good = written.read_bytes()
    shutil.rmtree(model_dir)

    with pytest.raises(IncompleteBackup):
        backup.back_up(lived_in, model_dir, Shelf(written.parent, keep=1), NOON, to=written)

    assert written.read_bytes() == good
    assert sorted(path.name for path in written.parent.iterdir()) == [
        "backup-incomplete.tar.gz",
        "backup.tar.gz",
    ]


def test_an_incomplete_backup_to_a_device_is_written_to_it(lived_in, tmp_path):
    device = tmp_path / "device"
    device.symlink_to("/dev/null")

    written = backup.write(lived_in, tmp_path / "none", device, NOON)

    assert (written.path, written.without) == (device, "first")
    assert device.is_char_device()


def test_a_database_without_any_model_is_backed_up_as_it_is(stocked, tmp_path, shelf):
    with stocked.read() as session:
        assert models.every(session) == []

    counts = backup.back_up(stocked, tmp_path / "none", shelf, NOON).counts

    assert (counts["models"], counts["left_out"]) == (0, [])
    assert names(shelf) == [name(4)]
