"""What readers do beyond verdicts, through the real programs: steer, leave out, follow, link."""

import re

import pytest

from tests.plugins.doors import DiscordDoor, TelegramDoor, TerminalDoor


def labels(shown, *signs):
    return [label for label in shown.buttons if label.startswith(signs)]


def test_a_slate_is_steered_and_the_critique_taken_back(door):
    door.says("/like 신의 탑")
    *_, last = door.says("/recommend", messages=3)
    critiques = labels(last, "🏁", "🚫", "🔥", "💎", "🎲")
    assert len(critiques) == 3

    asked, *cards = door.says("/recommend 완결", messages=4)
    plain = door.presses(asked, "✖️", messages=3)

    assert asked.text.startswith("🎛️ 지금 조건: 완결")
    assert all("완결" in card.text for card in cards)
    assert not any(shown.text.startswith("🎛️") for shown in plain)


def test_a_critique_below_a_slate_changes_the_next(door):
    for title in ("신의 탑", "노블레스"):
        door.says(f"/like {title}")
    *_, last = door.says("/recommend", messages=3)
    (critique, *_) = labels(last, "🏁", "🚫", "🔥", "💎", "🎲")

    asked, *cards = door.presses(last, critique, messages=4)

    assert asked.text.startswith("🎛️ 지금 조건: ")
    assert labels(asked, "✖️")
    assert len(cards) == 3


def test_a_like_is_left_out_below_the_reasons_and_counted_again(door):
    door.says("/like 신의 탑")
    (why,) = door.says("/why 노블레스")
    assert "👍 신의 탑: +" in why.text

    without = door.changes(why, "⏸️")
    again = door.changes(without, "▶️")

    assert "⏸️ 추천에 반영하지 않는 작품: 신의 탑" in without.text
    assert "👍 신의 탑: +" in again.text


def test_a_work_is_followed_and_alerts_are_set(door):
    (followed,) = door.says("/follow 신의 탑")
    (listed,) = door.says("/following")
    *_, alerts = door.says("/alerts digest")
    quiet = door.changes(alerts, "🌞")

    assert "신의 탑" in followed.text
    assert "신의 탑" in listed.text
    assert labels(alerts, "📰") == ["📰 하루 한 번 ✓"]
    assert labels(quiet, "🌞")[0].endswith("✓")


def test_a_finished_work_is_not_followed_and_why_is_told(door):
    (refused,) = door.says("/follow 여신강림")
    (listed,) = door.says("/following")

    assert "완결" in refused.text
    assert "여신강림" not in listed.text


def test_privacy_counts_and_leaves_out_of_training(door):
    door.says("/like 신의 탑")
    (privacy,) = door.says("/privacy")
    settings = door.changes(privacy, "🚫")

    assert "작품 1개에 남긴 평가" in privacy.text
    assert "모델 학습: 내 평가를 안 씀" in settings.text


@pytest.fixture
def terminal(shared_home):
    door = TerminalDoor(shared_home, "two-accounts", "--lang", "ko")
    yield door
    door.close()


def code_in(shown):
    return re.search(r"/link (\w{4}-\w{4})", shown.text)[1]


def test_accounts_on_three_platforms_become_one_reader_and_two_again(
    telegram_running, discord_running, terminal
):
    telegram = TelegramDoor(telegram_running, "한 사람")
    discord = DiscordDoor(discord_running, "same person")
    telegram.says("/like 신의 탑")
    discord.says("/like 덴마")
    terminal.says("/dislike 덴마")

    (asked,) = discord.says(f"/link {code_in(telegram.says('/link')[0])}")
    linked = discord.changes(asked, "🔗")
    (third,) = terminal.says(f"/link {code_in(discord.says('/link')[0])}")
    (both, *_) = terminal.presses(third, "🔗")
    (united,) = telegram.says("/list")
    (undone, *_) = terminal.presses(both, "↩️")
    (after,) = discord.says("/list")

    assert "합치면: 작품 2개" in asked.text
    assert "작품 2개" in linked.text
    assert "👎 덴마" in united.text
    assert "👍 신의 탑" in united.text
    assert undone.text.startswith("↩️ 두 계정을 다시 나눴어요.")
    assert "👍 덴마" in after.text


def test_a_code_that_is_none_is_told_everywhere(door):
    (wrong,) = door.says("/link AAAA-AAAA")

    assert wrong.text.startswith("모르는 코드예요.")
