"""The terminal: a line in, plain text out, buttons by number."""

import io
import tempfile

import pytest

from bot.conversation.events import Platform, Speaker
from bot.conversation.reply import Button, Card, Reply
from bot.terminal import Terminal
from tests.plugins.chat import ON_SQLITE

pytestmark = ON_SQLITE


class Alone:
    """A hearing with no letters for anybody."""

    @property
    def mailroom(self):
        return self

    def hand_over(self, platform, user_id):
        return None


class Screen(Terminal):
    """A terminal that gives back what each line printed."""

    def __init__(self, hearing, name="mina", *, tty=False, language="en", room=None):
        self.out = io.StringIO()
        speaker = Speaker(Platform.TERMINAL, name, language, name)
        super().__init__(hearing, speaker, self.out, tty=tty, room=room)

    def types(self, line):
        at = len(self.out.getvalue())
        self.hear(line)
        return self.out.getvalue()[at:]


@pytest.fixture
def screen(chat):
    return Screen(chat.world.hearing)


def test_a_like_and_a_recommendation(screen):
    assert screen.types("/like 신의 탑").splitlines() == [
        "👍 신의 탑 is on your list of likes. Your next recommendation knows it.",
        "  [1] ↩️ Undo  [2] ✨ Recommend",
    ]

    slate = screen.types("/recommend").splitlines()

    assert sum(line.startswith("  https://comic.naver.com") for line in slate) == 3
    assert "  [1] 👍 Like  [2] 👎 Not for me  [3] ✅ Read it" in slate
    assert "  [22] 🔄 Show others" in slate
    assert slate.count("  💡 Because you liked 신의 탑 (100%)") == 3


def test_a_button_is_pressed_by_its_number(screen):
    screen.types("/like 신의 탑")

    assert screen.types("1") == "↩️ Undone: 신의 탑\n"


def test_every_button_of_a_slate_stays_in_reach_after_one_was_pressed(screen):
    screen.types("/recommend")
    screen.types("1")

    assert "👍" in screen.types("7")
    assert "You like this" in screen.out.getvalue()


def test_numbers_of_the_last_message_replace_those_of_the_one_before(screen):
    screen.types("/recommend")
    screen.types("/like 덴마")

    assert screen.types("1") == "↩️ Undone: 덴마\n"


@pytest.mark.parametrize("line", ["99", "0", "0000019", "00000000001", "9" * 5000, "１", "²", "-1"])
def test_a_number_of_no_button_is_plain_words(screen, line):
    screen.types("/like 신의 탑")

    assert "I found no" in screen.types(line) or "too long" in screen.out.getvalue()


def test_the_whole_welcome_by_numbers(screen):
    screen.types("/start")
    for _ in range(5):
        last = screen.types("1")

    assert "Thank you! How about these?" in last


def test_several_finds_are_numbered(screen):
    offered = screen.types("봄날")

    assert "[1] 📖 봄날" in offered and "[2] 📖 봄날" in offered
    assert "봄날" in screen.types("2")


@pytest.mark.parametrize("line", ["", "   ", "\n"])
def test_an_empty_line_says_nothing(screen, line):
    assert screen.types(line) == ""


def test_a_command_may_be_parted_from_its_words_by_any_space(screen):
    assert screen.types("/like\t신의 탑").startswith("👍 신의 탑")


def test_control_characters_do_not_reach_the_terminal(screen):
    assert "\x1b" not in screen.types("/search \x1b[2J\x07abc")


def test_titles_from_outside_cannot_steer_the_terminal():
    class Echo(Alone):
        def hear(self, event):
            return Reply("a\x1b[31mb\x07", cards=(Card("t\x1b]0;x\x07", "u\r"),))

    screen = Screen(Echo())

    assert screen.types("x") == "a[31mb\n\nt]0;x\n  u\n"


def test_a_pipe_gets_plain_text_and_no_greeting(screen):
    screen.greet()
    screen.types("/recommend")

    assert not screen.out.getvalue().startswith("Hi!")
    assert "\x1b" not in screen.out.getvalue()


def test_a_person_is_greeted_and_sees_bold_titles(chat):
    screen = Screen(chat.world.hearing, tty=True, language="ko_KR.UTF-8")
    screen.greet()

    assert screen.out.getvalue().startswith("안녕하세요! 웹툰 제목을 적거나")
    assert "\x1b[1m신의 탑 (Tower of God)\x1b[0m" in screen.types("신의 탑")


def test_the_export_is_printed(screen):
    assert '"user_id": "mina"' in screen.types("/export")


