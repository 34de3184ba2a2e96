"""The registry of trained models: which exist, which one is active, and which served before it.

A candidate is a model that is being made: its row is there so that its folder is somebody's, and
nobody else has anything to do with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.locks import Alone, alone
from db.tables import Model, ModelState


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A registered model; `digest` is the SHA-256 of its manifest.

    `note` is why it does not serve, or what else there is to know of it; `activated_at` when it
    last became the active one.
    """

    id: str
    state: ModelState
    created_at: datetime
    readers: int
    items: int
    rows: int
    metrics: Mapping[str, float]
    demo: bool
    digest: str
    note: str | None = None
    activated_at: datetime | None = None


def register(session: Session, model: ModelRow) -> None:
    """Adds a model."""
    session.add(
        Model(
            id=model.id,
            state=model.state,
            created_at=model.created_at,
            readers=model.readers,
            items=model.items,
            rows=model.rows,
            metrics=dict(model.metrics),
            demo=model.demo,
            digest=model.digest,
            note=model.note,
            activated_at=model.activated_at,
        )
    )
    session.flush()


def finish(session: Session, model: ModelRow) -> bool:
    """Makes the candidate with this id what `model` says; False if it is a candidate no more."""
    query = update(Model).where(Model.id == model.id, Model.state == ModelState.CANDIDATE)
    values = {"state": model.state, "digest": model.digest, "note": model.note}
    found = session.scalars(query.values(values).returning(Model.id))
    return found.one_or_none() is not None


def activate(
    session: Session, model_id: str, now: datetime, *, left: ModelState = ModelState.RETIRED
) -> None:
    """Moves the active mark to this model; the one that had it is `left` in that state."""
    alone(session, Alone.ACTIVE_MODEL)
    last = session.scalar(select(func.max(Model.activated_at)))
    # The order counts, and clocks go back: this is after all the others, whatever the clock says.
    at = now if last is None or now > last else last + timedelta(microseconds=1)
    session.execute(update(Model).where(Model.state == ModelState.ACTIVE).values(state=left))
    mark = {"state": ModelState.ACTIVE, "activated_at": at}
    session.execute(update(Model).where(Model.id == model_id).values(mark))


def remark(session: Session, model_id: str, note: str) -> None:
    """Notes what there is to know of this model."""
    session.execute(update(Model).where(Model.id == model_id).values(note=note))


def active(session: Session, *, kept: bool = False) -> ModelRow | None:
    """The active model; with `kept` nobody else moves the mark until this transaction ends."""
    if kept:
        alone(session, Alone.ACTIVE_MODEL)
    row = session.scalar(select(Model).where(Model.state == ModelState.ACTIVE))
    return _row(row) if row else None


def get(session: Session, model_id: str) -> ModelRow | None:
    """The model with this id."""
    row = session.get(Model, model_id)
    return _row(row) if row else None


def delete(session: Session, ids: Sequence[str]) -> None:
    """Takes models out of the registry; their folders are the caller's to remove."""
    session.execute(sql_delete(Model).where(Model.id.in_(ids), Model.state != ModelState.ACTIVE))


def candidates(session: Session, before: datetime) -> list[str]:
    """The models that were begun before then and never finished."""
    begun = (Model.state == ModelState.CANDIDATE, Model.created_at < before)
    return list(session.scalars(select(Model.id).where(*begun)))


def give_up(session: Session, model_id: str) -> bool:
    """Takes a candidate out of the registry; False if there is a model with this id that is none.

    Until this transaction ends nobody finishes it.
    """
    one = Model.id == model_id
    session.execute(sql_delete(Model).where(one, Model.state == ModelState.CANDIDATE))
    return session.scalar(select(Model.id).where(one)) is None


def served_before(session: Session) -> list[ModelRow]:
    """The models that served before the active one, the last first: what a rollback goes back to.

    Not those that were rejected, nor any that was never active.
    """
    query = (
        select(Model)
        .where(Model.state == ModelState.RETIRED)
        .order_by(Model.activated_at.desc().nulls_last(), Model.created_at.desc(), Model.id.desc())
    )
    return [_row(row) for row in session.scalars(query)]


def every(session: Session) -> list[ModelRow]:
    """All models that were finished, newest first."""
    query = (
        select(Model)
        .where(Model.state != ModelState.CANDIDATE)
        .order_by(Model.created_at.desc(), Model.id.desc())
    )
    return [_row(row) for row in session.scalars(query)]


def _row(row: Model) -> ModelRow:
    return ModelRow(
        row.id,
        ModelState(row.state),
        row.created_at,
        row.readers,
        row.items,
        row.rows,
        row.metrics,
        row.demo,
        row.digest,
        row.note,
        row.activated_at,
    )
