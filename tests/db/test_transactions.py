"""The two kinds of transaction: what commits, what does not, and who waits for whom."""

import inspect
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, StatementError

from db import catalogue, readers
from db.engine import Database, unreachable
from db.errors import BadUrl, DatabaseError, Unreachable
from tests.fakes.closed import closed
from tests.plugins.library import NOON, SHELF

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_a_transaction_commits_at_its_end(database):
    with database.write() as session:
        readers.of_account(session, "telegram", "1", NOON)

    with database.read() as session:
        assert readers.count(session) == 1


def test_a_transaction_that_fails_leaves_nothing(database):
    with pytest.raises(RuntimeError), database.write() as session:
        readers.of_account(session, "telegram", "1", NOON)
        raise RuntimeError

    with database.read() as session:
        assert readers.count(session) == 0


@ON_POSTGRESQL  # SQLite has no read-only transactions
def test_reading_never_writes(database):
    with pytest.raises(Exception, match="read-only"), database.read() as session:
        readers.of_account(session, "telegram", "1", NOON)


def test_what_is_in_use_when_the_database_is_closed_ends_with_its_transaction(database_url):
    leaving = Database(database_url)

    with leaving.read() as session:
        used = session.connection().connection.dbapi_connection
        leaving.close()
        assert session.scalar(text("SELECT 1")) == 1

    with pytest.raises(Exception, match="closed"):
        used.cursor()


def test_a_reader_sees_one_moment(database):
    with database.read() as session:
        before = readers.count(session)
        with database.write() as other:
            readers.of_account(other, "telegram", "1", NOON)

        assert readers.count(session) == before == 0


def test_readers_do_not_wait_for_a_writer(database):
    with database.write() as writing:
        readers.of_account(writing, "telegram", "1", NOON)

        with database.read() as session:
            assert readers.count(session) == 0


@pytest.fixture
def file(tmp_path, sqlite_template):
    path = tmp_path / "shared.db"
    shutil.copyfile(sqlite_template, path)
    with_counter = Database(f"sqlite:///{path}")
    with with_counter.write() as session:
        session.execute(text("CREATE TABLE counter (n INTEGER)"))
        session.execute(text("INSERT INTO counter VALUES (0)"))
    with_counter.close()
    return path


def add(path, times):
    """Reads the counter and writes it back one larger, each time in a transaction."""
    database = Database(f"sqlite:///{path}")
    for _ in range(times):
        with database.write() as session:
            n = session.scalar(text("SELECT n FROM counter"))
            session.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})
    database.close()


IMPORTS = ("import sys", "from sqlalchemy import text", "from db.engine import Database")


def counted(path):
    database = Database(f"sqlite:///{path}")
    with database.read() as session:
        found = session.scalar(text("SELECT n FROM counter"))
    database.close()
    return found


def test_processes_that_write_at_once_lose_nothing(file):
    program = "\n".join([*IMPORTS, inspect.getsource(add), "add(sys.argv[1], 60)"])
    writers = [subprocess.Popen([sys.executable, "-c", program, file]) for _ in range(2)]
    add(file, 60)

    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert counted(file) == 180


def test_threads_that_write_at_once_lose_nothing(file):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, [file] * 4, [25] * 4))

    assert counted(file) == 100


def test_a_writer_gives_up_waiting_after_its_time_and_nothing_is_written(file):
    holding = Database(f"sqlite:///{file}")
    waiting = Database(f"sqlite:///{file}", wait_seconds=0.05)

    locked = pytest.raises(Unreachable, match="The database does not answer: database is locked")
    with holding.write() as first:
        first.execute(text("SELECT n FROM counter"))
        with locked, waiting.write() as second:
            second.execute(text("UPDATE counter SET n = 7"))

    assert counted(file) == 0
    add(file, 1)
    assert counted(file) == 1
    holding.close()
    waiting.close()


@ON_POSTGRESQL
def test_on_postgresql_too_a_writer_waits_only_its_time(database_url):
    holding, waiting = Database(database_url), Database(database_url, wait_seconds=0.05)
    with holding.write() as session:
        reader = readers.of_account(session, "telegram", "1", NOON).id

    with holding.write() as session:
        readers.choose(session, reader, adult=True)
        with pytest.raises(Unreachable, match="lock timeout"), waiting.write() as other:
            readers.choose(other, reader, adult=False)

    with holding.read() as session:
        assert session.scalar(text("SELECT adult FROM reader")) is True
    holding.close()
    waiting.close()


@ON_POSTGRESQL  # in SQLite all writers wait for each other
def test_two_events_of_one_reader_follow_each_other(database_url):
    first, second = Database(database_url), Database(database_url, wait_seconds=0.05)
    with first.write() as session:
        readers.of_account(session, "telegram", "1", NOON)

    with first.write() as session:
        readers.of_account(session, "telegram", "1", NOON)
        with pytest.raises(Unreachable, match="lock timeout"), second.write() as other:
            readers.of_account(other, "telegram", "1", NOON)
        with second.write() as other:
            assert readers.of_account(other, "telegram", "2", NOON).id > 1

    first.close()
    second.close()


