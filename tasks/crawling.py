"""A crawl: what is due is visited page by page, and each page's yield is stored as it comes.

What a page brought, and that it was visited, is one transaction; of a long list, that it was
visited is the last. So a crawl that is killed has lost one page at most, and goes on where it was.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.orm import Session

from crawler.errors import Gone, HostClosed, PageError
from crawler.politeness import Visitor
from crawler.source import Found, Source, Spot, Subject
from db import catalogue, crawled, foreign, frontier
from db.catalogue import Facts, Upserted
from db.engine import Database
from db.foreign import Foreign
from db.frontier import Entry, Place
from tasks.batches import in_batches
from tasks.errands import Errand, Report, known_works, places
from tasks.importing import facts, rater_id

STRIKES = 2  # runs that find a page gone, before what it is about counts as gone
FAILURES = 5  # runs in which a page failed, before it is let be until it is found again
SMALL = 200  # works and places that are stored at once
DRIFTS = 5  # pages in a row; then the site has changed, and the run ends

_CODE = re.compile(r"/(users|comments)/[A-Za-z0-9]+")
_ORIGIN = re.compile(r"https?://[^/\s]+")

Progress = Callable[[str, int, int], None]  # the kind of page, how many were visited and are due


@dataclass(slots=True)
class Crawl:
    """One run over one source."""

    database: Database
    source: Source
    site: Visitor
    errand: Errand
    progress: Progress = lambda _kind, _visits, _due: None
    report: Report = field(default_factory=Report)
    _drifts: int = 0

    def run(self) -> Report:
        """Visits what is due until nothing is, or a bound is reached.

        Raises Unreachable and NoBrowser.
        """
        self._seed()
        try:
            while (entry := self._next()) is not None:
                self._visit(entry)
        except HostClosed as closed:
            self.report.ended, self.report.closed = str(closed), True
            self.report.blocked = self.site.stopped
        finally:
            tally = self.site.tally
            self.report.pages, self.report.waited_seconds = tally.pages, tally.waited_seconds
            self.report.disallowed = tally.disallowed
        with self.database.read() as session:
            self.report.remaining = self._waiting(session)
        return self.report

    # -- what to visit

    def _seed(self) -> None:
        now = self.errand.began
        with self.database.read() as session:
            known = known_works(session, self.source.name)
        self._add(places(self.source, self.errand, self.source.seeds(known)), now)

    def _next(self) -> Entry | None:
        errand, report = self.errand, self.report
        now = self.site.time.now()
        if errand.limit is not None and report.visits >= errand.limit:
            report.ended = f"The limit of {errand.limit} pages is reached."
        elif errand.deadline is not None and now >= errand.deadline:
            over = errand.deadline.astimezone(UTC)
            report.ended = f"The time for crawling was over at {over:%H:%M} UTC."
        elif self._drifts >= DRIFTS:
            report.ended = f"{DRIFTS} pages in a row could not be read: the site has changed."
            report.closed = True
        if report.ended:
            return None
        entry = self._due()
        if entry is None and self._ask_for_absent():
            entry = self._due()
        while entry is None and self._wait_for_more():
            entry = self._due()
        if entry is not None:
            with self.database.read() as session:
                due = sum(self._waiting(session).values())
            self.progress(entry.kind, report.visits, due)
        return entry

    def _due(self) -> Entry | None:
        source, now = self.source, self.site.time.now()
        with self.database.read() as session:
            return frontier.due(
                session, source.name, now, order=source.kinds, since=self.errand.began
            )

    def _wait_for_more(self) -> bool:
        """Whether more came due; a run with a deadline waits for what does before that.

        Who was visited a week ago at three is due at three, not at one when the run begins.
        """
        deadline, now = self.errand.deadline, self.site.time.now()
        if deadline is None:
            return False
        with self.database.read() as session:
            then = frontier.next_due(session, self.source.name, now, self.errand.began)
        if then is None or then >= deadline:
            return False
        self.site.rest()
        self.site.time.sleep((then - now).total_seconds())
        return True

    def _waiting(self, session: Session) -> dict[str, int]:
        now = self.site.time.now()
        return frontier.waiting(session, self.source.name, now, self.errand.began)

    def _ask_for_absent(self) -> bool:
        """Makes works due that the lists, all read in this round, have no more; whether any."""
        source, since = self.source, self.errand.round_began
        with self.database.read() as session:
            ended = frontier.visited(session, source.name, source.listing, since)
            if set(ended) != {"ok"}:
                return False
            missing = map(source.absent, catalogue.unseen(session, source.name, since))
        found = self._places(spot for spot in missing if spot is not None)
        self._add(found, self.site.time.now())
        return bool(found)

    # -- one page

    def _visit(self, entry: Entry) -> None:
        spot = Spot(entry.kind, entry.key, entry.address, version=entry.version)
        if self._is_person(entry.kind):
            spot = Spot(entry.kind, entry.address, entry.address, version=entry.version)
        now = self.site.time.now()
        if self._is_back(entry):
            self._settle(entry, "ok", None)
            return
        try:
            found = self.source.visit(spot, self.site, now)
        except Gone:
            self._note_gone(entry)
        except PageError as error:
            self._settle(entry, error.outcome, str(error))
        else:
            self._store(entry, spot, found)
        self.report.visits += 1

    def _is_back(self, entry: Entry) -> bool:
        """Whether a list of this round has the work that was to be asked for as absent."""
        if self.source.subjects.get(entry.kind) is not Subject.WORK or not self.source.listing:
            return False
        with self.database.read() as session:
            since = self.errand.round_began
            return not catalogue.is_unseen(session, self.source.name, entry.key, since)

    def _store(self, entry: Entry, spot: Spot, found: Found) -> None:
        now, source = self.site.time.now(), self.source.name
        works = [facts(source, work) for work in found.works]
        onward = self._places(found.spots)
        theirs = [
            Foreign(w.code, w.title, w.year, w.authors, w.platforms, w.outlinks, w.read)
            for w in found.foreign
        ]
        if len(works) + len(onward) + len(theirs) > SMALL:
            # A list of all works at once would keep whoever chats waiting.
            for done in in_batches(self.database, works, partial(self._upsert, now=now)):
                self._count(done.new, done.changed, done.same)
            self._add(onward, now)
            for _ in in_batches(self.database, theirs, partial(self._upsert_foreign, now=now)):
                pass
            works, onward, theirs = [], [], []
        with self.database.write() as session:
            done = self._upsert(session, works, now)
            self._count(done.new, done.changed, done.same)
            self._store_notes(session, spot, found, now)
            self._upsert_foreign(session, theirs, now)
            self._store_ratings(session, found, now)
            frontier.add(session, source, onward, now)
            self._note(session, entry, found.outcome, found.note)

    def _upsert(self, session: Session, works: Sequence[Facts], now: datetime) -> Upserted:
        return catalogue.upsert(session, works, now) if works else Upserted(0, 0, 0)

    def _upsert_foreign(
        self, session: Session, works: Sequence[Foreign], now: datetime
    ) -> dict[str, int]:
        return foreign.upsert(session, self.source.name, works, now)

    def _store_notes(self, session: Session, spot: Spot, found: Found, now: datetime) -> None:
        source = self.source.name
        if spot.kind in self.source.listing:
            listed = [(source, work.external_id) for work in found.works]
            catalogue.saw(session, listed, now)
        if found.read is not None:
            catalogue.was_read(session, source, found.read, now)
        if found.gated is not None:
            catalogue.gate(session, source, found.gated, now)

    def _store_ratings(self, session: Session, found: Found, now: datetime) -> None:
        codes = sorted({star.work for star in found.stars} | set(found.untold))
        known = foreign.get(session, self.source.name, codes)
        ids = {code: row.id for code, row in known.items()}
        stars = [
            (self._hash(star.user), ids[star.work], star.half_stars)
            for star in found.stars
            if star.work in ids
        ]
        done = crawled.store(session, stars, now)
        self._count(done.new, done.changed, done.same)
        if found.all_of is not None:
            still = [work for _, work, _ in stars]
            still += [ids[code] for code in found.untold if code in ids]
            gone = crawled.withdraw(session, self._hash(found.all_of), still, now)
            self.report.gone += gone

    def _note_gone(self, entry: Entry) -> None:
        now = self.site.time.now()
        with self.database.write() as session:
            # Two runs of one round, the first of them killed, may be seconds apart.
            mark = int(self.errand.round_began.timestamp())
            strikes = frontier.strike(session, entry, mark)
            confirmed = strikes >= STRIKES
            if confirmed:
                self._bury(session, entry, now)
            frontier.settle(
                session,
                entry,
                "gone",
                now,
                again=not confirmed,
            )
        self._drifts = 0
        self.report.outcomes["gone"] += 1

    def _bury(self, session: Session, entry: Entry, now: datetime) -> None:
        source = self.source.name
        match self.source.subjects.get(entry.kind):
            case Subject.WORK:
                self.report.gone += catalogue.bury(session, source, entry.key, now)
            case Subject.FOREIGN_WORK:
                self.report.gone += foreign.bury(session, source, entry.key, now)
            case Subject.PERSON:
                self.report.gone += crawled.withdraw(session, entry.key, (), now)

    def _settle(self, entry: Entry, outcome: str, note: str | None) -> None:
        with self.database.write() as session:
            self._note(session, entry, outcome, note)

    def _note(self, session: Session, entry: Entry, outcome: str, note: str | None) -> None:
        """How the visit ended: in the frontier and in the report."""
        interrupted = outcome == "interrupted"  # by the host, not by anything in the page
        failed = outcome in ("failed", "drift")
        failures = entry.failures + failed if failed or interrupted else 0
        again = interrupted or (failed and failures < FAILURES)
        frontier.settle(
            session,
            entry,
            outcome,
            self.site.time.now(),
            again=again,
            failures=failures,
        )
        self._drifts = self._drifts + 1 if outcome == "drift" else 0
        self.report.outcomes[outcome] += 1
        if note:
            self.report.notes[_without_names(note, entry)] += 1

    # -- small things

    def _count(self, new: int, changed: int, same: int) -> None:
        self.report.new += new
        self.report.changed += changed
        self.report.same += same

    def _add(self, found: Sequence[Place], now: datetime) -> None:
        def write(session: Session, batch: Sequence[Place]) -> int:
            return frontier.add(session, self.source.name, batch, now)

        for _ in in_batches(self.database, found, write):
            pass

    def _places(self, spots: Iterable[Spot]) -> list[Place]:
        return places(self.source, self.errand, spots)

    def _is_person(self, kind: str) -> bool:
        return self.source.subjects.get(kind) is Subject.PERSON

    def _hash(self, user: str) -> str:
        return rater_id(self.source.name, user, self.errand.key)


def _without_names(note: str, entry: Entry) -> str:
    """A note that may be shown and kept: it names no person, and no host over and over."""
    note = note.replace(entry.address, "…") if entry.address else note
    return _CODE.sub(r"/\1/…", _ORIGIN.sub("", note))
