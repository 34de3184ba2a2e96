"""/taste at the real doors: a picture, its words, and the other theme in its place."""

import io
import re
from pathlib import Path

from PIL import Image

from tests.plugins.doors import SECONDS, TerminalDoor

WORDS = ("내 웹툰 취향", "판타지 100% · 모든 독자 ", "자꾸 끌리는 키워드: ")
LIKED = ("신의 탑", "노블레스", "쿠베라")


def theme(png):
    """Whether a picture is light or dark, by the corner where nothing is drawn."""
    image = Image.open(io.BytesIO(png))
    assert image.width == 1080
    return "light" if sum(image.convert("RGB").getpixel((5, 5))) > 384 else "dark"


def test_telegram_shows_a_photo_and_changes_its_theme_in_place(telegram_running):
    server = telegram_running
    mina = server.user("taste", language="ko")
    for title in LIKED:
        server.say(mina, f"/like {title}")
    server.say(mina, "/취향")
    photo = server.wait_for_message(mina, 4, SECONDS)
    light = photo.photo["content"]
    server.press(mina, photo, "🌙 어둡게")
    server.wait_for(lambda: photo.earlier, SECONDS, "an edited photo")
    shared = server.press(mina, photo, "📤 공유용 카드")
    card = server.wait_for_message(mina, 5, SECONDS)

    assert (theme(light), theme(photo.photo["content"])) == ("light", "dark")
    assert all(words in photo.text for words in WORDS)
    assert photo.buttons == ["☀️ 밝게", "📤 공유용 카드"]
    assert theme(card.photo["content"]) == "dark"
    assert card.buttons == [] and "좋아요 3개" not in card.text
    assert server.wait_for_answer(shared, SECONDS).startswith("📤 작품 제목도")


def test_in_a_group_the_picture_goes_to_the_readers_own_chat(telegram_running):
    server = telegram_running
    mina, group = server.user("shy", language="ko"), server.group()
    server.say(mina, "/like 신의 탑")
    server.wait_for_message(mina, timeout=SECONDS)

    server.say(mina, "/taste", group)

    assert server.wait_for_message(mina, 2, SECONDS).photo
    assert server.in_chat(group) == []


def test_discord_shows_a_file_to_the_reader_alone_and_changes_its_theme_in_place(discord_running):
    server = discord_running
    mina = server.user("taste", locale="ko")
    for title in LIKED:
        liked = server.slash(mina, "like", title=title)
        server.wait_for(lambda liked=liked: liked.messages, SECONDS)

    given = server.slash(mina, "취향")
    (shown,) = server.wait_for(lambda: given.messages, SECONDS)
    light = shown.files["taste.png"]
    server.press(mina, shown, "🌙 어둡게")
    server.wait_for(lambda: shown.edits, SECONDS)
    pressed = server.press(mina, shown, "📤 공유용 카드")
    server.wait_for(lambda: len(pressed.messages) == 2, SECONDS)

    assert (theme(light), theme(shown.files["taste.png"])) == ("light", "dark")
    assert all(words in shown.alts["taste.png"] for words in WORDS)
    assert list(shown.buttons) == ["☀️ 밝게", "📤 공유용 카드"]
    card = pressed.messages[1]
    assert theme(card.files["taste.png"]) == "dark"
    assert card.buttons == {} and "좋아요 3개" not in card.alts["taste.png"]
    assert all(message.seen_by is mina for message in (shown, card))
    assert server.violations == []


def test_the_terminal_prints_bars_and_the_path_of_the_picture(shared_home, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    door = TerminalDoor(shared_home, "taste")
    door.says("/like 신의 탑")

    (shown,) = door.says("/taste")
    dark = door.presses(shown, "🌙")[0]
    door.close()

    path = Path(re.search(r"^/.*\.png$", shown.text, re.MULTILINE)[0])
    assert path.parent == tmp_path
    assert theme(path.read_bytes()) == "light"
    assert "███  판타지 100% · 모든 독자" in shown.text
    assert theme(Path(re.search(r"^/.*\.png$", dark.text, re.MULTILINE)[0]).read_bytes()) == "dark"


def test_without_a_like_every_door_says_one_helpful_sentence(door):
    (shown,) = door.says("/taste")

    assert shown.text.startswith("아직 어떤 작품을 좋아하시는지 몰라요.")
