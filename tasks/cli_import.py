"""webtoonctl import: ratings, works and verdicts from files that people already have."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasks.cli_common import AsJson, as_json, clock, note, opened, rows_counted, say

if TYPE_CHECKING:
    from crawler.items import Rejected

NOTHING_TAKEN = 1

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
    file: File, source: Source = None, dry_run: DryRun = False, json: AsJson = False
) -> None:
    """Take in star ratings.

    Columns: user, title or external_id, rating (0.5 to 5) or half_stars (1 to 10). A time (ISO 8601
    or Unix seconds) and the work's source are optional; MovieLens' ratings.csv works as it is.
    Later rows count; rows that cannot be used are listed with their reasons.

    Users are stored as a hash. Set CRAWL_USER_KEY to a long secret and the hash cannot be undone
    by trying names; keep the key, or the same people count again next time.
    """
    from crawler import files  # noqa: PLC0415 -- only this command needs these
    from crawler.settings import CrawlerSettings  # noqa: PLC0415
    from db.settings import load  # noqa: PLC0415
    from tasks.importing import import_ratings  # noqa: PLC0415

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
                "rejected": _facts(done.rejected),
            }
        )
    else:
        _list(done.rejected)
        say(
            f"{_would(dry_run)}: {done.ratings} ratings by {done.raters} users of {done.works} "
            f"works, from {done.rows} rows; {len(done.rejected)} rows do not count."
        )
        if secret is None and not dry_run:
            note("CRAWL_USER_KEY is not set: users are stored as an unkeyed hash.")
    if not done.ratings:
        raise typer.Exit(NOTHING_TAKEN)


@app.command()
def catalogue(
    file: File, source: Source = None, dry_run: DryRun = False, json: AsJson = False
) -> None:
    """Take in works.

    Columns: external_id and title; source, title_en, authors, genres, keywords, weekdays, finished,
    age and url where known. Lists are separated by |; MovieLens' movies.csv works as it is.
    """
    from crawler import files  # noqa: PLC0415 -- only this command needs these
    from tasks.importing import import_works  # noqa: PLC0415

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
                "rejected": _facts(done.rejected),
            }
        )
    else:
        _list(done.rejected)
        say(
            f"{_would(dry_run)}: {works.new} new works, {works.changed} changed, {works.same} as "
            f"they were, from {done.rows} rows; {len(done.rejected)} rows do not count."
        )
    if not works.new + works.changed + works.same:
        raise typer.Exit(NOTHING_TAKEN)


@app.command("feedback")
def verdicts(file: File, dry_run: DryRun = False, json: AsJson = False) -> None:
    """Take in verdicts, as export feedback writes them.

    Columns: platform, user_id, title or external_id, verdict (like, dislike, read or hidden); the
    work's source and a time are optional. Readers are made where they are new. What a reader said
    later, or says already, stays.
    """
    from crawler import files  # noqa: PLC0415 -- only this command needs these
    from tasks.importing_feedback import import_feedback  # noqa: PLC0415

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
                "rejected": _facts(done.rejected),
            }
        )
    else:
        _list(done.rejected)
        say(
            f"{_would(dry_run)}: {done.verdicts} verdicts of {done.readers} readers, "
            f"{done.same} as they were, from {done.rows} rows; {len(done.rejected)} rows do not "
            "count."
        )
    if not done.verdicts + done.same:
        raise typer.Exit(NOTHING_TAKEN)


def _layout(file: Path) -> str:
    from crawler.files import is_movielens  # noqa: PLC0415

    return "movielens" if is_movielens(file) else "import"


def _would(dry_run: bool) -> str:
    return "Would take in" if dry_run else "Taken in"


def _list(rejected: "Iterable[Rejected]") -> None:
    for row in rejected:
        note(f"line {row.line}: {row.reason}")


def _facts(rejected: "Iterable[Rejected]") -> list[dict[str, object]]:
    return [{"line": row.line, "reason": row.reason} for row in rejected]
