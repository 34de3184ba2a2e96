"""Backups: one file, from which either kind of database and its models can be made again."""

import gzip
import io
import json
import resource
import stat
import tarfile
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.serving import Serving
from db import alerts, jobs, locks, readers, schema
from db.probe import newest
from tasks import archive, backup, restoring
from tasks.backup import Shelf
from tasks.errors import Busy, NotRestored, NotWritten, UnreadableBackup
from tasks.jobs import backup as run_backup
from tests.plugins.library import NOON, activate, saved
from tests.plugins.lived_in import contents, lasting, live_in

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def lived_in(database, digest):
    live_in(database, digest)
    return database


@pytest.fixture
def file(tmp_path):
    return tmp_path / "backups" / "backup.tar.gz"


@pytest.fixture
def written(lived_in, model_dir, file):
    """A backup of the database that was lived in."""
    backup.write(lived_in, model_dir, file, NOON)
    return file


def restored(database, model_dir, file, **options):
    return restoring.restore(database, model_dir, file, restoring.checked(file), **options)


def next_reader(database):
    with database.write() as session:
        return readers.of_account(session, "telegram", "new", NOON).id


def test_every_table_is_filled_by_the_test(lived_in):
    assert all(contents(lived_in).values())


def test_a_backup_restores_into_either_database_and_bots_serve_its_model(
    lived_in, written, empty_database, tmp_path
):
    elsewhere = tmp_path / "elsewhere"

    done = restored(empty_database, elsewhere, written)

    assert contents(empty_database) == lasting(lived_in)
    assert (done.rows, done.models) == (sum(map(len, contents(lived_in).values())), 1)
    schema.require_head(empty_database)
    serving = Serving(empty_database, elsewhere, lambda: NOON)
    serving.refresh()
    assert serving.library.served.id == "first"
    assert [path.name for path in elsewhere.iterdir()] == ["first"]


def test_ids_that_were_given_out_before_are_not_given_out_after(
    lived_in, written, empty_database, tmp_path
):
    restored(empty_database, tmp_path / "elsewhere", written)

    # Readers 1 and 3 were forgotten; 3 was the last.
    assert next_reader(empty_database) == next_reader(lived_in) == 4
    with empty_database.write() as session:
        jobs.begin(session, "prune", NOON)  # a table that remembers nothing goes on as well


def test_a_restore_replaces_what_is_there_while_a_bot_serves_it(
    lived_in, written, model_dir, tmp_path
):
    before = lasting(lived_in)
    serving = Serving(lived_in, model_dir, lambda: NOON)
    activate(lived_in, "second", saved(model_dir, "second", seed=2), NOON + timedelta(days=1))
    serving.refresh()
    assert serving.library.served.id == "second"
    given_out = next_reader(lived_in)

    restored(lived_in, model_dir, written, replace=True)

    assert contents(lived_in) == before
    assert serving.refresh()
    assert serving.library.served.id == "first"
    assert [path.name for path in model_dir.iterdir()] == ["first"]
    assert next_reader(lived_in) == given_out + 1  # an old chat may still hold a button of theirs


def test_a_database_with_data_is_left_alone_unless_told(lived_in, written, model_dir):
    before = contents(lived_in)

    with pytest.raises(NotRestored, match="is not empty: --replace"):
        restored(lived_in, model_dir, written)

    assert contents(lived_in) == before


def test_tables_without_rows_are_an_empty_database(written, empty_database, tmp_path):
    schema.upgrade(empty_database)
    assert not restoring.holds_data(empty_database)

    restored(empty_database, tmp_path / "elsewhere", written)

    assert restoring.holds_data(empty_database)


def test_a_backup_of_an_older_version_is_restored_and_upgraded(lived_in, model_dir, file):
    packed(file, older(contents=[("inbox", inbox_row())]))

    restored(lived_in, model_dir, file, replace=True)

    found = contents(lived_in)
    assert found.pop("inbox") == [inbox_row() | {"taken_until": None}]
    assert not any(found.values())
    schema.require_head(lived_in)
    assert list(model_dir.iterdir()) == []


