"""A SQLite file on a disk without room: what an operator is told."""

import pytest
from sqlalchemy import text

from db.engine import Database
from db.errors import Unreachable
from tests.fakes.disks import at_most
from tests.plugins.chat import ON_SQLITE

pytestmark = ON_SQLITE


def test_a_file_that_cannot_grow_is_a_full_disk(database):
    full = pytest.raises(Unreachable, match=r"^The database does not answer: the disk is full$")
    with full, database.write() as session:
        # The same complaint as of a full disk, without one.
        pages = session.scalar(text("PRAGMA page_count"))
        session.execute(text(f"PRAGMA max_page_count = {pages}"))
        session.execute(text("CREATE TABLE large (n TEXT)"))
        session.execute(text("INSERT INTO large VALUES (:n)"), {"n": "n" * 100_000})

    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM sqlite_master WHERE name='large'")) == 0


def test_without_room_for_the_files_beside_it_a_disk_may_be_full(database_url):
    database = Database(database_url)
    message = "^The database does not answer: disk I/O error; the disk may be full$"

    full = pytest.raises(Unreachable, match=message)
    with at_most(20_000), full, database.read() as session:  # which take 32 KiB
        session.execute(text("SELECT 1 FROM reader"))

    database.close()
