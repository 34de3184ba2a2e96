"""webtoonctl evaluate: models beside each other, on readers or ratings that they did not see."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasks.cli_common import AsJson, as_json, clock, note, opened, progress, say, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.contenders import Contender
    from tasks.evaluating import Evaluation
    from tasks.evaluating_data import Ground
    from tasks.evaluating_figures import Standing

MISUSED = 2
EVERYTHING = "all"
NOTHING = "–"


class Split(StrEnum):
    """Who is asked: new readers, known readers, or everybody about the future."""

    STRONG = "strong"
    WEAK = "weak"
    TIME = "time"


class Scale(StrEnum):
    """What ratings in a file go up to: stars in halves, or whole numbers."""

    FIVE = "5"
    TEN = "10"


def evaluate(  # noqa: PLR0917 -- each is an option of the command
    data: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Ratings to evaluate on instead of the database's."),
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What the items of --data are about: an item, other columns parted by |.",
        ),
    ] = None,
    scale: Annotated[
        Scale, typer.Option(help="What ratings in --data go up to: 5 stars, or 10.")
    ] = Scale.FIVE,
    models: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Models, parted by commas, or all; otherwise those that are quick to fit.",
        ),
    ] = None,
    protocol: Annotated[
        Split,
        typer.Option(help="New readers, readers the models know, or what came later."),
    ] = Split.STRONG,
    seeds: Annotated[
        int, typer.Option(min=1, max=100, help="How often to split and fit; 5 ask every reader.")
    ] = 1,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with plots there.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Compare models on readers whom they did not learn from.

    strong: a fifth of readers is set aside each time; the models see four fifths of what each of
    them rated and are asked for the rest. weak: the same of readers that the models learnt from.
    time: what was rated before a moment is learnt, what was liked later is asked for; that needs
    timestamps, which a file may have and the database has not.

    The file of --data is CSV with the columns user, item, rating, and perhaps timestamp, under any
    name that MovieLens gives them; a movies.csv of MovieLens beside it (movieId, title, genres)
    says what the items are about. Readers and items with fewer than ten ratings of three stars or
    more are left out.

    Models: default (what ships), ease, popularity, content, knn, als, multvae, recvae, bert4rec.
    The last three need torch, als needs implicit; "all" takes those that can be fitted here.

    Intervals are 95 % bootstrap intervals over readers; the difference to EASE is tested reader by
    reader with random flips of signs, corrected for the number of models (Holm). A * marks p below
    0.05. Each model is fitted in a process of its own; memory is what the fit took on top.
    """
    if features is not None and data is None:
        note("--features says what the items of --data are about: give both.")
        raise typer.Exit(MISUSED)
    chosen = _named(models)
    if protocol is Split.TIME and seeds > 1:
        note("--seeds changes nothing about the protocol time: there is one future. Fitted once.")
        seeds = 1
    with progress("Evaluation", stages=_stages(chosen, seeds)) as tell:
        tell("reading")
        ground = _ground(data, features, scale, protocol)
        able = _able(chosen, ground, models)
        from tasks.evaluating import evaluate as compare  # noqa: PLC0415

        found = compare(ground.told, [one.name for one in able], protocol, seeds, tell=tell)
    for failure in found.failed.values():
        note(failure)
    if json:
        _written(found, ground, data, html)
        from tasks.evaluating import facts  # noqa: PLC0415

        page = {} if html is None else {"page": str(html)}
        as_json({**page, "simulated": ground.simulated, **facts(found)})
        return
    if ground.simulated:
        note("These figures are of SIMULATED readers: they say that it works, not how well.")
    _say(found)
    _written(found, ground, data, html)  # last: what cannot be written takes no figure with it
    if html is not None:
        say(f"\n{html}: the same with plots.")


def _named(models: str | None) -> "list[Contender]":
    """The contenders that are asked for; ends the command with 2 if one is not to be had."""
    from recommender.contenders import CONTENDERS, contender  # noqa: PLC0415 -- loads scipy
    from recommender.errors import BadParameter  # noqa: PLC0415

    if models is None or models.strip() == EVERYTHING:
        able = [one for one in CONTENDERS.values() if one.available]
        return [one for one in able if models is not None or not one.slow]
    names = list(dict.fromkeys(name.strip() for name in models.split(",") if name.strip()))
    try:
        found = [contender(name) for name in names]
    except BadParameter as error:
        note(f"--models: {error}.")
        raise typer.Exit(MISUSED) from None
    if not found:
        note("--models: found no name, expected some, parted by commas.")
        raise typer.Exit(MISUSED)
    return found


