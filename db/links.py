"""Two readers becoming one, because one person is behind both; it can be undone for a while.

What one reader has goes over to the other as it is, row by row, so that nothing that points at it
breaks; `ReaderLink.before` keeps which rows those were, and what they replaced: a `Before`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from db import bulk, rows
from db.reader_tables import ImportBatch, News, ReaderLink, WorkEvent
from db.rows import Kept
from db.tables import Account, Feedback, FeedbackEvent, Reader, Verdict

UNDOABLE = timedelta(days=1)  # what undoes a link is kept for so long
# Rows that only name their reader: they go over, and back, by their ids.
_PLAIN = ("account", "impression", "feedback_event", "import_batch", "outbox", "reader_link")
# Rows of which a reader has one for each of something: who has none of their own gets them.
_KEYED = {"follow": "webtoon_id", "party_member": "party_id"}
_LEFT = "party_member"  # what is not given back: rounds end, and one tap joins them again
# Of two choices the surviving reader's counts, if they made one.
_CHOICES = ("language", "dial", "alerts", "zone", "quiet_from", "quiet_until")
CONSENTS = ("trains", "weekly")
# A verdict that stands, as it is kept: in lists, as there may be thousands.
_STANDING = ("webtoon_id", "verdict", "at", "event_id", "ignored")
_VERDICTS = {verdict.value: verdict for verdict in Verdict}


Standing = list[Any]  # the values of _STANDING


@dataclass(frozen=True, slots=True)
class LinkRow:
    """That `former_id` became part of `reader_id`; `undoable` as long as what was is kept."""

    id: int
    reader_id: int
    former_id: int
    at: datetime
    undoable: bool


class Said(NamedTuple):
    """The last that a reader said of a work; None: they took it back."""

    verdict: Verdict | None
    at: datetime
    event_id: int
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Union:
    """What two readers said, and what will stand once they are one: by webtoon id."""

    mine: Mapping[int, Said]
    theirs: Mapping[int, Said]
    changed: Mapping[int, Said]  # of what is mine, by what is theirs and later

    @property
    def standing(self) -> int:
        """How many verdicts will stand."""
        return sum(said.verdict is not None for said in {**self.mine, **self.changed}.values())

    @property
    def differing(self) -> dict[int, Verdict | None]:
        """The verdict that will stand on works of which both said something, and not the same.

        None if the later word took it back.
        """
        return {
            work: self.changed.get(work, mine).verdict
            for work, mine in self.mine.items()
            if (theirs := self.theirs.get(work)) and mine.verdict != theirs.verdict
        }


@dataclass(frozen=True, slots=True)
class Before:
    """What undoing a link needs, as JSON holds it; tables by name, works by webtoon id."""

    reader: Kept  # the one who is no more
    survivor: Kept
    feedback: list[Standing]  # all that stood of the one who is no more
    replaced: list[Standing]  # of the survivor's, what the other's later word took the place of
    changed: list[int]  # the works of those words
    until: int  # the last feedback event before the link
    keyed: dict[str, list[Kept]]  # all that the one who is no more had of _KEYED
    own: dict[str, list[int]]  # the keys that the survivor had there
    waiting: list[list[Kept]]  # what either was to be told: the survivor, who is no more
    rows: dict[str, list[int]]  # which went over of all else, by table

    @property
    def kept(self) -> Kept:
        """All of it, as it is."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def hold(session: Session, *readers: int) -> None:
    """Lets nobody else do anything for these readers until the transaction ends."""
    for table, column in ((Account, Account.reader_id), (Reader, Reader.id)):
        query = select(table.id).where(column.in_(readers)).order_by(table.id)
        session.execute(query.with_for_update()).all()


def compare(session: Session, mine: int, theirs: int) -> Union:
    """What will stand if the reader `theirs` becomes part of `mine`: the later word counts."""
    ours, others = _said(session, mine), _said(session, theirs)
    changed = {
        work: said
        for work, said in others.items()
        if work not in ours or (said.at, said.event_id) > (ours[work].at, ours[work].event_id)
    }
    return Union(ours, others, changed)


