"""webtoonctl report: what was collected and what cleaning makes of it, as a page."""

from pathlib import Path
from typing import Annotated

import typer

from tasks.cli_common import AsJson, as_json, clock, opened, progress, say

STAGES = 4  # reading, cleaning, drawing, writing


def report(
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="Where the page and its figures go.")
    ] = Path("var/report"),
    json: AsJson = False,
) -> None:
    """Write a page of what was collected and what cleaning makes of it.

    Stars, readers, works, genres, coverage, and what the last crawls changed. report.html needs no
    other file and no network; the figures are beside it as PNG. Times are in TIMEZONE.
    """
    from db.settings import load  # noqa: PLC0415 -- pydantic
    from tasks.report import facts, gather, write  # noqa: PLC0415 -- loads numpy
    from tasks.settings import TaskSettings  # noqa: PLC0415

    zone = load(TaskSettings).timezone
    with opened() as database, progress("Report", STAGES) as tell:
        found = gather(database, clock(), tell)
        tell("drawing")
        from tasks.report_figures import NAMES, draw  # noqa: PLC0415 -- loads matplotlib
        from tasks.report_page import render  # noqa: PLC0415 -- loads Jinja

        pictures = draw(found)
        page = render(found, pictures, zone)
        tell("writing")
        path = write(to, page, {picture.name: picture.light for picture in pictures}, NAMES)
    if json:
        as_json({"page": str(path)} | facts(found))
    elif found.empty:
        say(f"{path}: there is nothing to report on yet.")
    else:
        kind = "ratings, SIMULATED ones among them" if found.simulated else "ratings"
        say(f"{path}: {found.coverage.works} works, {found.rows} {kind}.")