def inbox_row():
    fields = {"id": 7, "platform": "telegram", "key": "k", "payload": None, "reply": None}
    at = "2026-05-04T12:00:00+00:00"
    return fields | {"received_at": at, "handled_at": None, "answered_at": None}


def older(contents, revision="0001"):
    """The members of a backup of that revision, as another version would write them."""
    members = {
        f"tables/{name}.jsonl": "".join(json.dumps(row) + "\n" for row in rows).encode()
        for name, *rows in contents
    }
    return members, revision


def packed(file, told):
    members, revision = told
    file.parent.mkdir(exist_ok=True)
    with file.open("wb") as out:
        packing = archive.Packing(out, file.parent)
        for name, content in members.items():
            rows = [json.loads(line) for line in content.splitlines()]
            packing.table(archive.table_of(name), rows)
        packing.finish(NOON, revision, {}, {})


def test_a_backup_of_a_newer_version_is_refused(file):
    packed(file, older([], revision="9999"))

    with pytest.raises(UnreadableBackup, match=f"schema 9999, this one knows {newest()}"):
        restoring.checked(file)


@pytest.mark.parametrize("left", [0, 1, 100, 1_000, -9, -1])
@sqlite_only
def test_a_backup_that_was_cut_short_is_refused(written, left):
    content = written.read_bytes()
    written.write_bytes(content[:left])

    with pytest.raises(UnreadableBackup) as refused:
        restoring.checked(written)

    assert str(refused.value).startswith(f"The file {written} is no backup")
    assert "\n" not in str(refused.value)


