"""Pictures on Discord: a file that tells what it shows, replaced in place, or words instead."""

import io
from dataclasses import replace

from PIL import Image

from bot.bridge import Bridge
from bot.conversation.reply import Button, Reply
from bot.discord import render
from bot.discord.escaping import escaped
from tests.bot.discord.test_discord_interactions import done
from tests.bot.pictures.samples import ALT, PICTURE

SWITCH = ((Button("🌙 Dark", "c:d:f:1"), Button("📤 Card", "c:l:s:1")),)
TASTE = Reply(picture=PICTURE, buttons=SWITCH, private=True)


async def undrawable(self, picture):
    return None


async def asked(town, hearing, mina):
    hearing.script["taste"] = TASTE
    (shown,) = await done(town, town.slash(mina, "taste"), 1)
    return shown


async def test_a_picture_is_a_file_that_tells_what_it_shows_to_its_reader_alone(town, hearing):
    mina = town.user("mina")

    shown = await asked(town, hearing, mina)

    assert (shown.content, list(shown.buttons)) == ("", ["🌙 Dark", "📤 Card"])
    assert shown.alts == {"taste.png": ALT}
    assert Image.open(io.BytesIO(shown.files["taste.png"])).width == 1080
    assert shown.seen_by is mina


async def test_a_press_puts_another_picture_in_its_place(town, hearing):
    mina = town.user("mina")
    shown = await asked(town, hearing, mina)
    dark = replace(PICTURE, dark=True)
    light = ((Button("☀️ Light", "c:l:f:1"),),)
    hearing.script["c:d:f:1"] = Reply(picture=dark, buttons=light, replaces=True, private=True)
    before = shown.files["taste.png"]

    pressed = town.press(mina, shown, "🌙 Dark")

    await town.until(lambda: shown.edits)
    assert list(shown.files) == ["taste.png"] and shown.files["taste.png"] != before
    assert (shown.alts, shown.content) == ({"taste.png": ALT}, "")
    assert list(shown.buttons) == ["☀️ Light"]
    assert pressed.messages == []


async def test_a_card_to_share_comes_after_its_notice_and_stays_private(town, hearing):
    mina = town.user("mina")
    shown = await asked(town, hearing, mina)
    hearing.script["c:l:s:1"] = Reply(picture=PICTURE, notice="Show it to anybody")

    pressed = town.press(mina, shown, "📤 Card")

    notice, card = await done(town, pressed, 2)
    assert notice.content == "Show it to anybody"
    assert list(card.files) == ["taste.png"] and card.buttons == {}
    assert [m.seen_by for m in (notice, card)] == [mina, mina]
    assert shown.edits == 0


async def test_a_picture_that_cannot_be_drawn_is_said(town, hearing, monkeypatch):
    monkeypatch.setattr(Bridge, "draw", undrawable)

    shown = await asked(town, hearing, town.user("mina"))

    assert (shown.content, shown.files) == (escaped(ALT), {})
    assert list(shown.buttons) == ["🌙 Dark", "📤 Card"]


async def test_words_take_the_place_of_a_picture_and_its_file(town, hearing, monkeypatch):
    mina = town.user("mina")
    shown = await asked(town, hearing, mina)
    monkeypatch.setattr(Bridge, "draw", undrawable)
    hearing.script["c:d:f:1"] = replace(TASTE, replaces=True)

    town.press(mina, shown, "🌙 Dark")

    await town.until(lambda: shown.edits)
    assert (shown.content, shown.files) == (escaped(ALT), {})


async def test_a_file_that_discord_refuses_costs_the_file_alone(town, hearing):
    town.fail("PATCH", "/webhooks/*/messages/@original", 403, code=50013)

    shown = await asked(town, hearing, town.user("mina"))

    assert (shown.content, shown.files) == (escaped(ALT), {})


def test_words_are_cut_to_what_discord_takes():
    endless = Reply("Look:", picture=replace(PICTURE, title="*" * 3000), buttons=SWITCH)

    text, message = render.messages(endless)
    drawn = replace(message, png=b"a png").as_new()

    assert (text.content, text.rows) == ("Look:", ())
    assert len(message.content) <= 2000
    assert "content" not in drawn
    assert len(drawn["files"][0].description) == 1024
