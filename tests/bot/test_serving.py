"""The library that answers are made from, kept up to date beside the conversation."""

import shutil
import threading

import numpy as np
import pytest
import structlog

from bot.serving import Serving
from db import alerts, feedback, models, outbox, popularity, ratings, readers
from db.catalogue import Facts
from db.errors import Unreachable
from db.ratings import Star
from db.tables import Verdict
from tests.plugins.library import NOON, SHELF, activate, saved, stock


@pytest.fixture
def serving(database, model_dir, clock):
    return Serving(database, model_dir, clock)


@pytest.fixture
def served(serving, database, digest):
    """Serving the model "first"."""
    stock(database)
    activate(database, "first", digest)
    serving.refresh()
    return serving


def damage(folder):
    """Flips one bit of the largest file."""
    path = max(folder.iterdir(), key=lambda file: file.stat().st_size)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def incidents(database):
    with database.read() as session:
        return alerts.open_alerts(session)


def second(database, model_dir, clock, *, damaged=False):
    """A newer model, saved, perhaps damaged, and made the active one."""
    digest = saved(model_dir, "second", seed=1)
    if damaged:
        damage(model_dir / "second")
    clock.pass_(hours=1)
    activate(database, "second", digest, clock())


def test_a_new_model_is_taken_up_in_one_assignment(served, database, model_dir, clock):
    before = served.library
    second(database, model_dir, clock)

    assert served.refresh() is True

    assert served.library.served.id == "second"
    assert before.served.id == "first"  # what answers with it goes on undisturbed


def test_nothing_new_is_nothing_done(served):
    before = served.library

    assert served.refresh() is False
    assert served.library is before


def test_a_changed_catalogue_is_taken_up_and_keeps_the_loaded_model(served, database, clock):
    before = served.library.served.model
    clock.pass_(seconds=1)
    stock(database, clock(), [Facts("naver", "2000", "새 작품", authors=("새 작가",))])

    assert served.refresh() is True

    assert len(served.library.works) == len(SHELF) + 1
    assert served.library.served.model is before
    assert served.library.served.columns[-1] == -1


def test_a_corrected_title_is_found_after_a_refresh(served, database, clock):
    clock.pass_(seconds=1)
    stock(database, clock(), [Facts("naver", "1014", "덴마: 완전판")])
    served.refresh()

    assert [hit.score for hit in served.library.index.find("덴마 완전판").hits] == [100.0]


def test_without_a_model_there_is_none(serving, database):
    stock(database)

    assert serving.refresh() is True
    assert serving.library.served is None


def test_popularity_counts_stars_and_likes(serving, database):
    stock(database)
    serving.refresh()
    ids = [work.id for work in serving.library.works]
    with database.write() as session:
        ratings.upsert(session, "import", [Star("a", ids[5], 8), Star("b", ids[5], 5)])
        ratings.upsert(session, "import", [Star("a", ids[7], 6), Star("b", ids[7], 10)])
    again = Serving(database, serving._model_dir, serving._clock)
    again.refresh()

    assert again.library.popularity[[5, 7, 0]].tolist() == [1.0, 2.0, 0.0]


def count_popularity(database, clock, scores):
    """What the hourly job stores."""
    clock.pass_(hours=1)
    with database.write() as session:
        popularity.store(session, scores, clock())


def test_popularity_is_what_was_last_counted_for_all_bots(serving, database, clock):
    stock(database)
    serving.refresh()
    first, second = (work.id for work in serving.library.works[:2])
    with database.write() as session:
        ratings.upsert(session, "import", [Star("a", first, 8)])

    count_popularity(database, clock, {second: 7.0})

    assert serving.refresh() is True
    assert serving.library.popularity[:3].tolist() == [0.0, 7.0, 0.0]


