"""Letters to readers from bots that are real processes: each once, killed or not."""

import signal
from datetime import UTC, datetime, timedelta

import pytest

from db import catalogue, news
from db import letters as post
from db.engine import Database
from tests.fakes.discord_server import DiscordServer
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.telegram_world import late
from tests.plugins.doors import SECONDS, start_discord, start_telegram, stopped
from tests.plugins.happenings import a_week_begins, choose, happens, reader_of

OPEN = "SELECT count(*) FROM outbox WHERE once AND done_at IS NULL"
KNOWN = "혹시 이미 보셨을지도 몰라요:"


class Readers:
    """The database of a home: what happens there, and what has become of letters."""

    def __init__(self, home):
        self.home, self.database = home, Database(home.database_url)
        with self.database.read() as session:
            self.works = catalogue.works(session)[:5]

    def know(self, platform, user):
        """The reader behind an account that has spoken; with no quiet hours, whatever it is."""
        reader = reader_of(self.database, platform, user.id)
        choose(self.database, reader, quiet_from=0, quiet_until=0)
        return reader

    def news(self, work, *readers):
        happens(self.database, self.works[work].id, readers, now=datetime.now(UTC))

    def together(self, *news):
        """Several at the same moment: no bot sees one of them alone."""
        soon = datetime.now(UTC) + timedelta(seconds=3)
        for work, readers in news:
            happens(self.database, self.works[work].id, readers, now=soon)

    def line(self, work):
        return f"📖 {self.works[work].title} 3화가 올라왔어요"

    def all_is_noted(self):
        return self.home.rows(OPEN) == [(0,)]

    def time_passes(self, **span):
        """For letters that are under way: leases run out."""
        past = f"-{timedelta(**span).total_seconds()} seconds"
        moved = ", ".join(
            f"{name} = strftime('%Y-%m-%d %H:%M:%f', {name}, '{past}')"
            for name in ("taken_until", "sending_at")
        )
        self.home.rows(f"UPDATE outbox SET {moved} WHERE done_at IS NULL")


@pytest.fixture
def readers(home):
    """Of a home of this test's own, whose bot it starts and ends."""
    readers = Readers(home)
    yield readers
    readers.database.close()


@pytest.fixture
def town(shared_home):
    """The readers of the home whose bots run as long as these tests."""
    readers = Readers(shared_home)
    yield readers
    readers.database.close()


@pytest.fixture
def telegram():
    with TelegramServer() as server:
        yield server


@pytest.fixture
def discord():
    with DiscordServer() as server:
        yield server
        assert server.violations == []


def speaks(server, readers, name="민아"):
    """Somebody who has spoken to the running bot, and the reader they are."""
    user = server.user(name, language="ko")
    server.say(user, "/help")
    server.wait_for_message(user, timeout=SECONDS)
    return user, readers.know("telegram", user)


def told(server, user):
    """What this person was told since they last spoke."""
    return [message.text for message in server.in_chat(user)][1:]


def commands(server, readers, name="민아"):
    user = server.user(name, locale="ko")
    asked = server.slash(user, "help", server.dm(user))
    server.wait_for(lambda: asked.messages, SECONDS)
    return user, readers.know("discord", user)


def letters(server, user):
    return [m for m in server.posted(server.dm(user)) if "알아들어요" not in m.content]


def until_ready(server):
    server.wait_for(lambda: server.commands and server.gateway.connected, SECONDS)


def test_news_arrive_once_and_together(telegram_running, town):
    telegram = telegram_running
    mina, reader = speaks(telegram, town)
    jun, other = speaks(telegram, town, "준")
    town.together((0, [reader]), (1, [reader, other]))
    telegram.wait_for(lambda: told(telegram, mina) and told(telegram, jun), SECONDS, "their news")
    telegram.wait_for(town.all_is_noted, SECONDS, "all noted")

    assert told(telegram, mina) == [f"🔔 기다리시던 소식이 왔어요\n{town.line(0)}\n{town.line(1)}"]
    assert told(telegram, jun) == [town.line(1)]


def test_what_a_killed_bot_may_have_sent_comes_with_the_next_letter_alone(home, telegram, readers):
    with stopped(start_telegram(home, telegram), kill=True) as process:
        telegram.wait_for_calls("getUpdates", timeout=SECONDS)
        mina, reader = speaks(telegram, readers)
        telegram.fail("sendMessage", late())
        readers.news(0, reader)
        telegram.wait_for(lambda: told(telegram, mina), SECONDS, "the letter")
        process.kill()
        process.wait()
    readers.time_passes(minutes=5)

    with stopped(start_telegram(home, telegram)):
        telegram.wait_for(readers.all_is_noted, SECONDS, "the doubt")
        readers.news(1, reader)
        telegram.wait_for(lambda: len(told(telegram, mina)) > 1, SECONDS, "the next")
        telegram.wait_for(readers.all_is_noted, SECONDS, "all noted")

    assert told(telegram, mina) == [
        readers.line(0),
        f"{readers.line(1)}\n{KNOWN}\n{readers.line(0)}",
    ]