def test_newcomers_of_one_account_at_once_are_one_reader(database):
    begin = threading.Barrier(4)

    def come(_):
        begin.wait()
        with database.write() as session:
            return readers.of_account(session, "telegram", "1", NOON).id

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(come, range(4)))

    assert len(ids) == 1
    with database.read() as session:
        assert readers.count(session) == 1


def test_a_naive_time_is_refused(database):
    naive = NOON.replace(tzinfo=None)

    with (
        pytest.raises(StatementError, match="a time needs a time zone"),
        database.write() as session,
    ):
        readers.of_account(session, "telegram", "1", naive)

    with database.read() as session:
        assert readers.count(session) == 0


def test_any_zone_goes_in_and_utc_comes_out(database):
    from db.tables import Reader

    seoul = datetime(2026, 5, 4, 21, tzinfo=timezone(timedelta(hours=9)))
    with database.write() as session:
        reader = readers.of_account(session, "telegram", "1", seoul).id

    with database.read() as session:
        at = session.get_one(Reader, reader).created_at
    assert at == NOON
    assert at.utcoffset() == timedelta(0)
    assert at.astimezone(UTC).isoformat() == "2026-05-04T12:00:00+00:00"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://user:hunter2@host/db",
        "postgresql",
        "sqlite",
        "oracle://x",
        "postgresql://user:hunter2@host:notaport/db",
        "postgresql://user:hunter2@host:65536/db",
        "postgresql://user:hunter2@host/db?foo=bar",
        "postgresql+asyncpg://user:hunter2@host/db",
        "sqlite+aiosqlite:///hunter2.db",
        "sqlite:///file.db?timeout=hunter2",
    ],
)
def test_an_address_of_no_database_we_know_is_one_sentence_without_a_password(
    url, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(BadUrl) as refused:
        Database(url)

    assert str(refused.value).startswith("DATABASE_URL must look like sqlite:///")
    assert "hunter2" not in str(refused.value)
    assert isinstance(refused.value, DatabaseError)


def test_a_file_that_is_no_database_is_no_traceback(tmp_path):
    (tmp_path / "notes.txt").write_text("no database, but a text of some length\n" * 50)
    database = Database(f"sqlite:///{tmp_path}/notes.txt")

    with pytest.raises(Unreachable, match="The database does not answer: file is not a database"):
        ask(database)
    database.close()


def test_a_driver_that_says_nothing_is_named_by_its_error():
    with pytest.raises(Unreachable, match="The database does not answer: OSError"), unreachable():
        raise OperationalError("SELECT 1", {}, OSError())


@ON_POSTGRESQL
def test_a_statement_is_given_up_after_its_time(database_url):
    hurried = Database(database_url, statement_seconds=0.05)

    with pytest.raises(Unreachable, match="statement timeout"), hurried.read() as session:
        session.execute(text("SELECT pg_sleep(30)"))
    hurried.close()


@ON_POSTGRESQL
def test_a_job_takes_the_time_it_needs(database):
    with database.read() as session:
        assert session.scalar(text("SHOW statement_timeout")) == "0"


def test_options_that_postgresql_knows_are_taken():
    database = Database("postgresql://user@/db?host=/var/run/postgresql&sslmode=disable")

    assert database.engine.url.query["sslmode"] == "disable"
    database.close()


def ask(database):
    with database.read() as session:
        session.execute(text("SELECT 1"))


def test_a_folder_is_made_for_a_new_file(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/var/data/new.db")
    ask(database)

    assert (tmp_path / "var/data/new.db").exists()
    database.close()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(BadUrl) as refused:
        Database(f"sqlite:///{tmp_path}/file/new.db")

    assert str(refused.value) == (
        f"DATABASE_URL is in a folder that cannot be made: {tmp_path}/file: file exists"
    )


def test_a_folder_that_we_may_not_enter_is_one_sentence(tmp_path):
    with closed(tmp_path), pytest.raises(BadUrl) as refused:
        Database(f"sqlite:///{tmp_path}/new.db")

    assert str(refused.value) == (
        f"DATABASE_URL is in a folder that cannot be entered: {tmp_path}: permission denied"
    )


def test_a_folder_is_no_database(tmp_path):
    with pytest.raises(BadUrl) as refused:
        Database(f"sqlite:///{tmp_path}")

    assert str(refused.value) == (
        f"DATABASE_URL is a folder, and should be a file in one: {tmp_path}"
    )


def test_what_is_not_to_be_kept_is_seen_within_and_gone_after(database):
    with database.write(keep=False) as session:
        catalogue.upsert(session, SHELF[:1], NOON)
        within = len(catalogue.works(session))

    with database.read() as session:
        assert (within, catalogue.works(session)) == (1, [])
