"""Writers of one process, who take turns at a SQLite file."""

import threading

import pytest

from db import outbox
from db.engine import Database
from db.errors import Unreachable
from tests.plugins.chat import ON_SQLITE
from tests.plugins.library import NOON

pytestmark = ON_SQLITE


def write(database):
    with database.write() as session:
        outbox.put(session, ("telegram", "1"), "hello", NOON)


def test_a_writer_gives_up_where_another_of_its_process_takes_too_long(database_url):
    database = Database(database_url, wait_seconds=0.05)

    with database.write(), pytest.raises(Unreachable, match="database is locked"):
        write(database)

    write(database)  # afterwards it is free again
    database.close()


def test_writers_of_one_process_all_get_their_turn(database):
    threads = [threading.Thread(target=write, args=[database]) for _ in range(16)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.write() as session:
        assert len(outbox.take(session, "telegram", NOON, NOON, limit=99)) == 16
