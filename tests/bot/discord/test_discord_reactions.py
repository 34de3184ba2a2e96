from bot.conversation.events import Event, Place, Platform, Reaction, Speaker
from bot.conversation.reply import Reply
from tests.bot.discord.conftest import SLATE, ScriptedHearing, card, serving
from tests.bot.discord.test_discord_interactions import done

LIKED = Reply(cards=(card(1, mark="👍"),), notice="Noted, you like it.", replaces=True)


async def shown_card(server, user, where=None):
    """A card as `user` was shown it by /recommend."""
    given = server.slash(user, "recommend", where)
    return (await done(server, given, 6))[1]


async def test_a_reaction_on_a_public_card_is_a_verdict_acknowledged_in_private(town, hearing):
    hearing.script |= {"recommend": SLATE, "+👍": LIKED}
    shown = await shown_card(town, town.user("mina"))
    jun = town.user("jun")

    town.react(jun, shown, "👍")

    (told,) = await town.until(lambda: town.posted(town.dm(jun)))
    assert (told.content, told.embeds) == ("Noted, you like it.", [])
    assert shown.edits == 0
    heard = hearing.heard[1]
    assert heard == Event(
        heard.key,
        Speaker(Platform.DISCORD, str(jun.id), None),
        Place(str(town.channel.id), shared=True),
        Reaction(shown.ref, added=("👍",)),
    )
    assert str(jun.id) not in heard.key  # keys are kept for a week, also after /forget


async def test_a_reaction_in_direct_messages_marks_the_card_itself(town, hearing):
    hearing.script |= {"recommend": SLATE, "+👍": LIKED}
    mina = town.user("mina")
    shown = await shown_card(town, mina, town.dm(mina))
    before = len(town.posted(town.dm(mina)))

    town.react(mina, shown, "👍")

    await town.until(lambda: shown.edits)
    assert shown.embeds[0]["footer"] == {"text": "👍"}
    assert list(shown.buttons) == ["👍 Like", "👎 Not for me"]
    assert hearing.heard[1].place.shared is False
    await town.until(lambda: hearing.delivered_cards.count(((101,), shown.ref)) == 2)
    assert len(town.posted(town.dm(mina))) == before


async def test_an_emoji_taken_back_is_heard_as_taken_back(town, hearing):
    hearing.script["recommend"] = SLATE
    jun = town.user("jun")
    shown = await shown_card(town, town.user("mina"))

    town.react(jun, shown, "👎")
    town.unreact(jun, shown, "👎")
    town.react(jun, shown, "👎")

    await town.until(lambda: len(hearing.heard) == 4)
    said = [event.said for event in hearing.heard[1:]]
    assert said == [
        Reaction(shown.ref, added=("👎",)),
        Reaction(shown.ref, removed=("👎",)),
        Reaction(shown.ref, added=("👎",)),
    ]
    assert len({event.key for event in hearing.heard}) == 4


async def test_a_skin_tone_changes_nothing(town, hearing):
    hearing.script["recommend"] = SLATE
    shown = await shown_card(town, town.user("mina"))

    town.react(town.user("jun"), shown, "👍🏽")

    await town.until(lambda: len(hearing.heard) == 2)
    assert hearing.heard[1].said.added == ("👍",)


async def test_bots_the_bot_itself_and_other_peoples_messages_are_not_heard(town, hearing):
    hearing.script["recommend"] = SLATE
    shown = await shown_card(town, town.user("mina"))
    foreign = town.message(town.channel)
    foreign.author = town.user("jun")

    town.react(town.bot, shown, "👍")
    town.react(town.user("counter", bot=True), shown, "👍")
    town.react(town.user("mina"), foreign, "👍")
    town.react(town.user("jun"), shown, "👎")

    await town.until(lambda: len(hearing.heard) == 2)
    assert hearing.heard[1].said.added == ("👎",)


async def test_a_reaction_on_a_message_from_before_a_restart_is_heard(discord_server, hearing):
    hearing.script |= {"recommend": SLATE, "+👍": LIKED}
    mina = discord_server.user("mina")
    async with serving(discord_server, hearing):
        shown = await shown_card(discord_server, mina, discord_server.dm(mina))

    restarted = ScriptedHearing()
    restarted.script = hearing.script
    async with serving(discord_server, restarted):
        discord_server.react(mina, shown, "👍")
        await discord_server.until(lambda: shown.edits)

    assert restarted.heard[0].said == Reaction(shown.ref, added=("👍",))


async def test_a_button_on_a_message_from_before_a_restart_works(discord_server, hearing):
    hearing.script |= {"recommend": SLATE, "v:l:1": LIKED}
    mina = discord_server.user("mina")
    async with serving(discord_server, hearing):
        shown = await shown_card(discord_server, mina)

    async with serving(discord_server, hearing):
        pressed = discord_server.press(mina, shown, "👍 Like")
        (told,) = await done(discord_server, pressed, 1)

    assert told.content == "Noted, you like it."


async def test_who_takes_no_direct_messages_is_left_in_peace(town, hearing):
    hearing.script |= {"recommend": SLATE, "+👍": LIKED}
    shown = await shown_card(town, town.user("mina"))
    jun = town.user("jun", takes_messages=False)

    town.react(jun, shown, "👍")

    refused = await town.until(lambda: town.called("POST", f"/channels/{town.dm(jun).id}/messages"))
    await town.until(lambda: refused[0].status == 403)
    assert town.posted(town.dm(jun)) == []


async def test_a_card_that_is_gone_is_answered_anew(town, hearing):
    hearing.script |= {"recommend": SLATE, "+👍": LIKED}
    mina = town.user("mina")
    shown = await shown_card(town, mina, town.dm(mina))
    shown.deleted = True

    town.react(mina, shown, "👍")

    notice = await town.until(
        lambda: [m for m in town.posted(town.dm(mina)) if m.content.startswith("Noted")]
    )
    assert len(notice) == 1


async def test_a_reaction_is_not_lost_while_the_database_is_away(town, hearing):
    hearing.script["recommend"] = SLATE
    jun = town.user("jun")
    shown = await shown_card(town, town.user("mina"))
    hearing.away = 1

    town.react(jun, shown, "👍")
    town.unreact(jun, shown, "👍")

    await town.until(lambda: len(hearing.heard) == 3)
    assert [event.said for event in hearing.heard[1:]] == [
        Reaction(shown.ref, added=("👍",)),
        Reaction(shown.ref, removed=("👍",)),
    ]
