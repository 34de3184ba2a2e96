"""The operator's command line: its help, its exit codes, its errors, and the tables it makes."""

import json
import os
import subprocess
import sys

import pytest
import stamina

from db import jobs
from db.errors import Unreachable
from tasks import cli_common
from tests.fakes.closed import closed
from tests.tasks.conftest import sqlite_only

COMMANDS = [
    ("db", "upgrade"),
    ("db", "downgrade"),
    ("db", "version"),
    ("demo",),
    ("import", "ratings"),
    ("import", "catalogue"),
    ("train",),
    ("models", "list"),
    ("models", "show"),
    ("models", "promote"),
    ("models", "diff"),
    ("models", "rollback"),
    ("status",),
    ("recommend",),
    ("why",),
    ("evaluate",),
    ("doctor",),
    ("import", "feedback"),
    ("export", "feedback"),
    ("export", "ratings"),
    ("export", "catalogue"),
    ("prune",),
    ("restore",),
    ("backup",),
]


@sqlite_only
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(operator, command):
    done = operator(*command, "--help")

    assert done.code == 0
    assert done.out.startswith(f"Usage: webtoonctl {' '.join(command)} ")


@sqlite_only
@pytest.mark.parametrize("arguments", [("nonsense",), ("recommend",), ("train", "--fast")])
def test_wrong_usage_ends_with_2(operator, arguments):
    assert operator(*arguments).code == 2


@sqlite_only
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("TIMEZONE", "Mars", "The setting TIMEZONE is wrong: "),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL must look like sqlite:///"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL must look like sqlite:///"),
    ],
)
def test_a_wrong_setting_is_one_sentence_and_2(operator, monkeypatch, name, value, sentence):
    monkeypatch.setenv(name, value)

    done = operator("status")

    assert done.code == 2
    assert done.err.startswith(sentence)
    assert done.err.count("\n") == 1


@sqlite_only
def test_a_database_that_is_away_is_one_sentence_and_1(operator, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:hunter2@127.0.0.1:1/none")

    done = operator("status")

    assert done.code == 1
    assert done.err.startswith("The database does not answer: ")
    assert done.err.count("\n") == 1
    assert "hunter2" not in done.err


@sqlite_only
def test_a_folder_that_may_not_be_entered_is_one_sentence_and_2(operator, monkeypatch, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}/webtoonbot.db")

    with closed(folder):
        ended = [operator("status"), operator("demo", "--if-empty")]
        unwell = operator("doctor")

    sentence = f"DATABASE_URL is in a folder that cannot be entered: {folder}: permission denied"
    assert [(done.code, done.err) for done in ended] == [(2, f"{sentence}\n")] * 2
    assert unwell.code == 1
    assert f"fail  database  {sentence}\n" in unwell.out


@sqlite_only
def test_what_is_logged_meanwhile_is_no_part_of_the_answer(operator, stocked, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@127.0.0.1:1/0")
    finish, away = jobs.finish, [Unreachable("The database of hunter2 does not answer")]

    def unsure(*arguments, **more):
        if away:
            raise away.pop()
        return finish(*arguments, **more)

    monkeypatch.setattr(jobs, "finish", unsure)
    with stamina.set_testing(True, attempts=2):
        done = operator("prune", "--json")

    assert done.code == 0
    assert done.json["models"] == 0
    assert "stamina.retry_scheduled" in done.err
    assert "hunter2" not in done.err


@sqlite_only
def test_what_nobody_expected_is_still_a_sentence(operator, monkeypatch):
    def fail(*_):
        raise RuntimeError("the moon")

    monkeypatch.setattr(cli_common, "as_json", fail)
    monkeypatch.setattr("tasks.cli_models.as_json", fail)

    done = operator("models", "list", "--json")

    assert done.code == 1
    assert done.err == (
        "This should not happen (RuntimeError: the moon); LOG_LEVEL=DEBUG shows where.\n"
    )


def test_the_tables_go_down_and_up_again(operator):
    down = operator("db", "downgrade", "base", "--yes")
    below = operator("db", "version")
    refused = operator("status")
    up = operator("db", "upgrade")
    again = operator("db", "upgrade")

    assert (down.code, down.out) == (0, "The tables are now at nothing.\n")
    assert (below.code, refused.code) == (1, 1)
    assert "run webtoonctl db upgrade" in refused.err
    assert up.out.startswith("The tables are now at ")
    assert again.out.startswith("The tables stay at ")
    assert operator("db", "version", "--json").json["revision"]


@sqlite_only
def test_an_unknown_revision_is_wrong_usage(operator):
    done = operator("db", "upgrade", "9999")

    assert done.code == 2
    assert done.err.startswith("There is no such revision: ")


@sqlite_only
def test_a_reader_of_our_output_may_leave_early(trained, tmp_path, database_url):
    environment = os.environ | {"DATABASE_URL": database_url}
    command = [sys.executable, "-c", "from tasks.cli import main; main()", "models", "list"]
    process = subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()

    errors = process.stderr.read()
    process.stderr.close()

    assert process.wait() in {0, 1}
    assert errors == b""


def test_json_is_json(trained):
    for command in (
        ("models", "list"),
        ("status",),
        ("doctor",),
        ("evaluate", "--models", "popularity"),
    ):
        json.loads(trained(*command, "--json").out)
