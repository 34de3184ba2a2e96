"""webtoonctl db: the tables, brought up or taken down."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from db.probe import newest
from tasks.cli_common import AsJson, as_json, note, opened, say

MISUSED = 2

app = typer.Typer(
    help="Look after the database's tables.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def upgrade(revision: Annotated[str, typer.Argument(help="Where to stop.")] = "head") -> None:
    """Bring the tables up to date; what they hold stays."""
    from db import schema  # noqa: PLC0415 -- loads SQLAlchemy

    with opened(checked=False) as database, _known_revisions():
        before = schema.revision(database)
        schema.upgrade(database, revision)
        after = schema.revision(database)
    say(f"The tables stay at {after}." if before == after else f"The tables are now at {after}.")


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="Where to stop: a revision, -1, or base.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the tables down; what they hold is lost."""
    from db import schema  # noqa: PLC0415 -- loads SQLAlchemy

    if not yes:
        typer.confirm("What the dropped tables hold is lost. Go on?", abort=True, err=True)
    with opened(checked=False) as database, _known_revisions():
        schema.downgrade(database, revision)
        after = schema.revision(database)
    say(f"The tables are now at {after or 'nothing'}.")


@app.command()
def version(json: AsJson = False) -> None:
    """Say which revision the tables are at.

    Ends with 1 if this version needs another.
    """
    from db import schema  # noqa: PLC0415 -- loads SQLAlchemy

    with opened(checked=False) as database:
        found, needed = schema.revision(database), newest()
    if json:
        as_json({"revision": found, "needed": needed})
    else:
        say(f"The tables are at {found or 'nothing'}, this version needs {needed}.")
    if found != needed:
        raise typer.Exit(1)


@contextmanager
def _known_revisions() -> Iterator[None]:
    from alembic.util import CommandError  # noqa: PLC0415 -- loads SQLAlchemy

    try:
        yield
    except CommandError as error:
        note(f"There is no such revision: {error}.")
        raise typer.Exit(MISUSED) from None
