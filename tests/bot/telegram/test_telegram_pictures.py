"""Pictures in Telegram: a photo with its words as caption, replaced in place, or else the words."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from bot.bridge import Bridge
from bot.conversation.reply import Button, Reply
from bot.telegram.render import MAX_CAPTION, length, render
from tests.bot.pictures.samples import ALT, PICTURE
from tests.fakes.telegram_html import parse_html
from tests.fakes.telegram_world import bad, broken

SWITCH = ((Button("🌙 Dark", "c:d:f:1"), Button("📤 Card", "c:l:s:1")),)
TASTE = Reply(picture=PICTURE, buttons=SWITCH, private=True)


def asked(telegram, hearing, mina, reply=TASTE):
    hearing.answer = lambda event: reply
    telegram.say(mina, "/taste")
    return telegram.wait_for_message(mina)


def undrawable(monkeypatch):
    async def draw(self, picture):
        return None

    monkeypatch.setattr(Bridge, "draw", draw)


def test_a_picture_comes_as_a_photo_with_its_words_and_buttons(telegram, hearing, door):
    photo = asked(telegram, hearing, telegram.user())

    assert photo.text == ALT
    assert photo.buttons == ["🌙 Dark", "📤 Card"]
    assert Image.open(io.BytesIO(photo.photo["content"])).width == 1080
    assert len(telegram.sent) == 1


def test_a_press_puts_another_picture_in_its_place(telegram, hearing, door):
    mina = telegram.user()
    photo = asked(telegram, hearing, mina)
    before = photo.photo["content"]
    other = ((Button("☀️ Light", "c:l:f:1"),),)
    hearing.answer = lambda event: Reply(
        picture=PICTURE, buttons=other, replaces=True, private=True
    )

    query = telegram.press(mina, photo, "🌙 Dark")

    telegram.wait_for(lambda: photo.earlier, what="an edited photo")
    assert telegram.wait_for_answer(query) is None
    assert photo.buttons == ["☀️ Light"]
    assert photo.photo["content"].startswith(b"\x89PNG") and photo.photo["content"] == before
    assert telegram.sent == [photo]


def test_a_picture_takes_the_place_of_the_words_that_stood_in_for_it(
    telegram, hearing, door, monkeypatch
):
    mina = telegram.user()
    with monkeypatch.context() as failing:
        undrawable(failing)
        words = asked(telegram, hearing, mina)
    assert (words.text, words.photo) == (ALT, None)
    hearing.answer = lambda event: Reply(picture=PICTURE, buttons=SWITCH, replaces=True)

    telegram.press(mina, words, "🌙 Dark")

    telegram.wait_for(lambda: words.photo, what="a photo in the place of the text")
    assert telegram.sent == [words]


def test_words_cannot_take_a_photos_place_and_come_anew(telegram, hearing, door, monkeypatch):
    mina = telegram.user()
    photo = asked(telegram, hearing, mina)
    undrawable(monkeypatch)
    hearing.answer = lambda event: Reply(picture=PICTURE, buttons=SWITCH, replaces=True)

    telegram.press(mina, photo, "🌙 Dark")
    words = telegram.wait_for_message(mina, 2)

    assert (words.text, words.photo) == (ALT, None)
    assert words.buttons == ["🌙 Dark", "📤 Card"]


def test_a_photo_that_telegram_refuses_costs_the_photo_alone(telegram, hearing, door):
    telegram.fail("sendPhoto", bad("IMAGE_PROCESS_FAILED"))

    words = asked(telegram, hearing, telegram.user())

    assert (words.text, words.photo) == (ALT, None)
    assert words.buttons == ["🌙 Dark", "📤 Card"]


def test_a_photo_is_sent_again_while_telegram_is_away(telegram, hearing, door):
    telegram.fail("sendPhoto", broken(502))

    photo = asked(telegram, hearing, telegram.user())

    assert photo.photo
    assert len(telegram.made("sendPhoto")) == 2


def test_a_refused_photo_in_anothers_place_comes_anew(telegram, hearing, door):
    mina = telegram.user()
    photo = asked(telegram, hearing, mina)
    hearing.answer = lambda event: Reply(picture=PICTURE, buttons=SWITCH, replaces=True)
    telegram.fail("editMessageMedia", bad("message can't be edited"))

    telegram.press(mina, photo, "🌙 Dark")

    assert telegram.wait_for_message(mina, 2).photo


def test_asked_in_a_group_it_comes_to_the_readers_own_chat(telegram, hearing, door):
    mina, group = telegram.user(), telegram.group()
    telegram.say(mina, "/start")
    telegram.wait_for_message(mina)
    hearing.answer = lambda event: TASTE

    telegram.say(mina, "/taste", group)

    assert telegram.wait_for_message(mina, 2).photo
    assert telegram.in_chat(group) == []


def test_a_card_to_share_brings_its_notice_and_a_photo_beside_the_other(telegram, hearing, door):
    mina = telegram.user()
    photo = asked(telegram, hearing, mina)
    hearing.answer = lambda event: Reply(picture=PICTURE, notice="Show it to anybody")

    query = telegram.press(mina, photo, "📤 Card")

    assert telegram.wait_for_answer(query) == "Show it to anybody"
    shared = telegram.wait_for_message(mina, 2)
    assert shared.photo and shared.buttons == []
    assert photo.earlier == []


@pytest.mark.parametrize("together", [False, True])
def test_a_caption_is_cut_to_what_telegram_takes(together):
    endless = replace(PICTURE, title="<b>&" + "글" * 2000)

    text, photo = render(Reply("Look:", picture=endless, buttons=SWITCH), together=together)

    assert (text.html, text.rows) == ("Look:", ())
    assert length(parse_html(photo.html)[0]) == photo.length == MAX_CAPTION
    assert photo.rows == SWITCH