@pytest.mark.parametrize("command", ["/import {}", "/가져오기 '{}'"])
def test_a_file_is_read_by_its_path(screen, tmp_path, command):
    path = tmp_path / "my list.csv"
    path.write_text("제목,별점\n신의 탑,4.5\n덴마,2", encoding="cp949")

    summary = screen.types(command.format(path))

    assert summary.startswith("📥 I found 2 of 2 works: 👍 1 · ✅ 1\n👍 신의 탑\n✅ 덴마\n")


def test_a_file_that_is_too_large_is_not_read(screen, tmp_path):
    path = tmp_path / "film.mp4"
    with path.open("wb") as file:
        file.truncate(20 * 2**20)

    assert screen.types(f"/import {path}").startswith("That file is too large.")


@pytest.mark.parametrize("argument", ["/nowhere/list.csv", "~nobody/x", "a" * 5000, "/tmp"])
def test_a_path_that_names_no_file_is_taken_as_titles(screen, argument):
    assert screen.types(f"/import {argument}").startswith("I found none of these works.")


def test_titles_are_taken_as_they_are(screen):
    assert "👍 신의 탑\n👍 덴마" in screen.types("/import 신의 탑, 덴마")


def test_silence_prints_nothing():
    class Silent(Alone):
        def hear(self, event):
            return None

    assert Screen(Silent()).types("x") == ""


def test_a_notice_is_not_said_twice():
    class Same(Alone):
        def hear(self, event):
            return Reply("Done.", notice="Done.", buttons=((Button("👍 Like", "v"),),))

    assert Screen(Same()).types("x") == "Done.\n  [1] 👍 Like\n"


def test_a_taste_is_bars_of_text_and_the_path_of_a_picture(screen, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for title in ("신의 탑", "노블레스", "여신강림", "유미의 세포들"):
        screen.types(f"/like {title}")

    title, lead, *lines = screen.types("/taste").splitlines()

    (path,) = tmp_path.glob("webtoonbot-taste-*.png")
    assert (title, lead) == ("My webtoon taste", "Drawn from 4 likes")
    bar, words = next(line for line in lines if "Fantasy" in line).split("  ")
    assert words.startswith("Fantasy 50% · All readers ")
    assert (len(bar), bar.count("◆"), bar[:10].count("█")) == (20, 1, 9)
    assert "█" not in bar[10:]
    assert lines[-2:] == [str(path), "  [1] 🌙 Dark  [2] 📤 Card to share"]
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_mode & 0o077 == 0


def test_without_a_place_for_the_picture_its_words_are_said(screen, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    screen.types("/like 신의 탑")

    said = screen.types("/taste").splitlines()

    assert said[0] == "My webtoon taste"
    assert said[-2].startswith("Keywords") and said[-1].startswith("  [1]")


def test_an_at_shows_what_other_chats_would_be_offered(screen):
    offered = screen.types("@ 신의")

    assert offered.splitlines()[:4] == [
        "",
        "신의 탑 (Tower of God)",
        "  by SIU",
        "  story · fantasy · Every Mon",
    ]
    assert "👍 신의 탑" in screen.types("1")
    assert screen.types("@").count("https://comic.naver.com") == 10


def test_a_link_to_a_work_opens_it(screen, chat):
    opened = screen.types(f"/start w_{chat.work('1014').id}")

    assert opened.startswith("Hi! I find webtoons you will love.")
    assert "덴마 (Denma)" in opened
    assert "[1] 👋 Get started" in opened


def test_an_address_is_printed_and_takes_no_number():
    class Linking(Alone):
        def hear(self, event):
            row = (Button("Read", url="https://a.b/1"), Button("👍 Like", "v"))
            return Reply("Hi", buttons=(row,))

    assert Screen(Linking()).types("x") == "Hi\n  Read: https://a.b/1  [1] 👍 Like\n"


def test_people_in_one_room_read_together_and_each_prints_the_round_they_act_in(chat):
    mina, jun = (Screen(chat.world.hearing, name, room="sofa") for name in ("mina", "jun"))
    mina.types("/together")
    mina.types("1")
    jun.types("/together")

    joined = jun.types("1").splitlines()
    slate = mina.types("2").splitlines()

    assert joined == [
        "✋ You're in.",
        "👥 Who wants to join? Tap ✋",
        "In so far (2): mina, jun",
        "  [1] ✋ I'm in  [2] 🎬 Pick now",
    ]
    assert slate[0] == "🎬 For mina, jun: something all of you may like"
    assert sum(line.startswith("  jun: better known than ") for line in slate) == 3


def test_without_a_room_nobody_reads_along(screen):
    assert screen.types("/together").startswith("/together finds works for several people")


def test_what_is_done_in_one_room_is_not_seen_in_another(chat):
    mina, jun = (Screen(chat.world.hearing, name, room=f"{name}'s") for name in ("mina", "jun"))
    mina.types("/together")
    mina.types("1")

    assert "In so far" not in jun.types("/together")
