"""Tables as plain rows, and back."""

import json

import pytest
from sqlalchemy import text

from db import dump, frontier, readers, schema
from db.engine import Database
from db.errors import DanglingKeys, Unreachable
from db.probe import newest
from db.tables import Base
from tests.plugins.library import NOON, stock
from tests.plugins.lived_in import contents, live_in


def test_every_table_comes_after_those_it_points_at():
    seen = set()
    for name in dump.names():
        table = Base.metadata.tables[name]
        assert {key.column.table.name for key in table.foreign_keys} <= seen | {name}
        seen.add(name)

    assert seen == set(Base.metadata.tables)


def test_rows_are_plain_enough_for_json_and_times_are_in_utc(database):
    live_in(database, "digest")

    found = contents(database)

    assert json.loads(json.dumps(found)) == found
    assert [row["shown_at"] for row in found["impression"]] == ["2026-05-04T12:00:00+00:00"] * 2
    assert found["impression"][0]["propensity"] == 0.1 + 0.2
    assert found["rating"][1]["rated_at"] == "2026-05-04T12:00:00.000001+00:00"


def test_a_dump_is_one_moment_whatever_is_written_meanwhile(database, database_url):
    stock(database)
    other = Database(database_url)

    with database.read() as session:
        first = len(list(dump.rows(session, "webtoon")))
        with other.write() as writing:
            readers.of_account(writing, "telegram", "1", NOON)
        later = list(dump.rows(session, "reader"))

    other.close()
    assert (first, later) == (30, [])


def test_what_is_not_carried_through_is_taken_back(database):
    live_in(database, "digest")
    before = contents(database)

    with pytest.raises(ZeroDivisionError), dump.replacing(database) as connection:
        dump.clear(connection, schema.revision(database), "0001")
        dump.load(connection, "reader", [])
        raise ZeroDivisionError

    assert contents(database) == before
    schema.require_head(database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_rows_that_point_at_nothing_are_refused_and_keys_are_on_again(database):
    with pytest.raises(DanglingKeys, match="table account"), dump.replacing(database) as connection:
        dump.load(
            connection,
            "account",
            [{"id": 1, "platform": "t", "user_id": "1", "language": None, "reader_id": 9}],
        )

    with database.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("SELECT count(*) FROM account")) == 0


def test_nobody_else_writes_while_tables_are_replaced_and_readers_see_what_was(
    database, database_url
):
    stock(database)
    other = Database(database_url, wait_seconds=0.05)

    with dump.replacing(database) as connection:
        dump.clear(connection, newest(), newest())
        with other.read() as session:
            seen = len(list(dump.rows(session, "webtoon")))
        with pytest.raises(Unreachable), other.write() as session:
            readers.of_account(session, "telegram", "1", NOON)

    other.close()
    assert seen == 30
    assert not any(contents(database).values())


def test_ids_go_on_after_the_highest_ever_given_out(database):
    with dump.replacing(database) as connection:
        dump.load(connection, "reader", [reader(5)])
        dump.settle(connection, {"reader": 17})
    with database.write() as session:
        first = readers.of_account(session, "telegram", "1", NOON).id
    with dump.replacing(database) as connection:
        dump.settle(connection, {"reader": 3})
    with database.write() as session:
        second = readers.of_account(session, "telegram", "2", NOON).id

    assert (first, second) == (18, 19)


def reader(number):
    fields = {"created_at": "2026-05-04T12:00:00+00:00", "language": None}
    return {"id": number, "adult": True, "trains": False} | fields


def test_what_a_site_calls_somebody_is_not_among_the_rows(database):
    works = frontier.Place("work", "w1", "w1", stale=NOON)
    somebody = frontier.Place("user", "hash", "Yx3kQ9a", stale=NOON, personal=True)
    with database.write() as session:
        frontier.add(session, "watcha", [works, somebody], NOON)

    with database.read() as session:
        kept = {row["key"]: row["address"] for row in dump.rows(session, "frontier")}

    assert kept == {"w1": "w1", "hash": None}
