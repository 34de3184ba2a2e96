"""A database that was lived in: something in every table, and all tables to compare.

Functions, not fixtures: whoever needs them says for which database.
"""

from datetime import timedelta

from db import (
    alerts,
    catalogue,
    crawled,
    dump,
    duties,
    feedback,
    foreign,
    frontier,
    hosts,
    impressions,
    inbox,
    jobs,
    outbox,
    popularity,
    pulses,
    ratings,
    readers,
)
from db.impressions import Shown
from db.ratings import Star
from db.reader_tables import (
    Follow,
    ImportBatch,
    LinkCode,
    LinkTry,
    News,
    Party,
    PartyMember,
    ReaderLink,
    WorkEvent,
)
from db.tables import Verdict
from tests.plugins.library import NOON, activate, stock


def live_in(database, digest):
    """Fills every table; the model "first" with this digest is active."""
    stock(database)
    activate(database, "first", digest)
    later = NOON + timedelta(microseconds=1)
    with database.write() as session:
        one, two, three = (work.id for work in catalogue.works(session)[:3])
        gone = readers.of_account(session, "telegram", "6", NOON)
        reader = readers.of_account(session, "telegram", "7", NOON, "ko")
        readers.choose(session, reader.id, adult=True, language="en", dial="niche")
        last = readers.of_account(session, "discord", "8", later)
        card, _ = impressions.log(
            session,
            reader.id,
            "slate",
            [Shown(one, 0, "ease", 0.1 + 0.2), Shown(two, 1, "ease", rank=4)],
            model_id="first",
            now=NOON,
        )
        impressions.delivered(session, [card], "telegram:1:2")
        feedback.record(
            session, reader.id, one, Verdict.LIKE, source="card", now=NOON, impression_id=card
        )
        feedback.record(session, reader.id, two, Verdict.DISLIKE, source="text", now=later)
        feedback.record(session, reader.id, two, None, source="undo", now=later)
        feedback.record(session, last.id, three, Verdict.HIDDEN, source="text", now=later)
        # The highest ids are of readers who are gone: nobody may have them again.
        readers.forget(session, gone.id)
        readers.forget(session, last.id)
        ratings.upsert(session, "import", [Star("a", one, 9, later), Star("b", one, 1)])
        ratings.upsert(session, "demo", [Star("a", two, 8)], simulated=True)
        crawl(session, one, later)
        popularity.store(session, {one: 3.5, two: 1 / 3}, NOON)
        run = jobs.begin(session, "retrain", NOON, key="slot:x", scheduled_for=NOON)
        jobs.finish(session, run, "ok", later, counts={"rows": 3, "에": [None]}, model_id="first")
        alerts.open_alert(session, "a", "한 문장", NOON, [("telegram", "1")])
        alerts.close_alerts(session, "a", later)
        outbox.put(session, ("discord", "2"), "line\nbreak '\"\\ 🦊", NOON)
        duties.expect(session, "retrain", NOON, later)
        pulses.beat(session, "bot", NOON, {"model": "first"})
        inbox.keep(session, "telegram", [("1", '{"text": "신의 탑"}')], NOON)
        beyond_verdicts(session, reader.id, one, later)


def beyond_verdicts(session, reader_id, webtoon_id, later):
    """A code, a link, a work that is followed and what happened to it, a list, a round."""
    readers.spoke(session, "telegram", "7", later)
    event = WorkEvent(webtoon_id=webtoon_id, kind="chapter", detail="3화", at=NOON)
    party = Party(platform="telegram", chat_id="-1", opened_at=NOON)
    session.add_all([event, party])
    session.flush()
    session.add_all(
        [
            LinkCode(reader_id=reader_id, digest=f"d{reader_id}", made_at=NOON, expires_at=later),
            LinkTry(reader_id=reader_id, at=NOON),
            ReaderLink(reader_id=reader_id, former_id=99, at=NOON, before={"accounts": ["a"]}),
            Follow(reader_id=reader_id, webtoon_id=webtoon_id, at=NOON),
            News(reader_id=reader_id, key="event:1", event_id=event.id, made_at=NOON, due_at=later),
            ImportBatch(reader_id=reader_id, made_at=NOON, rows=[[webtoon_id, "like"]]),
            PartyMember(party_id=party.id, reader_id=reader_id, name="민아", joined_at=NOON),
        ]
    )


def crawl(session, webtoon_id, later):
    """What a crawl leaves: a work that is matched, a rating that changed, a page, a host."""
    work = foreign.Foreign("mAbc123", "신의 탑", 2010, ("SIU",), ("naver",), (), read=True)
    ids = foreign.upsert(session, "watcha", [work], NOON)
    foreign.settle(session, ids["mAbc123"], webtoon_id, foreign.MatchState.MATCHED, "author")
    for half_stars, now in ((7, NOON), (9, later)):
        crawled.store(session, [("hash", ids["mAbc123"], half_stars)], now)
    place = frontier.Place("work", "mAbc123", "mAbc123", stale=NOON, version="searched")
    frontier.add(session, "watcha", [place], NOON)
    hosts.put(session, hosts.HostRow("pedia.watcha.com", "2026-05-04", 3, paused_until=later))


def lasting(database):
    """Every row that outlives its processes: they say anew that they live, and what is due."""
    found = contents(database)
    return {name: [] if name in ("duty", "pulse") else found[name] for name in found}


def contents(database):
    """Every row of every table."""
    with database.read() as session:
        return {name: list(dump.rows(session, name)) for name in dump.names()}
