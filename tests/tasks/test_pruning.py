"""What is deleted when, and what never is."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from db import (
    alerts,
    catalogue,
    feedback,
    imports,
    impressions,
    inbox,
    jobs,
    models,
    outbox,
    parties,
    pulses,
    ratings,
    readers,
)
from db.impressions import Shown
from db.models import ModelRow
from db.ratings import Star
from db.reader_tables import ImportBatch, News, Party, PartyMember, WorkEvent
from db.tables import (
    Alert,
    Feedback,
    FeedbackEvent,
    Inbox,
    Model,
    ModelState,
    Outbox,
    Rating,
    Verdict,
)
from tasks import registry
from tasks.pruning import Retention, prune
from tests.plugins.library import NOON, saved

YEAR = Retention(days=365, models=2)
NOTHING = {
    "inbox": 0,
    "readers": 0,
    "changes": 0,
    "lists": 0,
    "codes": 0,
    "links": 0,
    "impressions": 0,
    "runs": 0,
    "alerts": 0,
    "letters": 0,
    "news": 0,
    "happenings": 0,
    "pulses": 0,
    "rounds": 0,
    "addresses": 0,
    "models": 0,
}


@pytest.fixture
def pruned(database, tmp_path):
    """Prunes the database; the counts that are not 0."""

    def run(now=NOON, retention=YEAR):
        counts = prune(database, tmp_path / "models", retention, now).counts
        assert counts.keys() == NOTHING.keys()
        return {name: count for name, count in counts.items() if count}

    return run


def ago(**spans):
    return NOON - timedelta(**spans)


def on_both_sides(**spans):
    """A moment before which things are deleted, and that moment itself, at which they stay."""
    return ago(**spans) - timedelta(microseconds=1), ago(**spans)


def left(database, field):
    with database.read() as session:
        return sorted(session.scalars(select(field)))


def test_updates_that_were_answered_go_after_a_week(database, pruned):
    old, new = on_both_sides(days=7)
    with database.write() as session:
        for key, at in (("old", old), ("new", new), ("open", ago(days=29))):
            inbox.keep(session, "telegram", [(key, "{}")], at)
        for key in ("old", "new"):
            inbox.answered(session, "telegram", key, NOON)
        inbox.keep(session, "discord", [("silent", "{}")], old)
        inbox.handled(session, "discord", "silent", None, NOON)

    assert pruned() == {"inbox": 2}
    # What nobody answered yet may still be.
    assert left(database, Inbox.key) == ["new", "open"]


def test_updates_that_no_bot_answered_within_a_month_are_not_kept_on(database, pruned):
    old, new = on_both_sides(days=30)
    with database.write() as session:
        for key, at in (("old", old), ("new", new)):
            inbox.keep(session, "telegram", [(key, "{}")], at)

    assert pruned() == {"inbox": 1}
    with database.read() as session:
        assert inbox.waiting(session, "telegram") == [("new", "{}")]


def test_cards_go_after_their_days_and_what_was_said_of_them_stays(stocked, pruned):
    old, new = on_both_sides(days=365)
    with stocked.write() as session:
        one, two = (work.id for work in catalogue.works(session)[:2])
        reader = readers.of_account(session, "telegram", "7", old).id
        for work, at in ((one, old), (two, new)):
            (card,) = impressions.log(
                session, reader, f"slate {work}", [Shown(work, 0, "ease")], model_id=None, now=at
            )
            feedback.record(
                session, reader, work, Verdict.LIKE, source="card", now=at, impression_id=card
            )
        ratings.upsert(session, "import", [Star("a", one, 9, old)])

    assert pruned() == {"impressions": 1}

    assert left(stocked, Feedback.webtoon_id) == left(stocked, FeedbackEvent.webtoon_id)
    assert left(stocked, Feedback.webtoon_id) == [one, two]
    assert left(stocked, Rating.rater) == ["a"]
    with stocked.read() as session:
        events = feedback.event(session, 1), feedback.event(session, 2)
    assert [event.impression_id for event in events] == [None, 2]


def test_runs_go_after_their_days_but_never_a_jobs_last_or_one_under_way(database, pruned):
    with database.write() as session:
        for at in (ago(days=400), ago(days=399)):
            jobs.finish(session, jobs.begin(session, "retrain", at), "ok", at)
        jobs.begin(session, "prune", ago(days=398))

    assert pruned() == {"runs": 1}

    with database.read() as session:
        runs = jobs.since(session, ago(days=500))
    assert [(run.name, run.started_at) for run in runs] == [
        ("prune", ago(days=398)),
        ("retrain", ago(days=399)),
    ]


def test_alerts_go_after_their_days_once_they_are_closed(database, pruned):
    old, new = on_both_sides(days=365)
    with database.write() as session:
        for key, closed in (("old", old), ("new", new)):
            alerts.open_alert(session, key, key, ago(days=500))
            alerts.close_alerts(session, key, closed)
        alerts.open_alert(session, "open", "open", ago(days=500))

    assert pruned() == {"alerts": 1}

    assert left(database, Alert.key) == ["new", "open"]


def test_lists_go_when_nobody_may_confirm_them_any_more(database, pruned):
    with database.write() as session:
        reader = readers.of_account(session, "telegram", "1", NOON).id
        for at in on_both_sides(days=1):
            imports.keep(session, reader, [(1, Verdict.LIKE)], at)

    assert pruned() == {"lists": 1}

    assert len(left(database, ImportBatch.id)) == 1


def test_letters_go_after_a_month_and_pulses_after_a_day(database, pruned):
    with database.write() as session:
        for at in on_both_sides(days=30):
            outbox.put(session, ("telegram", "1"), f"{at:%f}", at)
        for name, at in zip(("dead", "living"), on_both_sides(days=1), strict=True):
            pulses.beat(session, name, at, {})

    assert pruned() == {"letters": 1, "pulses": 1}

    assert left(database, Outbox.text) == ["000000"]
    with database.read() as session:
        assert [pulse.name for pulse in pulses.every(session)] == ["living"]


def test_what_happened_and_the_news_of_it_go_after_a_month(stocked, pruned):
    old, new = on_both_sides(days=30)
    with stocked.write() as session:
        work = catalogue.works(session)[0].id
        reader = readers.of_account(session, "telegram", "7", old).id
        for at in (old, new):
            event = WorkEvent(webtoon_id=work, kind="chapter", detail=f"{at:%f}", at=at)
            session.add(event)
            session.flush()
            for key, event_id in ((f"event:{event.id}", event.id), (f"weekly:{at:%f}", None)):
                row = News(reader_id=reader, key=key, event_id=event_id, made_at=at, due_at=at)
                session.add(row)

    assert pruned() == {"news": 2, "happenings": 1}

    assert left(stocked, WorkEvent.detail) == ["000000"]
    assert left(stocked, News.key) == ["event:2", "weekly:000000"]


def test_runs_of_every_few_minutes_go_after_three_days(database, pruned):
    old, new = on_both_sides(days=3)
    with database.write() as session:
        for job in ("spread_news", "retrain"):
            for at in (old, new, NOON):
                jobs.finish(session, jobs.begin(session, job, at), "ok", at)

    assert pruned() == {"runs": 1}

    with database.read() as session:
        runs = jobs.since(session, ago(days=9))
    assert [run.started_at for run in runs if run.name == "spread_news"] == [NOON, new]
    assert len(runs) == 5


def test_rounds_go_after_a_day_and_the_names_in_them(database, pruned):
    with database.write() as session:
        reader = readers.of_account(session, "telegram", "7", NOON).id
        for chat, at in zip(("old", "new"), on_both_sides(days=1), strict=True):
            party = parties.opened(session, "telegram", chat, now=at, since=at)
            parties.join(session, party.id, reader, f"{chat} Anna", at)

    assert pruned() == {"rounds": 1}

    assert left(database, Party.chat_id) == ["new"]
    assert left(database, PartyMember.name) == ["new Anna"]


@pytest.fixture
def six(database, tmp_path):
    """Six models with folders, a day apart; the oldest is active, and b served before it."""
    states = {"b": "retired", "c": "rejected", "d": "rejected", "e": "retired", "f": "rejected"}
    for days, name in enumerate("abcdef"):
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
        made, state = NOON + timedelta(days=days), ModelState(states.get(name, "active"))
        served = {"a": made + timedelta(days=9), "b": made + timedelta(days=8), "e": made}.get(name)
        row = ModelRow(name, state, made, 1, 1, 1, {}, False, "", activated_at=served)
        with database.write() as session:
            models.register(session, row)
    return tmp_path / "models"


def registered(database):
    with database.read() as session:
        return [row.id for row in models.every(session)]


def test_of_models_the_newest_stay_beside_the_active_one(database, six, pruned):
    assert pruned() == {"models": 2}

    assert registered(database) == ["f", "e", "b", "a"]
    assert sorted(path.name for path in six.iterdir()) == ["a", "b", "e", "f"]


def test_what_served_last_stays_however_many_were_made_since(database, six, pruned):
    assert pruned(retention=Retention(days=365, models=1)) == {"models": 3}

    assert registered(database) == ["f", "b", "a"]


def test_where_that_is_damaged_what_a_rollback_goes_back_to_stays_as_well(database, six, pruned):
    digest = saved(six, "e")
    with database.write() as session:
        session.get_one(Model, "e").digest = digest

    assert pruned(retention=Retention(days=365, models=1)) == {"models": 2}

    assert registered(database) == ["f", "e", "b", "a"]
    assert registry.rollback(database, six, NOON).back.id == "e"


def test_a_folder_that_is_gone_already_does_not_keep_its_row(database, six, pruned):
    for path in six.iterdir():
        (path / "manifest.json").unlink()
        path.rmdir()

    assert pruned() == {"models": 2}
    assert registered(database) == ["f", "e", "b", "a"]


def test_pruning_again_deletes_nothing_more(database, six, pruned):
    with database.write() as session:
        jobs.finish(session, jobs.begin(session, "retrain", ago(days=400)), "ok", NOON)
        jobs.finish(session, jobs.begin(session, "retrain", ago(days=400)), "ok", NOON)
        outbox.put(session, ("telegram", "1"), "old", ago(days=31))

    assert pruned() == {"models": 2, "runs": 1, "letters": 1}
    assert pruned() == {}


def test_an_empty_database_has_nothing_to_prune(pruned):
    assert pruned() == {}


def test_the_command_tells_what_it_deleted_and_is_recorded(database, operator):
    with database.write() as session:
        pulses.beat(session, "bot", ago(days=400), {})

    done = operator("prune", "--json")
    again = operator("prune")

    assert done.json == NOTHING | {"pulses": 1}
    assert again.out == "Nothing is older than it is kept.\n"
    with database.read() as session:
        assert jobs.last_runs(session)["prune"].outcome == "ok"
