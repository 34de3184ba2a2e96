"""Restoring: either kind of database and its models, made again from one file."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.serving import Serving
from db import jobs, locks, readers, schema
from db.probe import newest
from tasks import archive, backup, restoring
from tasks.errors import Busy, NotRestored, NotWritten, UnreadableBackup
from tests.plugins.library import NOON, activate, saved
from tests.plugins.lived_in import contents, lasting
from tests.tasks.conftest import sqlite_only


def restored(database, model_dir, file, **options):
    return restoring.restore(database, model_dir, file, restoring.checked(file), **options)


def next_reader(database):
    with database.write() as session:
        return readers.of_account(session, "telegram", "new", NOON).id


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


def test_a_backup_of_an_older_version_is_restored_and_upgraded(lived_in, model_dir, file):
    packed(file, older(contents=[("inbox", inbox_row())]))

    restored(lived_in, model_dir, file, replace=True)

    found = contents(lived_in)
    assert found.pop("inbox") == [inbox_row() | {"taken_until": None}]
    assert not any(found.values())
    schema.require_head(lived_in)
    assert list(model_dir.iterdir()) == []


def test_a_backup_of_a_newer_version_is_refused(file):
    packed(file, older([], revision="9999"))

    with pytest.raises(UnreadableBackup, match=f"schema 9999, this one knows {newest()}"):
        restoring.checked(file)


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


@pytest.mark.parametrize("job", ["retrain", "prune", "backup", "crawl_ratings"])
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
