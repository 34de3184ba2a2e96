"""`webtoonbot discord` as a process: reactions, restarts, faults and its end."""

import signal
import sqlite3
import time

import pytest

from tests.fakes.discord_server import DiscordServer
from tests.plugins.doors import SECONDS, start_discord, stopped


@pytest.fixture
def server():
    with DiscordServer() as server:
        yield server
        assert server.violations == []


@pytest.fixture
def mina(server):
    return server.user("Mina", locale="ko")


def connected(server):
    server.wait_for(lambda: server.commands and server.gateway.connected, SECONDS)


@pytest.fixture
def running(home, server):
    with stopped(start_discord(home, server)) as process:
        connected(server)
        yield process


def cards_of(server, interaction):
    def found():
        cards = [m for m in interaction.messages if m.embeds]
        return len(cards) >= 3 and cards

    return server.wait_for(found, SECONDS)


def verdicts(home):
    query = "SELECT account.user_id, verdict FROM feedback JOIN account USING (reader_id)"
    return sorted(home.rows(query))


def remembered(home, card):
    return home.rows(f"SELECT 1 FROM impression WHERE message = '{card.ref}'")


def test_anyones_reaction_on_a_public_card_is_their_own_verdict_until_it_is_taken_back(
    home, server, mina, running
):
    jun = server.user("Jun", locale="en-US")
    card = cards_of(server, server.slash(mina, "recommend"))[0]
    server.wait_for(lambda: remembered(home, card), SECONDS)

    server.react(mina, card, "👍🏽")
    server.react(jun, card, "👎")
    server.wait_for(lambda: len(verdicts(home)) == 2, SECONDS)
    both = verdicts(home)
    server.unreact(jun, card, "👎")
    server.wait_for(lambda: len(verdicts(home)) == 1, SECONDS)

    assert both == sorted([(str(mina.id), "like"), (str(jun.id), "dislike")])
    assert verdicts(home) == [(str(mina.id), "like")]
    assert card.edits == 0


def test_buttons_and_reactions_on_old_messages_work_after_a_restart(home, server, mina):
    with stopped(start_discord(home, server)):
        connected(server)
        cards = cards_of(server, server.slash(mina, "recommend"))
        server.wait_for(lambda: all(remembered(home, card) for card in cards), SECONDS)
    overwritten = server.command_overwrites

    with stopped(start_discord(home, server)):
        server.wait_for(lambda: server.gateway.connected, SECONDS)
        server.press(mina, cards[0], "👍 좋아요")
        server.react(mina, cards[1], "👍")
        server.wait_for(lambda: len(verdicts(home)) == 2, SECONDS)

    assert verdicts(home) == [(str(mina.id), "like")] * 2
    assert server.command_overwrites == overwritten


def test_a_press_on_a_public_card_is_acknowledged_to_that_person_only(home, server, mina, running):
    jun = server.user("Jun", locale="ko")
    card = cards_of(server, server.slash(mina, "추천"))[0]

    pressed = server.press(jun, card, "👍 좋아요")
    said = server.wait_for(lambda: pressed.messages, SECONDS)

    assert [m.ephemeral for m in said] == [True]
    assert "좋아하는 작품에 담았어요" in said[0].content
    assert card.edits == 0
    assert verdicts(home) == [(str(jun.id), "like")]


def test_an_interaction_that_comes_twice_counts_once(home, server, mina, running):
    liked = server.slash(mina, "like", title="신의 탑")
    server.wait_for(lambda: liked.messages, SECONDS)

    server.redeliver(liked)
    listed = server.slash(mina, "list")
    server.wait_for(lambda: listed.messages, SECONDS)

    assert home.rows("SELECT count(*) FROM feedback_event") == [(1,)]
    assert len(liked.messages) == 1


def test_titles_are_offered_while_they_are_typed(server, mina, running):
    typed = server.autocomplete(mina, "like", title="신의")
    choices = server.wait_for(lambda: typed.choices, SECONDS)

    assert choices[0]["name"] == "신의 탑 (Tower of God)"
    liked = server.slash(mina, "like", title=choices[0]["value"])
    server.wait_for(lambda: liked.messages, SECONDS)
    assert liked.messages[0].content.startswith("👍 신의 탑을")


def test_first_responses_come_within_three_seconds_even_while_the_database_is_locked(
    home, server, mina, running
):
    lock = sqlite3.connect(home.folder / "webtoonbot.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    liked = server.slash(mina, "like", title="신의 탑")
    said = server.wait_for(lambda: liked.messages, SECONDS)
    lock.execute("ROLLBACK")
    lock.close()

    assert liked.seconds < 3
    assert said[0].content == "지금은 저장할 수가 없어요. 잠시 후 다시 시도해 주세요."
    assert home.rows("SELECT count(*) FROM feedback") == [(0,)]


def test_no_privileged_intent_is_asked_for(server, running):
    privileged = (1 << 1) | (1 << 8) | (1 << 15)

    assert all(not identify["intents"] & privileged for identify in server.gateway.identifies)


def test_sigterm_ends_it_cleanly_within_five_seconds(home, server, running):
    began = time.monotonic()
    running.send_signal(signal.SIGTERM)

    assert running.wait(10) == 0
    assert time.monotonic() - began < 5


def test_sigterm_ends_it_within_five_seconds_while_many_wait_for_a_locked_database(
    home, server, running
):
    lock = sqlite3.connect(home.folder / "webtoonbot.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    asked = [server.slash(server.user(f"reader-{n}"), "list") for n in range(16)]
    server.wait_for(lambda: all(interaction.seconds for interaction in asked), SECONDS)

    began = time.monotonic()
    running.send_signal(signal.SIGTERM)

    assert running.wait(10) == 0
    assert time.monotonic() - began < 5
    lock.close()


def test_titles_are_offered_while_many_wait_for_a_locked_database(home, server, mina, running):
    lock = sqlite3.connect(home.folder / "webtoonbot.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    for n in range(16):
        server.slash(server.user(f"reader-{n}"), "list")

    typed = server.autocomplete(mina, "like", title="신의")
    choices = server.wait_for(lambda: typed.choices, SECONDS)
    lock.close()

    assert choices[0]["name"] == "신의 탑 (Tower of God)"


@pytest.mark.parametrize("token", ["", "MTA.wrong.token"])
def test_a_missing_or_wrong_token_is_one_sentence_and_exit_code_2(home, server, token):
    done = home.run(
        "webtoonbot", "discord", DISCORD_TOKEN=token, DISCORD_API_URL=server.url, timeout=30
    )

    assert done.returncode == 2
    assert "DISCORD_TOKEN" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert token == "" or token not in done.stderr


def test_the_token_is_never_logged(home, server, mina):
    with stopped(start_discord(home, server, LOG_LEVEL="DEBUG")):
        connected(server)
        helped = server.slash(mina, "help")
        server.wait_for(lambda: helped.messages, SECONDS)

    assert server.token not in home.log("discord")
