"""/import on Discord: a form, words, or a file."""

import pytest

from bot.conversation.events import MAX_FILE, Command, File
from bot.conversation.reply import Reply
from tests.bot.discord.conftest import serving


@pytest.fixture
def mina(town):
    return town.user("mina", locale="ko")


async def heard(town, hearing, interaction):
    """What the conversation heard of an interaction that it answered."""
    await town.until(lambda: interaction.messages)
    return hearing.heard[-1].said


@pytest.fixture(autouse=True)
def answers(hearing):
    hearing.script |= {"import": Reply("Two works."), "file": Reply("Two works.")}


async def test_the_command_alone_opens_a_form_and_what_is_typed_there_is_a_list(
    town, hearing, mina
):
    given = town.slash(mina, "가져오기")
    await town.until(lambda: given.form)
    before = list(hearing.heard)

    sent = town.submit(mina, given, "신의 탑\n덴마")

    assert await heard(town, hearing, sent) == Command("import", "신의 탑\n덴마")
    assert (given.response, sent.response, before) == (9, 5, [])
    assert (sent.messages[0].content, sent.messages[0].seen_by) == ("Two works.", mina)
    assert given.form["title"] == "작품 목록 가져오기"


async def test_a_form_that_an_earlier_process_opened_is_heard(discord_server, hearing):
    mina = discord_server.user("mina")
    async with serving(discord_server, hearing):
        await discord_server.until(lambda: discord_server.commands)
        given = discord_server.slash(mina, "import")
        await discord_server.until(lambda: given.form)

    async with serving(discord_server, hearing):
        sent = discord_server.submit(mina, given, "덴마")
        said = await heard(discord_server, hearing, sent)

    assert said == Command("import", "덴마")


async def test_titles_given_with_the_command_need_no_form(town, hearing, mina):
    given = town.slash(mina, "import", list="신의 탑, 덴마")

    assert await heard(town, hearing, given) == Command("import", "신의 탑, 덴마")
    assert given.messages[0].seen_by is mina


async def test_a_file_is_fetched_and_heard(town, hearing, mina):
    given = town.slash(mina, "import", file=("list.csv", "제목\n덴마".encode()))

    assert await heard(town, hearing, given) == File("list.csv", "제목\n덴마".encode(), 13)
    assert given.messages[0].seen_by is mina


async def test_a_file_that_is_too_large_is_not_fetched(town, hearing, mina):
    given = town.slash(mina, "import", file=("film.mp4", b"", MAX_FILE + 1))

    assert await heard(town, hearing, given) == File("film.mp4", None, MAX_FILE + 1)
    assert town.files.downloads == []


async def test_a_file_that_cannot_be_had_is_heard_without_what_is_in_it(town, hearing, mina):
    town.files.statuses = [404]

    given = town.slash(mina, "import", file=("list.csv", b"abc"))

    assert await heard(town, hearing, given) == File("list.csv", None, 3)


async def test_a_list_is_no_autocompletion(town):
    (command,) = (c for c in town.commands if c["name"] == "import")

    kinds = [(o["name"], o["type"], o.get("autocomplete", False)) for o in command["options"]]
    assert kinds == [("list", 3, False), ("file", 11, False)]