@sqlite_only
def test_a_backup_with_a_byte_turned_over_is_refused(written):
    content = bytearray(written.read_bytes())
    content[len(content) // 2] ^= 1
    written.write_bytes(content)

    with pytest.raises(UnreadableBackup):
        restoring.checked(written)


@pytest.mark.parametrize("name", ["tables/webtoon.jsonl", "models/first/weights.npy"])
@sqlite_only
def test_a_backup_that_somebody_edited_is_refused(written, name):
    rewritten(written, {name: lambda content: content.replace(b"1", b"2", 1)})

    with pytest.raises(UnreadableBackup, match=f"is damaged: {name} is not as it was written"):
        restoring.checked(written)


@pytest.mark.parametrize("name", ["../outside", "models/../x.npy", "tables/x.jsonl/../../y"])
@sqlite_only
def test_a_backup_that_would_write_elsewhere_is_refused(written, name):
    rewritten(written, {}, {name: b"x"})

    with pytest.raises(UnreadableBackup, match="is no backup: it holds"):
        restoring.checked(written)


def rewritten(path, edits, extra=()):
    """Packs the archive anew, with edited members and more of them."""
    out = io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(fileobj=out, mode="w:gz") as new:
        members = {member.name: old.extractfile(member).read() for member in old}
        for name, content in (dict(extra) | members).items():
            edited = edits.get(name, bytes)(content)
            header = tarfile.TarInfo(name)
            header.size = len(edited)
            new.addfile(header, io.BytesIO(edited))
    path.write_bytes(out.getvalue())


def test_what_is_no_backup_at_all_is_said_so(tmp_path):
    for name, content in (("a.csv", b"user,rating\n"), ("b.gz", gzip.compress(b"hello"))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableBackup, match=f"{name} is no backup"):
            restoring.checked(tmp_path / name)
    with pytest.raises(UnreadableBackup, match="cannot be read: no such file"):
        restoring.checked(tmp_path / "nothing")


def test_a_restore_that_fails_half_way_changes_nothing(lived_in, written, model_dir, file):
    before, models = contents(lived_in), model_files(model_dir)
    row = {"id": 1, "reader_id": 99, "platform": "telegram", "user_id": "1", "language": None}
    broken = file.with_name("broken.tar.gz")
    packed(broken, older([("account", row)], revision=newest()))

    with pytest.raises(NotRestored):
        restored(lived_in, model_dir, broken, replace=True)

    assert contents(lived_in) == before
    assert model_files(model_dir) == models
    assert next_reader(lived_in) == 4


def test_a_model_folder_that_cannot_be_placed_leaves_all_as_it_was(
    lived_in, written, tmp_path, digest
):
    before = contents(lived_in)
    nowhere = tmp_path / "a file"
    nowhere.write_text("")

    with pytest.raises(NotWritten, match="The models were not written"):
        restored(lived_in, nowhere, written, replace=True)

    assert contents(lived_in) == before


def model_files(model_dir):
    return {path: path.read_bytes() for path in model_dir.rglob("*") if path.is_file()}


@pytest.mark.parametrize("job", ["retrain", "prune", "backup"])
@sqlite_only
def test_a_restore_does_not_run_beside_a_job(lived_in, written, model_dir, job):
    with locks.held(lived_in, job), pytest.raises(Busy, match=job):
        restored(lived_in, model_dir, written, replace=True)


def test_a_run_that_was_under_way_is_not_restored(lived_in, model_dir, file):
    with lived_in.write() as session:
        jobs.begin(session, "backup", NOON)
    backup.write(lived_in, model_dir, file, NOON)

    restored(lived_in, model_dir, file, replace=True)

    with lived_in.read() as session:
        assert list(jobs.last_runs(session)) == ["retrain"]


@sqlite_only
def test_a_disk_that_is_full_leaves_no_half_file_and_the_file_before(written, lived_in, model_dir):
    whole = written.read_bytes()

    with at_most(2_000), pytest.raises(NotWritten, match="was not written: file too large"):
        backup.write(lived_in, model_dir, written, NOON)

    assert written.read_bytes() == whole
    assert [path.name for path in written.parent.iterdir()] == [written.name]


@contextmanager
def at_most(size):
    """No file may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@sqlite_only
def test_only_its_owner_may_read_a_backup(written):
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


@sqlite_only
def test_a_damaged_model_is_left_out_and_the_rest_is_backed_up(lived_in, model_dir, file):
    (model_dir / "first" / "weights.npy").write_bytes(b"")

    written = backup.write(lived_in, model_dir, file, NOON)

    assert written.models == {}
    assert restoring.checked(file).rows == written.rows > 0


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


def test_a_backup_that_fails_is_recorded_and_an_operator_is_told(lived_in, model_dir, tmp_path):
    (tmp_path / "backups").write_text("not a folder")
    shelf = Shelf(tmp_path / "backups", keep=2)

    with pytest.raises(NotWritten):
        run_backup(lived_in, model_dir, shelf, clock=lambda: NOON, tell=(("telegram", "1"),))

    with lived_in.read() as session:
        run = jobs.last_runs(session)["backup"]
        (alert,) = alerts.open_alerts(session)
    assert run.outcome == "failed"
    assert alert.key == "backup.failed"
    assert "was not written" in alert.message


def test_tables_of_an_older_version_are_replaced_too(lived_in, written, empty_database, tmp_path):
    schema.upgrade(empty_database, "0001")
    with empty_database.write() as session:
        session.execute(
            text("INSERT INTO alert (key, message, opened_at) VALUES ('a', 'a', :now)"),
            {"now": "2026-05-04 12:00:00+00"},
        )

    with pytest.raises(NotRestored):
        restored(empty_database, tmp_path / "elsewhere", written)
    restored(empty_database, tmp_path / "elsewhere", written, replace=True)

    assert contents(empty_database) == lasting(lived_in)


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
def test_the_commands_say_in_a_sentence_what_is_wrong(lived_in, operator, tmp_path):
    (tmp_path / "half.tar.gz").write_bytes(b"\x1f\x8b")

    to_file = operator("backup", "--to", "there.tar.gz")
    damaged = operator("restore", "half.tar.gz")
    nowhere = operator("backup", "--to", "half.tar.gz/x")

    assert to_file.out.startswith("there.tar.gz: ")
    assert (damaged.code, nowhere.code) == (1, 1)
    assert damaged.err.startswith("The file half.tar.gz is no backup")
    assert nowhere.err.startswith("The file half.tar.gz/x was not written: ")
