"""A model on its way into the registry: nothing is lost of what serves, nothing is left behind."""

import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.serving import Serving
from db import locks, models
from db.engine import Database
from db.errors import Unreachable
from db.tables import ModelState
from recommender.default import DefaultModel
from tasks import backup, publishing, registry, restoring
from tasks.errors import NoModel, Superseded
from tasks.pruning import Retention, prune
from tasks.schedule import RETRAIN
from tasks.training import train
from tests.plugins.library import NOON, activate

NOW = datetime(2026, 5, 4, 3, tzinfo=UTC)
WITHIN = publishing.WRITTEN_WITHIN
MOMENT = timedelta(microseconds=1)


class Interrupted(Database):
    """A database whose writes from the nth on are heard of no more, though they are committed."""

    error, nth, last = KeyboardInterrupt(), 1, 1
    writes = 0

    @contextmanager
    def write(self):
        self.writes += 1
        with super().write() as session:
            yield session
        if self.nth <= self.writes <= self.last:
            raise self.error


@pytest.fixture
def interrupted(database_url):
    """Opens the database so that the writes `nth` to `last` are committed, but end in `error`."""
    opened = []

    def interrupt(nth, last, error):
        database = Interrupted(database_url)
        database.nth, database.last, database.error = nth, last, error
        opened.append(database)
        return database

    yield interrupt
    for database in opened:
        database.close()


RESERVED, PUBLISHED = 1, 2  # the writes of a training, in order


def rows(database):
    """State by id of everything registered, also of what is being made."""
    with database.read() as session:
        return dict(session.execute(text("SELECT id, state FROM model")).all())


def folders(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), Unreachable("The connection was lost.")], ids=["^C", "lost"]
)
def test_a_model_that_was_published_stays_whole_whatever_comes_after(
    stocked, crowd, tmp_path, interrupted, error
):
    crowd(60)

    with pytest.raises(type(error)):
        train(interrupted(PUBLISHED, PUBLISHED, error), tmp_path, now=NOW)

    row = registry.active(stocked)
    assert DefaultModel.load(tmp_path / row.id, row.digest).ids
    assert (rows(stocked), folders(tmp_path)) == ({row.id: "active"}, {row.id})


def test_a_model_that_was_only_reserved_leaves_nothing(stocked, crowd, tmp_path, interrupted):
    crowd(60)

    with pytest.raises(KeyboardInterrupt):
        train(interrupted(RESERVED, RESERVED, KeyboardInterrupt()), tmp_path, now=NOW)

    assert (rows(stocked), folders(tmp_path)) == ({}, set())


@pytest.fixture
def lose_the_database(stocked, monkeypatch):
    """As if the database went away while the folder was written, and is back afterwards."""

    @contextmanager
    def lose():
        with monkeypatch.context() as patch:
            save = DefaultModel.save

            def saving(*arguments, **options):
                digest = save(*arguments, **options)
                patch.setattr(Database, "write", away)
                return digest

            patch.setattr(DefaultModel, "save", saving)
            yield

    @contextmanager
    def away(_):
        raise Unreachable("The database does not answer: it is away")
        yield

    return lose


def test_what_could_not_be_removed_is_swept_an_hour_later_and_nothing_else(
    stocked, crowd, tmp_path, lose_the_database
):
    crowd(60)
    old = train(stocked, tmp_path, now=NOW - timedelta(days=1)).model.id
    (tmp_path / "of another database").mkdir()
    with lose_the_database(), pytest.raises(Unreachable):
        train(stocked, tmp_path, now=NOW)
    (left,) = rows(stocked).keys() - {old}
    assert (rows(stocked)[left], (tmp_path / left).is_dir()) == ("candidate", True)

    young = prune(stocked, tmp_path, Retention(365, 10), NOW + WITHIN).counts["models"]
    with locks.held(stocked, RETRAIN):
        busy = prune(stocked, tmp_path, Retention(365, 10), NOW + WITHIN + MOMENT)
    assert (young, busy.counts["models"], left in rows(stocked)) == (0, 0, True)

    done = prune(stocked, tmp_path, Retention(365, 10), NOW + WITHIN + MOMENT)

    assert done.counts["models"] == 1
    assert rows(stocked) == {old: "active"}
    assert folders(tmp_path) == {old, "of another database"}


def test_the_next_training_sweeps_too(stocked, crowd, tmp_path, lose_the_database):
    crowd(60)
    with lose_the_database(), pytest.raises(Unreachable):
        train(stocked, tmp_path, now=NOW)

    row = train(stocked, tmp_path, now=NOW + WITHIN + MOMENT).model

    assert (rows(stocked), folders(tmp_path)) == ({row.id: "active"}, {row.id})


def test_a_model_that_others_gave_up_is_not_published(stocked, crowd, tmp_path, monkeypatch):
    crowd(60)
    old = train(stocked, tmp_path, now=NOW).model.id
    save = DefaultModel.save

    def saving(*arguments, **options):
        digest = save(*arguments, **options)
        publishing.sweep(stocked, tmp_path, NOW + timedelta(days=9))
        return digest

    monkeypatch.setattr(DefaultModel, "save", saving)
    with pytest.raises(Superseded, match="taken for dead"):
        train(stocked, tmp_path, now=NOW + timedelta(days=1))

    assert (rows(stocked), folders(tmp_path)) == ({old: "active"}, {old})


@pytest.fixture
def making(database, model_dir, digest):
    """A model that serves, and one that is being made, its folder written already."""
    activate(database, "first", digest)
    row = registry.get(database, "first")
    shutil.copytree(model_dir / "first", model_dir / "second")
    candidate = replace(
        row,
        id="second",
        state=ModelState.CANDIDATE,
        created_at=NOON + timedelta(days=1),
        activated_at=None,
    )
    with database.write() as session:
        models.register(session, candidate)
    return database


def test_a_model_that_is_being_made_is_nobody_elses(making, model_dir):
    with making.read() as session:
        listed = [row.id for row in models.every(session)]
    with pytest.raises(NoModel, match="no earlier model than first"):
        registry.rollback(making, model_dir, NOON)
    for use in (registry.get, lambda *the: registry.promote(the[0], model_dir, the[1], NOON)):
        with pytest.raises(NoModel, match="The model second is still being made, or its training"):
            use(making, "second")
    for file in (model_dir / "first").iterdir():
        file.unlink()
    serving = Serving(making, model_dir, lambda: NOON)
    serving.refresh()

    assert listed == ["first"]
    assert serving.library.served is None


def test_a_model_that_is_being_made_is_in_no_backup(making, model_dir, empty_database, tmp_path):
    file, elsewhere = tmp_path / "backup.tar.gz", tmp_path / "elsewhere"

    contents = backup.write(making, model_dir, file, NOON)
    restoring.restore(empty_database, elsewhere, file, restoring.checked(file))

    assert list(contents.models) == ["first"]
    assert (rows(empty_database), folders(elsewhere)) == ({"first": "active"}, {"first"})


def test_a_restore_takes_what_was_being_made_with_the_rest(making, model_dir, tmp_path):
    file = tmp_path / "backup.tar.gz"
    backup.write(making, model_dir, file, NOON)

    restoring.restore(making, model_dir, file, restoring.checked(file), replace=True)

    assert (rows(making), folders(model_dir)) == ({"first": "active"}, {"first"})
