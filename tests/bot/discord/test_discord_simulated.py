"""The same client against somebody else's model of Discord, which knows no bug of our fake's."""

from dataclasses import replace

import simcord

from bot.bridge import Bridge
from bot.conversation.commands import COMMANDS
from bot.conversation.events import Command, File, Press, Reaction
from bot.conversation.reply import Button, Reply
from bot.discord.client import WebtoonClient
from bot.hearing import Choice
from tests.bot.discord.conftest import SLATE, card


async def test_a_slate_is_shown_pressed_and_reacted_to_also_after_a_restart(hearing):
    noted = Reply(cards=(card(2, mark="👍"),), notice="Noted.", replaces=True)
    hearing.script |= {"recommend": SLATE, "v:l:2": noted, "+👍": noted}
    hearing.choices = [Choice("로맨스", "로맨스")]
    bridge = Bridge(hearing)

    async with simcord.run(WebtoonClient(bridge)) as env:
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        mina = guild.add_member(env.create_user("mina"))

        offered = await mina.autocomplete(channel, "recommend", "filter", "로")
        given = await mina.slash(channel, "recommend", filter="로맨스")
        cards = given.followups
        pressed = await mina.click(cards[1].message, label="👍 Like")
        await env.restart_bot(WebtoonClient(bridge))
        again = await mina.click(cards[1].message, custom_id="v:l:2")
        await mina.react(cards[1].message, "👍")

        assert set(mina.available_commands(channel)) == {spec.name for spec in COMMANDS}
        assert offered == [{"name": "로맨스", "value": "로맨스"}]
        assert (given.ephemeral, given.response.content) == (False, "Five for you")
        assert [c.embeds[0].title for c in cards] == [f"Work {n}" for n in range(1, 6)]
        for result in (pressed, again):
            assert [(m.content, m.ephemeral) for m in result.followups] == [("Noted.", True)]
        ref = f"discord:{channel.id}:{cards[1].id}"
        assert [event.said for event in hearing.heard[1:]] == [
            Press("v:l:2", ref),
            Press("v:l:2", ref),
            Reaction(ref, added=("👍",)),
        ]
    bridge.close()


async def test_a_private_slate_is_marked_in_place(hearing):
    noted = Reply(cards=(card(2, mark="👍"),), notice="Noted.", replaces=True)
    hearing.script |= {"similar": SLATE, "v:l:2": noted}
    bridge = Bridge(hearing)

    async with simcord.run(WebtoonClient(bridge)) as env:
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        mina = guild.add_member(env.create_user("mina"))

        given = await mina.slash(channel, "similar", title="신의 탑", private=True)
        shown = given.followups[1]
        pressed = await mina.click(shown.message, label="👍 Like")

        assert (given.ephemeral, [m.ephemeral for m in given.followups]) == (True, [True] * 5)
        assert (shown.embeds[0].footer.text, pressed.followups) == ("👍", [])
    bridge.close()


async def test_a_list_comes_by_form_or_as_a_file_also_after_a_restart(hearing):
    hearing.script |= {"import": Reply("Two works."), "file": Reply("Three works.")}
    bridge = Bridge(hearing)

    async with simcord.run(WebtoonClient(bridge)) as env:
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        mina = guild.add_member(env.create_user("mina"))

        opened = await mina.slash(channel, "import")
        typed = await mina.submit_modal(opened, {"list": "신의 탑\n덴마"})
        opened = await mina.slash(channel, "import")
        await env.restart_bot(WebtoonClient(bridge))
        again = await mina.submit_modal(opened, {"list": "노블레스"})
        sent = await mina.slash(channel, "import", file=("list.txt", "쿠베라".encode()))

        answers = [(result.response.content, result.ephemeral) for result in (typed, again, sent)]
        assert answers == [("Two works.", True), ("Two works.", True), ("Three works.", True)]
        assert [event.said for event in hearing.heard] == [
            Command("import", "신의 탑\n덴마"),
            Command("import", "노블레스"),
            File("list.txt", "쿠베라".encode(), 9),
        ]
    bridge.close()


async def test_a_board_is_changed_for_everybody_by_whoever_taps(hearing):
    board = Reply("Who is in?", buttons=((Button("✋ I'm in", "t:j:1:en"),),), for_all=True)
    changed = replace(board, text="In: jun", notice="You're in.", replaces=True)
    hearing.script |= {"together": board, "t:j:1:en": changed}
    bridge = Bridge(hearing)

    async with simcord.run(WebtoonClient(bridge)) as env:
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        mina, jun = (guild.add_member(env.create_user(name)) for name in ("mina", "jun"))

        given = await mina.slash(channel, "together")
        pressed = await jun.click(given.response.message, label="✋ I'm in")

        assert (given.ephemeral, given.response.content) == (False, "In: jun")
        assert [(m.content, m.ephemeral) for m in pressed.followups] == [("You're in.", True)]
        assert [event.speaker.name for event in hearing.heard] == ["mina", "jun"]
    bridge.close()
