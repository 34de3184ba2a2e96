"""webtoonctl db: the tables, brought up or taken down."""

from typing import Annotated

import typer

from tasks.cli_common import AsJson, as_json, opened, say

app = typer.Typer(help="Look after the database's tables.", no_args_is_help=True)


@app.command()
def upgrade(revision: Annotated[str, typer.Argument(help="Where to stop.")] = "head") -> None:
    """Bring the tables up to what this version needs; what they hold stays."""
    from db import schema  # noqa: PLC0415 -- loads Alembic

    with opened(checked=False) as database:
        before = schema.revision(database)
        schema.upgrade(database, revision)
        after = schema.revision(database)
    say(f"The tables stay at {after}." if before == after else f"The tables are now at {after}.")


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="Where to stop: a revision, -1, or base.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the tables down again. What the dropped tables hold is lost."""
    from db import schema  # noqa: PLC0415 -- loads Alembic

    if not yes:
        typer.confirm("What the dropped tables hold is lost. Go on?", abort=True, err=True)
    with opened(checked=False) as database:
        schema.downgrade(database, revision)
        after = schema.revision(database)
    say(f"The tables are now at {after or 'nothing'}.")


@app.command()
def version(json: AsJson = False) -> None:
    """Say which revision the tables are at, and which this version needs; 1 if they differ."""
    from db import schema  # noqa: PLC0415 -- loads Alembic

    with opened(checked=False) as database:
        found, needed = schema.revision(database), schema.head()
    if json:
        as_json({"revision": found, "needed": needed})
    else:
        say(f"The tables are at {found or 'nothing'}, this version needs {needed}.")
    if found != needed:
        raise typer.Exit(1)
