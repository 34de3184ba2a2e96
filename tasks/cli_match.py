"""webtoonctl match: which of our works those of a ratings site are, shown and settled."""

from typing import Annotated, Any

import typer

from tasks.cli_common import AsJson, as_json, note, opened, say, table

app = typer.Typer(
    help="Show and settle which of our works those of a ratings site are.",
    invoke_without_command=True,
    rich_markup_mode=None,
)

Code = Annotated[str, typer.Argument(metavar="CODE", help="What the site calls its work.")]


@app.callback()
def review(
    context: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", help="Also those that are matched or settled.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Show the works that somebody has to look at, the most rated first.

    A link to Naver, the platform with the title, or title and author decide by themselves; a title
    alone does not. Only matched works' ratings train the model.
    """
    if context.invoked_subcommand is not None:
        return
    from db import catalogue, foreign  # noqa: PLC0415 -- loads SQLAlchemy
    from db.foreign import MatchState  # noqa: PLC0415
    from tasks.matching import Matcher  # noqa: PLC0415

    with opened() as database, database.read() as session:
        works = catalogue.works(session)
        rows = foreign.every(session)
        matcher = Matcher(works)
        shown = [row for row in rows if every or row.state is MatchState.REVIEW]
        near = {row.id: matcher.candidates(row) for row in shown if row.webtoon_id is None}
    ours = {work.id: work for work in works}
    if json:
        as_json([_facts(row, ours.get(row.webtoon_id or 0), near.get(row.id, [])) for row in shown])
        return
    if not shown:
        say("Nothing is to be looked at." if rows else "No ratings site was crawled yet.")
        return
    lines = []
    for row in shown:
        mine = ours.get(row.webtoon_id or 0)
        how = f"{mine.key} {mine.title} ({row.matched_by})" if mine else row.state.value
        offers = how if mine or row.state is not MatchState.REVIEW else _offers(near[row.id])
        lines.append((row.code, row.title, "/".join(row.authors), str(row.ratings), offers))
    table(("code", "title", "authors", "ratings", "ours"), lines)
    say("Settle one with: webtoonctl match settle CODE WORK, or --none if it is none of ours.")


@app.command()
def settle(
    code: Code,
    work: Annotated[
        str | None,
        typer.Argument(metavar="[WORK]", help="Our work: its key, title or external id."),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="It is none of ours.")] = False,
) -> None:
    """Say for good which of our works one is."""
    from db import catalogue  # noqa: PLC0415 -- loads SQLAlchemy
    from tasks import matching  # noqa: PLC0415
    from tasks.lookup import Lookup  # noqa: PLC0415

    if none == (work is not None):
        message = "name one of our works, or say --none"
        raise typer.BadParameter(message)
    with opened() as database:
        found = None
        if work is not None:
            with database.read() as session:
                found = Lookup(catalogue.works(session)).find(work)
        matching.settle(database, code, found)
    say(f"{code} is {found.title} ({found.key})." if found else f"{code} is none of ours.")


@app.command()
def reopen(code: Code) -> None:
    """Take back what was settled; the work is matched anew."""
    from tasks import matching  # noqa: PLC0415 -- loads SQLAlchemy

    with opened() as database:
        matching.reopen(database, code)
        row = matching.named(database, code)
    say(f"{code} is {row.state.value}.")


@app.command()
def again(json: AsJson = False) -> None:
    """Match all works anew that nobody settled, as each crawl does at its end."""
    from dataclasses import asdict  # noqa: PLC0415

    from tasks import matching  # noqa: PLC0415 -- loads SQLAlchemy

    with opened() as database:
        done = matching.match(database)
    if json:
        as_json(asdict(done))
        return
    say(
        f"{done.matched} matched, {done.review} to look at, {done.elsewhere} none of ours; "
        f"{done.changed} changed."
    )
    if done.review:
        note("webtoonctl match shows those to look at.")


def _offers(candidates: Any) -> str:  # noqa: ANN401 -- works; naming them would load SQLAlchemy
    return " | ".join(
        f"{work.key} {work.title} ({'/'.join(work.authors) or '?'})" for work in candidates
    )


def _facts(row: Any, mine: Any, candidates: Any) -> dict[str, object]:  # noqa: ANN401 -- as above
    return {
        "source": row.source,
        "code": row.code,
        "title": row.title,
        "year": row.year,
        "authors": row.authors,
        "platforms": row.platforms,
        "outlinks": row.outlinks,
        "ratings": row.ratings,
        "state": row.state.value,
        "matched_by": row.matched_by,
        "work": mine.key if mine else None,
        "candidates": [work.key for work in candidates],
    }
