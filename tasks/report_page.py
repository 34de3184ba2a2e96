"""The report as one HTML page that asks nothing of any network."""

import base64
from collections.abc import Mapping, Sequence
from datetime import timedelta, tzinfo
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined

from tasks.report import Report

if TYPE_CHECKING:
    from tasks.report_figures import Picture

TEMPLATE = "report_page.html"


def render(report: Report, pictures: "Sequence[Picture]", zone: tzinfo) -> str:
    """The page; its moments are told in `zone`."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.lstrip_blocks = True
    environment.filters |= {
        "number": number,
        "stars": lambda value: "–" if value is None else f"{value:.3f}",
        "share": share,
        "moment": lambda moment: f"{moment.astimezone(zone):%Y-%m-%d %H:%M}",
        "span": span,
        "said": said,
        "words": lambda name: name.replace("_", " "),
        "data": lambda png: f"data:image/png;base64,{base64.b64encode(png).decode()}",
    }
    text = resources.files("tasks").joinpath(TEMPLATE).read_text(encoding="utf-8")
    by_name = {picture.name.partition(".")[0]: picture for picture in pictures}
    return environment.from_string(text).render(report=report, pictures=by_name, zone=str(zone))


def number(value: float) -> str:
    """With separators of thousands."""
    return f"{value:,.1f}".removesuffix(".0")


def share(part: float, whole: float) -> str:
    """In per cent."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def span(time: timedelta) -> str:
    """So many hours and minutes, or seconds below an hour."""
    seconds = max(0, round(time.total_seconds()))
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours:,} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def said(value: object) -> str:
    """Whatever a job counted, in words."""
    if value is None or value in ({}, []):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {said(of)}" for name, of in value.items())
    return ", ".join(map(said, value)) if isinstance(value, list | tuple) else str(value)
