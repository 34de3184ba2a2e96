import re

from bot.conversation.commands import COMMANDS, Takes
from bot.conversation.events import Platform, Speaker
from bot.conversation.reply import Reply
from bot.hearing import Choice
from tests.bot.discord.conftest import serving


async def test_every_command_of_the_table_is_registered_in_both_languages(town):
    registered = {c["name"]: c["name_localizations"] for c in town.commands}

    assert registered == {spec.name: {"ko": spec.korean} for spec in COMMANDS}
    hangul = re.compile("[가-힣]")
    for command in town.commands:
        assert not hangul.search(command["description"].replace("한국어", ""))
        assert hangul.search(command["description_localizations"]["ko"])


async def test_options_follow_from_what_a_command_takes(town):
    names = {
        Takes.TITLE: "title",
        Takes.FILTER: "filter",
        Takes.LANGUAGE: "language",
        Takes.DIAL: "dial",
        Takes.ALERTS: "alerts",
        Takes.CODE: "code",
    }
    expected = {}
    for spec in COMMANDS:
        option = [(names[spec.takes], spec.needs, True)] if spec.takes in names else []
        private = [("private", False, False)] if spec.name in ("recommend", "similar") else []
        expected[spec.name] = option + private
    expected["import"] = [("list", False, False), ("file", False, False)]

    assert {
        c["name"]: [
            (o["name"], o.get("required", False), o.get("autocomplete", False))
            for o in c["options"]
        ]
        for c in town.commands
    } == expected


async def test_options_have_korean_names(town):
    (similar,) = [c for c in town.commands if c["name"] == "similar"]

    assert [o["name_localizations"] for o in similar["options"]] == [
        {"ko": "제목"},
        {"ko": "비공개"},
    ]


async def test_commands_work_for_guilds_and_users_and_everywhere(town):
    assert {tuple(sorted(c["contexts"])) for c in town.commands} == {(0, 1, 2)}
    assert {tuple(sorted(c["integration_types"])) for c in town.commands} == {(0, 1)}


async def test_commands_are_registered_once_and_then_only_when_they_changed(
    discord_server, hearing
):
    for _ in range(2):
        async with serving(discord_server, hearing):
            assert discord_server.command_overwrites == 1

    discord_server.commands[0]["name_localizations"] = {"ko": "처음"}
    async with serving(discord_server, hearing):
        assert discord_server.command_overwrites == 2
    assert discord_server.created_commands == len(COMMANDS)


async def test_a_days_worth_of_creations_used_up_does_not_keep_the_bot_from_serving(
    discord_server, hearing
):
    async with serving(discord_server, hearing):
        pass
    discord_server.commands = discord_server.commands[:-1]
    discord_server.created_commands = 200
    hearing.script["list"] = Reply("Here.")

    async with serving(discord_server, hearing):
        given = discord_server.slash(discord_server.user("mina"), "list")
        await discord_server.until(lambda: given.messages)

    assert discord_server.command_overwrites == 1


async def test_ops_is_registered_where_operators_are_and_out_of_readers_sight(
    discord_server, hearing
):
    hearing.operators = True
    async with serving(discord_server, hearing):
        (ops,) = [c for c in discord_server.commands if c["name"] == "ops"]
    ops["default_member_permissions"] = "0"  # as Discord writes it

    async with serving(discord_server, hearing):
        assert discord_server.command_overwrites == 1
    hearing.operators = False
    async with serving(discord_server, hearing):
        assert discord_server.command_overwrites == 2

    assert ops["name_localizations"] == {"ko": "운영"}
    assert (ops["contexts"], ops["integration_types"]) == ([0], [0])
    assert [c for c in discord_server.commands if c["name"] == "ops"] == []


async def test_a_permission_of_ops_that_somebody_took_away_is_put_back(discord_server, hearing):
    hearing.operators = True
    async with serving(discord_server, hearing):
        (ops,) = [c for c in discord_server.commands if c["name"] == "ops"]
    ops["default_member_permissions"] = None

    async with serving(discord_server, hearing):
        assert discord_server.command_overwrites == 2


async def test_choices_are_offered_while_somebody_types(town, hearing):
    hearing.choices = [Choice("신의 탑 · SIU", "1"), Choice("신과함께 · 주호민", "2")]
    mina = town.user("mina", locale="ko")

    typing = town.autocomplete(mina, "like", title="신")

    assert await town.until(lambda: typing.choices) == [
        {"name": "신의 탑 · SIU", "value": "1"},
        {"name": "신과함께 · 주호민", "value": "2"},
    ]
    assert hearing.asked_choices == [
        (Speaker(Platform.DISCORD, str(mina.id), "ko", "mina"), "like", "신")
    ]


async def test_choices_keep_discords_limits(town, hearing):
    hearing.choices = [
        Choice("", "no label"),
        Choice("too long a value", "x" * 101),
        *(Choice("x" * 150, "y" * 100) for _ in range(30)),
    ]

    typing = town.autocomplete(town.user("mina"), "search", title="")

    choices = await town.until(lambda: typing.choices)
    assert choices == [{"name": "x" * 100, "value": "y" * 100}] * 25


async def test_choices_that_fail_are_none(town, hearing):
    hearing.choices = RuntimeError("a bug")

    typing = town.autocomplete(town.user("mina"), "search", title="a")

    await town.until(lambda: typing.response)
    assert typing.choices == []


async def test_an_autocomplete_nobody_waits_for_any_more_is_no_error(town, hearing, caplog):
    town.fail("POST", "/interactions/*/callback", 404, code=10062)

    town.autocomplete(town.user("mina"), "search", title="a")
    again = town.autocomplete(town.user("mina"), "search", title="ab")

    await town.until(lambda: again.response)
    assert [r for r in caplog.records if r.levelname == "ERROR"] == []


async def test_a_command_without_its_optional_argument_is_given_an_empty_one(town, hearing):
    town.slash(town.user("mina"), "why")

    await town.until(lambda: hearing.heard)
    assert (hearing.heard[0].said.name, hearing.heard[0].said.argument) == ("why", "")
