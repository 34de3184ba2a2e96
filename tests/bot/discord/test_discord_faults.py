import asyncio
import subprocess
import sys
import time

import pytest
from pydantic import SecretStr

from bot.bridge import Bridge
from bot.conversation.events import Reaction
from bot.conversation.reply import Button, Reply
from bot.discord.app import serve
from bot.discord.errors import BadToken, NotDiscord, PrivilegedIntents, Refused
from tests.bot.discord.conftest import SLATE, ScriptedHearing, card, serving
from tests.bot.discord.test_discord_interactions import done
from tests.fakes.discord_server import TOKEN

CALLBACK = "/interactions/*/callback"
ORIGINAL = "/webhooks/*/messages/@original"


async def served(server, token=TOKEN, url=None):
    """Runs the bot until it gives up."""
    bridge = Bridge(ScriptedHearing())
    try:
        async with asyncio.timeout(5):
            await serve(bridge, SecretStr(token), url or server.url, asyncio.Event())
    finally:
        bridge.close()


# --- What ends the bot


async def test_a_bad_token_is_said_to_be_one(discord_server):
    with pytest.raises(BadToken, match="DISCORD_TOKEN"):
        await served(discord_server, token="wrong")


@pytest.mark.parametrize("token", ["", "  ", "토큰", "two words", "line\nbreak"])
async def test_what_cannot_be_a_token_is_not_sent_anywhere(discord_server, token):
    with pytest.raises(BadToken):
        await served(discord_server, token=token)

    assert discord_server.calls == []


async def test_a_token_that_only_the_gateway_refuses_is_a_bad_token(discord_server):
    discord_server.gateway.close_identify_with = 4004

    with pytest.raises(BadToken):
        await served(discord_server)


async def test_refused_intents_are_named(discord_server):
    discord_server.gateway.close_identify_with = 4014

    with pytest.raises(PrivilegedIntents, match="4014"):
        await served(discord_server)


async def test_another_final_close_code_is_told(discord_server):
    discord_server.gateway.close_identify_with = 4013

    with pytest.raises(Refused, match="4013"):
        await served(discord_server)


@pytest.mark.parametrize("path", ["/nowhere", "/../.."])
async def test_an_address_that_is_not_discords_is_said_to_be_none(discord_server, path):
    with pytest.raises(NotDiscord, match="DISCORD_API_URL"):
        await served(discord_server, url=discord_server.url + path)


@pytest.mark.parametrize(
    "url", ["not-an-address", "ftp://x", "https://", "http://[::1", "http://h:x", "me:pw@h/v10"]
)
async def test_an_address_that_is_none_is_said_to_be_none_and_not_shown(discord_server, url):
    with pytest.raises(NotDiscord) as raised:
        await served(discord_server, url=url)

    assert str(raised.value).startswith("DISCORD_API_URL *** is no ")


async def test_only_the_intents_for_reactions_are_asked_for(town):
    assert [data["intents"] for data in town.gateway.identifies] == [1 | 1 << 10 | 1 << 13]


# --- Starting and stopping


@pytest.mark.parametrize("path", ["/gateway", "/users/@me"])
async def test_it_waits_for_a_discord_that_is_away_at_the_start(discord_server, hearing, path):
    discord_server.fail("GET", path, 503)

    async with serving(discord_server, hearing):
        assert len(discord_server.called("GET", path)) == 2


async def test_it_waits_for_a_gateway_that_takes_no_connections_yet(discord_server, hearing):
    discord_server.gateway.refuses = True
    opening = asyncio.create_task(
        discord_server.until(lambda: discord_server.gateway.refused and _open(discord_server))
    )

    async with serving(discord_server, hearing):
        await opening


def _open(server):
    server.gateway.refuses = False
    return True


async def test_told_to_stop_while_discord_is_away_it_stops(discord_server):
    discord_server.fail("GET", "/gateway", 503, times=100)
    stop, bridge = asyncio.Event(), Bridge(ScriptedHearing())
    bot = asyncio.create_task(serve(bridge, SecretStr(TOKEN), discord_server.url, stop))
    await discord_server.until(lambda: discord_server.calls)

    stop.set()

    async with asyncio.timeout(1):
        await bot
    bridge.close()