def unite(session: Session, mine: int, theirs: int, now: datetime) -> tuple[int, Union]:
    """Makes the reader `theirs` part of `mine`; the link's id, and what both said.

    `theirs` is gone afterwards. What waits to be told keeps the hours that it was due at.
    """
    hold(session, mine, theirs)
    found = compare(session, mine, theirs)
    waiting = [_waiting(session, reader_id) for reader_id in (mine, theirs)]
    _forget_told(session, mine, theirs)
    survivor, former = session.get_one(Reader, mine), session.get_one(Reader, theirs)
    before = Before(
        reader=rows.kept(former),
        survivor=rows.kept(survivor),
        feedback=_standing(found.theirs),
        replaced=_standing({w: s for w, s in found.mine.items() if w in found.changed}),
        changed=list(found.changed),
        until=session.scalar(select(func.max(FeedbackEvent.id))) or 0,
        keyed={name: rows.of_reader(session, name, theirs) for name in _KEYED},
        own={
            name: [row[key] for row in rows.of_reader(session, name, mine)]
            for name, key in _KEYED.items()
        },
        waiting=waiting,
        rows={
            name: rows.hand_over(session, name, theirs, mine, but=but)
            for name, but in {**dict.fromkeys(_PLAIN), "news": "key"}.items()
        },
    )
    for name, key in _KEYED.items():
        rows.hand_over(session, name, theirs, mine, but=key)
    # What does not stand of either goes, and then nothing is in the way of the rest.
    _unsay(session, mine, found.mine.keys() & found.changed.keys())
    _unsay(session, theirs, found.theirs.keys() - found.changed.keys())
    rows.hand_over(session, "feedback", theirs, mine)
    _choose(survivor, former)
    link = ReaderLink(reader_id=mine, former_id=theirs, at=now, before=before.kept)
    session.add(link)
    session.flush()
    link_id = link.id
    session.execute(delete(Reader).where(Reader.id == theirs))
    session.expire_all()
    return link_id, found


def undo(session: Session, link_id: int, now: datetime) -> tuple[int, int]:
    """Makes two readers of one again, each with what they had; what was said since stays.

    Their ids. What waits to be told waits for either as it did. To be called with the latest link
    of a reader. Raises ValueError if it is no longer undoable.
    """
    link = session.get_one(ReaderLink, link_id)
    if link.before is None:
        message = f"link {link_id} can't be undone"
        raise ValueError(message)
    before = Before(**link.before)
    mine, theirs = link.reader_id, link.former_id
    hold(session, mine)
    session.execute(insert(Reader).values(id=theirs, **rows.values("reader", before.reader)))
    for name, ids in before.rows.items():
        kept = _added_since(session, mine, before.until) if name == "import_batch" else ()
        rows.give_back(session, name, set(ids).difference(kept), mine, theirs)
    _restore(session, mine, before)
    _put_verdicts(session, theirs, before.feedback)
    for name, key in _KEYED.items():
        brought = [row for row in before.keyed[name] if row[key] not in before.own[name]]
        rows.drop(session, name, key, mine, brought)
        if name != _LEFT:
            rows.put(session, name, theirs, before.keyed[name])
    told = select(News.key).where(News.reader_id == mine, News.letter_id.is_not(None))
    heard = set(session.scalars(told))  # since the link: one person was told, whichever account
    for reader_id, news in zip((mine, theirs), before.waiting, strict=True):
        _put_news(session, reader_id, [row for row in news if row["key"] not in heard])
    link.undone_at, link.before = now, None
    session.flush()
    session.expire_all()
    return mine, theirs


