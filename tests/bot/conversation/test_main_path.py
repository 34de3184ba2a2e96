"""From the first like to a recommendation that has learned."""

from tests.plugins.chat import buttons, titles


def test_the_first_like_gives_a_personal_answer(chat):
    chat.says("/like 신의 탑")
    reply = chat.says("/recommend")

    assert len(reply.cards) == 3
    assert all("Tower of God" in c.reason or "신의 탑" in c.reason for c in reply.cards)
    assert titles(reply) != titles(chat.as_("newcomer").says("/recommend"))
