"""What the operator's tests share: a stocked library with raters, the command line, a backup."""

import json
import logging
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import structlog

from db import catalogue, ratings
from db.ratings import Star
from recommender.simulate import simulate
from tasks import backup
from tasks.evaluating_trial import here
from tasks.features import features_of
from tests.plugins.library import NOON, stock
from tests.plugins.lived_in import live_in
from tests.tasks.written_down import at_once, rated

# What the command line promises to tell of a model as JSON.
KEYS = {"id", "state", "created_at", "activated_at", "demo", "note"}
KEYS |= {"readers", "items", "rows", "metrics"}

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def stocked(database):
    """The database with a shelf of 30 works."""
    stock(database)
    return database


@pytest.fixture
def crowd(stocked):
    """Adds ratings of so many readers with tastes to the shelf; most of them pass the cleaning."""

    def add(readers, *, source="import", simulated=False, seed=1):
        with stocked.write() as session:
            works = catalogue.works(session)
            told = simulate(features_of(works), np.arange(len(works)), readers=readers, seed=seed)
            rows = zip(told.readers, told.items.tolist(), told.half_stars.tolist(), strict=True)
            stars = [Star(reader, works[row].id, half_stars) for reader, row, half_stars in rows]
            ratings.upsert(session, source, stars, simulated=simulated)

    return add


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def logs_as_they_were():
    """Takes back what a process does to its logging."""
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    root.handlers, root.level = before
    structlog.reset_defaults()


@pytest.fixture
def operator(database_url, tmp_path, monkeypatch, capsys, logs_as_they_were):
    """Runs webtoonctl in an empty folder, with this database and a folder for models."""
    from tasks import cli

    monkeypatch.chdir(tmp_path)
    for name in ("TIMEZONE", "RETRAIN_AT", "LOG_LEVEL", "LOG_FORMAT", "CRAWL_USER_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("MODEL_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")  # nobody listens on port 1

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["webtoonctl", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return Done(ended.value.code or 0, told.out, told.err)

    return run


@pytest.fixture
def trained(crowd, operator):
    """A shelf with raters and a model of it."""
    crowd(150)
    assert operator("train").code == 0
    return operator


@pytest.fixture
def lived_in(database, digest):
    """The database with something in every table."""
    live_in(database, digest)
    return database


@pytest.fixture
def file(tmp_path):
    """Where a backup goes."""
    return tmp_path / "backups" / "backup.tar.gz"


@pytest.fixture
def written(lived_in, model_dir, file):
    """A backup of the database that was lived in."""
    backup.write(lived_in, model_dir, file, NOON)
    return file


@pytest.fixture
def fits_here(monkeypatch):
    """Fits in this process: quicker, and as good but for the memory."""
    monkeypatch.setattr("tasks.evaluating.in_a_child", here)


@pytest.fixture
def source(scripted):
    """A site with one user, who rated two works."""
    scripted.source.begin = [at_once("user", "anna")]
    scripted.source.pages["user", "anna"] = rated("anna", 9, 4)
    return scripted.source