def last(session: Session, reader_id: int) -> LinkRow | None:
    """The latest link of a reader that was not undone."""
    query = (
        select(ReaderLink)
        .where(ReaderLink.reader_id == reader_id, ReaderLink.undone_at.is_(None))
        .order_by(ReaderLink.id.desc())
        .limit(1)
    )
    row = session.scalar(query)
    return _row(row) if row else None


def get(session: Session, link_id: int) -> LinkRow | None:
    """The link with this id, undone or not; None if it is not kept."""
    row = session.get(ReaderLink, link_id)
    return _row(row) if row else None


def became(session: Session, former_id: int) -> int | None:
    """The reader whom one who is gone became part of, however many links ago; None if none."""
    found, seen = former_id, {former_id}
    while True:
        query = select(ReaderLink.reader_id).where(
            ReaderLink.former_id == found, ReaderLink.undone_at.is_(None)
        )
        following = session.scalar(query.order_by(ReaderLink.id.desc()).limit(1))
        if following is None or following in seen:
            return found if found != former_id else None
        found = following
        seen.add(found)


def chose(session: Session, reader_id: int, choices: Mapping[str, Any]) -> None:
    """Notes what a reader chose since they were linked: undoing that leaves it alone.

    A refusal was for all of the person, and so was whether to be told of news: it is the other's,
    too.
    """
    left = {n: v for n, v in choices.items() if n in ("alerts", "alerts_to")}
    left |= dict.fromkeys(choices.keys() & {*CONSENTS})
    if not left:
        return
    both = {n: v for n, v in choices.items() if n == "alerts" or (n in CONSENTS and not v)}
    query = select(ReaderLink).where(
        ReaderLink.reader_id == reader_id, ReaderLink.before.is_not(None)
    )
    for link in session.scalars(query):
        before = Before(**link.before or {})
        link.before = before.kept | {
            "survivor": before.survivor | left,
            "reader": before.reader | both,
        }


def prune(session: Session, *, undoable: datetime, before: datetime) -> int:
    """Ends the undoing of links made before `undoable`, and deletes those made before `before`.

    How many were deleted: buttons of the reader who was work no longer.
    """
    session.execute(
        update(ReaderLink)
        .where(ReaderLink.at < undoable, ReaderLink.before.is_not(None))
        .values(before=None)
    )
    old = delete(ReaderLink).where(ReaderLink.at < before).returning(ReaderLink.id)
    return len(session.execute(old).all())


def _row(row: ReaderLink) -> LinkRow:
    return LinkRow(row.id, row.reader_id, row.former_id, row.at, row.before is not None)


def _said(session: Session, reader_id: int) -> dict[int, Said]:
    """The last that a reader said of each work, taking it back included."""
    taken_back = session.execute(
        select(FeedbackEvent.webtoon_id, func.max(FeedbackEvent.at), func.max(FeedbackEvent.id))
        .where(FeedbackEvent.reader_id == reader_id, FeedbackEvent.verdict.is_(None))
        .group_by(FeedbackEvent.webtoon_id)
    )
    standing = session.connection().execute(
        select(
            Feedback.webtoon_id,
            Feedback.verdict,
            Feedback.at,
            Feedback.event_id,
            Feedback.ignored,
        ).where(Feedback.reader_id == reader_id)
    )
    said = {work: Said(None, at, event_id) for work, at, event_id in taken_back}
    # Thousands of rows: this is most of what a link costs.
    for work, verdict, at, event_id, ignored in standing:
        said[work] = Said(_VERDICTS[verdict], at, event_id, ignored)
    return said


def _unsay(session: Session, reader_id: int, works: Iterable[int]) -> None:
    """Deletes the verdicts of a reader on these works, if there are any."""
    for few in bulk.batches(works):
        session.execute(
            delete(Feedback).where(Feedback.reader_id == reader_id, Feedback.webtoon_id.in_(few))
        )