async def test_told_to_stop_it_finishes_what_it_is_saying(discord_server, hearing, gate):
    hearing.blocked, hearing.script["list"] = gate, Reply("Done.")
    bridge, stop = Bridge(hearing), asyncio.Event()
    bot = asyncio.create_task(serve(bridge, SecretStr(TOKEN), discord_server.url, stop))
    await discord_server.until(lambda: discord_server.gateway.connected)
    given = discord_server.slash(discord_server.user("mina"), "list")
    await discord_server.until(lambda: given.response)

    stop.set()
    gate.set()
    await bot

    assert [m.content for m in given.messages] == ["Done."]
    await discord_server.until(lambda: discord_server.gateway.close_codes == [1000])
    bridge.close()


async def test_an_acknowledgement_that_hangs_loses_no_word_and_holds_up_no_stop(
    discord_server, hearing
):
    hearing.script["like"] = Reply("Noted.")
    discord_server.hang("POST", CALLBACK)
    async with serving(discord_server, hearing):
        discord_server.slash(discord_server.user("mina"), "like", title="신의 탑")
        await discord_server.until(lambda: hearing.heard)
        began = time.monotonic()

    assert time.monotonic() - began < 4
    assert hearing.heard[0].said.argument == "신의 탑"


# --- The gateway


async def test_what_happens_during_a_broken_line_is_made_up_for(town, hearing):
    hearing.script |= {"recommend": SLATE, "list": Reply("Here.")}
    mina = town.user("mina")
    shown = await done(town, town.slash(mina, "recommend"), 6)

    town.hang_up()
    given = town.slash(mina, "list")
    town.react(mina, shown[1], "👍")

    await done(town, given, 1)
    await town.until(lambda: len(hearing.heard) == 3)
    assert Reaction(shown[1].ref, added=("👍",)) in [event.said for event in hearing.heard]
    assert (len(town.gateway.resumes), len(town.gateway.identifies)) == (1, 1)


async def test_asked_to_reconnect_it_resumes(town, hearing):
    hearing.script["list"] = Reply("Here.")

    town.gateway.ask_to_reconnect()

    await town.until(lambda: town.gateway.resumes)
    await done(town, town.slash(town.user("mina"), "list"), 1)


async def test_hearts_beat_as_often_as_the_gateway_asks(discord_server, hearing):
    discord_server.gateway.heartbeat_seconds = 0.05

    async with serving(discord_server, hearing):
        await discord_server.until(lambda: discord_server.gateway.heartbeats >= 3)


# --- Requests that fail


@pytest.mark.parametrize("via", [True, False])
async def test_a_rate_limit_is_waited_out_by_whomever_it_is_set(town, hearing, via):
    hearing.script["recommend"] = SLATE
    town.fail("POST", "/webhooks/*", 429, times=2, retry_after=0.05, via=via)

    given = town.slash(town.user("mina"), "recommend")

    shown = await done(town, given, 6)
    assert [m.embeds[0]["title"] for m in shown[1:]] == [f"Work {n}" for n in range(1, 6)]


@pytest.mark.parametrize("via", [True, False])
async def test_a_rate_limited_acknowledgement_is_repeated_in_time(town, hearing, via):
    hearing.script["list"] = Reply("Here.")
    town.fail("POST", CALLBACK, 429, retry_after=0.05, via=via)

    given = town.slash(town.user("mina"), "list")

    await done(town, given, 1)
    assert given.seconds < 3


async def test_a_slow_acknowledgement_does_not_change_the_order_of_what_was_said(town, hearing):
    hearing.script |= {"list": Reply("List."), "help": Reply("Help.")}
    town.fail("POST", CALLBACK, 429, retry_after=0.2)
    mina = town.user("mina")

    first, second = town.slash(mina, "list"), town.slash(mina, "help")

    await done(town, first, 1)
    await done(town, second, 1)
    assert [event.said.name for event in hearing.heard] == ["list", "help"]


