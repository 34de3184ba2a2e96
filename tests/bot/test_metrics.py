"""What Prometheus is told of a bot."""

import socket
import urllib.request

import pytest
import structlog

from bot.bridge import Bridge
from bot.conversation.events import Command, Platform
from bot.hearing import Hearing
from bot.metrics import Metrics
from bot.telegram.updates import Me, read
from tests.fakes.telegram_server import TelegramServer
from tests.plugins.chat import ON_SQLITE, Chat, World

pytestmark = ON_SQLITE
PREFIX = "webtoonbot_"


def figures(metrics):
    """Our counters by name and labels: "updates platform=telegram kind=text …" -> number."""
    samples = [sample for family in metrics.registry.collect() for sample in family.samples]
    return {
        " ".join([s.name.removeprefix(PREFIX), *(f"{k}={v}" for k, v in s.labels.items())]): s.value
        for s in samples
        if s.name.startswith(PREFIX) and not s.name.endswith(("_created", "_bucket", "_sum"))
    }


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def measured(chat, metrics):
    """A chat whose events are counted."""
    world = chat.world
    world.hearing = Hearing(world.database, world.serving, world.clock, count=metrics.heard)
    return chat


def test_what_readers_do_is_counted_by_what_came_of_it(measured, metrics):
    measured.says("/recommend")
    card = measured.posted(0)
    measured.says("덴마", key="once")
    measured.says("덴마", key="once")
    measured.reacts(card, "👍")
    measured.in_public().reacts(card, "🎉")
    measured.reacts("telegram:9:9", "👍")
    measured.presses("s:1001")

    assert {k: v for k, v in figures(metrics).items() if k.startswith("updates_total")} == {
        "updates_total platform=telegram kind=command outcome=answered": 1,
        "updates_total platform=telegram kind=text outcome=answered": 1,
        "updates_total platform=telegram kind=text outcome=repeated": 1,
        "updates_total platform=telegram kind=reaction outcome=answered": 1,
        "updates_total platform=telegram kind=reaction outcome=silent": 2,
        "updates_total platform=telegram kind=press outcome=answered": 1,
    }
    assert figures(metrics)["update_seconds_count platform=telegram"] == 7


def test_ops_is_counted_as_a_command_on_both_platforms_and_no_word_is_a_label(measured, metrics):
    telegram = TelegramServer()  # without a socket: what people say becomes updates all the same
    telegram.allowed = ["message"]
    boss, me = telegram.user("Boss"), Me(telegram.bot.id, "WebtoonTestBot")
    there = measured.as_("boss", platform="discord")

    for words in ("/ops", "/unheard-of", "/never"):
        update = telegram.updates[telegram.say(boss, words)]
        measured.does(read(update, me).event.said)
    there.does(Command("ops"))

    assert {k: v for k, v in figures(metrics).items() if k.startswith("updates_total")} == {
        "updates_total platform=telegram kind=command outcome=answered": 1,
        "updates_total platform=telegram kind=text outcome=answered": 2,
        "updates_total platform=discord kind=command outcome=answered": 1,
    }


def test_verdicts_are_counted_by_how_they_came(measured, metrics):
    measured.says("/recommend")
    like = measured.action("👍", 0)
    measured.presses(like)
    measured.presses(like)  # it stands already
    measured.says("/like 덴마")
    measured.press("↩️")
    measured.says("/dislike 덴마")

    assert {k: v for k, v in figures(metrics).items() if k.startswith("feedback_total")} == {
        "feedback_total platform=telegram verdict=like source=button": 1,
        "feedback_total platform=telegram verdict=like source=command": 1,
        "feedback_total platform=telegram verdict=none source=undo": 1,
        "feedback_total platform=telegram verdict=dislike source=command": 1,
    }


def test_cards_are_counted_by_policy_and_position(measured, metrics):
    measured.says("/recommend")
    measured.says("/similar 덴마")
    measured.as_("jun").says("/start")

    assert {k: v for k, v in figures(metrics).items() if k.startswith("impressions_total")} == {
        f"impressions_total policy={policy} position={position}": 1
        for policy, shown in (("popularity", 3), ("similar", 3), ("welcome", 1))
        for position in range(shown)
    }


def test_what_was_rolled_back_is_an_error_and_nothing_else(measured, metrics, monkeypatch):
    monkeypatch.setattr("bot.conversation.suggest.cards.card", lambda *_, **__: 1 / 0)

    with structlog.testing.capture_logs():
        measured.says("/recommend")

    counted = {k: v for k, v in figures(metrics).items() if "total" in k}
    assert counted == {
        "updates_total platform=telegram kind=command outcome=failed": 1,
        "errors_total platform=telegram kind=failed": 1,
    }


def test_a_database_that_is_away_is_an_error_of_its_own(tmp_path, model_dir, clock, metrics):
    from db.engine import Database

    database = Database(f"sqlite:///{tmp_path}/empty.db")  # no tables at all
    world = World(database, model_dir, clock)
    world.hearing = Hearing(database, world.serving, clock, count=metrics.heard)

    with structlog.testing.capture_logs():
        Chat(world).says("/list")

    database.close()
    assert figures(metrics)["errors_total platform=telegram kind=unavailable"] == 1


def test_answers_are_measured_until_they_are_out_and_failures_are_not(metrics, chat):
    bridge = Bridge(chat.world.hearing, answering=metrics.answering)

    with bridge.answering(Platform.DISCORD):
        pass
    with pytest.raises(KeyError), bridge.answering(Platform.DISCORD):
        raise KeyError

    bridge.close()
    assert figures(metrics) == {"answer_seconds_count platform=discord": 1}


def test_the_library_is_told_as_it_is_when_somebody_asks(bare_chat, digest, metrics):
    from tests.plugins.library import SHELF, activate, stock

    serving = bare_chat.world.serving
    metrics.watch(lambda: serving.library)
    before = figures(metrics)

    stock(bare_chat.world.database)
    activate(bare_chat.world.database, "first", digest, demo=True)
    serving.refresh()

    assert before == {"library_works": 0}
    assert figures(metrics) == {
        "library_works": len(SHELF),
        "served_model_info model=first demo=true": 1,
    }


def test_they_are_served_until_the_end_and_the_port_is_free_again(metrics, measured):
    measured.says("/recommend")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    for _ in range(2):
        with (
            metrics.served("127.0.0.1", port),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer,
        ):
            text = answer.read().decode()

        assert 'webtoonbot_impressions_total{policy="popularity",position="0"} 1.0\n' in text
