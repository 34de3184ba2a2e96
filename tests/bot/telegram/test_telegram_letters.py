"""Letters at a Telegram door: those to operators when it closes, and cards in those to readers."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from bot.conversation.reply import Button, Card, Reply
from bot.telegram.letters import deliver
from db.outbox import Letter
from tests.bot.telegram.scripted import QUICK
from tests.fakes.mailroom import letter
from tests.fakes.telegram_world import hang


def test_a_letter_on_its_way_when_the_door_closes_arrives(telegram, hearing, open_door):
    mina = telegram.user()
    telegram.say(mina, "hello")
    patient = replace(QUICK, drain_seconds=3.0, call_seconds=3.0)
    door = open_door(pace=patient)
    telegram.wait_for_message(mina)
    telegram.fail("sendMessage", hang(0.2))
    hearing.mail += [Letter(1, str(mina.id), "One."), Letter(2, str(mina.id), "Two.")]
    telegram.wait_for_calls("sendMessage", 2)

    door.stop()

    assert [message.text for message in telegram.in_chat(mina)][1:] == ["One."]
    assert hearing.post == [(1, None)]


class Chat:
    """A sender that remembers the one letter it was given."""

    def __init__(self, *, inline):
        self.bot = SimpleNamespace(supports_inline_queries=inline)
        self.letter = None

    async def once(self, chat_id, message, turn, thread_id):
        self.letter = message
        return f"telegram:{chat_id}:1"


@pytest.mark.parametrize(("inline", "share"), [(True, ["📤"]), (False, [])])
async def test_a_card_in_a_letter_can_be_put_into_other_chats_where_that_is_on(inline, share):
    chat, card = Chat(inline=inline), Card("One", "", buttons=((Button("👍", "v"),),), work_id=12)
    claim = SimpleNamespace(letter=letter(1, 7), going=None, back=None)

    await deliver(chat, Reply("For you", (card,)), claim)

    (row,) = chat.letter.keyboard.inline_keyboard
    assert [button.text for button in row] == ["👍", *share]
