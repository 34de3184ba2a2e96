"""The quick question whether all is there, against the database it is about."""

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from db import probe, schema
from db.engine import Database
from tests.fakes.closed import closed
from tests.plugins.library import activate, stock


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'webtoonbot.db'}"


@pytest.fixture
def whole(url, model_dir, digest):
    database = Database(url)
    schema.upgrade(database)
    stock(database)
    activate(database, "first", digest)
    yield database
    database.close()


def test_tables_works_and_a_model_with_its_folder_are_ready(whole, url, model_dir):
    assert probe.ready(url, model_dir)


def test_the_newest_migration_is_the_head():
    assert probe.newest() == _head_by_alembic()


def test_nothing_is_not_ready_and_stays_nothing(url, tmp_path):
    assert not probe.ready(url, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_tables_alone_are_not_ready(url, model_dir):
    database = Database(url)
    schema.upgrade(database)
    database.close()

    assert not probe.ready(url, model_dir)


def test_a_model_without_its_folder_is_not_ready(whole, url, tmp_path):
    assert not probe.ready(url, tmp_path / "elsewhere")


def test_older_tables_are_not_ready(whole, url, model_dir):
    with whole.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")

    assert not probe.ready(url, model_dir)


def test_a_file_that_is_no_database_is_not_ready(url, tmp_path, model_dir):
    (tmp_path / "webtoonbot.db").write_text("hello, hello, hello")

    assert not probe.ready(url, model_dir)


def test_folders_that_we_may_not_enter_are_not_ready(whole, url, model_dir, tmp_path):
    with closed(model_dir):
        assert not probe.ready(url, model_dir)
    with closed(tmp_path):
        assert not probe.ready(url, model_dir)


def test_another_kind_of_database_needs_a_closer_look(model_dir):
    assert not probe.ready("postgresql://127.0.0.1:1/none", model_dir)


def _head_by_alembic():
    config = Config()
    config.set_main_option("script_location", str(Path(probe.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config).get_current_head()
