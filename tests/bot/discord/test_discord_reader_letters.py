"""Letters to readers on Discord: what its answers mean for them."""

import pytest

from bot.conversation.reply import Button, Reply
from tests.bot.discord.conftest import card, serving
from tests.fakes.mailroom import letter

MESSAGES = "/channels/*/messages"


def said_to(server, user):
    return [message.content for message in server.posted(server.dm(user))]


async def sent(server, hearing, *letters, ends=("arrived", "shut out", "refused", "doubted")):
    """Lets a bot send these until it is known of each what became of it."""
    hearing.mailroom.waiting = list(letters)
    async with serving(server, hearing):
        for one in letters:
            await server.until(lambda n=one.id: set(hearing.mailroom.what(n)) & {*ends})
    return hearing.mailroom.notes


async def test_a_letter_goes_after_it_was_noted_and_has_a_name_of_its_own(discord_server, hearing):
    mina = discord_server.user("mina")
    notes = await sent(discord_server, hearing, letter(7, mina.id, "*News*"))

    (message,) = discord_server.posted(discord_server.dm(mina))
    assert message.content == r"\*News\*"
    where = f"discord:{message.channel.id}:{message.id}"
    assert notes == [("going", 7), ("arrived", 7, where)]
    (call,) = discord_server.called("POST", MESSAGES)
    assert (call.body["nonce"], call.body["enforce_nonce"]) == ("letter-7", True)


async def test_what_does_not_fit_into_a_letters_message_follows_it(discord_server, hearing):
    mina = discord_server.user("mina")
    hearing.mailroom.waiting = [letter(7, mina.id, "news " * 500)]
    async with serving(discord_server, hearing):
        await discord_server.until(lambda: len(said_to(discord_server, mina)) == 2)

    first, _ = discord_server.posted(discord_server.dm(mina))
    where = f"discord:{first.channel.id}:{first.id}"
    assert hearing.mailroom.notes == [("going", 7), ("arrived", 7, where)]
    names = [call.body["nonce"] for call in discord_server.called("POST", MESSAGES)]
    assert names == ["letter-7", "letter-7-1"]


async def test_a_letter_that_came_too_early_is_taken_back_and_goes_again(discord_server, hearing):
    mina = discord_server.user("mina")
    discord_server.fail("POST", MESSAGES, 429, retry_after=0.1)
    await sent(discord_server, hearing, letter(1, mina.id))

    assert hearing.mailroom.what(1) == ["going", "back", "going", "arrived"]
    assert said_to(discord_server, mina) == ["News."]


@pytest.mark.parametrize(("status", "via"), [(503, True), (429, False), (401, True)])
async def test_what_discord_says_that_it_did_not_take_is_taken_back(
    discord_server, hearing, status, via
):
    mina = discord_server.user("mina")
    discord_server.fail("POST", MESSAGES, status, retry_after=60, via=via)
    await sent(discord_server, hearing, letter(1, mina.id), ends=("back",))

    assert set(hearing.mailroom.what(1)) == {"going", "back"}


async def test_what_fails_before_it_goes_is_only_left(discord_server, hearing):
    mina, jun = discord_server.user("mina"), discord_server.user("jun")
    discord_server.fail("POST", "/users/@me/channels", 503)
    hearing.mailroom.waiting = [letter(1, mina.id)]
    async with serving(discord_server, hearing):
        await discord_server.until(lambda: discord_server.called("POST", "/users/@me/channels"))
        hearing.mailroom.waiting = [letter(2, jun.id)]
        await discord_server.until(lambda: hearing.mailroom.what(2), 15)

    assert hearing.mailroom.what(1) == []


@pytest.mark.parametrize("code", [50007, 50278, 10013, 50001])
async def test_who_takes_no_messages_is_shut_out(discord_server, hearing, code):
    mina = discord_server.user("mina")
    discord_server.fail("POST", MESSAGES, 403, code=code)
    await sent(discord_server, hearing, letter(1, mina.id))

    assert hearing.mailroom.what(1) == ["going", "shut out"]


async def test_a_user_who_is_none_is_shut_out(discord_server, hearing):
    await sent(discord_server, hearing, letter(1, "1"))

    assert hearing.mailroom.what(1) == ["shut out"]


async def test_a_letter_that_is_wrong_in_itself_is_refused_alone(discord_server, hearing):
    mina = discord_server.user("mina")
    discord_server.fail("POST", MESSAGES, 400, code=50035)
    await sent(discord_server, hearing, letter(1, mina.id), letter(2, mina.id + 1))

    assert hearing.mailroom.what(1) == ["going", "refused"]


@pytest.mark.parametrize("code", [40003, 20026])  # too fast; taken for spam
async def test_direct_messages_that_discord_slows_down_are_tried_later(
    discord_server, hearing, code
):
    mina = discord_server.user("mina")
    discord_server.fail("POST", MESSAGES, 403, code=code)
    await sent(discord_server, hearing, letter(1, mina.id), ends=("back",))

    assert hearing.mailroom.what(1) == ["going", "back"]


async def test_a_channel_that_was_chosen_is_told(discord_server, hearing):
    channel = discord_server.channel
    await sent(discord_server, hearing, letter(1, channel.id, to_chat=True))

    assert [message.content for message in discord_server.posted(channel)] == ["News."]


async def test_a_weeks_works_are_one_message(discord_server, hearing):
    mina = discord_server.user("mina")
    week = Reply(
        "Picked for you",
        tuple(card(n, mark="👍 You like this" if n == 2 else "") for n in (1, 2, 3)),
        ((Button("🔕 No more", "z:1"),),),
        together=True,
    )
    await sent(discord_server, hearing, letter(1, mina.id, week))

    (message,) = discord_server.posted(discord_server.dm(mina))
    assert [embed["title"] for embed in message.embeds] == ["1. Work 1", "2. Work 2", "3. Work 3"]
    assert list(message.buttons) == [
        f"{n} {label}" for n in (1, 2, 3) for label in ("👍 Like", "👎 Not for me")
    ] + ["🔕 No more"]
    assert discord_server.violations == []
