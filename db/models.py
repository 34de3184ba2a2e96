"""The registry of trained models: which exist, and which one is active."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete as sql_delete
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.locks import Alone, alone
from db.tables import Model, ModelState


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A registered model; `digest` is the SHA-256 of its manifest.

    `note` is why it does not serve, or what else there is to know of it.
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
        )
    )
    session.flush()


def activate(session: Session, model_id: str, *, left: ModelState = ModelState.RETIRED) -> None:
    """Moves the active mark to this model; the one that had it is `left` in that state."""
    alone(session, Alone.ACTIVE_MODEL)
    session.execute(update(Model).where(Model.state == ModelState.ACTIVE).values(state=left))
    session.execute(update(Model).where(Model.id == model_id).values(state=ModelState.ACTIVE))


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


def retired_before(session: Session, model: ModelRow) -> list[ModelRow]:
    """The retired models older than this one, newest first: what a rollback goes back to."""
    query = (
        select(Model)
        .where(Model.state == ModelState.RETIRED, Model.created_at < model.created_at)
        .order_by(Model.created_at.desc(), Model.id.desc())
    )
    return [_row(row) for row in session.scalars(query)]


def every(session: Session) -> list[ModelRow]:
    """All models, newest first."""
    query = select(Model).order_by(Model.created_at.desc(), Model.id.desc())
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
    )
