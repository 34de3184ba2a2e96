"""What the lock of a job costs the database while the job is at work."""

import pytest
from sqlalchemy import text

from db import locks

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

SESSIONS = text(
    "SELECT state FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def test_a_job_that_is_at_work_keeps_no_transaction_open(database):
    with locks.held(database, "retrain") as mine, database.read() as session:
        states = set(session.scalars(SESSIONS))

    assert mine
    assert states == {"idle"}
