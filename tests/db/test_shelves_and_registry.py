"""The catalogue, ratings, the registry of models, jobs and their alerts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db import alerts, catalogue, jobs, models, ratings, readers
from db.catalogue import Facts, Upserted
from db.engine import Database
from db.models import ModelRow
from db.ratings import Counts, Star
from db.tables import ModelState
from tests.fakes.waiting import blocked, eventually
from tests.plugins.library import NOON, SHELF, stock


@pytest.fixture
def session(database):
    with database.write() as session:
        yield session


def test_works_are_new_changed_or_the_same(session):
    assert catalogue.upsert(session, SHELF, NOON) == Upserted(len(SHELF), 0, 0)

    finished = replace(SHELF[0], finished=True, weekdays=())
    again = catalogue.upsert(session, [finished, *SHELF[1:]], NOON + timedelta(days=1))

    assert again == Upserted(0, 1, len(SHELF) - 1)
    assert catalogue.works(session)[0].finished


def test_a_work_is_known_by_source_and_id_not_by_title(session):
    same = [Facts("naver", "1", "봄날"), Facts("naver", "2", "봄날"), Facts("kakao", "1", "봄날")]
    catalogue.upsert(session, same, NOON)

    assert [work.key for work in catalogue.works(session)] == ["naver:1", "naver:2", "kakao:1"]


def test_one_list_that_names_a_work_twice_keeps_the_later(session):
    catalogue.upsert(
        session, [Facts("naver", "1", "옛 제목"), Facts("naver", "1", "새 제목")], NOON
    )

    assert [work.title for work in catalogue.works(session)] == ["새 제목"]


def test_every_fact_comes_back_as_it_went_in(session):
    catalogue.upsert(session, SHELF, NOON)

    for work, facts in zip(catalogue.works(session), SHELF, strict=True):
        for field in ("title", "title_en", "authors", "genres", "keywords", "weekdays", "adult"):
            assert getattr(work, field) == getattr(facts, field)


def test_the_version_changes_with_the_catalogue_and_only_then(session):
    assert catalogue.version(session) == (0, None)
    catalogue.upsert(session, SHELF, NOON)
    first = catalogue.version(session)
    catalogue.upsert(session, SHELF, NOON + timedelta(days=1))
    assert catalogue.version(session) == first == (len(SHELF), NOON)

    later = NOON + timedelta(days=2)
    catalogue.upsert(session, [replace(SHELF[0], title="새 제목")], later)
    assert catalogue.version(session) == (len(SHELF), later)


def test_a_change_that_is_committed_late_is_seen_too(session):
    catalogue.upsert(session, SHELF, NOON)
    before = catalogue.version(session)

    catalogue.upsert(session, [replace(SHELF[0], title="새 제목")], NOON - timedelta(hours=1))

    assert catalogue.version(session) == (len(SHELF), NOON + timedelta(microseconds=1)) != before


def test_titles_of_some_works(session):
    catalogue.upsert(session, SHELF[:3], NOON)
    ids = [work.id for work in catalogue.works(session)]

    assert catalogue.titles(session, [ids[1], 999]) == {ids[1]: "여신강림"}
    assert catalogue.titles(session, []) == {}


def test_of_a_raters_two_ratings_the_later_counts(database):
    stock(database)
    with database.write() as session:
        work = catalogue.works(session)[0].id
        assert ratings.upsert(session, "import", [Star("a", work, 4)]) == 1
        ratings.upsert(session, "import", [Star("a", work, 9, NOON)])

        assert ratings.triples(session, simulated=False) == [("import:a", work, 9)]


def test_simulated_ratings_are_kept_apart(database):
    stock(database)
    with database.write() as session:
        one, two = (work.id for work in catalogue.works(session)[:2])
        ratings.upsert(session, "import", [Star("a", one, 9), Star("b", one, 5)])
        ratings.upsert(session, "demo", [Star("a", two, 8)], simulated=True)

        assert ratings.counts(session) == Counts(3, 3, 1, 1)
        assert ratings.triples(session, simulated=True) == [("demo:a", two, 8)]
        assert ratings.like_counts(session, 6) == {one: 1, two: 1}
        ratings.clear_simulated(session)
        assert ratings.counts(session) == Counts(2, 2, 0, 0)


def test_raters_of_two_sources_are_told_apart(database):
    stock(database)
    with database.write() as session:
        work = catalogue.works(session)[0].id
        ratings.upsert(session, "a", [Star("bc", work, 9)])
        ratings.upsert(session, "ab", [Star("c", work, 9)])

        assert ratings.counts(session) == Counts(2, 2, 0, 0)
        assert ratings.count(session) == 2


def test_thousands_of_ratings_go_in_at_once(database):
    stock(database)
    with database.write() as session:
        works = [work.id for work in catalogue.works(session)]
        stars = (Star(f"rater {n // 30}", works[n % 30], 1 + n % 10) for n in range(2_400))

        assert ratings.upsert(session, "import", stars) == 2_400
        assert ratings.counts(session) == Counts(2_400, 80, 0, 0)


def model(name, hours=0, state=ModelState.CANDIDATE):
    at = NOON + timedelta(hours=hours)
    return ModelRow(name, state, at, 10, 20, 30, {"ndcg@10": 0.5}, True, "digest")


def test_the_active_mark_moves_and_the_one_before_is_retired(session):
    assert models.active(session) is None
    for hours, name in enumerate(("a", "b", "c")):
        models.register(session, model(name, hours))
        models.activate(session, name, NOON)

    assert [(row.id, row.state.value) for row in models.every(session)] == [
        ("c", "active"), ("b", "retired"), ("a", "retired"),
    ]  # fmt: skip
    assert [row.id for row in models.served_before(session)] == ["b", "a"]


def test_what_served_last_comes_first_whenever_it_was_made_and_whatever_the_clock_said(session):
    for hours, name in enumerate(("a", "b", "c", "d")):
        models.register(session, model(name, hours))
    for name, at in (("a", 0), ("b", 5), ("c", -9), ("a", -9), ("d", 9)):
        models.activate(session, name, NOON + timedelta(hours=at))

    late = NOON + timedelta(hours=5)
    assert [(row.id, row.activated_at) for row in models.served_before(session)] == [
        ("a", late + timedelta(microseconds=2)),
        ("c", late + timedelta(microseconds=1)),
        ("b", late),
    ]
    assert models.active(session).activated_at == NOON + timedelta(hours=9)


def test_a_candidate_is_finished_or_given_up_and_nothing_else_is(session):
    for name in ("a", "b"):
        models.register(session, model(name))
    done = replace(model("a"), state=ModelState.REJECTED, digest="other", note="It is worse.")

    assert models.candidates(session, NOON) == []
    assert sorted(models.candidates(session, NOON + timedelta(hours=1))) == ["a", "b"]
    assert models.every(session) == []
    assert (models.finish(session, done), models.finish(session, done)) == (True, False)
    assert (models.give_up(session, "a"), models.give_up(session, "b")) == (False, True)
    assert (models.every(session), models.get(session, "b")) == ([done], None)
    assert models.give_up(session, "b") is True


def test_two_models_are_never_active_at_once(database):
    with pytest.raises(IntegrityError), database.write() as session:
        for name in ("a", "b"):
            models.register(session, model(name, state=ModelState.ACTIVE))

    with database.read() as session:
        assert models.every(session) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("earlier", [(), ("a",)])
def test_of_two_trainings_at_once_the_later_is_active(database_url, earlier):
    one, other = Database(database_url), Database(database_url)
    for name in earlier:
        with one.write() as session:
            models.register(session, model(name))
            models.activate(session, name, NOON)

    def publish():
        with other.write() as session:
            models.register(session, model("c", 2))
            models.activate(session, "c", NOON)

    with ThreadPoolExecutor(1) as pool:
        with one.write() as session:
            models.register(session, model("b", 1))
            models.activate(session, "b", NOON)
            publishing = pool.submit(publish)
            eventually(lambda: blocked(one), "the other's turn")
        publishing.result(timeout=10)

    with one.read() as session:
        assert [(row.id, row.state.value) for row in models.every(session)][:2] == [
            ("c", "active"), ("b", "retired"),
        ]  # fmt: skip
    one.close()
    other.close()


def test_a_model_comes_back_as_it_was_registered(session):
    rejected = model("a", state=ModelState.REJECTED)
    models.register(session, rejected)

    assert models.every(session) == [rejected]


def test_the_last_run_of_each_job_is_told(session):
    first = jobs.begin(session, "retrain", NOON)
    jobs.finish(session, first, "failed", NOON, error="no")
    second = jobs.begin(session, "retrain", NOON + timedelta(days=1), scheduled_for=NOON)
    jobs.finish(session, second, "ok", NOON + timedelta(days=1), counts={"rows": 3}, model_id="m")
    jobs.begin(session, "prune", NOON)

    runs = jobs.last_runs(session)

    assert list(runs) == ["prune", "retrain"]
    assert (runs["retrain"].outcome, runs["retrain"].counts, runs["retrain"].model_id) == (
        "ok", {"rows": 3}, "m",
    )  # fmt: skip
    assert runs["prune"].outcome is None


def test_a_run_that_never_said_how_it_ended_is_closed_by_the_next(session):
    jobs.begin(session, "retrain", NOON)
    other = jobs.begin(session, "prune", NOON)
    jobs.begin(session, "retrain", NOON + timedelta(days=1))

    runs = session.execute(text("SELECT name, outcome, error FROM job_run ORDER BY id")).all()

    assert runs == [
        ("retrain", "failed", "Its process was killed."),
        ("prune", None, None),
        ("retrain", None, None),
    ]
    jobs.finish(session, other, "ok", NOON)


def test_an_incident_is_opened_once_and_again_after_it_was_closed(session):
    assert alerts.open_alert(session, "model-damaged:a", "first", NOON) is True
    assert alerts.open_alert(session, "model-damaged:a", "second", NOON) is False
    assert [incident.message for incident in alerts.open_alerts(session)] == ["first"]

    alerts.close_alerts(session, "model-damaged:", NOON)
    assert alerts.open_alerts(session) == []
    assert alerts.open_alert(session, "model-damaged:a", "third", NOON) is True


def test_closing_takes_its_prefix_literally(session):
    alerts.open_alert(session, "a_b", "x", NOON)

    alerts.close_alerts(session, "a%", NOON)
    alerts.close_alerts(session, "aXb", NOON)

    assert len(alerts.open_alerts(session)) == 1


def test_a_reader_is_the_same_at_every_visit_and_remembers_choices(session):
    first = readers.of_account(session, "telegram", "1", NOON)
    readers.choose(session, first.id, language="ko", adult=True, dial="niche")

    again = readers.of_account(session, "telegram", "1", NOON)

    assert (first.dial, again.dial) == ("balanced", "niche")
    assert (again.id, again.language, again.adult, again.trains) == (first.id, "ko", True, True)
    assert readers.accounts(session, first.id) == [("telegram", "1")]


def test_the_same_number_on_two_platforms_is_two_accounts(session):
    telegram = readers.of_account(session, "telegram", "1", NOON)
    discord = readers.of_account(session, "discord", "1", NOON)

    assert telegram.id != discord.id


def test_the_platforms_language_is_remembered_for_when_it_tells_none(session):
    readers.of_account(session, "discord", "1", NOON, "ko")

    assert readers.of_account(session, "discord", "1", NOON).reported == "ko"
    assert readers.of_account(session, "discord", "1", NOON, "en-US").reported == "en-US"


def test_a_reader_is_known_only_after_they_spoke_and_asking_makes_none(session):
    before = readers.known(session, "telegram", "1")
    made = readers.of_account(session, "telegram", "1", NOON, "ko")

    assert before is None
    assert readers.known(session, "telegram", "1") == made
    assert readers.known(session, "discord", "1") is None
    assert readers.count(session) == 1


def test_pictures_are_told_of_the_works_that_have_one(session):
    picture = "https://image.example/1.jpg"
    works = [Facts("s", "1", "a", thumbnail_url=picture), Facts("s", "2", "b")]
    catalogue.upsert(session, works, NOON)
    ids = [work.id for work in catalogue.works(session)]

    assert catalogue.thumbnails(session, ids) == {ids[0]: picture}
    assert catalogue.thumbnails(session, ids[1:]) == {}
