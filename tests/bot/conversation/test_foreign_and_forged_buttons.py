"""Buttons of other people, of yesterday, and of nobody."""

from zoneinfo import available_timezones

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot.conversation import actions
from bot.conversation.actions import Deed
from bot.conversation.errors import StaleButton
from bot.conversation.reply import Button
from bot.conversation.texts import Language, say
from db import follows
from db.tables import Base, Verdict
from tests.plugins.chat import ON_SQLITE, export

pytestmark = ON_SQLITE

FOREIGN = "This button belongs to somebody else. Send the command yourself."
STALE = "This button no longer works."
MAX = 2**31
BROKEN = say(Language.ENGLISH, "trouble.broken")


def everything(chat, *tables):
    """All rows of these tables."""
    with chat.world.database.read() as session:
        return {
            name: [tuple(row) for row in session.execute(text(f"SELECT * FROM {name} ORDER BY 1"))]
            for name in tables
        }


def follow(chat, *works):
    """Has this reader follow the works."""
    reader = export(chat)["reader"]
    with chat.world.database.write() as session:
        for work in works:
            follows.follow(session, reader, work.id, chat.world.clock())


TABLES = ("reader", "account", "feedback", "feedback_event", "follow")
OWN = [
    ("/like 신의 탑", "↩️"),
    ("/list", "↩️"),
    ("/list", "▶️"),
    ("/settings", "🔞"),
    ("/settings", "🚫"),
    ("/settings", "🇰🇷"),
    ("/dial", "💎"),
    ("/settings", "📦"),
    ("/settings", "🗑️"),
    ("/forget", "🗑️"),
    ("/forget", "💚"),
    ("/start", "👍"),
    ("/start", "⏭️"),
    ("/import 쿠베라\n나이트런", "📥"),
    ("/import 쿠베라\n나이트런", "✖️"),
    ("/following", "🔕"),
    ("/following", "▶️"),
    ("/following", "🔔"),
    ("/alerts", "📰"),
    ("/alerts", "🌞"),
    ("/alerts", "🌏 Tokyo"),
    ("/alerts", "🚫"),
    ("/settings", "🔔"),
]


@pytest.mark.parametrize(("command", "label"), OWN)
def test_somebody_elses_button_is_refused_and_changes_nothing(chat, command, label):
    works = [work for work in chat.world.serving.library.works if not work.adult][1:11]
    for work in works:
        chat.says(f"/read #{work.id}")
    follow(chat, *works)
    chat.says(command)
    action = chat.action(label)
    other = chat.as_("other")
    export(other)
    before = everything(chat, *TABLES)

    reply = other.presses(action)

    assert (reply.notice, reply.text, reply.cards, reply.document) == (FOREIGN, "", (), None)
    assert everything(chat, *TABLES) == before


def test_a_verdict_on_a_card_in_a_group_is_the_pressers_own(chat):
    mina, other = chat.in_public(), chat.as_("other", shared=True)
    mina.says("/recommend")
    action = mina.action("👍", card=0)

    reply = other.presses(action)

    assert reply.private
    assert reply.cards == ()  # the card stays as it is for all
    assert list(other.verdicts().values()) == ["like"]
    assert mina.verdicts() == {}


def test_undo_of_ones_own_works_in_a_group(chat):
    mina = chat.in_public()
    mina.says("/like 신의 탑")

    assert mina.press("↩️").notice == "↩️ Undone: 신의 탑"
    assert mina.verdicts() == {}


@pytest.mark.parametrize(
    "action",
    [
        "", ":", "v", "v:", "v:l", "v:l:1", "v:x:1:0", "v:l:0:0", "v:l:-1:0", "v:l:１:0",
        "v:l:99999:0", f"v:l:1:{MAX}:x", "u:0", f"u:{MAX}", "u:9999999999999999999", "x:1",
        "s:0", "s:abc", "m:77777", "y:77777", "w", "w:l:1", "w:z:1", f"w:l:{MAX}", "p", "p:1",
        "g:adult:on", "f:yes", "f", "e", "e:x", "q:1", "a", "a:f", "a:f:0", "a:z:1", "a:f:1:x",
        "a:z:1:0", "b", "b:s", "b:p:x", "n", "n:show", "n:mode:off", "n:mode::x", "drop table",
        "\x00", "🔥", "v:l:1:0\n",
        "\ud800",
    ],
)  # fmt: skip
def test_what_we_never_wrote_is_stale(chat, action):
    export(chat)

    reply = chat.presses(action)

    assert (reply.text, reply.notice) == ("", STALE)


@pytest.mark.parametrize(
    "action",
    [
        "g:adult:maybe:{0}",
        "g:colour:on:{0}",
        "g:language:xx:{0}",
        "g:dial:loud:{0}",
        "n:mode:loud:{0}",
        "n:quiet:1-1440:{0}",
        "n:quiet:x:{0}",
        "n:zone:Mars:{0}",
        "n:x::{0}",
        "n:weekly:maybe:{0}",
        "b:x:{0}",
        "b:p:{0}",
        "b:u:{0}:0:0",
    ],
)
def test_a_setting_that_does_not_exist_is_stale(chat, action):
    owner = export(chat)["reader"]

    assert chat.presses(action.format(owner)).notice == STALE


def test_a_verdict_that_names_another_cards_impression_is_stale(chat):
    chat.says("/recommend")
    first, second = (card.impression_id for card in chat.last.cards[:2])
    work = actions.parse(chat.action("👍", card=0)).number(1)

    assert chat.presses(f"v:l:{work}:{second}").notice == STALE
    assert chat.presses(f"v:l:{work}:{first}").notice != STALE


