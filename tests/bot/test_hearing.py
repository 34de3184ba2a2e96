"""One event in, one reply out, whatever the database does meanwhile."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog
from sqlalchemy import text

from bot.conversation.events import Chosen, Inquiry, Platform
from bot.hearing import Choice, Hearing, Unavailable
from db import feedback, readers
from db.engine import Database
from tests.plugins.chat import Chat, World, export, titles
from tests.plugins.library import activate, stock

BUSY = "I can't save anything right now. Please try again in a moment."


def count(database, table):
    with database.read() as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}"))


@pytest.fixture
def held(tmp_path_factory, sqlite_template, model_dir, digest, clock):
    """A chat over a SQLite file, and a function that holds that file's lock until it is called."""
    import shutil

    path = tmp_path_factory.mktemp("held") / "bot.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}", wait_seconds=0.05)
    stock(database)
    activate(database, "first", digest)
    chat = Chat(World(database, model_dir, clock))
    chat.world.serving.refresh()
    other = sqlite3.connect(path, isolation_level=None)

    def lock():
        other.execute("BEGIN IMMEDIATE")
        return lambda: other.execute("ROLLBACK")

    yield chat, lock
    other.close()
    database.close()


@pytest.mark.parametrize("line", ["/like 신의 탑", "/recommend", "/start", "덴마", "/forget"])
def test_while_the_database_is_locked_it_asks_to_try_again_and_writes_nothing(held, line):
    chat, lock = held
    release = lock()

    with structlog.testing.capture_logs() as logs:
        reply = chat.says(line)

    release()
    assert reply.text == BUSY
    assert [entry["log_level"] for entry in logs] == ["error"]
    assert "locked" in logs[0]["reason"]
    for table in ("reader", "account", "feedback", "feedback_event", "impression", "inbox"):
        assert count(chat.world.database, table) == 0


def test_once_the_lock_is_gone_the_same_delivery_is_handled(held):
    chat, lock = held
    release = lock()
    assert chat.says("/like 신의 탑", key="9").text == BUSY
    release()

    assert chat.says("/like 신의 탑", key="9").text.startswith("👍 신의 탑")
    assert chat.verdicts() == {"1001": "like"}


def test_the_apology_comes_in_the_language_of_the_platform(held):
    chat, lock = held
    release = lock()

    reply = chat.as_("mina", language="ko").says("/list")

    release()
    assert reply.text == "지금은 저장할 수가 없어요. 잠시 후 다시 시도해 주세요."


def test_a_reaction_while_the_database_is_locked_is_handed_back_to_be_tried_again(held):
    chat, lock = held
    chat.says("/recommend")
    message = chat.posted(0)
    release = lock()

    with structlog.testing.capture_logs(), pytest.raises(Unavailable):
        chat.reacts(message, "👍")

    release()
    chat.reacts(message, "👍")
    assert list(chat.verdicts().values()) == ["like"]


def test_what_was_chosen_while_the_database_is_locked_is_handed_back_too(held):
    chat, lock = held
    chosen = Chosen(chat.work("1001").id)
    release = lock()

    with structlog.testing.capture_logs(), pytest.raises(Unavailable):
        chat.does(chosen, key="1")

    release()
    assert chat.does(chosen, key="1") is None
    assert count(chat.world.database, "impression") == 1


def test_what_is_typed_is_answered_though_another_writes(held):
    chat, lock = held
    release = lock()

    offer = chat.world.hearing.inquire(chat.event(None).speaker, Inquiry("신의"))

    release()
    assert titles(offer)[0] == "신의 탑"


@pytest.mark.parametrize("ask", ["keep", "answered", "delivered"])
def test_what_adapters_store_says_when_it_cannot_be_stored(held, ask):
    chat, lock = held
    hearing = chat.world.hearing
    asks = {
        "keep": lambda: hearing.keep(Platform.TELEGRAM, [("1", "{}")]),
        "answered": lambda: hearing.answered(Platform.TELEGRAM, "1"),
        "delivered": lambda: hearing.delivered([1], "telegram:1:1"),
    }
    release = lock()

    with pytest.raises(Unavailable):
        asks[ask]()

    release()
    asks[ask]()


