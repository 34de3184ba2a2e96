"""/together in a Telegram group, a Discord server and a terminal's room, by the real programs."""

import pytest

from tests.plugins.doors import SECONDS, TerminalDoor

WHO = "👥 같이 보실 분은 ✋ 를 눌러 주세요"
JOIN, PICK, OTHERS, LIKE = "✋ 저도 볼래요", "🎬 지금 고르기", "🔄 다른 작품", "👍 좋아요"


def likes(home, user):
    """The verdicts of a platform's user."""
    query = "SELECT verdict FROM feedback JOIN account USING (reader_id) WHERE user_id = ?"
    return [verdict for (verdict,) in home.rows(query, str(user))]


def test_two_in_a_telegram_group_join_one_message_and_pick(shared_home, telegram_running):
    telegram = telegram_running
    anna, ben = telegram.user("Anna <b>"), telegram.user("@Ben")
    group = telegram.group("Film club")
    telegram.say(anna, "/together", group)
    board = telegram.wait_for_message(group, timeout=SECONDS)
    opened = board.text

    toasts = []
    for person in (anna, ben):
        toasts.append(telegram.wait_for_answer(telegram.press(person, board, JOIN), SECONDS))
        name = person.name.replace("@", "＠")
        telegram.wait_for(lambda name=name: name in board.text, SECONDS, "a changed message")
    alone = telegram.press(telegram.user("Cho"), board, PICK)
    refused = telegram.wait_for_answer(alone, SECONDS)
    telegram.press(ben, board, PICK)
    slate = telegram.wait_for_message(group, 2, SECONDS)
    toast = telegram.wait_for_answer(telegram.press(anna, slate, f"1 {LIKE}"), SECONDS)

    assert opened == WHO
    assert toasts == ["✋ 참여했어요."] * 2
    assert board.text == f"{WHO}\n지금 2명: Anna <b>, ＠Ben"
    assert board.buttons == [JOIN, PICK]
    assert refused == "함께하는 분만 고를 수 있어요. ✋ 를 먼저 눌러 주세요."
    assert slate.text.startswith("🎬 Anna <b>, ＠Ben 님이 함께 즐길 만한 작품이에요")
    assert slate.text.count("Anna <b> 님: ") == slate.text.count("＠Ben 님: ") == 3
    assert not [mark for mark in slate.entities if mark["type"] == "mention"]
    assert f"3 {OTHERS}" in slate.buttons
    assert "좋아하는 작품에 담았어요" in toast
    assert (likes(shared_home, anna.id), likes(shared_home, ben.id)) == (["like"], [])
    assert telegram.in_chat(group) == [board, slate]
    assert "Anna" not in shared_home.log("telegram")


def test_others_are_new_messages_for_the_whole_group(telegram_running, shared_home):
    telegram = telegram_running
    anna, group = telegram.user("Anna"), telegram.group()
    telegram.say(anna, "/같이@WebtoonTestBot", group)
    board = telegram.wait_for_message(group, timeout=SECONDS)
    telegram.press(anna, board, JOIN)
    telegram.wait_for(lambda: board.earlier, SECONDS, "a changed message")
    telegram.press(anna, board, PICK)
    slate = telegram.wait_for_message(group, 2, SECONDS)

    soon = telegram.wait_for_answer(telegram.press(anna, slate, f"3 {OTHERS}"), SECONDS)
    # Five seconds later it is no double tap any more.
    shared_home.rows(
        "UPDATE impression SET shown_at = datetime(shown_at, '-1 minute') WHERE policy = 'together'"
    )
    telegram.press(anna, slate, f"3 {OTHERS}")
    others = telegram.wait_for_message(group, 3, SECONDS)

    assert soon == "방금 골랐어요. 바로 아래를 봐 주세요."
    shown = [
        {line for line in message.text.splitlines() if line[:3] in ("1. ", "2. ", "3. ")}
        for message in (slate, others)
    ]
    assert [len(titles) for titles in shown] == [3, 3]
    assert {title[3:] for title in shown[0]}.isdisjoint(title[3:] for title in shown[1])


def test_two_in_a_discord_server_join_one_message_and_pick(shared_home, discord_running):
    discord = discord_running
    anna, ben = discord.user("Anna_*", locale="ko"), discord.user("Ben", locale="en-US")
    place = discord.guild("club").channels[0]
    asked = discord.slash(anna, "together", place)
    (board,) = discord.wait_for(lambda: asked.messages, SECONDS)
    opened = board.content

    said = []
    for person in (anna, ben):
        pressed = discord.press(person, board, JOIN)
        said += discord.wait_for(lambda pressed=pressed: pressed.messages, SECONDS)
    picked = discord.press(ben, board, PICK)
    header, *cards = discord.wait_for(
        lambda: len(picked.messages) == 4 and picked.messages, SECONDS
    )
    judged = discord.press(anna, cards[0], "👍 Like")
    (noted,) = discord.wait_for(lambda: judged.messages, SECONDS)

    assert opened == WHO
    assert [(m.content, m.ephemeral) for m in said] == [
        ("✋ 참여했어요.", True),
        ("✋ You're in.", True),
    ]
    assert (board.content, board.edits) == (f"{WHO}\n지금 2명: Anna\\_\\*, Ben", 2)
    assert header.content == "🎬 For Anna\\_\\*, Ben: something all of you may like"
    assert discord.posted(place) == [board, header, *cards]
    for card in cards:
        description = card.embeds[0]["description"]
        assert description.count("Anna\\_\\*: better known than ") == 1
        assert description.count("Ben: better known than ") == 1
    assert noted.ephemeral
    assert (likes(shared_home, anna.id), likes(shared_home, ben.id)) == (["like"], [])
    assert cards[0].edits == 0
    assert discord.violations == []
    assert "Anna" not in shared_home.log("discord")


def test_in_direct_messages_with_the_bot_it_tells_how_to_use_it(discord_running):
    mina = discord_running.user("Mina", locale="ko")

    asked = discord_running.slash(mina, "같이", discord_running.dm(mina))

    (said,) = discord_running.wait_for(lambda: asked.messages, SECONDS)
    assert said.content.startswith("/together 는 여럿이 같이 볼 작품을 골라 드려요.")


@pytest.fixture
def sofa(shared_home):
    people = [TerminalDoor(shared_home, name, "--room", "sofa") for name in ("anna", "ben")]
    yield people
    for person in people:
        person.close()


def test_two_terminals_in_one_room_join_and_pick(sofa):
    anna, ben = sofa
    opened = anna.says("/같이")[0]
    anna.presses(opened, JOIN)
    seen = ben.says("/together")[0]

    joined = ben.presses(seen, JOIN)[0]
    slate = ben.presses(joined, PICK, messages=4)

    assert seen.text.splitlines()[:2] == [WHO, "지금 1명: anna"]
    assert "지금 2명: anna, ben" in joined.text
    assert slate[0].text == "🎬 anna, ben 님이 함께 즐길 만한 작품이에요"
    assert all("  anna 님: " in card.text and "  ben 님: " in card.text for card in slate[1:])