def test_a_button_of_a_work_that_is_gone_is_stale(chat):
    work = chat.work("1027")
    chat.world.serving.library = type(chat.world.serving.library)(
        tuple(w for w in chat.world.serving.library.works if w.id != work.id),
        chat.world.serving.library.popularity[1:],
    )

    for action in (actions.similar(work.id), actions.verdict(Verdict.LIKE, work.id)):
        assert chat.presses(action).notice == STALE


DEEDS = "".join(deed.value for deed in Deed)
PARTS = st.one_of(
    st.sampled_from(["l", "d", "r", "h", "n", "e", "yes", "ask", "no", "adult", "on", "language"]),
    st.sampled_from(
        ["f", "u", "w", "p", "s", "mode", "off", "quiet", "0-0", "zone", "here", "own"]
    ),
    st.integers(0, 40).map(str),
    st.sampled_from([str(MAX - 1), str(MAX), "-1", "", "로맨스", "romance,finished"]),
    st.text(max_size=6),
)
LIKELY = st.builds(
    lambda deed, parts: ":".join([deed, *parts]),
    st.sampled_from(DEEDS),
    st.lists(PARTS, max_size=4),
)
FORGED = st.one_of(st.text(max_size=64), LIKELY).filter(
    lambda action: len(action.encode(errors="replace")) <= 64
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@example("f:yes:1")
@example("x:1:1:0")
@example("g:adult:on:1")
@example("i:add:1")
@example("b:u:1:0:1")
@example("n:mode:off:1")
@given(action=FORGED)
def test_no_action_raises_or_changes_anybody_elses_rows(world_of_two, action):
    victim, forger = world_of_two

    reply = forger.presses(action)

    assert reply.text != BROKEN
    assert rows_of_victim(victim) == victim.rows


def rows_of_victim(chat):
    owned = {"account": "reader_id", "feedback": "reader_id", "feedback_event": "reader_id"}
    owned |= {"reader": "id", "follow": "reader_id"}
    with chat.world.database.read() as session:
        return {
            table: [
                tuple(row)
                for row in session.execute(
                    text(f"SELECT * FROM {table} WHERE {column} = :id ORDER BY 1"), {"id": chat.id}
                )
            ]
            for table, column in owned.items()
        }


@pytest.fixture
def world_of_two(chat):
    """A reader with verdicts and cards of the first ids, and somebody who forges."""
    victim, forger = chat, chat.as_("forger")
    victim.says("/start")
    victim.press("👍")
    victim.says("/recommend")
    victim.press("👎", card=0)
    victim.says("/like 덴마")
    victim.says("/import 쿠베라 나이트런 헬퍼, 쿠베라")
    follow(victim, victim.work("1001"))
    victim.id = export(victim)["reader"]
    victim.rows = rows_of_victim(victim)
    assert victim.id == 1
    return victim, forger


def test_every_action_fits_a_button_with_the_largest_ids():
    made = [
        *(actions.verdict(verdict, MAX, MAX) for verdict in Verdict),
        actions.undo(MAX),
        actions.remove(MAX, MAX, MAX),
        actions.similar(MAX),
        actions.why(MAX),
        actions.show(MAX),
        actions.again("가" * (60 // 3)),
        *(actions.welcome(answer, MAX) for answer in (*Verdict, None)),
        actions.welcome(Verdict.DISLIKE, MAX, (MAX, MAX, MAX)),
        actions.enough(MAX),
        actions.page(MAX, MAX),
        actions.setting("language", "ko", MAX),
        actions.setting("trains", "off", MAX),
        actions.setting("dial", "balanced", MAX),
        actions.forget("yes", MAX),
        actions.export(MAX),
        *(actions.batch(answer, MAX) for answer in ("add", "no", "undo")),
        actions.follow(MAX),
        actions.follow(MAX, MAX, author=True),
        actions.unfollow(MAX, MAX),
        actions.following(MAX),
        actions.following_page(MAX, MAX),
        actions.following_less(MAX, MAX, MAX),
        actions.alerts("quiet", "1439-1438", MAX),
        *(actions.alerts("zone", zone, MAX) for zone in available_timezones()),
        actions.take_part(MAX, "ko"),
        actions.pick(MAX),
        actions.pick_others(MAX, MAX),
    ]

    for action in made:
        Button("👍 x", action)
        assert actions.parse(action).deed in Deed


def test_ids_up_to_the_largest_can_be_pressed():
    assert actions.parse(f"u:{MAX - 1}").number(0) == MAX - 1


def test_every_deed_is_made_somewhere():
    assert {actions.parse(f"{deed}:1").deed for deed in Deed} == set(Deed)
    with pytest.raises(StaleButton):
        actions.parse("?:1")


def test_the_longest_wishes_fit_and_repeat_whole_names(chat):
    from tests.plugins.library import SHELF

    words = [*dict.fromkeys(w for f in SHELF[:1] for w in (*f.genres, *f.keywords))]
    reply = chat.says(f"/recommend {' '.join(words)} ongoing")
    again = chat.action("🔄")

    assert reply.cards
    assert again == "r:" + ",".join([*words, "ongoing"])


def test_a_wish_longer_than_a_button_keeps_its_first_names_whole():
    from bot.conversation.wish import Wish

    words = Wish(("slice of life", "가" * 16, "스포츠")).cut().words

    assert words == "slice of life,스포츠"
    assert len(words.encode()) <= 60


def test_all_tables_are_known_to_the_tests_above():
    assert {"reader", "account", "feedback", "feedback_event", "impression"} <= set(
        Base.metadata.tables
    )