def test_a_database_that_is_gone_is_no_traceback(tmp_path, model_dir, clock):
    database = Database(f"sqlite:///{tmp_path}/empty.db")  # no tables at all
    chat = Chat(World(database, model_dir, clock))

    with structlog.testing.capture_logs() as logs:
        assert chat.says("/recommend").text == BUSY

    assert logs[0]["log_level"] == "error"
    with pytest.raises(Unavailable):
        chat.world.hearing.waiting(Platform.TELEGRAM)
    database.close()


def test_a_failure_in_the_middle_leaves_nothing_half_written(chat, monkeypatch):
    from db import inbox

    def bug(*_):
        raise RuntimeError("a bug of ours")

    with monkeypatch.context() as broken:
        broken.setattr(inbox, "handled", bug)  # the very last step
        with structlog.testing.capture_logs() as logs:
            reply = chat.says("/like 신의 탑", key="5")

    assert reply.text.startswith("Something went wrong")
    assert logs[0]["event"] == "event failed"
    assert logs[0]["exc_info"]
    for table in ("reader", "account", "feedback", "feedback_event", "inbox"):
        assert count(chat.world.database, table) == 0
    assert chat.says("/like 신의 탑", key="5").text.startswith("👍")


def test_kept_updates_are_waiting_until_they_are_answered(chat):
    hearing = chat.world.hearing

    assert hearing.keep(Platform.TELEGRAM, [("1", "a"), ("2", "b")]) == ["1", "2"]
    assert hearing.keep(Platform.TELEGRAM, [("2", "b"), ("3", "c")]) == ["3"]
    hearing.answered(Platform.TELEGRAM, "2")

    assert hearing.waiting(Platform.TELEGRAM) == [("1", "a"), ("3", "c")]
    assert hearing.waiting(Platform.DISCORD) == []


def test_a_kept_update_is_handled_once(chat):
    chat.world.hearing.keep(Platform.TELEGRAM, [("u1", "{}")])

    assert chat.says("/like 신의 탑", key="u1").text.startswith("👍")
    assert chat.says("/like 신의 탑", key="u1") is None


def test_an_update_replayed_after_a_crash_gets_the_very_same_answer(chat):
    chat.world.hearing.keep(Platform.TELEGRAM, [("u1", "{}")])
    chat.says("/like 신의 탑")
    first = chat.says("/recommend", key="u1")

    again = chat.says("/recommend", key="u1", again=True)

    assert again == first
    assert count(chat.world.database, "impression") == 3


def test_an_update_that_was_kept_but_never_handled_is_handled_on_replay(chat):
    chat.world.hearing.keep(Platform.TELEGRAM, [("u1", "{}")])

    assert chat.says("/like 신의 탑", key="u1", again=True).text.startswith("👍")


def test_an_answered_update_is_not_answered_again_and_its_contents_are_gone(chat):
    chat.world.hearing.keep(Platform.TELEGRAM, [("u1", "secret words")])
    chat.says("/export", key="u1")
    chat.world.hearing.answered(Platform.TELEGRAM, "u1")

    assert chat.says("/export", key="u1", again=True) is None
    with chat.world.database.read() as session:
        row = session.execute(text("SELECT payload, reply FROM inbox")).one()
    assert tuple(row) == (None, None)


@pytest.mark.parametrize("platform", ["terminal", "discord"])
def test_platforms_that_never_replay_keep_no_answers(chat, platform):
    chat.as_("mina", platform=platform).says("/export", key="k")

    with chat.world.database.read() as session:
        assert session.scalar(text("SELECT reply FROM inbox")) is None


def test_a_replayed_export_is_whole(chat):
    chat.says("/like 신의 탑")
    first = chat.says("/export", key="u1")

    assert chat.says("/export", key="u1", again=True).document == first.document


