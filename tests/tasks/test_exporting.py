"""Exports, and the imports that read them back as they were."""

import csv
import io
import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler import fields, files
from crawler.items import FeedbackItem, Rejected
from db import catalogue, exports, feedback, ratings, readers, schema
from db.catalogue import Facts
from db.engine import Database
from db.ratings import Star
from db.tables import Verdict
from tasks.exporting import export
from tasks.importing import import_ratings, import_works
from tasks.importing_feedback import import_feedback
from tests.plugins.library import NOON, SHELF, stock

FORMATS = ("csv", "json")
LATER = NOON + timedelta(days=1, microseconds=1)
ODD = (
    'a, "quoted" title',
    "=1+1",
    "@sum(A1)",
    "-1",
    "+2",
    "'",
    '"',
    "한글, 그리고 🦊👩‍👩‍👧",
    "a;b\tc",
    "[1]",
    "{}",
    "é",
    "null",
    "0",
)


@pytest.fixture
def spoken(stocked):
    """The shelf, with ratings of three kinds and verdicts of two readers."""
    with stocked.write() as session:
        odd = [Facts("import", str(n), fields.text(title)) for n, title in enumerate(ODD)]
        catalogue.upsert(session, odd, NOON)
        told = [
            Facts("import", "0", ODD[0], synopsis="첫 줄,\n둘째 줄", age=0, hiatus=False),
            Facts("import", "1", ODD[1], age=15, adult=True, thumbnail_url="https://a.test/1.jpg"),
            Facts("import", "2", ODD[2], hiatus=True, up=True, latest_number=7),
        ]
        catalogue.upsert(session, told, NOON)
        one, two, three = (work.id for work in catalogue.works(session)[:3])
        ratings.upsert(session, "import", [Star("0a1b", one, 9, LATER), Star("0a1b", two, 1)])
        ratings.upsert(session, "watcha", [Star("0a1b", one, 10, NOON)])
        ratings.upsert(session, "demo", [Star("sim-1", two, 8)], simulated=True)
        kim = readers.of_account(session, "telegram", "7", NOON).id
        lee = readers.of_account(session, "discord", "7", NOON).id
        say(session, kim, one, Verdict.LIKE, LATER)
        say(session, kim, two, Verdict.DISLIKE, NOON)
        say(session, lee, two, Verdict.READ, NOON)
        say(session, lee, three, Verdict.HIDDEN, NOON)
    return stocked


def say(session, reader, work, verdict, now):
    feedback.record(session, reader, work, verdict, source="text", now=now)


@pytest.fixture
def empty(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'other.db'}")
    schema.upgrade(database)
    yield database
    database.close()


def exported(database, what, path, form):
    with path.open("wb") as file:
        return export(database, what, file, form)


def works(database):
    with database.read() as session:
        details = catalogue.details(session)
        # Ids are each database's own.
        return [
            (work.key, *list(as_tuple(work))[3:], details.get((work.source, work.external_id)))
            for work in catalogue.works(session)
        ]


def as_tuple(work):
    return (getattr(work, field) for field in work.__slots__)


def stars(database):
    with database.read() as session:
        return list(exports.ratings(session))


def verdicts(database):
    with database.read() as session:
        return list(exports.verdicts(session))


@pytest.mark.parametrize("form", FORMATS)
def test_everything_comes_back_as_it_was(spoken, empty, tmp_path, form):
    paths = {what: tmp_path / f"{what}.{form}" for what in ("catalogue", "ratings", "feedback")}

    counts = {what: exported(spoken, what, path, form) for what, path in paths.items()}
    done = (
        import_works(empty, files.works(paths["catalogue"]), source="other", now=NOON),
        import_ratings(empty, files.ratings(paths["ratings"]), source="other", key=b"key"),
        import_feedback(empty, files.feedback(paths["feedback"]), now=NOON),
    )

    assert counts == {"catalogue": len(SHELF) + len(ODD), "ratings": 4, "feedback": 4}
    assert [result.rejected for result in done] == [(), (), ()]
    assert works(empty) == works(spoken)
    assert stars(empty) == stars(spoken)
    assert verdicts(empty) == verdicts(spoken)


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_imported_where_it_came_from_changes_nothing(spoken, tmp_path, form):
    before = works(spoken), stars(spoken), verdicts(spoken)
    path = tmp_path / "file"

    exported(spoken, "catalogue", path, form)
    told = import_works(spoken, files.works(path), source="other", now=LATER)
    exported(spoken, "ratings", path, form)
    import_ratings(spoken, files.ratings(path), source="other", key=None)
    exported(spoken, "feedback", path, form)
    said = import_feedback(spoken, files.feedback(path), now=LATER)

    assert (told.works.new, told.works.changed) == (0, 0)
    assert (said.verdicts, said.same, said.readers) == (0, 4, 2)
    assert (works(spoken), stars(spoken), verdicts(spoken)) == before


def test_works_that_are_gone_are_left_out(spoken, tmp_path):
    with spoken.write() as session:
        catalogue.bury(session, "naver", "1001", LATER)

    count = exported(spoken, "catalogue", path := tmp_path / "works.csv", "csv")

    assert count == len(SHELF) + len(ODD) - 1
    assert "1001" not in {item.external_id for item in files.works(path)}


titles = st.text(min_size=1, max_size=30).map(fields.text).filter(bool)
names = titles.map(lambda name: fields.text(name.replace("|", ""))).filter(bool)


