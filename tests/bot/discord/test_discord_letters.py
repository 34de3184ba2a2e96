"""Letters to operators, as direct messages."""

from db.outbox import Letter
from tests.bot.discord.conftest import serving


def said_to(town, user):
    return [message.content for message in town.posted(town.dm(user))]


async def test_a_letter_is_a_direct_message_and_delivered_once(discord_server, hearing):
    mina = discord_server.user("mina")
    hearing.mail = [Letter(7, str(mina.id), "The job retrain failed: *why*?")]

    async with serving(discord_server, hearing):
        await discord_server.until(lambda: hearing.posted_letters)

    assert said_to(discord_server, mina) == [r"The job retrain failed: \*why\*?"]
    assert hearing.posted_letters == [(7, None)]


async def test_whom_discord_refuses_is_given_up_and_the_next_letter_comes_through(
    discord_server, hearing
):
    closed, mina = discord_server.user("closed", takes_messages=False), discord_server.user("mina")
    nobody = "1"
    people = (str(closed.id), nobody, str(mina.id))
    hearing.mail = [Letter(n, user_id, "News.") for n, user_id in enumerate(people)]

    async with serving(discord_server, hearing):
        await discord_server.until(lambda: len(hearing.posted_letters) == 3)

    assert hearing.posted_letters == [
        (0, "Discord answered 403: Cannot send messages to this user"),
        (1, "Discord answered 400: Invalid Recipient(s)"),
        (2, None),
    ]
    assert said_to(discord_server, mina) == ["News."]
    assert said_to(discord_server, closed) == []


async def test_a_letter_that_discord_cannot_take_now_is_left_to_be_tried_again(
    discord_server, hearing
):
    mina = discord_server.user("mina")
    discord_server.fail("POST", "/users/@me/channels", 503)
    hearing.mail = [Letter(1, str(mina.id), "One."), Letter(2, str(mina.id), "Two.")]

    async with serving(discord_server, hearing):
        await discord_server.until(lambda: hearing.posted_letters)

    assert hearing.posted_letters == [(2, None)]


async def test_a_letter_on_its_way_when_the_bot_is_told_to_end_arrives(discord_server, hearing):
    mina = discord_server.user("mina")
    discord_server.fail("POST", "/channels/*/messages", 429, retry_after=0.2)
    hearing.mail = [Letter(1, str(mina.id), "One."), Letter(2, str(mina.id), "Two.")]

    async with serving(discord_server, hearing):
        await discord_server.until(lambda: discord_server.called("POST", "/channels/*/messages"))

    assert said_to(discord_server, mina) == ["One."]
    assert hearing.posted_letters == [(1, None)]