def test_readers_who_speak_at_once_lose_nothing(chat):
    works = [work for work in chat.world.serving.library.works if not work.adult][:10]
    people = [chat.as_(f"reader {number}") for number in range(4)]
    begin = threading.Barrier(len(people))

    def talk(person):
        begin.wait()
        return [person.says(f"/like #{work.id}") for work in works]

    with ThreadPoolExecutor(len(people)) as pool:
        replies = [reply for said in pool.map(talk, people) for reply in said]

    assert all(reply.text.startswith("👍") for reply in replies)
    with chat.world.database.read() as session:
        assert feedback.count(session) == 40
        assert readers.count(session) == 4


def test_one_newcomer_who_says_several_things_at_once_is_one_reader(chat):
    works = [work for work in chat.world.serving.library.works if not work.adult][:6]
    begin = threading.Barrier(len(works))

    def like(work):
        begin.wait()
        return chat.as_("newcomer").says(f"/like #{work.id}")

    with ThreadPoolExecutor(len(works)) as pool:
        replies = list(pool.map(like, works))

    assert all(reply.text.startswith("👍") for reply in replies)
    assert len(chat.as_("newcomer").verdicts()) == 6
    with chat.world.database.read() as session:
        assert readers.count(session) == 1


def test_the_same_delivery_at_once_from_two_threads_counts_once(chat):
    chat.says("/list")
    begin = threading.Barrier(2)

    def like(_):
        begin.wait()
        return chat.as_("mina").says("/like 신의 탑", key="same")

    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(like, range(2)))

    assert sum(reply is not None for reply in replies) == 1
    assert count(chat.world.database, "feedback_event") == 1


def test_autocomplete_offers_works_with_values_that_commands_take(chat):
    speaker = chat.event(None).speaker

    choice, *_ = chat.world.hearing.complete(speaker, "like", "ㅅㅇㅌ")

    assert choice == Choice("신의 탑 (Tower of God)", f"#{chat.work('1001').id}")
    assert chat.says(f"/like {choice.value}").text.startswith("👍 신의 탑")


def test_autocomplete_before_a_letter_offers_the_best_known(chat):
    offered = chat.world.hearing.complete(chat.event(None).speaker, "search", "")

    assert len(offered) == 25
    assert len({choice.value for choice in offered}) == 25


def test_filters_are_offered_once_each_in_the_readers_language(chat):
    hearing = chat.world.hearing
    english = hearing.complete(chat.event(None).speaker, "recommend", "")
    korean = hearing.complete(chat.as_("mina", language="ko").event(None).speaker, "추천", "")

    assert english[:2] == [Choice("finished", "finished"), Choice("ongoing", "ongoing")]
    assert korean[:2] == [Choice("완결", "finished"), Choice("연재", "ongoing")]
    assert len({choice.value for choice in english}) == len(english) == 25
    for choice in hearing.complete(chat.event(None).speaker, "recommend", "rom"):
        assert chat.says(f"/recommend {choice.value}").cards
    sports = hearing.complete(chat.event(None).speaker, "recommend", "sports")
    assert sports == [Choice("sports", "스포츠")]


def test_languages_are_offered_by_their_own_names(chat):
    for choice in chat.world.hearing.complete(chat.event(None).speaker, "language", ""):
        assert chat.says(f"/language {choice.value}").text != ""
        assert "don't speak" not in chat.last.text


@pytest.mark.parametrize("command", ["help", "start", "list", "nothing of ours", "import"])
def test_other_commands_complete_nothing(chat, command):
    assert chat.world.hearing.complete(chat.event(None).speaker, command, "신") == []


def test_autocomplete_survives_what_people_type(chat):
    for typed in ("가" * 4_000, "🔥", "\x00", "#", "'", "%"):
        assert isinstance(
            chat.world.hearing.complete(chat.event(None).speaker, "like", typed), list
        )


def test_an_answer_takes_the_library_as_it_was_when_the_event_came(chat):
    before = chat.world.serving.library
    slate = titles(chat.says("/recommend"))

    assert chat.world.serving.library is before
    assert len(slate) == 3
    assert export(chat)["feedback"] == []


def test_hearing_needs_nothing_but_its_parts(database, model_dir, clock):
    world = World(database, model_dir, clock)

    assert isinstance(world.hearing, Hearing)
    assert Chat(world).says("/help").text.startswith("This is what I understand:")
