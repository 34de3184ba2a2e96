"""What all commands share: settings and database opened and closed, facts and progress shown."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from db.engine import Database
    from tasks.records import Recording

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]

BUSY_SECONDS = 30.0


def clock() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@contextmanager
def opened(*, checked: bool = True, wait_seconds: float = BUSY_SECONDS) -> "Iterator[Database]":
    """The database of DATABASE_URL, closed at the end; its schema is the present one if `checked`.

    What is logged meanwhile goes to stderr. Raises InvalidSettings, BadUrl, Unreachable and
    WrongSchema.
    """
    from db.engine import Database  # noqa: PLC0415 -- half a second that --help need not take
    from db.settings import DatabaseSettings, load  # noqa: PLC0415
    from tasks.logs import configure  # noqa: PLC0415
    from tasks.settings import TaskSettings  # noqa: PLC0415

    url = load(DatabaseSettings).database_url.get_secret_value()
    settings = load(TaskSettings)
    if settings.log_level == "INFO":  # somebody who runs a command wants its answer, and troubles
        settings = settings.model_copy(update={"log_level": "WARNING"})
    configure(settings, url)
    database = Database(url, wait_seconds=wait_seconds)
    try:
        if checked:
            from db.schema import require_head  # noqa: PLC0415

            require_head(database)
        yield database
    finally:
        database.close()


def model_dir() -> "Path":
    """The folder of the models. Raises InvalidSettings."""
    from db.settings import load  # noqa: PLC0415
    from tasks.settings import TaskSettings  # noqa: PLC0415

    return load(TaskSettings).model_dir


def by_hand(database: "Database", job: str) -> "Recording":
    """How a run started by hand is recorded: as any other, but for no slot and no task."""
    from db.settings import load  # noqa: PLC0415 -- pydantic
    from tasks.records import Recording  # noqa: PLC0415 -- loads SQLAlchemy
    from tasks.schedule import schedules  # noqa: PLC0415
    from tasks.settings import TaskSettings  # noqa: PLC0415

    settings = load(TaskSettings)
    return Recording(database, clock, slots=schedules(settings).get(job), tell=settings.admins)


def say(line: str = "") -> None:
    """Prints a line of the answer."""
    typer.echo(line)


def note(line: str) -> None:
    """Prints a line that is not part of the answer, to stderr."""
    typer.echo(line, err=True)


def as_json(facts: Any) -> None:  # noqa: ANN401 -- whatever JSON can hold
    """Prints `facts` as JSON; moments as ISO 8601 with their offset."""
    say(json.dumps(facts, ensure_ascii=False, indent=2, default=_plain))


@contextmanager
def progress(title: str, stages: int) -> Iterator[Callable[[str], None]]:
    """A bar on stderr that moves on with each stage it is told; nothing unless on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 -- only where there is something to draw on
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=stages)
        begun = False

        def moved_on(stage: str) -> None:
            nonlocal begun
            bar.update(task, description=f"{title}: {stage}", advance=int(begun))
            begun = True

        yield moved_on


@contextmanager
def rows_counted(rows: Iterable[T]) -> Iterator[Iterable[T]]:
    """The same rows, with how many there were so far shown on stderr if that is a terminal."""
    if not sys.stderr.isatty():
        yield rows
        return
    from rich.console import Console  # noqa: PLC0415 -- only where there is something to draw on
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.completed} rows"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield bar.track(rows)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints rows under a header, in columns as wide as what they hold."""
    from rich.cells import cell_len  # noqa: PLC0415 -- Hangul is two columns wide

    widths = [max(cell_len(row[n]) for row in [header, *rows]) for n in range(len(header))]
    for row in [header, *rows]:
        cells = (
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        )
        say("  ".join(cells).rstrip())


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    message = f"{type(value).__name__} is not JSON"
    raise TypeError(message)
