"""`webtoonbot telegram` as a process: what must hold when things go wrong around it."""

import signal
import sqlite3
import time

import pytest

from tests.fakes.telegram_world import blocked, broken, flood, hang
from tests.plugins.doors import SECONDS, start_telegram, stopped


def slate(server, user, since=0):
    def cards():
        return [m for m in server.in_chat(user)[since:] if "👎 별로예요" in m.buttons]

    return server.wait_for(lambda: len(cards()) >= 3 and cards(), SECONDS, "a slate")


def test_a_killed_bot_loses_no_verdict(home, server, mina):
    process = start_telegram(home, server)
    with stopped(process, kill=True):
        server.wait_for_calls("getUpdates", timeout=SECONDS)
        server.say(mina, "/recommend")
        cards = slate(server, mina)
        open_ = "SELECT count(*) FROM inbox WHERE answered_at IS NULL"
        server.wait_for(lambda: home.rows(open_) == [(0,)], SECONDS, "all answered")
        # An answer that hangs keeps the reader's turn: what comes after it is kept, not handled.
        server.fail("sendMessage", hang())
        server.say(mina, "/help")
        for card in cards:
            server.press(mina, card, "👍 좋아요")
        server.wait_until_confirmed(max(server.updates), SECONDS)
        server.wait_for_calls("sendMessage", 5, SECONDS)  # the hanging one
        before = home.rows("SELECT count(*) FROM feedback")
        process.kill()
        process.wait()

    with stopped(start_telegram(home, server)):
        server.wait_for(
            lambda: home.rows("SELECT count(*) FROM feedback") == [(3,)], SECONDS, "3 verdicts"
        )
        helped = server.wait_for_message(mina, 5, SECONDS)

    assert before == [(0,)]
    assert home.rows("SELECT count(*) FROM feedback_event") == [(3,)]
    assert helped.text.startswith("이런 말을 알아들어요.")


def test_an_update_that_comes_twice_counts_once_and_is_answered_once(home, server, mina, running):
    update = server.say(mina, "/like 신의 탑")
    server.wait_for_message(mina, timeout=SECONDS)
    server.wait_until_confirmed(update, SECONDS)

    server.redeliver(update)
    server.say(mina, "/list")
    server.wait_for_message(mina, 2, SECONDS)

    assert [m.text[:10] for m in server.in_chat(mina)][1].startswith("내가 남긴 평가 1개"[:10])
    assert len(server.in_chat(mina)) == 2
    assert home.rows("SELECT count(*) FROM feedback_event") == [(1,)]


def test_a_reaction_is_a_verdict_and_its_removal_takes_it_back(home, server, mina, running):
    server.say(mina, "/recommend")
    card = slate(server, mina)[0]

    server.react(mina, card, new=["👎"])
    server.wait_for(
        lambda: home.rows("SELECT verdict FROM feedback") == [("dislike",)], SECONDS, "a dislike"
    )
    server.react(mina, card, old=["👎"], new=["👍"])
    server.wait_for(
        lambda: home.rows("SELECT verdict FROM feedback") == [("like",)], SECONDS, "a like"
    )
    server.react(mina, card, old=["👍"])
    server.wait_for(lambda: not home.rows("SELECT * FROM feedback"), SECONDS, "nothing")

    assert home.rows("SELECT source, count(*) FROM feedback_event GROUP BY source ORDER BY 1")[
        0
    ] == ("reaction", 2)


def test_in_a_group_each_persons_taste_stays_their_own(home, server, mina, running):
    jun, group = server.user("Jun", language="ko"), server.group()
    server.say(mina, "/recommend", group)
    slate_ = server.wait_for_message(group, timeout=SECONDS)

    query = server.press(jun, slate_, "1 👍 좋아요")
    toast = server.wait_for_answer(query, SECONDS)

    assert slate_.text.count("\n\n") >= 2
    assert len(server.in_chat(group)) == 1
    assert "좋아하는 작품에 담았어요" in toast
    accounts = "SELECT user_id FROM account JOIN feedback USING (reader_id)"
    assert home.rows(accounts) == [(str(jun.id),)]
    assert slate_.earlier == []


def test_somebody_elses_undo_is_refused(home, server, mina, running):
    jun, group = server.user("Jun", language="ko"), server.group()
    server.say(mina, "/like 신의 탑", group)
    liked = server.wait_for_message(group, timeout=SECONDS)

    toast = server.wait_for_answer(server.press(jun, liked, "↩️ 되돌리기"), SECONDS)

    assert toast == "다른 분의 버튼이에요. 직접 명령을 보내 주세요."
    assert home.rows("SELECT verdict FROM feedback") == [("like",)]


