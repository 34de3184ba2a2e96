"""webtoonctl demo and train: something to recommend from, and a model of it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from db import probe
from tasks.cli_common import AsJson, as_json, by_hand, clock, model_dir, note, opened, progress, say

if TYPE_CHECKING:
    from db.engine import Database
    from db.models import ModelRow
    from tasks.training import Trained

REFUSED = 1  # nothing was learnt, or what was learnt does not serve


def demo(
    if_empty: Annotated[
        bool,
        typer.Option(
            "--if-empty",
            help="Load nothing where there are works: only bring the tables up to date.",
        ),
    ] = False,
    json: AsJson = False,
) -> None:
    """Prepare everything for a first look.

    Makes the tables, loads well-known works and made-up ratings, and trains a model. The ratings
    are simulated and marked so; a model that learnt from them calls itself a demo model. Run again,
    it changes only what differs from what ships.
    """
    if if_empty and _ready():
        return
    from db import schema  # noqa: PLC0415 -- not needed when everything is there
    from tasks import demo as shipped  # noqa: PLC0415

    with opened(checked=False) as database:
        if if_empty and _upgraded(database):
            return
        with progress("Demo", stages=7) as tell:
            tell("tables")
            schema.upgrade(database)
            tell("works and simulated ratings")
            loaded = shipped.load(database, clock())
            if not json:
                say(
                    f"Works: {loaded.works.new} new, {loaded.works.changed} changed, "
                    f"{loaded.works.same} as they were."
                )
                say(f"Simulated ratings written: {loaded.ratings}.")
            model = _active(database)
            trained = None
            if model is None or loaded.changed:
                from tasks.jobs import retrain  # noqa: PLC0415
                from tasks.schedule import RETRAIN  # noqa: PLC0415

                trained = retrain(by_hand(database, RETRAIN), model_dir(), progress=tell)
        if json:
            became = _facts(trained) if trained else _unchanged(model)
            as_json({"works": asdict(loaded.works), "ratings": loaded.ratings} | became)
            if trained is not None:
                _end(trained)
        elif trained is None:
            say(f"The model {model.id if model else ''} stays active.")
        else:
            _tell(trained)


def train(json: AsJson = False) -> None:
    """Train a model on what readers said and make it the active one.

    Unless it is worse than the active model or popularity, beyond chance, on held-out readers: then
    it is kept but rejected, and this ends with 1.
    """
    from tasks.jobs import retrain  # noqa: PLC0415 -- loads scipy
    from tasks.schedule import RETRAIN  # noqa: PLC0415
    from tasks.training import STAGES  # noqa: PLC0415

    with opened() as database, progress("Training", stages=len(STAGES)) as tell:
        trained = retrain(by_hand(database, RETRAIN), model_dir(), progress=tell)
    if json:
        as_json(_facts(trained))
        _end(trained)
        return
    _tell(trained)


def _facts(trained: "Trained") -> dict[str, object]:
    """What became of a training, as JSON."""
    from tasks.cli_models import facts  # noqa: PLC0415 -- only for JSON

    ended = trained.ended
    return {
        "outcome": ended.outcome,
        "reason": ended.reason,
        "model": facts(trained.model) if trained.model else None,
        "cleaning": [asdict(step) for step in trained.steps],
    }


def _unchanged(model: "ModelRow | None") -> dict[str, object]:
    """As `_facts`, where the model that was there stays active."""
    from tasks.cli_models import facts  # noqa: PLC0415 -- only for JSON

    found = facts(model) if model else None
    return {"outcome": "unchanged", "reason": None, "model": found, "cleaning": []}


def _end(trained: "Trained") -> None:
    """Ends the command with 1 unless a new model serves."""
    if trained.ended.outcome != "ok":
        raise typer.Exit(REFUSED)


def _tell(trained: "Trained") -> None:
    for step in trained.steps:
        left = f"{step.rows} ratings, {step.readers} readers, {step.items} works"
        about = "" if step.mean is None else f"; mean {step.mean:.3f} stars, sd {step.sd:.3f}"
        say(f"{step.name}: {left}{about}.")
    model = trained.model
    if model is None:
        note(f"No model was made. {trained.skipped}")
        raise typer.Exit(REFUSED)
    if trained.rejected:
        note(str(trained.ended.reason))
        raise typer.Exit(REFUSED)
    if model.note:
        note(model.note)
    kind = "demo model" if model.demo else "model"
    say(
        f"The {kind} {model.id} is active: {model.rows} ratings by {model.readers} readers, "
        f"{model.items} works with enough of them."
    )
    if model.demo:
        say("It learnt from simulated ratings too: fewer than 500 real readers remain so far.")
    quality = model.metrics
    if "ndcg@10" in quality:
        say(
            f"On {quality['held_out_readers']:.0f} held-out readers NDCG@10 is "
            f"{quality['ndcg@10']:.3f}; popularity reaches {quality['popularity_ndcg@10']:.3f}."
        )


def _ready() -> bool:
    """Whether there is nothing to do, as far as that can be told in no time."""
    from db.settings import DatabaseSettings, load  # noqa: PLC0415 -- pydantic

    return probe.ready(load(DatabaseSettings).database_url.get_secret_value(), model_dir())


def _upgraded(database: "Database") -> bool:
    """Brings the tables up to date where there are works, whose owner wants no others; else False.

    Says so, and what to do where there is no model.
    """
    from db import catalogue, schema  # noqa: PLC0415 -- loads SQLAlchemy

    before = schema.revision(database)
    if before != probe.newest():
        schema.upgrade(database)
    with database.read() as session:
        works, _ = catalogue.version(session)
    if not works:
        return False
    if before != probe.newest():
        note(f"The tables are now at {probe.newest()}.")
    if _active(database) is None:
        note("There is no active model, or its files are gone: run webtoonctl train.")
    return True


def _active(database: "Database") -> "ModelRow | None":
    """The active model, unless its folder is gone."""
    from db import models  # noqa: PLC0415 -- loads SQLAlchemy

    with database.read() as session:
        model = models.active(session)
    whole = model is not None and (model_dir() / model.id / "manifest.json").is_file()
    return model if whole else None
