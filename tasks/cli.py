"""The operator's door: webtoonctl, its commands, and the one place where errors become words."""

import os
import sys
import traceback

import typer

from tasks import (
    cli_backup,
    cli_crawl,
    cli_data,
    cli_database,
    cli_doctor,
    cli_evaluate,
    cli_export,
    cli_import,
    cli_match,
    cli_models,
    cli_news,
    cli_report,
    cli_run,
    cli_status,
    cli_taste,
)

REFUSED = 1  # it failed, or there was nothing to do
MISUSED = 2  # wrong usage or a wrong setting

app = typer.Typer(
    name="webtoonctl",
    help="Runs and looks after the webtoon recommendation bot.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help, which also wraps paragraphs as a whole
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_database.app, name="db")
app.add_typer(cli_export.app, name="export")
app.add_typer(cli_import.app, name="import")
app.add_typer(cli_match.app, name="match")
app.add_typer(cli_models.app, name="models")
app.command("run")(cli_run.run)
app.command("demo")(cli_data.demo)
app.command("crawl")(cli_crawl.crawl)
app.command("train")(cli_data.train)
app.command("status")(cli_status.status)
app.command("recommend")(cli_taste.recommend)
app.command("why")(cli_taste.why)
app.command("evaluate")(cli_evaluate.evaluate)
app.command("report")(cli_report.report)
app.command("doctor")(cli_doctor.doctor)
app.command("backup")(cli_backup.backup)
app.command("restore")(cli_backup.restore)
app.command("prune")(cli_backup.prune)
app.command("news")(cli_news.news)


def main() -> None:
    """Runs one command; ends the process with 0, 1 (it failed) or 2 (wrong usage or setting)."""
    try:
        app()
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(REFUSED)
    except Exception as error:
        if os.environ.get("LOG_LEVEL") == "DEBUG":
            traceback.print_exc()
        sentence, code = _in_words(error)
        typer.echo(sentence, err=True)
        sys.exit(code)


def _in_words(error: Exception) -> tuple[str, int]:
    """What to tell the operator, and the exit code."""
    from crawler.errors import CrawlerError, NotSwitchedOn  # noqa: PLC0415 -- only if it went wrong
    from db.errors import BadUrl, DatabaseError  # noqa: PLC0415
    from db.settings import InvalidSettings  # noqa: PLC0415
    from recommender.errors import RecommenderError  # noqa: PLC0415
    from tasks.errors import OperatorError  # noqa: PLC0415

    if isinstance(error, InvalidSettings | BadUrl | NotSwitchedOn):
        return str(error), MISUSED
    if isinstance(error, OperatorError | DatabaseError | CrawlerError):
        return str(error), REFUSED
    if isinstance(error, RecommenderError):
        return f"The model cannot be made or used: {error}", REFUSED
    kind = type(error).__name__
    return f"This should not happen ({kind}: {error}); LOG_LEVEL=DEBUG shows where.", REFUSED