def _able(chosen: "Sequence[Contender]", ground: "Ground", models: str | None) -> "list[Contender]":
    """Those that these data are enough for; ends with 2 if one was named and they are not."""
    missing = [one for one in chosen if one.only and ground.told.features is None]
    if missing and models not in {None, EVERYTHING}:
        note(f"--models: {missing[0].name} needs to know what the items are about: --features.")
        raise typer.Exit(MISUSED)
    return [one for one in chosen if one not in missing]


def _stages(chosen: "Sequence[Contender]", seeds: int) -> int:
    from tasks.evaluating import STEPS  # noqa: PLC0415

    return 1 + STEPS * seeds * len(chosen)


def _ground(data: Path | None, features: Path | None, scale: Scale, protocol: Split) -> "Ground":
    from tasks.errors import NothingToDo  # noqa: PLC0415
    from tasks.evaluating_data import from_database, from_files  # noqa: PLC0415 -- loads scipy

    if data is not None:
        ground = from_files(data, features, int(scale))
        if ground.ignored is not None:
            note(f"{ground.ignored} is ignored: it is not of MovieLens (movieId, title, genres).")
        if protocol is Split.TIME and ground.told.times is None:
            message = f"The protocol time needs to know when all was rated: {data} does not say."
            raise NothingToDo(message)
        if ground.told.times is not None and ground.untimed:
            note(f"{ground.untimed} rows have no time that can be understood: they come first.")
        return ground
    if protocol is Split.TIME:
        message = "The protocol time needs --data: the database does not know when all was rated."
        raise NothingToDo(message)
    with opened() as database:
        return from_database(database)


def _written(found: "Evaluation", ground: "Ground", data: Path | None, html: Path | None) -> None:
    if html is None:
        return
    from tasks.evaluating_page import render  # noqa: PLC0415 -- loads Jinja
    from tasks.writing import whole  # noqa: PLC0415

    on = "the database" if data is None else data.name
    page = render(found, on=on, simulated=ground.simulated, made_at=clock())
    with whole(html) as file:
        file.write(page.encode())


def _say(found: "Evaluation") -> None:
    from tasks.evaluating_figures import ACCURACY, BREADTH, COLD  # noqa: PLC0415
    from tasks.evaluating_words import SENTENCES, with_interval  # noqa: PLC0415

    say(SENTENCES[found.protocol].format(found=found))
    _figures(found, ACCURACY)
    _figures(found, COLD)
    for name, told in found.chance.items():
        say(f"Cold works, {name}: {with_interval(told)}")
    _gains(found)
    _figures(found, BREADTH, costs=True)


def _figures(found: "Evaluation", names: "Sequence[str]", *, costs: bool = False) -> None:
    """A table of these figures with their intervals; with `costs`, of means and what fits took."""
    from tasks.evaluating_words import LABELS, number, with_interval  # noqa: PLC0415

    shown = [name for name in names if any(name in one.metrics for one in found.standings)]
    header = ["MODEL", *(LABELS[name].upper() for name in shown)]
    rows = []
    for one in found.standings:
        told = {name: one.metrics[name] for name in shown if name in one.metrics}
        cells = [
            (number(told[name].mean, name) if costs else with_interval(told[name], name))
            if name in told
            else NOTHING
            for name in shown
        ]
        rows.append([one.name, *cells, *(_cost(one) if costs else ())])
    if shown:
        say()
        table([*header, *(("FIT (S)", "MEMORY (MB)") if costs else ())], rows)


def _gains(found: "Evaluation") -> None:
    from tasks.evaluating_figures import AGAINST, SURE, TESTED  # noqa: PLC0415
    from tasks.evaluating_words import LABELS  # noqa: PLC0415

    gains = [one for one in found.standings if one.gains]
    if not gains:
        return
    say(f"\nMore than {AGAINST}, reader by reader (* p < {SURE:g}, Holm):")
    shown = [name for name in TESTED if name in gains[0].gains]
    rows = [
        [one.name, *(f"{one.gains[name].difference.mean:+.3f}{_mark(one, name)}" for name in shown)]
        for one in gains
    ]
    table(("MODEL", *(LABELS[name].upper() for name in shown)), rows)


def _mark(one: "Standing", name: str) -> str:
    return " *" if one.gains[name].sure else ""


def _cost(one: "Standing") -> tuple[str, str]:
    memory = NOTHING if one.peak_mb is None else f"{one.peak_mb:,.0f}"
    return f"{one.fit_seconds:,.2f}", memory
