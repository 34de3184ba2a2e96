"""Backups: what is written, who may read it, and which of them are kept."""

import stat
from datetime import timedelta

import pytest

from db import alerts, jobs, readers
from tasks import backup, restoring
from tasks.backup import Shelf
from tasks.errors import NotDeleted, NotWritten
from tasks.jobs import backup as run_backup
from tasks.records import Recording
from tests.fakes.disks import at_most
from tests.plugins.library import NOON
from tests.plugins.lived_in import contents
from tests.tasks.conftest import sqlite_only

OLD = "webtoonbot-20200101-000000"


def test_every_table_is_filled_by_the_test(lived_in):
    assert all(contents(lived_in).values())


@sqlite_only
def test_a_disk_that_is_full_leaves_no_half_file_and_the_file_before(written, lived_in, model_dir):
    whole = written.read_bytes()

    with at_most(2_000), pytest.raises(NotWritten, match="was not written: file too large"):
        backup.write(lived_in, model_dir, written, NOON)

    assert written.read_bytes() == whole
    assert [path.name for path in written.parent.iterdir()] == [written.name]


@sqlite_only
def test_only_its_owner_may_read_a_backup(written):
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


@sqlite_only
def test_the_job_keeps_the_newest_and_deletes_only_what_it_wrote(lived_in, model_dir, tmp_path):
    shelf = Shelf(tmp_path / "backups", keep=2)
    shelf.folder.mkdir()
    others = {"mine.tar.gz", "webtoonbot-2020.tar.gz", "webtoonbot-20200101-000000.tar.gz.old"}
    for name in others:
        (shelf.folder / name).write_text("")
    (shelf.folder / ".webtoonbot-20200101-000000.tar.gz.0a1b2c3d.part").write_text("half")

    counts = [
        backup.back_up(lived_in, model_dir, shelf, NOON + timedelta(days=day)).counts
        for day in range(3)
    ]

    assert [count["deleted"] for count in counts] == [0, 0, 1]
    assert {path.name for path in shelf.folder.iterdir()} == others | {
        "webtoonbot-20260505-120000.tar.gz",
        "webtoonbot-20260506-120000.tar.gz",
    }
    assert counts[2]["file"] == str(shelf.folder / "webtoonbot-20260506-120000.tar.gz")
    assert counts[2]["bytes"] == (shelf.folder / "webtoonbot-20260506-120000.tar.gz").stat().st_size


@pytest.mark.parametrize(
    ("keep", "kept"), [(1, [["30"], ["05"], ["06"]]), (2, [["30"], ["05", "30"], ["05", "06"]])]
)
@sqlite_only
def test_the_backups_last_written_are_kept_though_the_clock_was_put_back(
    lived_in, model_dir, tmp_path, keep, kept
):
    shelf = Shelf(tmp_path / "backups", keep)
    seen = []

    for day in (30, 5, 6):
        backup.back_up(lived_in, model_dir, shelf, NOON.replace(day=day))
        seen.append(sorted(path.name[17:19] for path in shelf.folder.iterdir()))

    assert seen == kept


@pytest.mark.parametrize("stuck", [f"{OLD}.tar.gz", f".{OLD}.tar.gz.0a1b2c3d.part"])
@sqlite_only
def test_a_backup_is_written_though_older_files_cannot_be_deleted(
    lived_in, model_dir, tmp_path, stuck
):
    shelf = Shelf(tmp_path / "backups", keep=1)
    (shelf.folder / stuck).mkdir(parents=True)  # not even root can unlink that

    with pytest.raises(NotDeleted) as told:
        backup.back_up(lived_in, model_dir, shelf, NOON)

    file = shelf.folder / "webtoonbot-20260504-120000.tar.gz"
    assert str(told.value) == (
        f"The backup {file} was written, but older files in {shelf.folder} cannot be deleted: "
        "is a directory."
    )
    assert list(restoring.checked(file).models) == ["first"]


def test_a_backup_that_fails_is_recorded_and_an_operator_is_told(lived_in, model_dir, tmp_path):
    (tmp_path / "backups").write_text("not a folder")
    shelf = Shelf(tmp_path / "backups", keep=2)
    recording = Recording(lived_in, lambda: NOON, tell=(("telegram", "1"),))

    with pytest.raises(NotWritten):
        run_backup(recording, model_dir, shelf)

    with lived_in.read() as session:
        run = jobs.last_runs(session)["backup"]
        (alert,) = alerts.open_alerts(session)
    assert run.outcome == "failed"
    assert alert.key == "backup.failed"
    assert "was not written" in alert.message


def test_the_commands_back_up_and_restore(lived_in, operator, tmp_path, monkeypatch, model_dir):
    monkeypatch.setenv("BACKUP_DIR", str(tmp_path / "backups"))

    made = operator("backup", "--json")
    refused = operator("restore", made.json["file"])
    with lived_in.write() as session:
        readers.forget(session, 2)
    asked = operator("restore", made.json["file"], "--replace")
    done = operator("restore", made.json["file"], "--replace", "--yes", "--json")

    assert (made.code, refused.code, asked.code, done.code) == (0, 1, 1, 0)
    assert made.json["models"] == done.json["models"] == 1
    assert refused.err == "The database is not empty: --replace replaces what it holds.\n"
    assert "What the database holds now is lost." in asked.err
    with lived_in.read() as session:
        assert readers.count(session) == 1


@sqlite_only
def test_the_commands_say_in_a_sentence_what_is_wrong(lived_in, operator, tmp_path, model_dir):
    (tmp_path / "half.tar.gz").write_bytes(b"\x1f\x8b")

    to_file = operator("backup", "--to", "there.tar.gz")
    damaged = operator("restore", "half.tar.gz")
    nowhere = operator("backup", "--to", "half.tar.gz/x")

    assert to_file.out.startswith("there.tar.gz: ")
    assert (damaged.code, nowhere.code) == (1, 1)
    assert damaged.err.startswith("The file half.tar.gz is no backup")
    assert nowhere.err.startswith("The file half.tar.gz/x was not written: ")
