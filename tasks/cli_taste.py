"""webtoonctl recommend and why: what the model makes of likes."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tasks.cli_common import AsJson, as_json, model_dir, note, opened, say, table

if TYPE_CHECKING:
    from db.catalogue import Work
    from db.models import ModelRow
    from tasks.tasting import Suggestion

Titles = Annotated[
    list[str], typer.Argument(metavar="TITLE...", help="Titles, external ids, or source:id.")
]


def recommend(
    titles: Titles,
    count: Annotated[int, typer.Option(min=1, max=1000, help="How many works.")] = 10,
    adult: Annotated[bool, typer.Option("--adult", help="Works for adults too.")] = False,
    json: AsJson = False,
) -> None:
    """Recommend works to somebody who likes these titles."""
    from tasks.tasting import taster  # noqa: PLC0415 -- loads scipy

    with opened() as database:
        tasting = taster(database, model_dir())
    likes = tasting.liked(titles)
    slate = tasting.recommend(likes, count, adult=adult)
    if json:
        as_json(
            {
                "model": tasting.row.id,
                "demo": tasting.row.demo,
                "likes": [_named(work) for work in likes],
                "popular": slate.popular,
                "recommendations": [_facts(suggestion) for suggestion in slate.suggestions],
            }
        )
        return
    _mark(tasting.row)
    if slate.popular:
        note("The model knows nothing of these likes yet: this is what most readers like.")
    header = ("", "WORK", "KEY", "SCORE", "BECAUSE OF")
    rows = [
        (str(n), s.work.title, s.work.key, f"{s.score:.3f}", _reason(s))
        for n, s in enumerate(slate.suggestions, start=1)
    ]
    table(header, rows)


def why(
    title: Annotated[
        list[str], typer.Argument(metavar="TITLE", help="A title, external id, or source:id.")
    ],
    likes: Annotated[
        list[str], typer.Option("--likes", metavar="TITLE...", help="What the reader likes.")
    ],
    json: AsJson = False,
) -> None:
    """Take the score of a title apart.

    Shows exactly what each like adds to it or takes away; the sum is the score. The likes come
    last: webtoonctl why "신의 탑" --likes 노블레스 "갓 오브 하이스쿨"
    """
    from tasks.tasting import taster  # noqa: PLC0415 -- loads scipy

    # An option takes one value; what follows it lands among the arguments.
    wanted, *more = title
    with opened() as database:
        tasting = taster(database, model_dir())
    (work,) = tasting.liked([wanted])
    found = tasting.explain(work, tasting.liked([*likes, *more]))
    if json:
        as_json({"model": tasting.row.id, "demo": tasting.row.demo, **_facts(found)})
        return
    _mark(tasting.row)
    say(f"{found.work.title}: score {found.score:.4f}")
    rows = [
        (part.work.title, f"{part.amount:+.4f}", f"{part.share:.0%}" if part.amount > 0 else "")
        for part in found.because
    ]
    table(("BECAUSE OF", "ADDS", "SHARE"), rows)


def _mark(row: "ModelRow") -> None:
    if row.demo:
        note("This is a demo model: it learnt from simulated ratings too.")


def _named(work: "Work") -> dict[str, str]:
    return {"title": work.title, "source": work.source, "external_id": work.external_id}


def _facts(suggestion: "Suggestion") -> dict[str, Any]:
    return {
        **_named(suggestion.work),
        "score": suggestion.score,
        "because": [
            {**_named(part.work), "contribution": part.amount, "share": part.share}
            for part in suggestion.because
        ],
    }


def _reason(suggestion: "Suggestion") -> str:
    parts = [f"{part.work.title} ({part.share:.0%})" for part in suggestion.because if part.share]
    return ", ".join(parts[:2])
