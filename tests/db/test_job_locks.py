"""What the lock of a job costs: the database while the job is at work, and whoever looks at it."""

import fcntl
import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from db import locks
from db.engine import Database
from db.errors import Unreachable

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

SESSIONS = text(
    "SELECT state FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@ON_POSTGRESQL
def test_a_job_that_is_at_work_keeps_no_transaction_open(database):
    with locks.held(database, "retrain") as mine, database.read() as session:
        states = set(session.scalars(SESSIONS))

    assert mine
    assert states == {"idle"}


@pytest.mark.parametrize("job", ["retrain", "a"])  # halves of either sign
def test_whoever_looks_sees_whether_a_job_is_being_done(database, database_url, job):
    other = Database(database_url)

    seen = [locks.taken(other, job)]
    with locks.held(database, job):
        seen += [locks.taken(other, job), locks.taken(other, "another")]
    seen.append(locks.taken(other, job))

    other.close()
    assert seen == [False, True, False, False]


def test_a_database_in_memory_has_no_locks_to_look_at():
    database = Database("sqlite://")

    with locks.held(database, "retrain"):
        assert not locks.taken(database, "retrain")

    database.close()


@ON_SQLITE
def test_who_looks_leaves_no_lock_file_behind(database):
    locks.taken(database, "retrain")

    assert not lock_file(database).exists()


@ON_SQLITE
def test_a_job_that_begins_while_somebody_looks_is_not_refused(database, monkeypatch):
    with locks.held(database, "retrain"):
        pass
    look = os.open(lock_file(database), os.O_RDONLY)
    fcntl.flock(look, fcntl.LOCK_SH)
    monkeypatch.setattr(locks, "sleep", lambda _: os.close(look))

    with locks.held(database, "retrain") as mine:
        assert mine


@ON_SQLITE
def test_a_lock_file_is_its_databases_owners_and_whoevers_may_use_that(database):
    file = Path(database.engine.url.database)
    file.chmod(0o664)
    owner = 4711 if os.geteuid() == 0 else os.geteuid()
    os.chown(file, owner, -1)

    with locks.held(database, "retrain"):
        made = lock_file(database).stat()

    assert (stat.S_IMODE(made.st_mode), made.st_uid) == (0o664, owner)


@ON_SQLITE
def test_a_lock_that_cannot_be_looked_at_is_a_database_that_is_away(database):
    lock_file(database).symlink_to(lock_file(database))  # a loop, which nobody can open

    with pytest.raises(Unreachable, match="lock file"):
        locks.taken(database, "retrain")


def lock_file(database):
    file = Path(database.engine.url.database)
    return file.with_name(f"{file.name}.retrain.lock")