def test_what_a_bot_had_not_sent_when_it_was_killed_is_sent(home, telegram, readers):
    with stopped(start_telegram(home, telegram)):
        telegram.wait_for_calls("getUpdates", timeout=SECONDS)
        mina, reader = speaks(telegram, readers)
    readers.news(0, reader)
    # As a bot leaves it that was killed while the letter waited for its turn.
    with readers.database.write() as session:
        now = datetime.now(UTC) - timedelta(minutes=5)
        said = news.items(session, reader, datetime.now(UTC))
        to = post.own(session, reader)
        post.write(session, reader, to, '{"text": "편지"}', said, now=now)
        post.take(session, "telegram", now, now + timedelta(minutes=1), 1)

    with stopped(start_telegram(home, telegram)):
        telegram.wait_for(readers.all_is_noted, SECONDS, "all noted")

    assert told(telegram, mina) == ["편지"]


def test_a_bot_that_is_told_to_end_lets_its_letters_arrive(home, telegram, readers):
    with stopped(start_telegram(home, telegram)) as process:
        telegram.wait_for_calls("getUpdates", timeout=SECONDS)
        mina, reader = speaks(telegram, readers)
        telegram.fail("sendMessage", late(1.0))
        readers.news(0, reader)
        telegram.wait_for(lambda: told(telegram, mina), SECONDS, "the letter")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    assert readers.home.rows("SELECT error, done_at IS NOT NULL FROM outbox") == [(None, 1)]


def test_nobody_is_told_in_their_quiet_hours(telegram_running, town):
    telegram = telegram_running
    mina, reader = speaks(telegram, town)
    jun, other = speaks(telegram, town, "준")
    now = datetime.now(UTC)
    minute = 60 * now.hour + now.minute
    choose(
        town.database,
        reader,
        zone="UTC",
        quiet_from=(minute - 60) % 1440,
        quiet_until=(minute + 60) % 1440,
    )
    town.news(0, reader, other)
    telegram.wait_for(lambda: told(telegram, jun), SECONDS, "the other's")

    assert told(telegram, mina) == []
    (due,) = town.home.rows(f"SELECT due_at FROM news WHERE reader_id = {reader}")
    assert timedelta(minutes=58) < datetime.fromisoformat(due[0] + "Z") - now < timedelta(hours=1)


def test_who_blocked_the_bot_is_not_asked_again_until_they_speak(telegram_running, town):
    telegram = telegram_running
    mina, reader = speaks(telegram, town)
    jun, other = speaks(telegram, town, "준")
    telegram.block(mina)
    for work in (0, 1):
        town.news(work, reader, other)
        telegram.wait_for(lambda n=work: len(told(telegram, jun)) > n, SECONDS, "the other's")
        telegram.wait_for(town.all_is_noted, SECONDS, "all noted")
    asked = [c for c in telegram.made("sendMessage") if c.params["chat_id"] == str(mina.id)]
    telegram.unblock(mina)
    telegram.say(mina, "/help")
    telegram.wait_for_message(mina, 2, SECONDS)
    town.news(2, reader)
    telegram.wait_for(lambda: town.line(2) in told(telegram, mina)[-1], SECONDS, "the news")

    assert [call.status for call in asked] == [200, 403]
    lines = "\n".join(told(telegram, mina)[1:]).splitlines()
    assert [line for line in lines if "📖" in line] == [town.line(1), town.line(2)]
    log = town.home.log("telegram").splitlines()
    assert [line for line in log if "undeliverable" in line and "warning" in line] == []


@pytest.mark.parametrize("topic", [None, 7])
def test_a_group_or_topic_that_takes_no_more_costs_no_news(telegram_running, town, topic):
    telegram = telegram_running
    mina, reader = speaks(telegram, town)
    group = telegram.group()
    telegram.say(mina, "/alerts here", group, thread_id=topic)
    telegram.wait_for(lambda: told(telegram, mina), SECONDS, "an answer for her eyes only")
    town.news(0, reader)
    letter = telegram.wait_for_message(group, timeout=SECONDS)
    telegram.wait_for(town.all_is_noted, SECONDS, "all noted")
    if topic:
        telegram.delete_topic(group, topic)
    else:
        telegram.kick(group)
    town.news(1, reader)
    telegram.wait_for(lambda: told(telegram, mina)[1:], SECONDS, "the own chat")

    assert (letter.text, letter.thread_id) == (town.line(0), topic)
    assert telegram.in_chat(group) == [letter]
    assert told(telegram, mina)[1:] == [town.line(1)]


def test_a_weeks_works_come_in_one_message_and_a_verdict_stays_in_it(telegram_running, town):
    telegram = telegram_running
    mina, reader = speaks(telegram, town)
    a_week_begins(town.database, [reader], now=datetime.now(UTC))
    week = telegram.wait_for_message(mina, 2, SECONDS)
    before = week.text
    telegram.press(mina, week, "2 👍 좋아요")
    telegram.wait_for(lambda: week.earlier, SECONDS, "the edit")

    assert before.startswith("✨ 이번 주에 권하고 싶은 작품이에요")
    assert before.count("\n\n") == 3
    assert week.text.startswith(before.split("\n\n")[0])
    assert week.text.count("👍 좋아하는 작품이에요") == 1
    assert len(told(telegram, mina)) == 1
    given = town.home.rows(f"SELECT verdict FROM feedback WHERE reader_id = {reader}")
    assert given == [("like",)]
    shown = town.home.rows(
        f"SELECT count(*), count(message) FROM impression WHERE reader_id = {reader}"
    )
    assert shown == [(3, 3)]


