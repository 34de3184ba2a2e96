"""Cards as they were shown, so that feedback can point at what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session

from db.tables import Feedback, FeedbackEvent, Impression, Reader, Verdict


@dataclass(frozen=True, slots=True)
class Shown:
    """One card to log.

    `propensity`: the probability with which the policy showed it here. `rank`: its place before
    the order was changed for variety, 0 the best.
    """

    webtoon_id: int
    position: int
    policy: str
    propensity: float = 1.0
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class ImpressionRow:
    """A card that was shown."""

    id: int
    reader_id: int
    webtoon_id: int
    slate: str
    position: int
    policy: str
    propensity: float
    rank: int | None


@dataclass(frozen=True, slots=True)
class Showing:
    """That a work was shown, and when."""

    webtoon_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Reception:
    """How many readers say what now of a work that a policy showed them.

    What they hid they do not want; `unanswered` ones have said nothing of it.
    """

    likes: int = 0
    dislikes: int = 0
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class LikeRate:
    """How many cards a model showed at a position of the slate, and how many of them were liked."""

    model_id: str | None
    position: int
    impressions: int
    likes: int


def log(
    session: Session,
    reader_id: int,
    slate: str,
    cards: Sequence[Shown],
    *,
    model_id: str | None,
    now: datetime,
) -> list[int]:
    """Logs the cards of one slate; their impression ids, in order."""
    rows = [
        Impression(
            reader_id=reader_id,
            webtoon_id=card.webtoon_id,
            slate=slate,
            position=card.position,
            policy=card.policy,
            propensity=card.propensity,
            rank=card.rank,
            model_id=model_id,
            shown_at=now,
        )
        for card in cards
    ]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def get(session: Session, impression_id: int) -> ImpressionRow | None:
    """The impression with this id."""
    row = session.get(Impression, impression_id)
    return _row(row) if row else None


def withdraw(session: Session, reader_id: int, shown_at: datetime, occasion: str) -> None:
    """Deletes what was logged for a reader in that moment, in slates named for `occasion`."""
    session.execute(
        delete(Impression).where(
            Impression.reader_id == reader_id,
            Impression.shown_at == shown_at,
            Impression.slate.startswith(occasion),
        )
    )


def delivered(session: Session, ids: Sequence[int], message: str) -> None:
    """Remembers the message that shows these impressions."""
    session.execute(update(Impression).where(Impression.id.in_(ids)).values(message=message))


def on_message(session: Session, message: str) -> list[ImpressionRow]:
    """The impressions that a message shows."""
    query = select(Impression).where(Impression.message == message).order_by(Impression.id)
    return [_row(row) for row in session.scalars(query)]


def shown_since(
    session: Session, reader_id: int, since: datetime, *, limit: int, except_policies: Sequence[str]
) -> list[Showing]:
    """What was shown to a reader since then, latest first, at most `limit` cards."""
    query = (
        select(Impression.webtoon_id, Impression.shown_at)
        .where(
            Impression.reader_id == reader_id,
            Impression.shown_at >= since,
            Impression.policy.not_in(except_policies),
        )
        .order_by(Impression.shown_at.desc(), Impression.id.desc())
        .limit(limit)
    )
    return [Showing(*row) for row in session.execute(query)]


def last_of(
    session: Session, reader_id: int, webtoon_id: int, *, except_policies: Sequence[str] = ()
) -> ImpressionRow | None:
    """The latest card of this work that was shown to a reader."""
    query = (
        select(Impression)
        .where(
            Impression.reader_id == reader_id,
            Impression.webtoon_id == webtoon_id,
            Impression.policy.not_in(except_policies),
        )
        .order_by(Impression.id.desc())
        .limit(1)
    )
    row = session.scalar(query)
    return _row(row) if row else None


def receptions(
    session: Session, policy: str, webtoon_ids: Sequence[int], *, since: datetime
) -> dict[int, Reception]:
    """How those of these works were received that `policy` has shown since then.

    Readers whom no model may learn from are left out: the odds of a draw learn, too.
    """
    query = (
        select(
            Impression.webtoon_id,
            Feedback.verdict,
            func.count(Impression.reader_id.distinct()),
        )
        .join(Reader, Reader.id == Impression.reader_id)
        .outerjoin(
            Feedback,
            and_(
                Feedback.reader_id == Impression.reader_id,
                Feedback.webtoon_id == Impression.webtoon_id,
            ),
        )
        .where(
            Impression.webtoon_id.in_(webtoon_ids),
            Impression.policy == policy,
            Impression.shown_at >= since,
            Reader.trains.is_(True),
        )
        .group_by(Impression.webtoon_id, Feedback.verdict)
    )
    found: dict[int, dict[str, int]] = {}
    for webtoon_id, verdict, people in session.execute(query):
        found.setdefault(webtoon_id, {})[verdict or ""] = people
    return {
        webtoon_id: Reception(
            counts.get(Verdict.LIKE, 0),
            counts.get(Verdict.DISLIKE, 0) + counts.get(Verdict.HIDDEN, 0),
            counts.get("", 0),
        )
        for webtoon_id, counts in found.items()
    }


def of_policy(
    session: Session, reader_id: int, policy: str, since: datetime
) -> list[ImpressionRow]:
    """The cards that a policy showed a reader since then, earliest first."""
    query = (
        select(Impression)
        .where(
            Impression.reader_id == reader_id,
            Impression.policy == policy,
            Impression.shown_at >= since,
        )
        .order_by(Impression.id)
    )
    return [_row(row) for row in session.scalars(query)]


def in_slate(session: Session, slate: str) -> list[ImpressionRow]:
    """The cards of a slate, in order."""
    query = select(Impression).where(Impression.slate == slate).order_by(Impression.position)
    return [_row(row) for row in session.scalars(query)]


def in_slates(session: Session, slates: Sequence[str]) -> dict[str, list[Showing]]:
    """What each of these slates showed, in order; those that never were are left out."""
    query = (
        select(Impression.slate, Impression.webtoon_id, Impression.shown_at)
        .where(Impression.slate.in_(slates))
        .order_by(Impression.slate, Impression.position)
    )
    found: dict[str, list[Showing]] = {}
    for slate, webtoon_id, at in session.execute(query):
        found.setdefault(slate, []).append(Showing(webtoon_id, at))
    return found


def last(
    session: Session, reader_id: int, *, except_policies: Sequence[str] = ()
) -> ImpressionRow | None:
    """The first card of the latest slate shown to a reader."""
    query = (
        select(Impression.slate)
        .where(Impression.reader_id == reader_id, Impression.policy.not_in(except_policies))
        .order_by(Impression.id.desc())
        .limit(1)
    )
    slate = session.scalar(query)
    return in_slate(session, slate)[0] if slate else None


def led_on(session: Session, reader_id: int, slate: str) -> bool:
    """Whether this slate led a reader to another one, whose name begins with its own."""
    query = select(Impression.id).where(
        Impression.reader_id == reader_id,
        Impression.slate.startswith(slate, autoescape=True),
        Impression.slate != slate,
    )
    return session.scalar(query.limit(1)) is not None


def like_rates(
    session: Session, since: datetime, *, except_policies: Sequence[str] = ()
) -> list[LikeRate]:
    """By model and position, what was shown since then and what was answered with a like.

    A card counts once, however often its verdict changed or whoever else liked it too.
    """
    liked = and_(
        FeedbackEvent.impression_id == Impression.id, FeedbackEvent.verdict == Verdict.LIKE
    )
    query = (
        select(
            Impression.model_id,
            Impression.position,
            func.count(Impression.id.distinct()),
            func.count(FeedbackEvent.impression_id.distinct()),
        )
        .outerjoin(FeedbackEvent, liked)
        .where(Impression.shown_at >= since, Impression.policy.not_in(except_policies))
        .group_by(Impression.model_id, Impression.position)
    )
    rates = [LikeRate(*row) for row in session.execute(query)]
    # Databases do not agree on where NULL is sorted.
    return sorted(rates, key=lambda rate: (rate.model_id or "", rate.position))


def prune(session: Session, before: datetime) -> int:
    """Deletes what was shown before then; how many. Feedback that points at it stays."""
    query = delete(Impression).where(Impression.shown_at < before)
    return len(session.execute(query.returning(Impression.id)).all())


def _row(row: Impression) -> ImpressionRow:
    return ImpressionRow(
        row.id,
        row.reader_id,
        row.webtoon_id,
        row.slate,
        row.position,
        row.policy,
        row.propensity,
        row.rank,
    )
