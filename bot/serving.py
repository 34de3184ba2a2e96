"""The library that answers are made from, kept up to date beside the conversation."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import structlog
from sqlalchemy.orm import Session

from bot.conversation.library import Library, Model, Served, placed
from db import alerts, catalogue, feedback, models, popularity, ratings
from db.catalogue import Work
from db.engine import Database
from db.errors import DatabaseError
from db.outbox import Address
from recommender import artifact
from recommender.errors import RecommenderError
from recommender.interactions import LIKE

log = structlog.get_logger()
_DAMAGED = "model-damaged:"
_PATIENCE_SECONDS = 2.0  # for a refresh under way when the process ends
_Loaded = tuple[str, bool, Model]  # its id, whether it is a demo, itself


class Serving:
    """Holds the current Library. Readers take it once per event; it is swapped, never changed."""

    def __init__(
        self,
        database: Database,
        model_dir: Path,
        clock: Callable[[], datetime],
        admins: Collection[Address] = (),
    ) -> None:
        """`admins` are told of a model that is damaged."""
        self._database, self._model_dir, self._clock = database, model_dir, clock
        self._admins = tuple(admins)
        self._seen: tuple[tuple[object, ...], tuple[object, ...]] | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.library = Library((), np.zeros(0, dtype=np.float32))

    def refresh(self) -> bool:
        """Takes up a changed catalogue or another active model; True if there was one.

        A damaged model is left alone: the one before goes on serving and an alert is opened.
        Raises Unreachable when the database is away.
        """
        with self._database.read() as session:
            active = models.active(session)
            seen = _works_seen(session, active), self._model_seen(active)
            if seen == self._seen:
                return False
            library = self.library
            if self._seen is None or seen[0] != self._seen[0]:
                works, counts = tuple(catalogue.works(session)), _counts(session)
                popular = np.array([counts.get(work.id, 0) for work in works], dtype=np.float32)
                library = Library(works, popular)
            before = models.served_before(session) if active else []
            told = {alert.key for alert in alerts.open_alerts(session)}
        loaded, damage = self._load([active, *before]) if active else (None, {})
        self.library = library.ranked_by(_served(library.works, loaded))
        self._tell(damage, loaded, told)
        self._seen = seen  # last: what could not be told is tried again
        return True

    def watch(self, every_seconds: float = 5.0) -> None:
        """Refreshes from a thread of its own until `close`."""
        self._thread = threading.Thread(
            target=self._watch, args=(every_seconds,), name="serving", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Ends the watching, without waiting for a database that does not answer."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)

    def _watch(self, every_seconds: float) -> None:
        while not self._stop.wait(every_seconds):
            try:
                if self.refresh():
                    served = self.library.served
                    log.info("library refreshed", model=served.id if served else None)
            except DatabaseError as error:
                log.warning("library not refreshed", reason=str(error))
            except Exception:  # this thread must outlive any surprise: it is asked again soon
                log.exception("library not refreshed")

    def _model_seen(self, active: models.ModelRow | None) -> tuple[object, ...]:
        """What changes with the active model, or when its files are damaged or mended."""
        return (active.id, *_files(self._model_dir / active.id)) if active else ()

    def _load(
        self, candidates: Sequence[models.ModelRow]
    ) -> tuple[_Loaded | None, Mapping[str, str]]:
        """The first of these whose files can be trusted, and what is wrong with those before it.

        What serves already goes on before any but the first, and also when its files are damaged:
        it is held in memory.
        """
        served = self.library.served
        before = (served.id, served.demo, served.model) if served else None
        damage: dict[str, str] = {}
        for row in candidates:
            folder = self._model_dir / row.id
            try:
                if before is None or before[0] != row.id:
                    model = Model.load(folder, row.digest, resident=True)
                    return (row.id, row.demo, model), damage
                artifact.read(folder, row.digest)
            except (RecommenderError, OSError) as error:
                log.error("model not loaded", model=row.id, reason=str(error))
                damage[row.id] = str(error)
            if before is not None:
                return before, damage
        return None, damage

    def _tell(
        self, damage: Mapping[str, str], loaded: _Loaded | None, told: Collection[str]
    ) -> None:
        """Opens an alert for each damaged model, or closes them all if there is none."""
        serving = loaded[0] if loaded else None
        news = {id_: why for id_, why in damage.items() if _DAMAGED + id_ not in told}
        mended = serving and not damage and any(key.startswith(_DAMAGED) for key in told)
        if not news and not mended:
            return
        with self._database.write() as session:
            for id_, why in news.items():
                message = _damaged(id_, why, serving)
                alerts.open_alert(session, _DAMAGED + id_, message, self._clock(), self._admins)
            if mended:
                alerts.close_alerts(session, _DAMAGED, self._clock())


def _damaged(model_id: str, why: str, serving: str | None) -> str:
    """What an operator is told of a model whose files cannot be trusted."""
    if serving == model_id:
        return f"The files of the model {model_id}, which serves from memory, are damaged: {why}"
    stand_in = f"{serving} serves" if serving else "none serves, popularity does"
    return f"The model {model_id} cannot be loaded, {stand_in}: {why}"


def _files(folder: Path) -> Sequence[tuple[object, ...]]:
    """Names, sizes and times of the files in a model's folder, or what keeps us from seeing them.

    Never an error: what it means for the model is found when its files are read.
    """
    try:
        found = [(path.name, path.stat()) for path in sorted(folder.glob("*"))]
    except OSError as error:
        return [(error.errno,)]
    return [(name, seen.st_size, seen.st_mtime_ns) for name, seen in found]


def _works_seen(session: Session, active: models.ModelRow | None) -> tuple[object, ...]:
    """What changes with the works, and with how popular they are."""
    counted: tuple[object, ...] = (popularity.counted_at(session),)
    if counted == (
        None,
    ):  # nobody counts for us: we do, with each model, or as long as none serves
        counted = (active.id,) if active else (feedback.count(session), ratings.count(session))
    return (*catalogue.version(session), *counted)


def _counts(session: Session) -> Mapping[int, float]:
    """How popular works are, in likes: as last counted for all bots, else counted here and now."""
    if popularity.counted_at(session) is not None:
        return popularity.scores(session)
    return popularity.count(session, LIKE)


def _served(works: Sequence[Work], loaded: _Loaded | None) -> Served | None:
    if loaded is None:
        return None
    model_id, demo, model = loaded
    return Served(model_id, demo, model, placed(works, model.ids))