def killed_once_it_had_sent(home, discord, readers):
    """A bot that is killed between its letter's arrival and knowing of it; who was told."""
    with stopped(start_discord(home, discord), kill=True) as process:
        until_ready(discord)
        mina, reader = commands(discord, readers)
        discord.hang("POST", "/channels/*/messages", lost=True)
        readers.news(0, reader)
        discord.wait_for(lambda: letters(discord, mina), SECONDS)
        process.kill()
        process.wait()
    return mina, reader


def test_discord_knows_again_what_a_killed_bot_had_sent(home, discord, readers):
    mina, _ = killed_once_it_had_sent(home, discord, readers)
    readers.time_passes(seconds=61)

    with stopped(start_discord(home, discord)):
        discord.wait_for(readers.all_is_noted, SECONDS)

    assert [message.content for message in letters(discord, mina)] == [readers.line(0)]
    asked = [c.body for c in discord.called("POST", "/channels/*/messages")]
    assert len(asked) == 2
    assert {(body["nonce"], body["enforce_nonce"]) for body in asked} == {("letter-1", True)}
    assert readers.home.rows("SELECT error FROM outbox") == [(None,)]
    assert readers.home.rows("SELECT doubt FROM news") == [(0,)]


def test_what_discord_may_have_forgotten_is_not_sent_anew(home, discord, readers):
    mina, reader = killed_once_it_had_sent(home, discord, readers)
    readers.time_passes(minutes=3)

    with stopped(start_discord(home, discord)):
        discord.wait_for(readers.all_is_noted, SECONDS)
        readers.news(1, reader)
        discord.wait_for(lambda: len(letters(discord, mina)) > 1, SECONDS)

    assert [message.content for message in letters(discord, mina)] == [
        readers.line(0),
        f"{readers.line(1)}\n{KNOWN}\n{readers.line(0)}",
    ]


def test_whom_discord_lets_nobody_write_to_is_not_asked_again(discord_running, town):
    discord = discord_running
    mina, reader = commands(discord, town)
    jun, other = commands(discord, town, "준")
    mina.takes_messages = False
    for work in (0, 1):
        town.news(work, reader, other)
        discord.wait_for(lambda n=work: len(letters(discord, jun)) > n, SECONDS)
        discord.wait_for(town.all_is_noted, SECONDS)

    sent = discord.called("POST", f"/channels/{discord.dm(mina).id}/messages")
    assert [call.status for call in sent] == [403]
    assert town.home.rows("SELECT count(*) FROM account WHERE closed_at IS NOT NULL") == [(1,)]


def test_a_channel_that_was_chosen_is_told(discord_running, town):
    discord = discord_running
    mina, reader = commands(discord, town)
    choose(town.database, reader, alerts_to=f"discord:{discord.channel.id}")
    town.news(0, reader)
    discord.wait_for(lambda: discord.posted(discord.channel), SECONDS)

    assert [message.content for message in discord.posted(discord.channel)] == [town.line(0)]
    assert letters(discord, mina) == []


def test_a_weeks_works_come_in_one_message_on_discord_too(discord_running, town):
    discord = discord_running
    mina, reader = commands(discord, town)
    a_week_begins(town.database, [reader], now=datetime.now(UTC))
    (week,) = discord.wait_for(lambda: letters(discord, mina), SECONDS)
    discord.press(mina, week, "2 👍 좋아요")
    discord.wait_for(lambda: week.edits, SECONDS)

    assert len(week.embeds) == 3
    marks = [embed.get("footer", {}).get("text") for embed in week.embeds]
    assert marks == [None, "👍 좋아하는 작품이에요", None]
    assert len(letters(discord, mina)) == 1
    given = town.home.rows(f"SELECT verdict FROM feedback WHERE reader_id = {reader}")
    assert given == [("like",)]


def test_a_terminal_prints_letters_before_its_answer(home, readers):
    home.run("webtoonbot", "chat", "--as", "mina", text="/help\n")
    reader = reader_of(readers.database, "terminal", "mina")
    choose(readers.database, reader, quiet_from=0, quiet_until=0)
    readers.news(0, reader)
    a_week_begins(readers.database, [reader], now=datetime.now(UTC))

    first, second = (
        home.run("webtoonbot", "chat", "--as", "mina", text="/list\n").stdout for _ in range(2)
    )

    lines = first.splitlines()
    assert lines[:4] == [
        readers.line(0),
        f"  [1] 📖 {readers.works[0].title}",
        "  [2] 🔔 관심 작품 보기",
        "✨ 이번 주에 권하고 싶은 작품이에요",
    ]
    assert first.endswith(second)
    assert readers.home.rows(OPEN) == [(0,)]
