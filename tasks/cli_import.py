"""webtoonctl import: ratings, works and verdicts from files that people already have."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasks.cli_common import AsJson, as_json, clock, note, opened, rows_counted, say

if TYPE_CHECKING:
    from crawler.items import Rejected

NOTHING_TAKEN = 1
MOST_LINES = 50  # of rejected rows on a screen; beyond that their kinds are counted

app = typer.Typer(
    help="Take in ratings, works or verdicts from a file.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def _source(name: str | None) -> str | None:
    from crawler.files import NAME, RESERVED  # noqa: PLC0415 -- only where one is given

    if name is not None and (not NAME.fullmatch(name) or name in RESERVED):
        message = f"letters, digits, '-', '_' and '.', and not {' or '.join(sorted(RESERVED))}"
        raise typer.BadParameter(message)
    return name


File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header, or JSON.")]
Into = Annotated[
    Path | None,
    typer.Option(
        "--rejected", metavar="FILE", help="Write the rows that do not count, as CSV, there."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
Source = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        callback=_source,
        help="Where the rows come from; movielens for its layout, else import.",
    ),
]


@app.command()
def ratings(
    file: File,
    source: Source = None,
    dry_run: DryRun = False,
    rejected: Into = None,
    json: AsJson = False,
) -> None:
    """Take in star ratings.

    Columns: user, title or external_id, rating (0.5 to 5) or half_stars (1 to 10). A time (ISO 8601
    or Unix seconds), the work's source and its authors are optional; MovieLens' ratings.csv works
    as it is. Later rows count; rows that cannot be used are listed with their reasons.

    Nothing is written before the whole file was read; bots go on meanwhile. If it is cut short,
    the same command completes it.

    Users are stored as a hash. Set CRAWL_USER_KEY to a long secret and the hash cannot be undone
    by trying names; keep the key, or the same people count again next time.
    """
    from crawler import files  # noqa: PLC0415 -- only this command needs these
    from crawler.settings import CrawlerSettings  # noqa: PLC0415
    from db.settings import load  # noqa: PLC0415
    from tasks.importing import import_ratings  # noqa: PLC0415

    _apart(file, rejected)
    secret = load(CrawlerSettings).crawl_user_key
    with opened() as database, rows_counted(files.ratings(file)) as items:
        done = import_ratings(
            database,
            items,
            source=source or _layout(file),
            key=secret.get_secret_value().encode() if secret else None,
            dry_run=dry_run,
        )
    if json:
        as_json(
            {
                "rows": done.rows,
                "ratings": done.ratings,
                "users": done.raters,
                "works": done.works,
                "dry_run": dry_run,
                **_facts(done.rejected),
            }
        )
    else:
        _list(done.rejected)
        say(
            f"{_would(dry_run)}: {done.ratings} ratings by {done.raters} users of {done.works} "
            f"works, from {done.rows} rows; {_summary(done.rejected)}"
        )
        if secret is None and not dry_run:
            note("CRAWL_USER_KEY is not set: users are stored as an unkeyed hash.")
    _write(file, done.rejected, rejected)
    if not done.ratings:
        raise typer.Exit(NOTHING_TAKEN)


@app.command()
def catalogue(
    file: File,
    source: Source = None,
    dry_run: DryRun = False,
    rejected: Into = None,
    json: AsJson = False,
) -> None:
    """Take in works.

    Columns: external_id and title; source, title_en, authors, genres, keywords, weekdays, finished,
    hiatus, age, url, synopsis and thumbnail where known. Lists are separated by |; MovieLens'
    movies.csv works as it is. What has no column stays as it is known; an empty field says that
    there is none.

    Nothing is written before the whole file was read; bots go on meanwhile. If it is cut short,
    the same command completes it.
    """
    from crawler import files  # noqa: PLC0415 -- only this command needs these
    from tasks.importing import import_works  # noqa: PLC0415

    _apart(file, rejected)
    with opened() as database, rows_counted(files.works(file)) as items:
        done = import_works(
            database, items, source=source or _layout(file), now=clock(), dry_run=dry_run
        )
    works = done.works
    if json:
        as_json(
            {
                "rows": done.rows,
                "new": works.new,
                "changed": works.changed,
                "same": works.same,
                "dry_run": dry_run,
                "notes": [{"line": row.line, "note": row.reason} for row in done.notes],
                **_facts(done.rejected),
            }
        )
    else:
        _list(done.rejected)
        _list(done.notes)
        say(
            f"{_would(dry_run)}: {works.new} new works, {works.changed} changed, {works.same} as "
            f"they were, from {done.rows} rows; {_summary(done.rejected)}"
        )
    _write(file, done.rejected, rejected)
    if not works.new + works.changed + works.same:
        raise typer.Exit(NOTHING_TAKEN)


@app.command("feedback")
def verdicts(
    file: File, dry_run: DryRun = False, rejected: Into = None, json: AsJson = False
) -> None:
    """Take in verdicts, as export feedback writes them.

    Columns: platform, user_id, title or external_id, verdict (like, dislike, read or hidden); the
    work's source, its authors and a time are optional. Readers are made where they are new. What a
    reader said later, or says already, stays.
    """
    from crawler import files  # noqa: PLC0415 -- only this command needs these
    from tasks.importing_feedback import import_feedback  # noqa: PLC0415

    _apart(file, rejected)
    with opened() as database, rows_counted(files.feedback(file)) as items:
        done = import_feedback(database, items, now=clock(), dry_run=dry_run)
    if json:
        as_json(
            {
                "rows": done.rows,
                "verdicts": done.verdicts,
                "same": done.same,
                "readers": done.readers,
                "dry_run": dry_run,
                **_facts(done.rejected),
            }
        )
    else:
        _list(done.rejected)
        say(
            f"{_would(dry_run)}: {done.verdicts} verdicts of {done.readers} readers, "
            f"{done.same} as they were, from {done.rows} rows; {_summary(done.rejected)}"
        )
    _write(file, done.rejected, rejected)
    if not done.verdicts + done.same:
        raise typer.Exit(NOTHING_TAKEN)


def _layout(file: Path) -> str:
    from crawler.files import is_movielens  # noqa: PLC0415

    return "movielens" if is_movielens(file) else "import"


def _would(dry_run: bool) -> str:
    return "Would take in" if dry_run else "Taken in"


def _apart(file: Path, rejected: Path | None) -> None:
    """Raises BadParameter if what is rejected of a file would be written over it."""
    if rejected is not None and rejected.resolve() == file.resolve():
        message = "the rejected rows would be written over the file that is read"
        raise typer.BadParameter(message)


def _list(rows: "Sequence[Rejected]") -> None:
    """A line on stderr for each row, or for the first of many, and how many of which kind."""
    for row in rows[:MOST_LINES]:
        note(f"line {row.line}: {row.reason}")
    if len(rows) > MOST_LINES:
        note(f"… and {len(rows) - MOST_LINES} more. All {len(rows)} by reason:")
        for kind, count in _kinds(rows).items():
            note(f"{count:>8}  {kind}")


def _kinds(rows: "Sequence[Rejected]") -> dict[str, int]:
    """How many rows were rejected for which kind of reason, the most first."""
    return dict(Counter(row.of_kind for row in rows).most_common())


def _summary(rejected: "Sequence[Rejected]") -> str:
    """The end of a sentence: how many rows do not count, and why."""
    kinds = "; ".join(f"{count} × {kind}" for kind, count in _kinds(rejected).items())
    return f"{len(rejected)} rows do not count" + (f" ({kinds})." if kinds else ".")


def _facts(rejected: "Sequence[Rejected]") -> dict[str, object]:
    return {
        "rejected": [{"line": row.line, "reason": row.reason} for row in rejected],
        "reasons": _kinds(rejected),
    }


def _write(file: Path, rejected: "Sequence[Rejected]", into: Path | None) -> None:
    """Writes the rejected rows of `file`, with their own fields, `into` a file if there is one."""
    if into is None:
        return
    from tasks.rejects import write  # noqa: PLC0415 -- only where they are asked for

    write(file, rejected, into)
