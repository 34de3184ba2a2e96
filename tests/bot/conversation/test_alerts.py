"""/alerts: when and where a reader is told of news."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.conversation.events import Command, Event, Place, Platform, Press, Speaker
from bot.hearing import Hearing
from db import news
from db.reader_tables import News
from tests.plugins.chat import Chat, buttons, export
from tests.plugins.library import NOON

SEOUL = ZoneInfo("Asia/Seoul")
AS_IT_IS = [
    "🔔 Alerts",
    "When: at once",
    "Quiet hours: 22:00-8:00",
    "Time zone: Asia/Seoul (now 21:00)",
    "Where: in your own chat with me",
    "Three for you each Sunday: yes",
    "",
    "In words: /alerts quiet 23-7, /alerts zone Asia/Tokyo",
]


def chosen(chat):
    """What this person's own export says of their alerts, without what they did not choose."""
    settings = export(Chat(chat.world, chat.name, platform=chat.platform))["settings"]
    names = ("alerts", "alerts_to", "zone", "quiet_from", "quiet_until", "weekly")
    return {name: settings[name] for name in names if settings[name] not in (None, True)}


def waits(chat, key="event:1", now=NOON):
    """Adds a news for this person."""
    reader = export(Chat(chat.world, chat.name, platform=chat.platform))["reader"]
    with chat.world.database.write() as session:
        news.add(session, [reader], key, event_id=None, now=now, default_zone=SEOUL)


def waiting(chat):
    """When what waits is due, by its key."""
    with chat.world.database.read() as session:
        return dict(session.execute(select(News.key, News.due_at)).all())


def test_it_shows_how_everything_stands(chat):
    reply = chat.says("/alerts")

    assert reply.private
    assert reply.text.splitlines() == AS_IT_IS
    assert [[button.label for button in row] for row in reply.buttons] == [
        ["⚡ At once ✓", "📰 Once a day", "🔕 Off"],
        ["🌙 22:00-8:00 ✓", "🌙 23:00-7:00", "🌙 0:00-9:00", "🌞 Any time"],
        ["🌏 Seoul ✓", "🌏 Tokyo", "🌎 New York"],
        ["🌎 Los Angeles", "🌍 London"],
        ["🚫 No Sunday picks"],
    ]


def test_it_speaks_korean(chat):
    mina = chat.as_("mina", language="ko")

    reply = mina.says("알림 조용히 23-7")

    assert reply.text.splitlines()[:4] == [
        "🔔 알림 설정",
        "받는 때: 소식이 생기면 바로",
        "조용한 시간: 23:00-7:00",
        "시간대: Asia/Seoul (지금 21:00)",
    ]


@pytest.mark.parametrize(
    ("words", "line", "stored"),
    [
        ("digest", "When: once a day, at 19:00", {"alerts": "digest"}),
        ("off", "When: never, alerts are off", {"alerts": "off"}),
        ("at once", "When: at once", {"alerts": "at_once"}),
        (
            "quiet 23-7",
            "Quiet hours: 23:00-7:00",
            {"quiet_from": 23 * 60, "quiet_until": 7 * 60},
        ),
        ("quiet off", "Quiet hours: none", {"quiet_from": 0, "quiet_until": 0}),
        ("zone Asia/Tokyo", "Time zone: Asia/Tokyo (now 21:00)", {"zone": "Asia/Tokyo"}),
        ("zone UTC+9", "Time zone: UTC+9 (now 21:00)", {"zone": "Etc/GMT-9"}),
        ("zone new york", "Time zone: America/New_York (now 08:00)", {"zone": "America/New_York"}),
        ("weekly off", "Three for you each Sunday: no", {"weekly": False}),
        ("일요일 추천 꺼줘", "Three for you each Sunday: no", {"weekly": False}),
        (
            "밤 10시 반부터 아침 8시까지 조용히",
            "Quiet hours: 22:30-8:00",
            {"quiet_from": 22 * 60 + 30, "quiet_until": 8 * 60},
        ),
    ],
)
def test_words_change_one_thing(chat, words, line, stored):
    reply = chat.says(f"/alerts {words}")

    assert line in reply.text.splitlines()
    assert chosen(chat) == stored
    assert chat.says("/alerts").text == reply.text


