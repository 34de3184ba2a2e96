"""webtoonctl backup, restore and prune: what is kept, and coming back to it."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tasks.cli_common import AsJson, as_json, by_hand, opened, progress, say

if TYPE_CHECKING:
    from tasks.settings import TaskSettings

MEGABYTE = 1_000_000


def backup(
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to; else a new file in BACKUP_DIR."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Write a backup of everything: all tables, and the models.

    It is one moment of a database that may be in use, and can be restored into SQLite or
    PostgreSQL, whichever it came from. Only you may read it: it holds what people said. Without
    --to, the oldest beyond KEEP_BACKUPS are deleted from BACKUP_DIR. Models that cannot be read are
    left out. If the active one is among them, this ends with 1, the file's name ends in
    -incomplete.tar.gz, and no complete backup is replaced or deleted.
    """
    from tasks import jobs  # noqa: PLC0415 -- loads scipy
    from tasks.backup import Shelf, stages  # noqa: PLC0415
    from tasks.schedule import BACKUP  # noqa: PLC0415

    settings = _settings()
    shelf = Shelf(settings.backup_dir, settings.keep_backups)
    with opened() as database, progress("Backup", stages=len(stages())) as tell:
        recording = by_hand(database, BACKUP)
        ended = jobs.backup(recording, settings.model_dir, shelf, to=to, progress=tell)
    counts = ended.counts
    if json:
        as_json(dict(counts))
        return
    say(f"{counts['file']}: {counts['rows']} rows, {counts['models']} models, {_size(counts)}.")
    if left_out := cast("list[str]", counts["left_out"]):
        say(f"Left out, as their files are damaged or missing: {', '.join(left_out)}.")
    if counts["deleted"]:
        say(f"Old backups deleted: {counts['deleted']}.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What webtoonctl backup wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace what the database holds.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """Make the database and the models anew from a backup.

    The file is verified first. Everything is restored in one transaction, or nothing is changed.
    Bots may run meanwhile: they serve what was restored within seconds. Not beside a training, a
    backup or a pruning.
    """
    from tasks import restoring  # noqa: PLC0415 -- loads SQLAlchemy
    from tasks.backup import stages  # noqa: PLC0415

    settings = _settings()
    with progress("Verifying", stages=1) as tell:
        tell(file.name)
        contents = restoring.checked(file)
    with opened(checked=False) as database:
        if replace and not yes and restoring.holds_data(database):
            typer.confirm("What the database holds now is lost. Go on?", abort=True, err=True)
        with progress("Restore", stages=len(stages())) as tell:
            restored = restoring.restore(
                database, settings.model_dir, file, contents, replace=replace, progress=tell
            )
    if json:
        as_json(asdict(restored) | {"made_at": contents.made_at})
        return
    say(
        f"Restored as of {contents.made_at:%Y-%m-%d %H:%M} UTC: {restored.rows} rows, "
        f"{restored.models} models."
    )


def prune(json: AsJson = False) -> None:
    """Delete what is older than it is kept.

    What is shown, what no longer stands and what ran is kept for KEEP_DAYS, KEEP_MODELS models
    beside the active one, readers who do not speak for KEEP_READERS_DAYS, and ratings for ever.
    """
    from tasks import jobs  # noqa: PLC0415 -- loads scipy
    from tasks.pruning import Retention  # noqa: PLC0415
    from tasks.schedule import PRUNE  # noqa: PLC0415

    settings = _settings()
    kept = Retention.of(settings)
    with opened() as database:
        ended = jobs.prune(by_hand(database, PRUNE), settings.model_dir, kept)
    if json:
        as_json(dict(ended.counts))
    else:
        deleted = ", ".join(f"{n} {name}" for name, n in ended.counts.items() if n)
        say(f"Deleted: {deleted}." if deleted else "Nothing is older than it is kept.")


def _settings() -> "TaskSettings":
    from db.settings import load  # noqa: PLC0415 -- pydantic
    from tasks.settings import TaskSettings  # noqa: PLC0415

    return load(TaskSettings)


def _size(counts: Mapping[str, object]) -> str:
    return f"{int(str(counts['bytes'])) / MEGABYTE:.1f} MB"
