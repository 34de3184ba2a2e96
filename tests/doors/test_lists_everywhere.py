"""A list of works at the three doors, each a process: sent as a file or typed, added, undone."""

import signal

import pytest

from tests.fakes.discord_server import DiscordServer
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.telegram_world import hang
from tests.plugins.doors import SECONDS, start_discord, start_telegram, stopped

LIST = "제목,별점\r\n신의 탑,4.5\r\n노블레스,1.5\r\n세상에 없는 작품,5\r\n"
FOUND = "📥 3개 중 2개를 찾았어요: 👍 1 · ✅ 1\n👍 신의 탑\n✅ 노블레스\n"
ADDED = "📥 작품 2개를 추가했어요."


def verdicts(home, user_id):
    query = "SELECT verdict FROM feedback JOIN account USING (reader_id) WHERE user_id = ?"
    return sorted(verdict for (verdict,) in home.rows(query, str(user_id)))


def standing(door):
    """How many verdicts stand, by the reader's own export."""
    return door.exports().partition('"follows"')[0].count('"verdict"')


def test_titles_are_typed_added_and_taken_back_at_every_door(door):
    shown = door.says("/import 신의 탑, 노블레스 👎, 여신강림")[0]
    added = door.changes(shown, "3개 추가")
    listed = standing(door)
    undone = door.changes(added, "되돌리기")

    assert "📥 3개 중 3개를 찾았어요: 👍 2 · 👎 1" in shown.text
    assert "📥 작품 3개를 추가했어요." in added.text
    assert listed == 3
    assert "작품 3개가 담기 전으로 돌아갔어요." in undone.text
    assert standing(door) == 0


def test_a_file_in_telegram_is_fetched_shown_and_added(shared_home, telegram_running):
    server, mina = telegram_running, telegram_running.user("Mina", language="ko")

    server.send_file(mina, "내 목록.csv", LIST.encode("cp949"))
    shown = server.wait_for_message(mina, timeout=SECONDS)
    server.press(mina, shown, "📥 2개 추가")
    server.wait_for(lambda: shown.earlier, SECONDS, "the list to be added")

    assert shown.earlier[0].startswith(FOUND)
    assert shown.text.startswith(ADDED)
    assert verdicts(shared_home, mina.id) == ["like", "read"]
    assert server.token not in shared_home.log("telegram")


def test_several_lines_in_telegram_are_a_list(telegram_running):
    mina = telegram_running.user("Mina", language="ko")

    telegram_running.say(mina, "신의 탑\n노블레스\n여신강림")
    shown = telegram_running.wait_for_message(mina, timeout=SECONDS)

    assert shown.text.startswith("📥 3개 중 3개를 찾았어요: 👍 3")


def test_a_film_in_telegram_is_not_fetched(telegram_running):
    mina = telegram_running.user("Mina", language="ko")
    before = len(telegram_running.made("getFile"))

    telegram_running.send_file(mina, "film.mp4", b"", size=20 * 2**20)
    said = telegram_running.wait_for_message(mina, timeout=SECONDS)

    assert said.text == "파일이 너무 커요. 1MB 안으로 줄여서 보내 주세요."
    assert len(telegram_running.made("getFile")) == before


def test_in_a_group_the_answer_to_a_file_comes_in_private(telegram_running):
    server, mina = telegram_running, telegram_running.user("Mina", language="ko")
    group = server.group()
    server.say(mina, "/help")
    server.wait_for_message(mina, timeout=SECONDS)

    server.send_file(mina, "a.csv", LIST.encode(), group)
    server.send_file(mina, "b.csv", LIST.encode(), group, caption="/import")
    shown = server.wait_for_message(mina, 2, SECONDS)

    assert shown.text.startswith(FOUND)
    assert server.in_chat(group) == []


def test_a_killed_bot_loses_no_file(home):
    with TelegramServer() as server:
        mina = server.user("Mina", language="ko")
        process = start_telegram(home, server)
        with stopped(process, kill=True):
            server.wait_for_calls("getUpdates", timeout=SECONDS)
            server.fail("(download)", hang())
            server.send_file(mina, "list.csv", LIST.encode())
            server.wait_for_calls("(download)", timeout=SECONDS)
            process.send_signal(signal.SIGKILL)
            process.wait()

        with stopped(start_telegram(home, server)):
            shown = server.wait_for_message(mina, timeout=SECONDS)

        assert shown.text.startswith(FOUND)
        assert home.rows("SELECT count(*) FROM import_batch") == [(1,)]


def test_the_address_of_a_file_is_never_logged(home):
    with TelegramServer() as server:
        mina = server.user("Mina", language="ko")
        with stopped(start_telegram(home, server, LOG_LEVEL="DEBUG")):
            server.send_file(mina, "list.csv", LIST.encode())
            server.wait_for_message(mina, timeout=SECONDS)

    assert server.token not in home.log("telegram")
    assert "documents/" not in home.log("telegram")


@pytest.fixture
def lee(discord_running):
    return discord_running.user("lee", locale="ko")


def answer(server, interaction):
    return server.wait_for(lambda: interaction.messages, SECONDS)[0]


def test_a_file_on_discord_is_fetched_shown_and_added(shared_home, discord_running, lee):
    given = discord_running.slash(lee, "import", file=("list.csv", LIST.encode("utf-16")))
    shown = answer(discord_running, given)
    said = shown.content
    discord_running.press(lee, shown, "📥 2개 추가")
    discord_running.wait_for(lambda: shown.content.startswith(ADDED), SECONDS)

    assert said.startswith(FOUND)
    assert shown.seen_by is lee
    assert verdicts(shared_home, lee.id) == ["like", "read"]


def test_what_is_typed_into_the_form_on_discord_is_a_list(discord_running, lee):
    given = discord_running.slash(lee, "가져오기")
    discord_running.wait_for(lambda: given.form, SECONDS)

    sent = discord_running.submit(lee, given, "신의 탑\n노블레스 ★1\n여신강림")

    assert answer(discord_running, sent).content.startswith("📥 3개 중 3개를 찾았어요: 👍 2 · ✅ 1")
    assert discord_running.violations == []


def test_a_film_on_discord_is_not_fetched(discord_running, lee):
    film = ("film.mp4", b"", 20 * 2**20)

    given = discord_running.slash(lee, "import", file=film)

    said = answer(discord_running, given).content
    assert said == "파일이 너무 커요. 1MB 안으로 줄여서 보내 주세요."
    assert "film.mp4" not in [name for name, _ in discord_running.files.downloads]


def test_the_form_on_discord_outlives_the_process_that_opened_it(home):
    with DiscordServer() as server:
        lee = server.user("lee", locale="ko")
        with stopped(start_discord(home, server)):
            server.wait_for(lambda: server.commands and server.gateway.connected, SECONDS)
            given = server.slash(lee, "import")
            server.wait_for(lambda: given.form, SECONDS)
        with stopped(start_discord(home, server)):
            server.wait_for(lambda: server.gateway.connected, SECONDS)
            sent = server.submit(lee, given, "신의 탑\n노블레스")

            assert answer(server, sent).content.startswith("📥 2개 중 2개를 찾았어요")


def test_a_file_in_the_terminal_is_read_by_its_path(home):
    path = home.folder / "list.csv"
    path.write_text(LIST, encoding="cp949")

    done = home.run("webtoonbot", "chat", "--as", "lee", text=f"/import {path}\n1\n/list\n")

    assert done.stdout.startswith(FOUND)
    assert ADDED in done.stdout
    assert "내가 남긴 평가 2개" in done.stdout