@pytest.mark.parametrize(
    ("label", "stored"),
    [
        ("📰", {"alerts": "digest"}),
        ("🌙 23", {"quiet_from": 23 * 60, "quiet_until": 7 * 60}),
        ("🌞", {"quiet_from": 0, "quiet_until": 0}),
        ("🌍 London", {"zone": "Europe/London"}),
        ("🚫", {"weekly": False}),
    ],
)
def test_a_button_changes_it_in_its_place(chat, label, stored):
    chat.says("/alerts")

    reply = chat.press(label)

    assert (reply.replaces, reply.notice, reply.private) == (True, "Changed.", True)
    assert chosen(chat) == stored


def test_what_was_switched_off_can_be_switched_on(chat):
    chat.says("/alerts weekly off")
    chat.says("/alerts")

    assert "Three for you each Sunday: yes" in chat.press("🎁").text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("loud", "I don't know what “loud” means for alerts."),
        ("weekly maybe", "I don't know what “weekly maybe” means for alerts."),
        ("quiet 25-7", "I don't understand “25-7” as quiet hours."),
        ("zone Mars", "I don't know the time zone “Mars”."),
        ("zone UTC+5:30", "I don't know the time zone “UTC+5:30”."),
        ("turn up please", "I don't know what “turn up please” means for alerts."),
        ("zone", "Which time zone are you in?"),
        ("quiet", "Which hours shall I be quiet?"),
    ],
)
def test_other_words_are_refused_in_one_sentence_and_change_nothing(chat, words, said):
    chat.says("/alerts digest")

    reply = chat.says(f"/alerts {words}")

    assert reply.text.startswith(said)
    assert "\n" not in reply.text
    assert chosen(chat) == {"alerts": "digest"}


def test_what_waits_follows_the_new_hours(chat):
    waits(chat)
    assert waiting(chat) == {"event:1": NOON}

    chat.says("/alerts digest")
    digest = waiting(chat)
    chat.says("/alerts quiet 18-21:30")
    quiet = waiting(chat)
    chat.says("/alerts off")

    # NOON is 21:00 in Seoul.
    assert digest == {"event:1": datetime(2026, 5, 5, 19, tzinfo=SEOUL)}
    assert quiet == {"event:1": datetime(2026, 5, 5, 21, 30, tzinfo=SEOUL)}
    assert waiting(chat) == {}


def test_without_the_weekly_three_those_that_wait_are_gone_and_nothing_else(chat):
    waits(chat)
    waits(chat, "weekly:2026-W18")
    other = chat.as_("other")
    waits(other, "weekly:2026-W18")

    chat.says("/alerts weekly off")

    with chat.world.database.read() as session:
        left = session.execute(select(News.reader_id, News.key).order_by(News.id)).all()
    assert [key for _, key in left] == ["event:1", "weekly:2026-W18"]
    assert left[0][0] != left[1][0]


# Where.


def test_news_come_to_the_chat_in_which_that_was_said_until_they_are_wanted_elsewhere(chat):
    mina = chat.in_public()

    there = mina.says("/alerts here")
    stored = chosen(chat)
    chat.says("/alerts")
    back = chat.press("📨")

    assert there.private
    assert "Where: in the chat where you said /alerts here" in there.text
    assert there.text.splitlines()[-1] == "To be told in this chat: /alerts here"
    assert stored == {"alerts_to": "telegram:town square"}
    assert "Where: in your own chat with me" in back.text
    assert chosen(chat) == {}


