"""webtoonctl crawl: a site's catalogue or ratings, politely, from where the last run stopped."""

import re
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tasks.cli_common import AsJson, as_json, by_hand, clock, note, opened, say

if TYPE_CHECKING:
    from tasks.crawl_jobs import Plan
    from tasks.crawling import Progress
    from tasks.errands import Report

STOPPED = 1  # it could not go on
_AGO = re.compile(r"(\d+)([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def _since(value: str | None) -> datetime | None:
    """A moment, or so long ago: 7d, 12h, 30m."""
    if value is None:
        return None
    try:
        if ago := _AGO.fullmatch(value.strip()):
            return clock() - timedelta(**{_UNITS[ago.group(2)]: int(ago.group(1))})
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        message = "a moment (2026-05-04 or 2026-05-04T12:00) or a time ago (7d, 12h) is expected"
        raise typer.BadParameter(message) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def crawl(  # noqa: PLR0917 -- each is an option of the command
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="naver (works) or watcha (ratings).")
    ],
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Visit at most N pages of the frontier.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", help="Leave alone what was visited since: 7d, 12h, or an ISO date."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be visited; ask no site.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on although the site had blocked us.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Read a site's works or ratings.

    One page at a time, two seconds or more apart, by the rules of its robots.txt, and from where
    the last run stopped. Live sites are off until CRAWL_LIVE_HOSTS names them.

    Watcha's robots.txt disallows /api, through which its pages load all but the first 9 rows of a
    list: a crawl that obeys it ends each list there. For more you need Watcha's permission.

    Ends with 1 where the site closed itself to us, or a pause or the day's budget stopped it.
    """
    from crawler import sources  # noqa: PLC0415 -- only this command needs these
    from crawler.settings import CrawlerSettings  # noqa: PLC0415
    from db.settings import load  # noqa: PLC0415
    from tasks import crawl_jobs  # noqa: PLC0415 -- loads Selenium
    from tasks.crawl_jobs import Bounds  # noqa: PLC0415

    if source not in sources.names():
        message = f"one of {', '.join(sources.names())} is expected"
        raise typer.BadParameter(message)
    settings, moment = load(CrawlerSettings), _since(since)
    bounds = Bounds(limit=limit, since=moment, resume=resume)
    with opened() as database:
        if dry_run:
            _tell_plan(crawl_jobs.plan(database, source, settings, bounds, clock()), json=json)
            return
        with _shown(source) as progress, _stoppable():
            recording = by_hand(database, sources.load(source).job)
            done = crawl_jobs.crawl(recording, source, settings, bounds, progress=progress)
    if json:
        as_json({**done.ended.counts, "ended": done.report.ended})
    else:
        _tell(done.report, done.ended.counts)
    if done.report.closed:
        raise typer.Exit(STOPPED)


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM ends a crawl as Ctrl-C does: what was under way is noted, the browser is ended."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _shown(source: str) -> "Iterator[Progress | None]":
    """A bar on stderr, if that is a terminal: pages visited of those that are due."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 -- only where there is something to draw on
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"Crawling {source}", total=None)

        def moved_on(kind: str, visits: int, due: int) -> None:
            words = f"Crawling {source}: {kind}"
            bar.update(task, description=words, completed=visits, total=visits + due)

        yield moved_on


def _tell(report: "Report", counts: "Mapping[str, object]") -> None:
    say(
        f"{report.pages} pages fetched, {report.visits} places visited, "
        f"{report.waited_seconds:.0f} s waited out of politeness."
    )
    say(
        f"Rows: {report.new} new, {report.changed} changed, {report.same} as they were, "
        f"{report.gone} gone."
    )
    words = ("incomplete", "gated", "login_required", "failed", "refused", "drift")
    less = [f"{report.outcomes[word]} {word.replace('_', ' ')}" for word in words]
    say(f"Places: {report.outcomes['ok']} ok, {', '.join(less)}, {report.outcomes['gone']} gone.")
    for text, times in report.notes.most_common(10):
        note(f"{times} x {text}")
    if report.disallowed:
        note(
            f"{report.disallowed} requests that pages would have made themselves were kept in: "
            "robots.txt disallows them, so those lists end after their first rows."
        )
    if counts.get("review"):
        note(f"{counts['review']} works are to be looked at: webtoonctl match.")
    left = sum(report.remaining.values())
    if report.ended:
        note(f"{report.ended} {left} pages are left for the next run.")


def _tell_plan(plan: "Plan", *, json: bool) -> None:
    total = sum(plan.due.values())
    if json:
        from dataclasses import asdict  # noqa: PLC0415

        as_json(asdict(plan) | {"dry_run": True})
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in plan.due.items()) or "nothing"
    say(f"Would visit on {plan.url}: {kinds}; what they lead to comes on top.")
    say(
        f"At {plan.delay_seconds:g} s or more a page that is {total * plan.delay_seconds / 60:.0f} "
        f"minutes or more; {plan.pages_left_today} pages are left for today."
    )
    if plan.stopped_because:
        note(f"{plan.stopped_because}: it would not begin without --resume.")
    elif plan.paused_until:
        note(f"The site is left alone until {plan.paused_until:%Y-%m-%d %H:%M} UTC.")