@settings(
    max_examples=25,
    deadline=None,  # the tables alone take a tenth of a second
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    told=st.lists(st.tuples(titles, st.none() | titles, st.lists(names, unique=True))),
    form=st.sampled_from(FORMATS),
)
def test_any_title_and_any_name_survive(tmp_path, told, form):
    shelf = [
        Facts("naver", str(n), title, english, authors=tuple(authors), genres=tuple(authors[:1]))
        for n, (title, english, authors) in enumerate(told)
    ]
    path = tmp_path / "works"
    one, other = (Database("sqlite:///:memory:") for _ in range(2))
    try:
        for database in (one, other):
            schema.upgrade(database)
        stock(one, works=shelf)
        exported(one, "catalogue", path, form)

        done = import_works(other, files.works(path), source="naver", now=NOON)

        assert done.rejected == ()
        assert works(other) == works(one)
    finally:
        one.close()
        other.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_rater_that_is_a_hash_already_is_not_hashed_again(spoken, tmp_path):
    exported(spoken, "ratings", path := tmp_path / "ratings.csv", "csv")

    found = [(item.rater, item.user) for item in files.ratings(path)]

    assert found == [("sim-1", ""), ("0a1b", ""), ("0a1b", ""), ("0a1b", "")]


def test_nobody_passes_real_ratings_off_as_readers_or_the_demo(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text(
        "rater_hash,rating_source,title,half_stars,simulated\n"
        "a,reader,x,9,0\nb,demo,x,9,0\nc,a b,x,9,1\nd,demo,x,9,1\n"
    )

    found = list(files.ratings(path))

    assert found[:3] == [
        Rejected(2, 'nothing can be from the source "reader"'),
        Rejected(3, 'nothing can be from the source "demo"'),
        Rejected(4, 'nothing can be from the source "a b"'),
    ]
    assert found[3].simulated


def item(line, verdict, at=NOON, **about):
    return FeedbackItem(line, "telegram", "7", verdict, at=at, **(about or {"title": "신의 탑"}))


def test_verdicts_make_their_readers_and_keep_their_times(stocked):
    done = import_feedback(stocked, [item(2, "like", NOON), item(3, "read", None)], now=LATER)

    (said,) = verdicts(stocked)
    assert (done.rows, done.verdicts, done.readers) == (2, 2, 1)
    assert (said.platform, said.user_id, said.verdict, said.at) == ("telegram", "7", "read", LATER)
    with stocked.read() as session:
        logged = feedback.event(session, 1), feedback.event(session, 2)
    assert [(event.verdict, event.previous) for event in logged] == [
        ("like", None),
        ("read", "like"),
    ]


def test_rows_are_recorded_in_the_order_of_their_times(stocked):
    import_feedback(stocked, [item(2, "read", LATER), item(3, "like", NOON)], now=LATER)

    assert [said.verdict for said in verdicts(stocked)] == ["read"]


@pytest.mark.parametrize("later", [Verdict.DISLIKE, None])
def test_what_a_reader_said_or_took_back_since_stays(stocked, later):
    import_feedback(stocked, [item(2, "like")], now=NOON)
    with stocked.write() as session:
        work = next(w.id for w in catalogue.works(session) if w.title == "신의 탑")
        say(session, 1, work, later, LATER)
    before = verdicts(stocked)

    done = import_feedback(stocked, [item(2, "like")], now=LATER)

    assert (done.verdicts, done.same) == (0, 1)
    assert verdicts(stocked) == before


def test_a_dry_run_makes_no_reader(stocked):
    done = import_feedback(stocked, [item(2, "like")], now=NOON, dry_run=True)

    assert done.verdicts == 1
    with stocked.read() as session:
        assert readers.count(session) == 0


def test_the_commands_export_and_import(spoken, operator, tmp_path):
    made = operator("export", "feedback", "said.json", "--json")
    shown = operator("export", "ratings", "-")
    listed = operator("export", "catalogue", "-", "--format", "json")
    csv_too = operator("export", "catalogue", "works.csv")
    taken = operator("import", "feedback", "said.json", "--json")

    assert made.json == {"file": "said.json", "rows": 4}
    assert (tmp_path / "said.json").stat().st_mode & 0o777 == 0o600
    assert next(csv.DictReader(io.StringIO(shown.out)))["rater_hash"] == "sim-1"
    assert len(json.loads(listed.out)) == len(SHELF) + len(ODD)
    assert csv_too.out == f"works.csv: {len(SHELF) + len(ODD)} rows.\n"
    assert (taken.code, taken.json["same"], taken.json["rejected"]) == (0, 4, [])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_bad_rows_are_listed_with_their_lines(stocked, operator, tmp_path):
    (tmp_path / "said.csv").write_text(
        "platform,user_id,title,verdict,at\n"
        "telegram,7,노블레스,like,\n"
        "telegram,7,노블레스,love,\n"
        "tele gram,7,노블레스,like,\n"
        ",7,노블레스,like,\n"
        "telegram,,노블레스,like,\n"
        "telegram,7,,like,\n"
        "telegram,7,없는 작품,like,\n"
        "telegram,7,노블레스,like,noon\n"
    )

    done = operator("import", "feedback", "said.csv")
    nothing = operator("import", "feedback", "said.csv", "--dry-run", "--json")
    (tmp_path / "said.csv").write_text("platform,title\nx,y\n")
    unreadable = operator("import", "feedback", "said.csv")

    assert done.code == nothing.code == 0
    assert done.err.splitlines() == [
        'line 3: verdict is "love", expected like, dislike, read, hidden',
        'line 4: no platform "tele gram"',
        "line 5: platform is missing",
        "line 6: user is missing",
        "line 7: neither a title nor an external id",
        'line 8: unknown work: no title "없는 작품"',
        'line 9: unreadable time "noon", expected ISO 8601 or Unix seconds',
    ]
    assert done.out.startswith("Taken in: 1 verdicts of 1 readers, 0 as they were, from 8 rows; 7 ")
    assert nothing.json["same"] == 1
    assert (unreadable.code, "has no column user" in unreadable.err) == (1, True)
