"""Throwaway databases: a SQLite file, and a database in a PostgreSQL cluster of our own.

Fixtures: `database` (schema upgraded), `database_url` (the same, by its URL), `empty_database`
(no tables yet). Each runs a test twice, with the ids "sqlite" and "postgresql".
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

from db import schema
from db.engine import Database
from tests.plugins.missing import missing

KINDS = ("sqlite", "postgresql")
# Nothing here must survive a power cut, and nobody but us must reach it.
SERVER = "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
TEMPLATE = "upgraded"
USES = 100  # of a database: what is deleted leaves room behind that somebody has to tidy up
# Everything that has columns, and the revision: whoever changes those needs another database.
SHAPE = """
    SELECT md5(string_agg(concat_ws(' ', c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull),
                          ',' ORDER BY c.relname, a.attnum)),
           (SELECT string_agg(version_num, ',') FROM alembic_version)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
"""
EMPTY = """
    SET session_replication_role = replica;  -- no foreign key minds the order
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables
                    WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
            EXECUTE format('DELETE FROM %I', name);
        END LOOP;
        FOR name IN SELECT sequencename FROM pg_sequences
                    WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
            EXECUTE format('ALTER SEQUENCE %I RESTART', name);
        END LOOP;
    END $$
"""


class Cluster:
    """A running PostgreSQL server that is reached through a socket in its own folder."""

    def __init__(self, folder, *, start, stop):
        self.folder, self._start, self._stop = folder, start, stop
        self.running = True
        self._numbers = count(1)
        self._shape = None
        self._spare = []  # (name, how often it was used) of copies of TEMPLATE that are empty again

    def start(self):
        """Starts the server again, with all its data."""
        self._start()
        self.running = True

    def stop(self):
        """Stops it at once, as a crash would: connections break, nothing is tidied up."""
        self._stop()
        self.running = False

    def url(self, name):
        return f"postgresql://postgres@/{name}?host={self.folder}"

    @contextmanager
    def database(self, template):
        """The URL of a copy of `template` that is dropped afterwards."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.url(name)
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def upgraded(self):
        """The URL of a database with our tables, all empty.

        One that was used before, where that is possible: making one takes half a second.
        """
        name, uses = self._spare.pop() if self._spare else (f"upgraded_{next(self._numbers)}", 0)
        if not uses:
            self.run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
            self._shape = self._shape or self._shape_of(name)
        yield self.url(name)
        if uses + 1 < USES and self._emptied(name):
            self._spare.append((name, uses + 1))
        else:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def _shape_of(self, name):
        with psycopg.connect(self.url(name)) as connection:
            return connection.execute(SHAPE).fetchone()

    def _emptied(self, name):
        """Empties a database that nobody uses from now on; whether it has the shape it had."""
        self.run(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        try:
            if self._shape_of(name) != self._shape:
                return False
            with psycopg.connect(self.url(name), autocommit=True) as connection:
                connection.execute(EMPTY)
        except psycopg.Error:  # a test may have left nothing of it
            return False
        return True

    def run(self, statement):
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def _running():
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="webtoonbot-postgresql-"))
    data = folder / "data"
    run_as = _unprivileged(folder)
    initialise = [programs / "initdb", "--no-sync", "--no-instructions", "--auth=trust"]
    initialise += ["--username=postgres", "--encoding=UTF8", "--no-locale", "--pgdata", data]
    control = [programs / "pg_ctl", "--pgdata", data, "--silent", "--wait"]
    options = ["--log", folder / "log", "--options", f"{SERVER} -k {folder}"]
    start, stop = [*control, "start", *options], [*control, "stop", "--mode=immediate"]
    try:
        _run(initialise, folder, run_as)
        _run(start, folder, run_as)
        cluster = Cluster(
            folder,
            start=lambda: _run(start, folder, run_as),
            stop=lambda: _run(stop, folder, run_as),
        )
        try:
            yield _prepared(cluster)
        finally:
            if cluster.running:
                cluster.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster():
    with _running() as cluster:
        yield cluster


@pytest.fixture
def mortal_cluster():
    """A server of one test's own, that can be stopped and started."""
    with _running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=KINDS)
def database_url(request, tmp_path_factory):
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("database") / "webtoonbot.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    with request.getfixturevalue("cluster").upgraded() as url:
        yield url


@pytest.fixture
def database(database_url):
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture(params=KINDS)
def empty_database(request, tmp_path_factory):
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path_factory.mktemp('database') / 'empty.db'}")
        yield database
        database.close()
        return
    with request.getfixturevalue("cluster").database("template0") as url:
        database = Database(url)
        yield database
        database.close()


def _programs():
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )
    if not installed:
        missing("PostgreSQL", "apt-get install postgresql (only its programs are used)")
    return installed[-1]


def _unprivileged(folder):
    """PostgreSQL refuses to run as root: who runs it then; that user gets the folder."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(command, folder, run_as):
    # To files, not pipes: the server inherits them, and a pipe would never be closed.
    with (folder / "output").open("ab") as output:
        done = subprocess.run(command, cwd=folder, stdout=output, stderr=output, **run_as)
    assert done.returncode == 0, (folder / "output").read_text()


def _prepared(cluster):
    cluster.run(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
    _upgrade(cluster.url(TEMPLATE))
    return cluster


def _upgrade(url):
    database = Database(url)
    schema.upgrade(database)
    database.close()
