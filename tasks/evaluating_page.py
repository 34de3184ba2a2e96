"""The evaluation as one HTML page that asks nothing of any network."""

from datetime import datetime
from importlib import resources

from jinja2 import Environment, StrictUndefined

from tasks.evaluating import Evaluation
from tasks.evaluating_figures import ACCURACY, AGAINST, BREADTH, COLD, COLD_WORKS, SURE, TESTED
from tasks.evaluating_plots import dots, scatter
from tasks.evaluating_words import (
    CHANCES,
    LABELS,
    MEANINGS,
    SENTENCES,
    chance,
    number,
    with_interval,
)

TEMPLATE = "evaluation_page.html"


def render(found: Evaluation, *, on: str, simulated: bool, made_at: datetime) -> str:
    """The page; `on` names what was evaluated on."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.lstrip_blocks = True
    environment.filters |= {"number": number, "interval": with_interval, "chance": chance}
    text = resources.files("tasks").joinpath(TEMPLATE).read_text(encoding="utf-8")
    there = {name for one in found.standings for name in one.metrics}
    groups = {
        title: [name for name in names if name in there]
        for title, names in (
            ("How much of what readers like is found", ACCURACY),
            ("Readers who have just come, works that nobody rated", COLD),
            ("How broad it is", BREADTH),
        )
    }
    by_chance = {CHANCES[name]: told for name, told in found.chance.items()}
    return environment.from_string(text).render(
        found=found,
        on=on,
        simulated=simulated,
        made_at=f"{made_at:%Y-%m-%d %H:%M} UTC",
        sentence=SENTENCES[found.protocol].format(found=found),
        groups={title: names for title, names in groups.items() if names},
        tested=[name for name in TESTED if any(name in one.gains for one in found.standings)],
        labels=LABELS,
        meanings=MEANINGS,
        against=AGAINST,
        sure=SURE,
        plots={
            name: dots(found.standings, name, by_chance if name == COLD_WORKS else None)
            for name in LABELS
            if name in there
        },
        scatter=scatter(found.standings),
    )
