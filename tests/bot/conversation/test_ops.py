"""/ops: for those who run the bots; for everybody else there is no such command."""

from datetime import timedelta

import pytest

from db import alerts, duties, jobs, models, pulses
from db.tables import ModelState
from tests.plugins.chat import BOSS, ON_SQLITE
from tests.plugins.library import NOON

pytestmark = ON_SQLITE


@pytest.fixture
def boss(chat):
    return chat.as_(BOSS[1])


def writes(chat):
    return chat.world.database.write()


@pytest.mark.parametrize("line", ["/ops", "/운영", "/OPS"])
@pytest.mark.parametrize("who", [("mina", "telegram"), ("boss", "discord"), ("boss", "terminal")])
def test_to_everybody_else_it_is_an_unknown_command(chat, line, who):
    name, platform = who
    somebody = chat.as_(name, platform=platform)

    reply = somebody.says(line)

    unknown = somebody.says("/quux")
    assert reply.text == unknown.text.replace("quux", line.removeprefix("/"))
    assert (reply.private, reply.buttons, reply.cards) == (unknown.private, (), ())


def test_to_everybody_else_its_word_is_a_search_like_any_other(chat):
    assert chat.says("운영").text.startswith("I found no work for “운영”.")


def test_help_tells_of_it_only_those_who_may(chat, boss):
    assert "/ops (운영): " in boss.says("/help").text
    assert "/ops" not in chat.says("/help").text


@pytest.mark.parametrize("line", ["/ops", "/운영", "운영", "/ops now"])
def test_it_answers_by_either_name(boss, line):
    assert boss.says(line).text.startswith("🛠️ Operations\n")


def test_where_others_read_along_it_is_answered_in_private(boss):
    assert boss.says("/ops").private
    assert boss.in_public().says("/ops").private


def test_before_anything_ran_it_says_so(bare_chat):
    assert bare_chat.as_(BOSS[1]).says("/ops").text == (
        "🛠️ Operations\n"
        "Model: none yet, popularity serves\n"
        "Readers: 1, verdicts: 0\n"
        "\n"
        "Jobs: none ran, none is expected\n"
        "\n"
        "Processes: none has said that it lives\n"
        "Queues: unknown\n"
        "\n"
        "Open incidents: none\n"
        "\n"
        "Nothing was shown in 7 days"
    )


@pytest.fixture
def busy(chat, boss):
    """A day in the life: runs, processes, an incident, and a reader who likes one of three."""
    with writes(chat) as session:
        begun = jobs.begin(session, "retrain", NOON)
        jobs.finish(session, begun, "ok", NOON + timedelta(minutes=2))
        begun = jobs.begin(session, "prune", NOON)
        jobs.finish(session, begun, "failed", NOON, error="OSError: disk full")
        jobs.begin(session, "backup", NOON + timedelta(hours=2))
        duties.expect(session, "retrain", NOON + timedelta(hours=27), NOON + timedelta(hours=28))
        duties.expect(session, "crawl", NOON + timedelta(hours=1), NOON + timedelta(hours=2))
        alerts.open_alert(session, "prune.failed", "The job prune failed: disk full", NOON)
        at = NOON + timedelta(hours=3)
        pulses.beat(session, "beat@one", at, {"queue": {"train": 1, "crawl": 0}})
        pulses.beat(session, "beat@gone", NOON, {"queue": {"train": 9, "crawl": 9}})
        pulses.beat(session, "telegram@one", at, {"model": "first"})
    chat.says("/recommend")
    chat.press("👍", 0)
    chat.world.clock.pass_(hours=3, minutes=2)
    return boss


def test_it_tells_what_there_is_what_ran_and_what_is_wrong(busy):
    assert busy.says("/ops").text == (
        "🛠️ Operations\n"
        "Model: first, 3 h old, 9,000 rows, nDCG@10 –\n"
        "Readers: 2, verdicts: 1\n"
        "\n"
        "Jobs\n"
        "• backup: running for 1 h\n"
        "• crawl: never ran, ⚠️ late: due 2 h ago\n"
        "• prune: ❌ failed 3 h ago\n"
        "• retrain: ok 3 h ago, next in 23 h\n"
        "\n"
        "Processes\n"
        "• ⚠️ beat@gone: silent for 3 h\n"
        "• beat@one\n"
        "• telegram@one (first)\n"
        "Queues: crawl 0, train 1\n"
        "\n"
        "Open incidents\n"
        "• 🚨 The job prune failed: disk full (3 h)\n"
        "\n"
        "Liked of what was shown in 7 days\n"
        "• first: 33.3% of 3"
    )


def test_it_tells_it_in_korean_too(busy):
    text = busy.as_(BOSS[1], language="ko").says("/ops").text

    assert "• crawl: 실행한 적 없음, ⚠️ 늦음: 2시간 전 예정\n" in text
    assert "• ⚠️ beat@gone: 3시간째 소식 없음\n" in text
    assert text.endswith("7일간 보여 준 작품 가운데 좋아요\n• first: 3개의 33.3%")


def test_a_demo_model_is_called_one_and_its_quality_told(boss):
    with writes(boss) as session:
        (row,) = models.every(session)
        models.delete(session, [row.id])
        demo = models.ModelRow(
            "second", ModelState.CANDIDATE, NOON - timedelta(days=3), 1, 2, 1234,
            {"ndcg@10": 0.12345}, True, row.digest,
        )  # fmt: skip
        models.register(session, demo)
        models.activate(session, "second", NOON)

    line = boss.says("/ops").text.splitlines()[1]

    assert line == "Model: second (demo), 3 d old, 1,234 rows, nDCG@10 0.123"


def test_while_beat_does_not_reach_the_broker_the_queues_are_unknown(boss):
    with writes(boss) as session:
        pulses.beat(session, "beat@one", NOON, {"queue": None})

    assert "• beat@one\nQueues: unknown\n" in boss.says("/ops").text


def test_of_many_incidents_the_oldest_ten_are_told(boss):
    with writes(boss) as session:
        for number in range(12):
            at = NOON - timedelta(minutes=12 - number)
            alerts.open_alert(session, f"{number}", f"Incident {number}", at)

    text = boss.says("/ops").text

    assert "• 🚨 Incident 0 (12 min)\n" in text
    assert "• 🚨 Incident 9 (3 min)\n… and 2 more\n" in text


def test_the_questions_of_a_welcome_do_not_count_as_suggestions(chat, boss):
    chat.says("/start")

    assert boss.says("/ops").text.endswith("\n\nNothing was shown in 7 days")


def test_what_was_shown_longer_ago_does_not_count(chat, boss):
    chat.says("/recommend")
    chat.world.clock.pass_(days=7, minutes=1)

    assert boss.says("/ops").text.endswith("\n\nNothing was shown in 7 days")
