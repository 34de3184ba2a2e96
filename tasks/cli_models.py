"""webtoonctl models: which models there are, how they differ, and which one is to serve."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tasks.cli_common import AsJson, as_json, clock, model_dir, opened, progress, say, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.models import ModelRow
    from tasks.contrast import Contrast
    from tasks.registry import Folder

SHOWN_WORKS = 10  # titles of works gained or lost; --json has all

ModelId = Annotated[str, typer.Argument(metavar="ID", help="A model, as models list names it.")]

app = typer.Typer(
    help="See and compare the models, and say which one serves.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List all models, newest first, and when each was last made the active one."""
    from db import models  # noqa: PLC0415 -- loads SQLAlchemy

    with opened() as database, database.read() as session:
        rows = models.every(session)
    if json:
        as_json([facts(row) for row in rows])
        return
    if not rows:
        say("There is no model yet: run webtoonctl train.")
        return
    what = ("MODEL", "STATE", "MADE (UTC)", "ACTIVATED (UTC)")
    header = (*what, "READERS", "WORKS", "RATINGS", "NDCG@10", "", "")
    table(header, [_line(row) for row in rows])


@app.command()
def show(model_id: ModelId, json: AsJson = False) -> None:
    """Show all that is known of a model.

    What it learnt from, how good it is, its files, and whether they are sound.
    """
    from tasks import registry  # noqa: PLC0415 -- loads numpy

    with opened() as database:
        row = registry.get(database, model_id)
    folder = registry.folder(model_dir(), row)
    if json:
        as_json(
            facts(row)
            | {
                "digest": row.digest,
                "folder": str(folder.path),
                "files": folder.files,
                "bytes": sum(folder.files.values()),
                "sound": folder.damage is None,
                "damage": folder.damage,
            }
        )
        return
    _show(row, folder)


@app.command()
def promote(model_id: ModelId, json: AsJson = False) -> None:
    """Make a model the active one, also one that was rejected.

    Its files are verified first. Running bots take it up by themselves. Ends with 1 if it is active
    already, unknown or damaged.
    """
    from tasks import registry  # noqa: PLC0415 -- loads numpy

    with opened() as database:
        left = registry.promote(database, model_dir(), model_id, clock())
    if json:
        as_json({"left": left.id if left else None, "active": model_id})
    else:
        say(f"{model_id} is active{f'; {left.id} is retired' if left else ''}.")


@app.command()
def diff(
    one: Annotated[str, typer.Argument(metavar="ID", help="A model.")],
    other: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Another; the active one by default.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Show how two models differ.

    Readers, works, ratings, figures; works that one of them knows; and how much the first 20
    suggestions for the held-out readers of the present data have in common.
    """
    from db import catalogue  # noqa: PLC0415 -- loads SQLAlchemy
    from tasks import registry  # noqa: PLC0415 -- loads numpy
    from tasks.contrast import contrast, named  # noqa: PLC0415

    with opened() as database, progress("Comparison", stages=1) as tell:
        tell("reading and suggesting")
        first = registry.get(database, one)
        second = registry.get(database, other) if other else registry.active(database)
        found = contrast(database, model_dir(), first, second)
        with database.read() as session:
            titles = named([*found.gained, *found.lost], catalogue.works(session))
    if json:
        overlap = found.overlap
        as_json(
            {
                "one": facts(found.one),
                "other": facts(found.other),
                "difference": dict(found.more),
                "gained": list(found.gained),
                "lost": list(found.lost),
                "top20": {"readers": overlap.readers, "jaccard": overlap.jaccard}
                if overlap
                else None,
            }
        )
        return
    _tell(found, titles)


@app.command()
def rollback(json: AsJson = False) -> None:
    """Make the model that served before the active one active again.

    So it also undoes a promote. A damaged model is passed over. The one that was active is
    rejected: no later rollback comes back to it. Ends with 1 if there is none.
    """
    from tasks import registry  # noqa: PLC0415 -- loads numpy

    with opened() as database:
        moved = registry.rollback(database, model_dir(), clock())
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
        "activated_at": row.activated_at,
        "readers": row.readers,
        "items": row.items,
        "rows": row.rows,
        "metrics": dict(row.metrics),
        "demo": row.demo,
        "note": row.note,
    }


def _line(row: "ModelRow") -> tuple[str, ...]:
    return (
        row.id,
        str(row.state),
        f"{row.created_at:%Y-%m-%d %H:%M}",
        f"{row.activated_at:%Y-%m-%d %H:%M}" if row.activated_at else "-",
        str(row.readers),
        str(row.items),
        str(row.rows),
        _figure(row, "ndcg@10"),
        "demo" if row.demo else "",
        (row.note or "") if row.state == "rejected" else "",
    )


def _show(row: "ModelRow", folder: "Folder") -> None:
    say(f"Model     {row.id}, {row.state}{', DEMO MODEL' if row.demo else ''}")
    say(f"Made      {row.created_at:%Y-%m-%d %H:%M} UTC")
    if row.activated_at:
        say(f"Activated {row.activated_at:%Y-%m-%d %H:%M} UTC")
    say(f"Learnt    {row.rows} ratings by {row.readers} readers, {row.items} works")
    if row.note:
        say(f"Note      {row.note}")
    for name in row.metrics:
        if not name.endswith(("_low", "_high")):
            say(f"Figure    {name} {_with_interval(row, name)}")
    total = sum(folder.files.values())
    say(f"Folder    {folder.path}: {len(folder.files)} files, {total} bytes")
    for name, size in folder.files.items():
        say(f"File      {name}: {size} bytes")
    say(f"Digest    {row.digest}")
    say(f"Sound     {'yes' if folder.damage is None else f'NO. {folder.damage}'}")


def _with_interval(row: "ModelRow", name: str) -> str:
    low, high = (row.metrics.get(f"{name}_{end}") for end in ("low", "high"))
    value = row.metrics[name]
    if low is None or high is None:
        return f"{value:g}"
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _tell(found: "Contrast", titles: "dict[str, str]") -> None:
    one, other = found.one, found.other
    rows = [
        ("state", str(one.state), str(other.state), ""),
        *(
            (name, str(getattr(one, name)), str(getattr(other, name)), f"{found.more[name]:+g}")
            for name in ("readers", "items", "rows")
        ),
        *(
            (name, _figure(one, name), _figure(other, name), f"{more:+.3f}")
            for name, more in found.more.items()
            if "@" in name
        ),
    ]
    table(("", one.id, other.id, "DIFFERENCE"), rows)
    for name, keys in (("gained", found.gained), ("lost", found.lost)):
        say(f"Works {name}: {_some(keys, titles)}")
    if found.overlap is None:
        say("There is no held-out reader to compare suggestions for.")
        return
    say(
        f"The first 20 suggestions for {found.overlap.readers} held-out readers have "
        f"{found.overlap.jaccard:.0%} in common (mean Jaccard index)."
    )


def _some(keys: "Sequence[str]", titles: "dict[str, str]") -> str:
    if not keys:
        return "none"
    shown = [titles[key] for key in keys[:SHOWN_WORKS]]
    more = ["…"] if len(keys) > SHOWN_WORKS else []
    return f"{len(keys)} ({', '.join(shown + more)})"


def _figure(row: "ModelRow", name: str) -> str:
    quality = row.metrics.get(name)
    return "-" if quality is None else f"{quality:.3f}"
