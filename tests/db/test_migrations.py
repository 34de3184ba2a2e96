"""The schema as Alembic makes it, on both databases."""

from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import bindparam, inspect, text

from db import impressions, models, readers, schema
from db.engine import Database
from db.errors import Unreachable, WrongSchema
from db.probe import newest
from db.tables import Base, UtcDateTime
from tests.plugins.library import NOON, stock


def tables(database):
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_up_makes_every_table_and_down_leaves_none(empty_database):
    assert schema.revision(empty_database) is None

    schema.upgrade(empty_database)
    assert tables(empty_database) == set(Base.metadata.tables)
    assert schema.revision(empty_database) == newest()

    schema.downgrade(empty_database)
    assert tables(empty_database) == set()
    assert schema.revision(empty_database) is None


def test_what_was_taken_down_can_be_brought_up_again(empty_database):
    schema.upgrade(empty_database)
    schema.downgrade(empty_database)

    schema.upgrade(empty_database)

    assert tables(empty_database) == set(Base.metadata.tables)


def test_up_twice_is_up_once_and_keeps_the_rows(database):
    stock(database)

    schema.upgrade(database)

    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM webtoon")) == 30


def test_models_of_before_are_in_the_order_in_which_they_served(empty_database):
    """With `b` made active again by hand, after `d` was rejected and `c` served."""
    schema.upgrade(empty_database, "0002")
    states = {"a": "retired", "b": "active", "c": "retired", "d": "rejected"}
    insert = text(
        "INSERT INTO model (id, state, created_at, readers, items, rows, metrics, demo, digest)"
        " VALUES (:id, :state, :at, 1, 1, 1, '{}', false, '')"
    ).bindparams(bindparam("at", type_=UtcDateTime()))
    with empty_database.write() as session:
        for days, (id_, state) in enumerate(states.items()):
            session.execute(insert, {"id": id_, "state": state, "at": NOON + timedelta(days=days)})

    schema.upgrade(empty_database)

    with empty_database.read() as session:
        served = {row.id: row.activated_at for row in models.every(session)}
        before = [row.id for row in models.served_before(session)]
    third = NOON + timedelta(days=2)
    assert served == {"a": NOON, "b": third, "c": third, "d": None}
    assert before == ["c", "a"]

    schema.downgrade(empty_database, "0002")
    schema.upgrade(empty_database)
    with empty_database.read() as session:
        assert {row.id: row.activated_at for row in models.every(session)} == served


def test_readers_and_cards_of_before_have_no_dial_and_no_place(empty_database):
    schema.upgrade(empty_database)
    stock(empty_database)
    with empty_database.write() as session:
        reader = readers.of_account(session, "telegram", "1", NOON)
        readers.choose(session, reader.id, dial="popular", language="ko")
        cards = [impressions.Shown(1, 0, "ease", 0.5, rank=3)]
        (card,) = impressions.log(session, reader.id, "a", cards, model_id=None, now=NOON)

    schema.downgrade(empty_database, "0004")
    schema.upgrade(empty_database)

    with empty_database.read() as session:
        shown = impressions.get(session, card)
    with empty_database.write() as session:
        again = readers.of_account(session, "telegram", "1", NOON)
    assert (again.id, again.language, again.dial) == (reader.id, "ko", "balanced")
    assert (shown.policy, shown.propensity, shown.rank) == ("ease", 0.5, None)


def test_migrations_and_tables_say_the_same(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )

        assert compare_metadata(context, Base.metadata) == []


def test_constraints_have_the_same_names_on_every_database(database):
    found = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        assert {key["name"] for key in found.get_foreign_keys(table.name)} == {
            key.constraint.name for key in table.foreign_keys
        }
        assert {index["name"] for index in found.get_indexes(table.name)} == {
            index.name for index in table.indexes
        }


def test_foreign_keys_are_on_again_after_a_migration(database):
    schema.upgrade(database)
    if database.engine.dialect.name == "sqlite":
        with database.engine.connect() as connection:
            assert connection.scalar(text("PRAGMA foreign_keys")) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_only_looks_at_the_version_waits_for_nobody(database, database_url):
    looking = Database(database_url, wait_seconds=0)

    with database.write():
        schema.require_head(looking)

    looking.close()


def test_what_points_at_an_impression_is_found_by_an_index(database):
    indexes = inspect(database.engine).get_indexes("feedback_event")

    assert {tuple(index["column_names"]) for index in indexes} == {
        ("impression_id",),
        ("reader_id", "webtoon_id"),
    }


def test_tables_of_another_version_are_refused(empty_database):
    with pytest.raises(WrongSchema, match=r"at schema nothing.*run webtoonctl db upgrade"):
        schema.require_head(empty_database)

    schema.upgrade(empty_database)
    schema.require_head(empty_database)


def test_a_database_that_is_away_is_said_in_one_sentence():
    database = Database("postgresql://nobody:secret@127.0.0.1:1/nothing")

    with pytest.raises(Unreachable, match="The database does not answer: ") as refused:
        schema.upgrade(database)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_tables_of_a_later_version_are_refused_in_a_sentence_and_left_alone(database):
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    sentence = f"The database is at schema 9999, newer than the {newest()} that this version knows"

    for act in (schema.upgrade, schema.downgrade, schema.require_head):
        with pytest.raises(WrongSchema, match=sentence):
            act(database)

    assert schema.revision(database) == "9999"
    assert "webtoon" in tables(database)