def test_floods_and_server_errors_delay_an_answer_and_do_not_lose_it(server, mina, running):
    server.fail("sendMessage", flood(1))
    server.fail("sendMessage", broken(502))

    server.say(mina, "/help")
    answer = server.wait_for_message(mina, timeout=SECONDS)

    first, second = server.made("sendMessage")[:2]
    assert answer.text.startswith("이런 말을 알아들어요.")
    assert second.at - first.at >= 1


def test_a_reader_who_blocked_the_bot_is_no_error(home, server, mina, running):
    jun = server.user("Jun", language="ko")
    server.fail("sendMessage", blocked())

    server.say(mina, "/like 신의 탑")
    server.wait_for_calls("sendMessage", 1, SECONDS)
    server.say(jun, "/help")
    server.wait_for_message(jun, timeout=SECONDS)

    assert "[error" not in home.log("telegram")
    assert home.rows("SELECT verdict FROM feedback") == [("like",)]


def test_a_locked_database_is_said_and_leaves_nothing_half_written(home, server, mina, running):
    server.say(mina, "/help")
    server.wait_for_message(mina, timeout=SECONDS)
    lock = sqlite3.connect(home.folder / "webtoonbot.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    server.say(mina, "/like 신의 탑")
    apology = server.wait_for_message(mina, 2, SECONDS)
    lock.execute("ROLLBACK")
    lock.close()
    server.say(mina, "/like 노블레스")
    liked = server.wait_for_message(mina, 3, SECONDS)

    assert apology.text == "지금은 저장할 수가 없어요. 잠시 후 다시 시도해 주세요."
    assert liked.text.startswith("👍 노블레스를")
    assert home.rows("SELECT verdict FROM feedback") == [("like",)]
    assert "database is locked" in home.log("telegram")


def test_sigterm_ends_it_cleanly_within_five_seconds(home, server, mina, running):
    server.say(mina, "/recommend")
    slate(server, mina)

    began = time.monotonic()
    running.send_signal(signal.SIGTERM)

    assert running.wait(10) == 0
    assert time.monotonic() - began < 5
    assert home.rows("SELECT count(*) FROM inbox WHERE answered_at IS NULL") == [(0,)]
    assert home.rows("SELECT count(*) FROM inbox WHERE payload IS NOT NULL") == [(0,)]


def test_a_database_away_at_the_start_is_waited_for_until_told_to_stop(home, server):
    home.database_url = "postgresql://mina:a-secret@127.0.0.1:1/webtoons"  # nobody listens there

    def waits():
        return "waiting for the database" in home.log("telegram")

    with stopped(start_telegram(home, server)) as process:
        server.wait_for(waits, SECONDS, "a word about it")
        process.send_signal(signal.SIGTERM)
        code = process.wait(10)

    assert code == 0
    assert "Traceback" not in home.log("telegram")
    assert "a-secret" not in home.log("telegram")


def test_a_webhook_that_cannot_be_taken_back_does_not_keep_it_from_polling(home, server, mina):
    server.fail("deleteWebhook", broken(404))

    with stopped(start_telegram(home, server)):
        server.say(mina, "/help")
        helped = server.wait_for_message(mina, timeout=SECONDS)

    assert helped.text.startswith("이런 말을 알아들어요.")


def test_the_token_is_never_logged(home, server, mina):
    server.fail("sendMessage", broken(500), times=2)
    with stopped(start_telegram(home, server, LOG_LEVEL="DEBUG")):
        server.say(mina, "/help")
        server.wait_for_message(mina, timeout=SECONDS)

    assert server.token not in home.log("telegram")


@pytest.mark.parametrize("token", ["", "123:wrong"])
def test_a_missing_or_wrong_token_is_one_sentence_and_exit_code_2(home, server, token):
    done = home.run(
        "webtoonbot", "telegram", TELEGRAM_TOKEN=token, TELEGRAM_API_URL=server.url, timeout=30
    )

    assert done.returncode == 2
    sentence = done.stderr.strip().splitlines()[-1]
    assert "TELEGRAM_TOKEN" in sentence
    assert "Traceback" not in done.stderr
    assert token == "" or token not in done.stderr


def test_the_menu_shows_eight_commands_in_both_languages(server, running):
    calls = server.wait_for_calls("setMyCommands", 2, SECONDS)

    assert {call.params.get("language_code") for call in calls} == {None, "ko"}
    assert {str(call.params["commands"]).count("'command'") for call in calls} | {
        str(call.params["commands"]).count('"command"') for call in calls
    } == {0, 8}