@pytest.mark.parametrize("status", [500, 503])
async def test_a_failing_server_is_tried_again(town, hearing, status):
    hearing.script["list"] = Reply("Here.")
    town.fail("PATCH", ORIGINAL, status)

    given = town.slash(town.user("mina"), "list")

    await done(town, given, 1)


async def test_503_outside_of_interactions_which_the_library_never_repeats_is_repeated(
    town, hearing
):
    hearing.script |= {"recommend": Reply("One", cards=(card(1),)), "+👍": Reply(notice="Noted.")}
    mina = town.user("mina")
    shown = await done(town, town.slash(mina, "recommend"), 2)
    town.fail("POST", "/users/@me/channels", 503)
    town.fail("POST", f"/channels/{town.dm(mina).id}/messages", 503)

    town.react(mina, shown[1], "👍")

    (told,) = await town.until(lambda: town.posted(town.dm(mina)))
    assert told.content == "Noted."


@pytest.mark.parametrize("code", [10062, 10008, 10015, 50027])
async def test_what_discord_no_longer_knows_is_let_go_and_the_word_still_counts(
    town, hearing, code, caplog
):
    hearing.script["like"] = Reply("Noted.")
    town.fail("POST", CALLBACK, 404, code=code)

    town.slash(town.user("mina"), "like", title="신의 탑")

    await town.until(lambda: town.called("PATCH", ORIGINAL) or town.called("POST", "/webhooks/*"))
    assert [event.said.argument for event in hearing.heard] == ["신의 탑"]
    assert [r for r in caplog.records if r.levelname in ("ERROR", "CRITICAL")] == []


async def test_a_pressed_message_that_was_deleted_is_answered_beside(town, hearing):
    hearing.script |= {
        "list": Reply("Page one", buttons=((Button("Next", "p:2"),),)),
        "p:2": Reply("Page two", replaces=True),
    }
    mina = town.user("mina")
    (page,) = await done(town, town.slash(mina, "list"), 1)

    pressed = town.press(mina, page, "Next")
    page.deleted = True

    (shown,) = await done(town, pressed, 1)
    assert (shown.content, shown.seen_by) == ("Page two", mina)


async def test_one_message_that_is_refused_does_not_keep_the_others_back(town, hearing):
    hearing.script["recommend"] = SLATE
    town.fail("POST", "/webhooks/*", 400, code=50035)

    given = town.slash(town.user("mina"), "recommend")

    shown = await done(town, given, 5)
    assert [m.embeds[0]["title"] for m in shown[1:]] == ["Work 2", "Work 3", "Work 4", "Work 5"]
    await town.until(lambda: len(hearing.delivered_cards) == 4)


async def test_a_card_that_cannot_be_noted_at_once_is_noted_later_and_keeps_none_back(
    town, hearing
):
    hearing.script["recommend"] = SLATE
    hearing.unremembered = 7

    given = town.slash(town.user("mina"), "recommend")

    shown = await done(town, given, 6)
    await town.until(lambda: len(hearing.delivered_cards) == 5)
    assert sorted(hearing.delivered_cards) == [
        ((100 + n,), message.ref) for n, message in enumerate(shown[1:], 1)
    ]


async def test_told_to_stop_it_still_notes_the_cards_it_has_shown(discord_server, hearing):
    hearing.script["recommend"] = SLATE
    hearing.unremembered = 5

    async with serving(discord_server, hearing):
        given = discord_server.slash(discord_server.user("mina"), "recommend")
        await done(discord_server, given, 6)

    assert len(hearing.delivered_cards) == 5


async def test_the_token_is_in_no_log(discord_server, hearing, caplog, capfd):
    caplog.set_level("DEBUG")
    hearing.script["list"] = Reply("Here.")

    async with serving(discord_server, hearing):
        await done(discord_server, discord_server.slash(discord_server.user("m"), "list"), 1)

    assert caplog.text != ""
    assert TOKEN not in caplog.text + "".join(capfd.readouterr())


def test_the_librarys_deprecated_import_does_not_reach_whoever_looks_at_warnings():
    program = "import bot.discord"

    ran = subprocess.run(
        [sys.executable, "-W", "always", "-c", program], capture_output=True, text=True, check=True
    )

    assert "audioop" not in ran.stderr
