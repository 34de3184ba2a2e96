"""Letters to operators at the end of a Telegram door."""

from dataclasses import replace

from db.outbox import Letter
from tests.bot.telegram.scripted import QUICK
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