def test_here_in_a_topic_of_a_forum_is_that_topic(chat):
    event = chat.in_public().event(Command("alerts", "here"))

    chat.world.hearing.hear(replace(event, place=replace(event.place, topic="45")))

    assert chosen(chat) == {"alerts_to": "telegram:town square/45"}


def test_here_in_ones_own_chat_is_ones_own_chat(chat):
    chat.in_public().says("/alerts here")

    chat.says("/alerts here")

    assert chosen(chat) == {}


def test_own_chat_can_be_asked_for_in_words(chat):
    chat.in_public().says("/alerts here")

    chat.says("/alerts own")

    assert chosen(chat) == {}


def test_a_room_of_terminals_cannot_be_written_to(chat):
    mina = chat.as_("mina", shared=True, platform="terminal")

    assert mina.says("/alerts here").text.startswith("I can't write into this chat by myself.")
    assert chosen(mina) == {}


def test_where_an_answer_is_for_ones_own_eyes_a_button_takes_the_chat_all_the_same(chat):
    """As on Discord, where a server's channel shows this to nobody else."""

    def does(said, key):
        speaker = Speaker(Platform.DISCORD, "mina", "en")
        place = Place("4711", shared=False, common=True)
        return chat.world.hearing.hear(Event(key, speaker, place, said))

    reader = export(chat.as_("mina", platform="discord"))["reader"]
    shown = does(Press(f"n:show::{reader}"), "d1")
    here = next(b for b in buttons(shown) if b.label == "📌 Tell me here")

    reply = does(Press(here.action), "d2")

    assert chosen(chat.as_("mina", platform="discord")) == {"alerts_to": "discord:4711"}
    assert reply.replaces


def test_in_ones_own_chat_there_is_no_button_for_here(chat):
    for reply in (chat.says("/alerts"), chat.in_public().says("/alerts")):
        assert not any(button.label.startswith("📌") for button in buttons(reply))


# Elsewhere.


def test_the_settings_say_it_in_a_line_and_lead_there(chat):
    chat.says("/alerts digest")

    assert "Alerts: 📰 Once a day (/alerts)" in chat.says("/settings").text
    reply = chat.press("🔔")
    assert reply.text.startswith("🔔 Alerts\nWhen: once a day")
    assert not reply.replaces


def offered(chat, typed, language="en"):
    speaker = chat.as_("mina", language=language).event(None).speaker
    found = chat.world.hearing.complete(speaker, "alerts", typed)
    return [(choice.label, choice.value) for choice in found]


def test_autocomplete_offers_what_may_follow_in_the_readers_language(chat):
    assert offered(chat, "")[:4] == [
        ("⚡ At once", "at_once"),
        ("📰 Once a day", "digest"),
        ("🔕 Off", "off"),
        ("🌙 22:00-8:00", "quiet 22:00-8:00"),
    ]
    assert offered(chat, "하루", "ko") == [("📰 하루 한 번", "digest")]


def test_autocomplete_knows_every_time_zone(chat):
    assert offered(chat, "zone Asia/Seo") == [("🌏 Seoul", "zone Asia/Seoul")]
    assert offered(chat, "zone hawai") == []
    assert offered(chat, "zone honol") == [("Pacific/Honolulu", "zone Pacific/Honolulu")]
    assert len(offered(chat, "zone a")) == 25


def test_what_is_offered_is_understood(chat):
    values = {value for typed in ("", "zone eu") for _, value in offered(chat, typed)}
    refusals = ("I don't", "I can't")

    assert [v for v in values if chat.says(f"/alerts {v}").text.startswith(refusals)] == []


def test_who_chose_nothing_is_told_by_the_clock_of_the_operator(chat):
    world = chat.world
    zone = ZoneInfo("America/New_York")
    world.hearing = Hearing(world.database, world.serving, world.clock, zone=zone)

    assert "Time zone: America/New_York (now 08:00)" in chat.says("/alerts").text
    assert "Time zone: Asia/Tokyo (now 21:00)" in chat.says("/alerts zone 도쿄").text
