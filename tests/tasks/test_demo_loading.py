"""The demo: works that ship, readers that are made up and marked so."""

from dataclasses import asdict, fields
from datetime import timedelta
from statistics import mean, stdev

import pytest

from db import catalogue, ratings
from tasks import demo

SHIPPED = list(demo.shipped())
CARD = {field.name for field in fields(catalogue.Work)}


@pytest.fixture(autouse=True)
def few_readers(monkeypatch):
    monkeypatch.setattr(demo, "READERS", 50)


@pytest.fixture
def loaded(database, clock):
    return demo.load(database, clock())


def test_the_shipped_works_get_into_the_database(database, loaded):
    assert (loaded.works.new, loaded.works.changed, loaded.works.same) == (len(SHIPPED), 0, 0)
    with database.read() as session:
        works = {work.key: work for work in catalogue.works(session)}
    tower = works["naver:183559"]
    assert (tower.title, tower.title_en, tower.authors) == ("신의 탑", "Tower of God", ("SIU",))
    assert not tower.finished
    with database.read() as session:
        ages = {key: detail.age for key, detail in catalogue.details(session).items()}
    assert ages["naver", "183559"] == 0
    assert set(ages.values()) <= {0, 12, 15, 18, 19}
    assert any(work.adult for work in works.values())


def test_all_demo_ratings_are_marked_as_simulated(database, loaded):
    with database.read() as session:
        counts = ratings.counts(session)
        assert ratings.triples(session, simulated=False) == []

    assert counts.rows == counts.simulated_rows == loaded.ratings
    assert counts.raters == counts.simulated_raters == 50


def test_the_made_up_crowd_has_the_shape_of_a_real_one():
    works = [
        catalogue.Work(id=n, **{k: v for k, v in asdict(facts).items() if k in CARD})
        for n, facts in enumerate(SHIPPED)
    ]

    stars = demo.made_up(works, readers=1_759)

    assert len({star.rater for star in stars}) == 1_759
    assert mean(star.half_stars for star in stars) / 2 == pytest.approx(3.45, abs=0.05)
    assert stdev(star.half_stars for star in stars) / 2 == pytest.approx(1.0, abs=0.12)


def test_loading_again_changes_nothing(database, loaded, clock):
    with database.read() as session:
        before = catalogue.version(session), ratings.triples(session, simulated=True)
    clock.pass_(days=1)

    again = demo.load(database, clock())

    with database.read() as session:
        after = catalogue.version(session), ratings.triples(session, simulated=True)
    assert not again.changed
    assert after == before


def test_loading_again_mends_what_differs(database, loaded, clock):
    altered = demo.Facts("naver", "183559", "The Tower", genres=("스토리",))
    with database.write() as session:
        catalogue.upsert(session, [altered], clock())
        ratings.clear_simulated(session)

    again = demo.load(database, clock() + timedelta(days=1))

    assert (again.works.new, again.works.changed) == (0, 1)
    assert again.ratings == loaded.ratings


def test_real_ratings_and_other_works_are_left_alone(database, clock):
    with database.write() as session:
        catalogue.upsert(session, [demo.Facts("other", "1", "Mine")], clock())
        ratings.upsert(session, "import", [ratings.Star("kim", 1, 9)])

    demo.load(database, clock())

    with database.read() as session:
        assert ratings.triples(session, simulated=False) == [("import:kim", 1, 9)]
        assert catalogue.works(session)[0].title == "Mine"
