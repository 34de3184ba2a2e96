"""The operator's command line: what it says, what it promises as JSON, and its exit codes."""

import csv
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
import redis
from sqlalchemy import delete

from db import alerts, duties, jobs, pulses, ratings
from db.tables import Rating
from tasks import demo
from tests.plugins.library import NOON

KEYS = {"id", "state", "created_at", "readers", "items", "rows", "metrics", "demo", "note"}
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


@pytest.fixture
def trained(crowd, operator):
    """A shelf with raters and a model of it."""
    crowd(150)
    assert operator("train").code == 0
    return operator


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(operator, command):
    done = operator(*command, "--help")

    assert done.code == 0
    assert done.out.startswith(f"Usage: webtoonctl {' '.join(command)} ")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("arguments", [("nonsense",), ("recommend",), ("train", "--fast")])
def test_wrong_usage_ends_with_2(operator, arguments):
    assert operator(*arguments).code == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_that_is_away_is_one_sentence_and_1(operator, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:hunter2@127.0.0.1:1/none")

    done = operator("status")

    assert done.code == 1
    assert done.err.startswith("The database does not answer: ")
    assert done.err.count("\n") == 1
    assert "hunter2" not in done.err


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_nobody_expected_is_still_a_sentence(operator, monkeypatch):
    from tasks import cli_common

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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_unknown_revision_is_wrong_usage(operator):
    done = operator("db", "upgrade", "9999")

    assert done.code == 2
    assert done.err.startswith("There is no such revision: ")


def test_the_demo_fills_trains_and_then_has_nothing_to_do(operator, monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "READERS", 200)
    operator("db", "downgrade", "base", "--yes")

    first = operator("demo", "--if-empty")
    silent = operator("demo", "--if-empty")
    again = operator("demo")

    assert first.code == silent.code == again.code == 0
    assert first.out.startswith("Works: 4")
    assert "The demo model " in first.out
    assert (silent.out, silent.err) == ("", "")
    assert "Simulated ratings written: 0." in again.out
    assert again.out.rstrip().endswith(" stays active.")
    assert len(list((tmp_path / "models").iterdir())) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_demo_as_json(operator, monkeypatch):
    monkeypatch.setattr(demo, "READERS", 200)

    first = operator("demo", "--json").json
    again = operator("demo", "--json").json

    assert list(first) == ["works", "ratings", "outcome", "reason", "model", "cleaning"]
    assert (first["outcome"], set(first["model"])) == ("ok", KEYS)
    assert first["works"]["new"] == again["works"]["same"] > 400
    assert first["ratings"] == first["cleaning"][0]["rows"] > again["ratings"] == 0
    assert (again["outcome"], again["model"]["id"]) == ("unchanged", first["model"]["id"])


def test_training_says_what_the_cleaning_left(trained):
    steps = trained("train", "--json").json["cleaning"]

    assert [set(step) for step in steps] == [{"name", "rows", "readers", "items"}] * len(steps)
    first = steps[0]
    assert trained("train").out.startswith(
        f"as read: {first['rows']} ratings, {first['readers']} readers, {first['items']} works.\n"
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_demo_trains_again_when_the_models_folder_is_gone(operator, monkeypatch, tmp_path):
    import shutil

    monkeypatch.setattr(demo, "READERS", 200)
    operator("demo")
    shutil.rmtree(tmp_path / "models")

    done = operator("demo", "--if-empty")

    assert "The demo model " in done.out
    assert len(list((tmp_path / "models").iterdir())) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_second_start_loads_neither_sqlalchemy_nor_numpy(operator, monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "READERS", 200)
    operator("demo")
    script = (
        "import sys; from tasks import cli; sys.argv = ['webtoonctl', 'demo', '--if-empty']\n"
        "try:\n    cli.main()\nfinally:\n"
        "    print(sorted({'sqlalchemy', 'numpy', 'alembic', 'rich'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_models_are_listed_newest_first_as_promised(trained):
    trained("train")

    found = trained("models", "list", "--json").json

    assert [set(model) for model in found] == [KEYS, KEYS]
    assert [model["state"] for model in found] == ["active", "retired"]
    times = [datetime.fromisoformat(model["created_at"]) for model in found]
    assert times[0] > times[1]
    assert times[0].utcoffset() == timedelta(0)
    assert found[0]["demo"] is False
    assert found[0]["metrics"]["ndcg@10"] > 0
    assert found[0]["id"] in trained("models", "list").out


def test_a_rollback_goes_back_once_and_then_says_there_is_none(trained):
    first = trained("models", "list", "--json").json[0]["id"]
    second = trained("train", "--json").json["model"]["id"]

    back = trained("models", "rollback", "--json")
    none = trained("models", "rollback")

    assert back.json == {"left": second, "active": first}
    assert none.code == 1
    assert none.err == f"There is no earlier model than {first} to go back to.\n"
    assert none.out == ""


@pytest.fixture
def rejecting(trained, database):
    """The same, after most of the ratings were lost: what is trained now is rejected."""
    with database.write() as session:
        session.execute(delete(Rating).where(Rating.rater > "sim-0060"))
    return trained


def test_a_rejected_model_is_told_with_its_reason_and_1(rejecting):
    old = rejecting("models", "list", "--json").json[0]["id"]

    told = rejecting("train")
    as_json = rejecting("train", "--json")

    assert (told.code, as_json.code) == (1, 1)
    assert "is active" not in told.out
    assert told.err.startswith("The new model ")
    assert f" does not serve. It learnt from {as_json.json['model']['rows']} ratings, " in told.err
    assert told.err.count("\n") == 1
    assert as_json.json["outcome"] == "rejected"
    assert as_json.json["reason"].startswith(f"The new model {as_json.json['model']['id']} does")
    assert as_json.json["model"]["state"] == "rejected"
    assert old in as_json.json["model"]["note"]
    assert rejecting("status", "--json").json["model"]["id"] == old


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_demo_that_is_rejected_ends_with_1(trained, monkeypatch):
    monkeypatch.setattr(demo, "READERS", 200)

    told = trained("demo")
    as_json = trained("demo", "--json")

    assert (told.code, as_json.code) == (1, 0)
    assert "does not serve. It learnt from simulated readers too" in told.err
    assert as_json.json["outcome"] == "unchanged"


def test_a_rejected_model_is_listed_with_its_note_and_may_be_promoted(rejecting, database):
    old = rejecting("models", "list", "--json").json[0]["id"]
    new = rejecting("train", "--json").json["model"]
    listed = rejecting("models", "list").out.splitlines()[1]

    done = rejecting("models", "promote", new["id"])
    again = rejecting("models", "promote", new["id"])
    back = rejecting("models", "promote", old, "--json")

    assert listed.startswith(new["id"])
    assert listed.endswith(new["note"])
    assert (done.code, done.out) == (0, f"{new['id']} is active; {old} is retired.\n")
    assert (again.code, again.out) == (1, "")
    assert again.err == f"{new['id']} is the active model already.\n"
    assert back.json == {"left": new["id"], "active": old}
    with database.read() as session:
        assert alerts.open_alerts(session) == []


def test_a_model_is_shown_with_its_files_and_whether_they_are_sound(trained, tmp_path):
    (row,) = trained("models", "list", "--json").json
    folder = tmp_path / "models" / row["id"]

    found = trained("models", "show", row["id"], "--json").json
    told = trained("models", "show", row["id"]).out
    (folder / "weights.npy").write_bytes(b"half")
    damaged = trained("models", "show", row["id"])

    more = {"digest", "folder", "files", "bytes", "sound", "damage"}
    assert set(found) == KEYS | more
    assert {name: found[name] for name in KEYS} == row
    assert found["sound"] is True
    assert found["bytes"] == sum(found["files"].values()) > found["files"]["weights.npy"]
    assert told.startswith(f"Model     {row['id']}, active\n")
    assert "Figure    ndcg@10 0." in told
    assert told.endswith("Sound     yes\n")
    assert damaged.code == 0
    assert f"Sound     NO. The model {row['id']} cannot be used: " in damaged.out


def test_two_models_are_compared_the_second_being_the_active_one(trained, crowd):
    (old,) = trained("models", "list", "--json").json
    crowd(200)
    new = trained("train", "--json").json["model"]

    turned = trained("models", "diff", old["id"], "--json").json
    found = trained("models", "diff", new["id"], old["id"], "--json").json
    told = trained("models", "diff", new["id"], old["id"]).out

    assert (new["state"], found["one"], turned["other"]) == ("active", new, new)
    assert found["other"] == old | {"state": "retired"}
    assert found["difference"]["rows"] == old["rows"] - new["rows"] == -turned["difference"]["rows"]
    assert found["gained"] == turned["lost"]
    assert 0 < found["top20"]["jaccard"] == turned["top20"]["jaccard"] <= 1
    assert new["id"] in told.splitlines()[0]
    assert f"{found['top20']['jaccard']:.0%} in common" in told


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("command", ["show", "promote", "diff"])
def test_a_model_that_is_not_there_is_one_sentence_and_1(trained, command):
    done = trained("models", command, "nonsense")

    assert done.code == 1
    assert done.err == "There is no model nonsense: webtoonctl models list shows all.\n"


def test_training_on_nothing_ends_with_1_and_the_reason(operator):
    told = operator("train")
    as_json = operator("train", "--json")

    assert (told.code, as_json.code) == (1, 1)
    assert told.err == "No model was made. There are no works yet: import a catalogue first.\n"
    assert as_json.json["outcome"] == "skipped"


def test_status_is_as_promised(trained, database):
    with database.write() as session:
        alerts.open_alert(session, "model.damaged", "The model is damaged.", NOON)

    found = trained("status", "--json").json

    assert list(found) == ["database", "model", "jobs", "processes", "queue", "alerts"]
    assert set(found["model"]) == KEYS
    assert found["database"]["works"] == 30
    assert found["database"]["ratings"]["simulated_rows"] == 0
    assert [job["name"] for job in found["jobs"]] == [
        "backup",
        "prune",
        "refresh_popularity",
        "retrain",
    ]
    job = found["jobs"][-1]
    assert set(job) == {"name", "last", "next_run", "late", "runs"}
    assert job["runs"] == [job["last"]]
    assert (job["name"], job["last"]["outcome"]) == ("retrain", "ok")
    coming = datetime.fromisoformat(job["next_run"])
    assert (coming.hour, coming.minute, coming.utcoffset()) == (3, 0, timedelta(hours=9))
    assert found["queue"] is None
    (alert,) = found["alerts"]
    assert alert["key"] == "model.damaged"
    assert datetime.fromisoformat(alert["opened_at"]) == NOON


def test_status_tells_late_jobs_silent_processes_and_every_run(trained, database):
    with database.write() as session:
        duties.expect(session, "retrain", NOON, NOON)
        pulses.beat(session, "telegram@here", NOON, {"model": "m"})

    done = trained("status", "--runs")

    assert "retrain: LATE, ok at" in done.out
    assert "Process   telegram@here: SILENT, seen" in done.out
    assert "s ago, serves m\n" in done.out
    listed = done.out.split("REASON\n")[1]
    assert listed.startswith("retrain")
    assert len(listed.splitlines()) == 1


def test_status_marks_what_is_simulated(operator, crowd):
    crowd(60)
    crowd(200, source="demo", simulated=True)
    operator("train")

    done = operator("status")

    assert "SIMULATED by 200 made-up readers" in done.out
    assert "DEMO MODEL" in done.out
    assert "Redis does not answer at 127.0.0.1:1; jobs wait until it does" in done.out
    assert "Alerts    none" in done.out


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_status_hides_the_databases_password(operator, monkeypatch, database_url):
    secret = database_url.replace("postgres@", "postgres:hunter2@")
    monkeypatch.setenv("DATABASE_URL", f"{secret}&password=hunter3")

    done = operator("status")

    assert done.out.startswith("Database  postgresql://postgres:***@/")
    assert "hunter" not in done.out + done.err


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_status_before_anything_happened(operator):
    found = operator("status", "--json").json

    assert found["model"] is None
    assert found["jobs"][0]["last"] is None
    assert "none yet: run webtoonctl train" in operator("status").out


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_status_counts_the_queue(operator, monkeypatch, valkey_url):
    monkeypatch.setenv("REDIS_URL", valkey_url)
    with redis.Redis.from_url(valkey_url) as client:
        client.rpush("train", "one", "two")

    assert operator("status", "--json").json["queue"] == {"train": 2, "crawl": 0}


def test_recommendations_leave_out_the_likes_and_adult_works(trained):
    found = trained("recommend", "신의 탑", "naver:1007", "--count", "30", "--json").json
    everything = trained("recommend", "신의 탑", "--count", "30", "--adult", "--json").json

    ids = [work["external_id"] for work in found["recommendations"]]
    assert [work["external_id"] for work in found["likes"]] == ["1001", "1007"]
    assert not {"1001", "1007", "1028", "1029", "1030"} & set(ids)
    assert len(ids) == 25
    assert len(everything["recommendations"]) == 29
    scores = [work["score"] for work in found["recommendations"]]
    assert scores == sorted(scores, reverse=True)


def test_reasons_add_up_to_the_score_and_their_shares_to_one(trained):
    found = trained("why", "1007", "--likes", "신의 탑", "여신강림", "1009", "--json").json

    amounts = [part["contribution"] for part in found["because"]]
    assert {part["external_id"] for part in found["because"]} == {"1001", "1002", "1009"}
    assert sum(amounts) == pytest.approx(found["score"], abs=1e-6)
    assert amounts == sorted(amounts, reverse=True)
    assert sum(part["share"] for part in found["because"]) == pytest.approx(1)


def test_what_lowers_a_score_is_shown_too(trained):
    likes = [str(1001 + n) for n in range(25) if n != 6]

    done = trained("why", "1007", "--likes", *likes)

    assert done.out.startswith("노블레스: score ")
    assert " -0." in done.out


def test_an_unknown_title_brings_the_nearest_and_1(trained):
    done = trained("recommend", "신의 턉")

    assert done.code == 1
    assert done.err.startswith('No work is called "신의 턉"; the nearest: 신의 탑 (naver:1001)')
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("command", [("recommend", "신의 탑"), ("models", "rollback")])
def test_without_a_model_there_is_one_sentence_and_1(operator, stocked, command):
    done = operator(*command)

    assert done.code == 1
    assert done.err.endswith("run webtoonctl train.\n")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_damaged_model_is_one_sentence_and_1(trained, tmp_path):
    (folder,) = (tmp_path / "models").iterdir()
    (folder / "weights.npy").write_bytes(b"half")

    done = trained("recommend", "신의 탑")

    assert done.code == 1
    assert done.err.startswith(f"The model {folder.name} cannot be used: ")


def test_the_evaluation_compares_with_popularity(trained):
    found = trained("evaluate", "--json").json

    assert found["simulated"] is False
    assert list(found["metrics"]) == ["ndcg@10", "ndcg@100", "recall@20", "recall@50"]
    one = found["metrics"]["ndcg@10"]
    assert set(one) == {"model", "popularity", "difference"}
    gain = one["model"]["mean"] - one["popularity"]["mean"]
    assert one["difference"]["mean"] == pytest.approx(gain)
    assert one["model"]["low"] <= one["model"]["mean"] <= one["model"]["high"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_evaluation_says_when_readers_are_simulated(operator, crowd):
    crowd(150, source="demo", simulated=True)

    done = operator("evaluate")

    assert done.code == 0
    assert "SIMULATED" in done.err


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_evaluation_of_nothing_ends_with_1(operator, stocked):
    done = operator("evaluate")

    assert done.code == 1
    assert done.err.count("\n") == 1


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "ratings.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [
                ("user", "title", "rating"),
                ("kim", "신의 탑", "4.5"),
                ("", "신의 탑", "4.5"),
                ("lee", "없는 작품", "4"),
            ]
        )
    return path


def test_an_import_tells_what_it_took_and_why_it_left_the_rest(operator, stocked, rows):
    done = operator("import", "ratings", rows)

    assert done.code == 0
    assert done.out == (
        "Taken in: 1 ratings by 1 users of 1 works, from 3 rows; 2 rows do not count.\n"
    )
    assert done.err.splitlines()[:2] == [
        "line 3: user is missing",
        'line 4: unknown work: no title "없는 작품"',
    ]
    assert "CRAWL_USER_KEY" in done.err


def test_an_import_as_json(operator, stocked, rows, monkeypatch, database):
    monkeypatch.setenv("CRAWL_USER_KEY", "a long secret")

    done = operator("import", "ratings", rows, "--source", "friends", "--json")

    assert done.json["ratings"] == 1
    assert [row["line"] for row in done.json["rejected"]] == [3, 4]
    assert done.err == ""
    with database.read() as session:
        ((rater, _, half_stars),) = ratings.triples(session, simulated=False)
    assert rater.startswith("friends:")
    assert "kim" not in rater
    assert half_stars == 9


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_dry_run_writes_nothing(operator, stocked, rows, database):
    done = operator("import", "ratings", rows, "--dry-run")

    assert done.out.startswith("Would take in: 1 ratings")
    with database.read() as session:
        assert ratings.counts(session).rows == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["demo", "reader", "a:b", ""])
def test_a_source_that_would_be_taken_for_another_is_wrong_usage(operator, rows, name):
    assert operator("import", "ratings", rows, "--source", name).code == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_import_of_which_nothing_counts_ends_with_1(operator, rows, tmp_path):
    assert operator("import", "ratings", rows).code == 1
    assert operator("import", "ratings", tmp_path / "gone.csv").code == 1
    assert operator("import", "catalogue", sys.executable).code == 1


def test_movielens_is_imported_as_it_comes(operator, tmp_path):
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,Toy Story (1995),Comedy\n")
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n7,1,4.0,964982703\n")

    works = operator("import", "catalogue", tmp_path / "movies.csv", "--json").json
    stars = operator("import", "ratings", tmp_path / "ratings.csv", "--json").json

    assert (works["new"], works["rejected"]) == (1, [])
    assert (stars["ratings"], stars["rejected"]) == (1, [])
    assert operator("status", "--json").json["database"]["ratings"]["rows"] == 1


def test_the_doctor_says_a_line_a_check(trained):
    done = trained("doctor")
    found = trained("doctor", "--json").json

    lines = [line.split()[:2] for line in done.out.splitlines()]
    assert [check for _, check in lines] == [
        "settings",
        "database",
        "redis",
        "model",
        "clock",
        "browser",
    ]
    states = {finding["check"]: finding["state"] for finding in found}
    assert (states["database"], states["model"], states["clock"]) == ("ok", "ok", "ok")
    assert (states["settings"], states["redis"]) == ("warn", "warn")
    assert done.code == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_doctor_ends_with_1_when_something_is_broken(trained, tmp_path, monkeypatch):
    (folder,) = (tmp_path / "models").iterdir()
    (folder / "manifest.json").write_text("{}")

    damaged = trained("doctor", "--json")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///empty.db")
    empty = trained("doctor", "--json")
    monkeypatch.setenv("TIMEZONE", "Mars")
    unset = trained("doctor", "--json")

    assert damaged.code == empty.code == unset.code == 1
    assert {f["check"] for f in damaged.json if f["state"] == "fail"} == {"model"}
    assert {f["check"] for f in empty.json if f["state"] == "fail"} == {"database"}
    assert [(f["check"], f["state"]) for f in unset.json] == [("settings", "fail")]


def test_the_doctor_sees_a_clock_that_runs_behind(stocked, monkeypatch, database_url):
    from tasks import checks

    monkeypatch.setenv("DATABASE_URL", database_url)
    with stocked.write() as session:
        jobs.begin(session, "retrain", NOON)

    found = {f.check: f for f in checks.examine(NOON - timedelta(hours=1), which=lambda _: None)}

    assert found["clock"].state == "fail"
    assert found["browser"].state == "warn"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
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
    for command in (("models", "list"), ("status",), ("doctor",), ("evaluate",)):
        json.loads(trained(*command, "--json").out)
