"""webtoonctl news: readers are to be told of what happened to the works they follow."""

from tasks.cli_common import AsJson, as_json, by_hand, opened, say


def news(json: AsJson = False) -> None:
    """Spread the news to those who follow works, now.

    What happened since the last time becomes news of the readers whom it concerns, each thing once;
    bots deliver them when each reader wants to be told. It is done every ten minutes anyway. What
    happened more than three days ago is told to nobody.
    """
    from db.settings import load  # noqa: PLC0415 -- pydantic
    from tasks import jobs  # noqa: PLC0415 -- loads scipy
    from tasks.schedule import SPREAD_NEWS  # noqa: PLC0415
    from tasks.settings import TaskSettings  # noqa: PLC0415

    with opened() as database:
        zone = load(TaskSettings).timezone
        counts = jobs.spread_news(by_hand(database, SPREAD_NEWS), zone).counts
    if json:
        as_json(dict(counts))
        return
    say(
        f"Happened: {counts['events']}, of which {counts['late']} too long ago to tell. "
        f"News for readers: {counts['news']}, and suggestions of the week: {counts['weekly']}."
    )