def test_once_counted_popularity_changes_with_the_next_count_only(serving, database, clock):
    stock(database)
    serving.refresh()
    work = serving.library.works[0].id
    count_popularity(database, clock, {work: 1.0})
    serving.refresh()

    with database.write() as session:
        ratings.upsert(session, "import", [Star("a", work, 8)])
        reader = readers.of_account(session, "telegram", "1", NOON).id
        feedback.record(session, reader, work, Verdict.LIKE, source="command", now=NOON)

    assert serving.refresh() is False
    count_popularity(database, clock, {work: 3.0})
    assert serving.refresh() is True
    assert serving.library.popularity[0] == 3.0


def test_a_new_count_keeps_the_loaded_model(served, database, clock):
    before = served.library.served

    count_popularity(database, clock, {served.library.works[0].id: 5.0})

    assert served.refresh() is True
    assert served.library.popularity[0] == 5.0
    assert (served.library.served.id, served.library.served.model) == ("first", before.model)


def test_those_who_run_the_bots_are_written_to_once_of_a_damaged_model(
    database, model_dir, clock, digest
):
    stock(database)
    damage(model_dir / "first")
    activate(database, "first", digest)
    bots = [Serving(database, model_dir, clock, [("discord", "5")]) for _ in range(2)]

    for bot in bots:
        bot.refresh()

    with database.write() as session:
        (letter,) = outbox.take(session, "discord", clock(), clock())
    assert letter.user_id == "5"
    assert letter.text.startswith("The model first cannot be loaded, none serves, ")


def test_a_damaged_new_model_is_not_served_and_the_operator_is_told(
    served, database, model_dir, clock
):
    second(database, model_dir, clock, damaged=True)

    with structlog.testing.capture_logs() as logs:
        served.refresh()

    assert served.library.served.id == "first"
    (alert,) = incidents(database)
    assert alert.key == "model-damaged:second"
    assert alert.message.startswith("The model second cannot be loaded, first serves: ")
    assert alert.opened_at == clock()
    assert [(entry["log_level"], entry["model"]) for entry in logs] == [("error", "second")]


def test_a_mended_model_is_taken_up_and_its_alert_closed(served, database, model_dir, clock):
    second(database, model_dir, clock, damaged=True)
    served.refresh()

    damage(model_dir / "second")  # the same bit once more: as it was
    served.refresh()

    assert served.library.served.id == "second"
    assert incidents(database) == []


def test_without_a_model_popularity_follows_new_ratings(serving, database):
    stock(database)
    serving.refresh()
    first = serving.library.works[0].id

    with database.write() as session:
        ratings.upsert(session, "import", [Star("a", first, 8)])
    serving.refresh()

    assert serving.library.popularity[0] == 1.0


def test_after_a_restart_an_earlier_model_stands_in_for_a_damaged_one(
    served, database, model_dir, clock
):
    second(database, model_dir, clock, damaged=True)
    restarted = Serving(database, model_dir, clock)

    restarted.refresh()

    assert restarted.library.served.id == "first"
    assert len(incidents(database)) == 1


@pytest.mark.parametrize("harm", ["gone", "truncated", "manifest"])
def test_any_harm_to_its_files_is_damage(served, database, model_dir, clock, harm):
    digest = saved(model_dir, "second", seed=1)
    if harm == "gone":
        shutil.rmtree(model_dir / "second")
    elif harm == "truncated":
        (model_dir / "second" / "weights.npy").write_bytes(b"\x93NUMPY")
    else:
        (model_dir / "second" / "manifest.json").write_text("{}")
    clock.pass_(hours=1)
    activate(database, "second", digest, clock())

    served.refresh()

    assert served.library.served.id == "first"
    assert len(incidents(database)) == 1


def test_going_back_to_a_model_that_is_damaged_leaves_the_present_one_serving(
    served, database, model_dir, clock
):
    second(database, model_dir, clock)
    served.refresh()
    damage(model_dir / "first")
    with database.write() as session:
        models.activate(session, "first")

    served.refresh()

    assert served.library.served.id == "second"
    assert [alert.key for alert in incidents(database)] == ["model-damaged:first"]


def test_files_damaged_beneath_a_loaded_model_do_not_unseat_it_but_are_told(
    served, database, model_dir
):
    before = served.library.served.model
    damage(model_dir / "first")

    served.refresh()

    assert served.library.served.model is before
    (alert,) = incidents(database)
    assert alert.message.startswith(
        "The files of the model first, which serves from memory, are damaged: "
    )

    damage(model_dir / "first")  # mended
    served.refresh()
    assert incidents(database) == []