def _restore(session: Session, mine: int, before: Before) -> None:
    """Gives the surviving reader their verdicts and choices back where nothing changed since."""
    since = select(FeedbackEvent.webtoon_id).where(
        FeedbackEvent.reader_id == mine, FeedbackEvent.id > before.until
    )
    untouched = set(before.changed) - set(session.scalars(since))
    own = {work: verdict for work, verdict, *_ in before.replaced}
    for work in set(before.changed) - untouched:
        # What was said first since then took the place of what is the other reader's again.
        first = select(func.min(FeedbackEvent.id)).where(
            FeedbackEvent.reader_id == mine,
            FeedbackEvent.webtoon_id == work,
            FeedbackEvent.id > before.until,
        )
        session.execute(
            update(FeedbackEvent)
            .where(FeedbackEvent.id == first.scalar_subquery())
            .values(previous=own.get(work))
        )
    _unsay(session, mine, untouched)
    _put_verdicts(session, mine, [row for row in before.replaced if row[0] in untouched])
    survivor = session.get_one(Reader, mine)
    was, other = before.survivor, before.reader
    for name in _CHOICES:
        if was[name] is None and getattr(survivor, name) == other[name]:
            setattr(survivor, name, None)
    for name in CONSENTS:
        if was[name] and not other[name]:
            setattr(survivor, name, True)
    if survivor.alerts_to is None:
        survivor.alerts_to = was["alerts_to"]


def _choose(survivor: Reader, former: Reader) -> None:
    for name in _CHOICES:
        if getattr(survivor, name) is None:
            setattr(survivor, name, getattr(former, name))
    for name in CONSENTS:  # whoever said no once, on either account, is left alone
        if not getattr(former, name):
            setattr(survivor, name, False)
    if survivor.alerts_to != former.alerts_to:
        # A chat was chosen for what one follows: what the other does is nothing for its people.
        survivor.alerts_to = None


def _forget_told(session: Session, mine: int, theirs: int) -> None:
    """Deletes waiting news of one that the other was told already, or is being told."""
    for one, other in ((mine, theirs), (theirs, mine)):
        told = select(News.key).where(News.reader_id == other, News.letter_id.is_not(None))
        waiting = (News.reader_id == one, News.letter_id.is_(None), News.key.in_(told))
        session.execute(delete(News).where(*waiting))


def _waiting(session: Session, reader_id: int) -> list[Kept]:
    """The news that this reader is yet to be told."""
    return [row for row in rows.of_reader(session, "news", reader_id) if row["letter_id"] is None]


def _put_news(session: Session, reader_id: int, waiting: Iterable[Kept]) -> None:
    """Has these wait for the reader again, as far as linking took them away."""
    known = set(session.scalars(select(News.key).where(News.reader_id == reader_id)))
    lost = [row for row in waiting if row["key"] not in known]
    there = set(
        session.scalars(
            select(WorkEvent.id).where(WorkEvent.id.in_([row["event_id"] for row in lost]))
        )
    )
    rows.put(session, "news", reader_id, [row for row in lost if row["event_id"] in {None, *there}])


def _added_since(session: Session, reader_id: int, until: int) -> list[int]:
    """The lists that a reader added after that feedback event: what they brought stays theirs."""
    query = select(ImportBatch.id, ImportBatch.rows).where(
        ImportBatch.reader_id == reader_id, ImportBatch.applied_at.is_not(None)
    )
    found = session.execute(query)
    return [batch for batch, told in found if any(row[2] > until for row in told if len(row) > 2)]


def _standing(said: Mapping[int, Said]) -> list[Standing]:
    """The verdicts that stand, as `Before` keeps them."""
    return [
        [work, last.verdict, last.at.isoformat(), last.event_id, last.ignored]
        for work, last in said.items()
        if last.verdict is not None
    ]


def _put_verdicts(session: Session, reader_id: int, kept: Iterable[Standing]) -> None:
    told = (dict(zip(_STANDING, row, strict=True)) for row in kept)
    rows.put(session, "feedback", reader_id, told)
