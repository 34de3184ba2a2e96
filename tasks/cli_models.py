"""webtoonctl models: which models there are, and going back to an earlier one."""

from typing import TYPE_CHECKING, Any

import typer

from tasks.cli_common import AsJson, as_json, model_dir, opened, say, table

if TYPE_CHECKING:
    from db.models import ModelRow

app = typer.Typer(
    help="See the models, or go back to an earlier one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List all models, newest first."""
    from db import models  # noqa: PLC0415 -- loads SQLAlchemy

    with opened() as database, database.read() as session:
        rows = models.every(session)
    if json:
        as_json([facts(row) for row in rows])
        return
    if not rows:
        say("There is no model yet: run webtoonctl train.")
        return
    header = ("MODEL", "STATE", "MADE (UTC)", "READERS", "WORKS", "RATINGS", "NDCG@10", "")
    table(header, [_line(row) for row in rows])


@app.command()
def rollback(json: AsJson = False) -> None:
    """Make the model before the active one active again.

    A damaged one is passed over. The one that was active is rejected: no later rollback comes back
    to it. Ends with 1 if there is none.
    """
    from tasks import registry  # noqa: PLC0415 -- loads numpy

    with opened() as database:
        moved = registry.rollback(database, model_dir())
    if json:
        as_json({"left": moved.left.id, "active": moved.back.id})
    else:
        say(f"{moved.back.id} is active again; {moved.left.id} is rejected.")


def facts(row: "ModelRow") -> dict[str, Any]:
    """A model in the fields that `models list --json` promises."""
    return {
        "id": row.id,
        "state": str(row.state),
        "created_at": row.created_at,
        "readers": row.readers,
        "items": row.items,
        "rows": row.rows,
        "metrics": dict(row.metrics),
        "demo": row.demo,
    }


def _line(row: "ModelRow") -> tuple[str, ...]:
    quality = row.metrics.get("ndcg@10")
    return (
        row.id,
        str(row.state),
        f"{row.created_at:%Y-%m-%d %H:%M}",
        str(row.readers),
        str(row.items),
        str(row.rows),
        "-" if quality is None else f"{quality:.3f}",
        "demo" if row.demo else "",
    )
