"""Every card that is shown is logged, and every verdict on it points at it."""

from sqlalchemy import select

from db.tables import FeedbackEvent, Impression
from tests.plugins.chat import titles


def logged(chat):
    with chat.world.database.read() as session:
        rows = session.execute(select(*Impression.__table__.columns).order_by(Impression.id))
        return rows.all()


def events(chat):
    """(verdict, source, impression) of each event of the log."""
    with chat.world.database.read() as session:
        rows = session.scalars(select(FeedbackEvent).order_by(FeedbackEvent.id))
        return [(row.verdict, row.source, row.impression_id) for row in rows]


def test_a_slate_is_logged_with_all_that_learning_from_it_needs(chat):
    chat.says("/like 신의 탑")
    reply = chat.says("/recommend")
    message = chat.posted(1)

    rows = logged(chat)
    works = {work.id: work.title for work in chat.world.serving.library.works}
    assert [works[row.webtoon_id] for row in rows] == titles(reply)
    assert [row.id for row in rows] == list(reply.impressions)
    assert [row.position for row in rows] == list(range(len(rows)))
    assert len({row.slate for row in rows}) == 1
    assert {(row.policy, row.propensity, row.model_id) for row in rows} == {("ease", 1.0, "first")}
    assert {row.shown_at for row in rows} == {chat.world.clock()}
    assert [row.message for row in rows] == [None, message, None]


def test_two_slates_are_two(chat):
    chat.says("/recommend")
    chat.says("/similar 덴마")

    assert len({row.slate for row in logged(chat)}) == 2
    assert [row.policy for row in logged(chat)] == ["popularity"] * 3 + ["similar"] * 3


def test_without_a_model_none_is_logged(unlearned_chat):
    unlearned_chat.says("/recommend")

    assert {(row.policy, row.model_id) for row in logged(unlearned_chat)} == {("popularity", None)}


def test_each_way_to_judge_a_card_points_at_it(chat):
    first, second, third = chat.says("/recommend").impressions
    message = chat.posted(2)
    like, dislike = chat.action("👍", 0), chat.action("👎", 1)

    chat.presses(like)
    chat.presses(dislike)
    chat.reacts(message, "👍")
    chat.as_("jun").reacts(message, "👎")

    assert events(chat) == [
        ("like", "button", first),
        ("dislike", "button", second),
        ("like", "reaction", third),
        ("dislike", "reaction", third),
    ]


def test_an_answer_in_the_welcome_points_at_its_question_and_a_command_at_nothing(chat):
    (question,) = chat.says("/start").impressions
    chat.press("👍")
    chat.says("/like 헬퍼")

    assert events(chat) == [("like", "welcome", question), ("like", "command", None)]
