"""webtoonctl export: files that webtoonctl import reads back."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal

import typer

from tasks.cli_common import AsJson, as_json, opened, rows_counted, say

if TYPE_CHECKING:
    from tasks.exporting import Format, What

STDOUT = Path("-")

app = typer.Typer(
    help="Write the catalogue, ratings or verdicts into a file.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="Where to; - for standard output.")]
Form = Annotated[
    Literal["csv", "json"] | None,
    typer.Option("--format", help="How; else as FILE's name ends, or CSV."),
]


@app.command()
def catalogue(file: File, form: Form = None, json: AsJson = False) -> None:
    """Write all works.

    import catalogue reads the file back as it is.
    """
    _export("catalogue", file, form, json)


@app.command()
def ratings(file: File, form: Form = None, json: AsJson = False) -> None:
    """Write all star ratings, simulated ones marked so.

    Users stay the hashes that they are; import ratings takes them as they are.
    """
    _export("ratings", file, form, json)


@app.command()
def feedback(file: File, form: Form = None, json: AsJson = False) -> None:
    """Write every verdict of every reader of the bots.

    The file names people by their platform's user ids: keep it to yourself. import feedback reads
    it back.
    """
    _export("feedback", file, form, json)


def _export(what: "What", file: Path, form: "Format | None", json: bool) -> None:
    from tasks.exporting import export  # noqa: PLC0415 -- loads SQLAlchemy

    form = form or ("json" if file.suffix.lower() == ".json" else "csv")
    with opened() as database, _writable(file) as out:
        count = export(database, what, out, form, rows_counted)
    if file == STDOUT:
        return
    if json:
        as_json({"file": str(file), "rows": count})
    else:
        say(f"{file}: {count} rows.")


@contextmanager
def _writable(file: Path) -> Iterator[IO[bytes]]:
    from tasks.writing import whole  # noqa: PLC0415 -- not for standard output

    if file != STDOUT:
        with whole(file) as out:
            yield out
        return
    yield sys.stdout.buffer
    sys.stdout.flush()