def test_a_file_cut_short_while_it_serves_changes_no_answer(served, model_dir):
    model = served.library.served.model
    before = model.scores_of([0, 1])

    for path in (model_dir / "first").glob("*.npy"):
        path.write_bytes(b"")

    np.testing.assert_array_equal(model.scores_of([0, 1]), before)


def test_what_could_not_be_told_is_told_at_the_next_refresh(
    served, database, model_dir, clock, monkeypatch
):
    second(database, model_dir, clock, damaged=True)
    with monkeypatch.context() as away:
        away.setattr(database, "write", _gone().write)
        with pytest.raises(Unreachable):
            served.refresh()
    assert incidents(database) == []

    served.refresh()

    assert [alert.key for alert in incidents(database)] == ["model-damaged:second"]


def test_a_start_with_nothing_to_tell_writes_nothing(served, database, clock, monkeypatch):
    monkeypatch.setattr(database, "write", _gone().write)
    restarted = Serving(database, served._model_dir, clock)

    assert restarted.refresh() is True
    assert restarted.library.served.id == "first"


def test_closing_does_not_wait_for_a_refresh_that_hangs(served, monkeypatch):
    monkeypatch.setattr("bot.serving._PATIENCE_SECONDS", 0.01)
    refreshing, enough = threading.Event(), threading.Event()

    def hang():
        refreshing.set()
        return enough.wait(10) and False

    served.refresh = hang
    served.watch(every_seconds=0.001)
    assert refreshing.wait(10)

    served.close()

    assert served._thread.is_alive()
    enough.set()
    served._thread.join(10)


def test_with_no_model_that_can_be_read_it_serves_without(serving, database, model_dir, digest):
    stock(database)
    damage(model_dir / "first")
    activate(database, "first", digest)

    serving.refresh()

    assert serving.library.served is None
    assert len(serving.library.works) == len(SHELF)
    (alert,) = incidents(database)
    assert alert.message.startswith(
        "The model first cannot be loaded, none serves, popularity does: "
    )


def test_a_model_of_the_works_in_another_order_is_placed_by_their_keys(
    database, model_dir, digest, clock
):
    stock(database, works=SHELF[::-1])
    activate(database, "first", digest)
    serving = Serving(database, model_dir, clock)
    serving.refresh()

    ids = serving.library.served.model.ids
    columns = serving.library.served.columns
    placed = [ids[column] for column in columns]
    assert placed == [work.key for work in serving.library.works]


def test_an_unreachable_database_is_said_and_the_library_stays(served, database):
    before = served.library
    broken = Serving(_gone(), served._model_dir, lambda: NOON)

    with pytest.raises(Unreachable):
        broken.refresh()
    assert served.library is before


def test_watching_takes_up_a_new_model_by_itself(served, database, model_dir, clock):
    taken_up = threading.Event()
    refresh = served.refresh

    def watched():
        found = refresh()
        if found:
            taken_up.set()
        return found

    served.refresh = watched
    second(database, model_dir, clock)
    served.watch(every_seconds=0.01)

    assert taken_up.wait(10)
    served.close()
    assert served.library.served.id == "second"


def test_watching_survives_a_database_that_is_away(model_dir):
    tried = threading.Semaphore(0)
    serving = Serving(_gone(), model_dir, lambda: NOON)
    refresh = serving.refresh

    def counted():
        tried.release()
        return refresh()

    serving.refresh = counted
    with structlog.testing.capture_logs() as logs:
        serving.watch(every_seconds=0.01)
        assert tried.acquire(timeout=10) and tried.acquire(timeout=10)
        serving.close()

    assert {entry["log_level"] for entry in logs} == {"warning"}


def test_close_without_watching_is_no_trouble(serving):
    serving.close()


def _gone():
    from db.engine import Database

    return Database("postgresql://nobody@127.0.0.1:1/nothing")
