"""The evaluation's plots as SVG that stands in the page and takes its colours from it.

360 wide, which is how wide a phone is: nothing shrinks there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from recommender.evaluation import Interval
from tasks.evaluating_figures import AGAINST, COVERAGE, Standing
from tasks.evaluating_words import LABELS, number

WIDTH = 360
LEFT, RIGHT = 112, 46  # what names and numbers take
ROW, TOP, BOTTOM = 26, 8, 26
TICKS = 4
SMALLEST = 1e-9  # what is less apart is one number
SHIPPED = "default"
MAIN = "ndcg@100"
# Of the scatter plot: its height, its axes, the room above it, a line of text.
TALL, SIDE, ROOF, LINE = 310, 46, 24, 14


@dataclass(frozen=True, slots=True)
class Axis:
    """Numbers from `low` to `high` on a line from `start` to `end`, with round `ticks`."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float], start: float, end: float) -> "Axis":
        """An axis that holds all `values`, between round numbers."""
        least, most = min(values), max(values)
        room = next((each for each in (most - least, abs(most)) if each > SMALLEST), 1.0)
        step = 10 ** math.floor(math.log10(room / TICKS))
        step *= next(times for times in (1, 2, 5, 10) if room / (times * step) <= TICKS)
        low, high = math.floor(least / step) * step, math.ceil(most / step) * step
        if low == high:  # a single round number goes into the middle
            low, high = low - step, high + step
        count = round((high - low) / step)
        ticks = tuple(round(low + n * step, 10) for n in range(count + 1))
        return cls(low, high, start, end, ticks)

    def at(self, value: float) -> float:
        """Where a number lies."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def dots(
    standings: Sequence[Standing], figure: str, beside: Mapping[str, Interval] | None = None
) -> Markup:
    """Each model's `figure` as a dot on its interval; a line through EASE's.

    `beside` are further rows, by their names.
    """
    shown = [
        (one.title, _kind(one), one.metrics[figure]) for one in standings if figure in one.metrics
    ]
    shown += [(name, "other", told) for name, told in (beside or {}).items()]
    axis = Axis.of(
        [end for _, _, told in shown for end in (told.low, told.high)], LEFT, WIDTH - RIGHT
    )
    floor = TOP + ROW * len(shown)
    parts = [_tick(axis.at(tick), TOP, floor, tick) for tick in axis.ticks]
    for _, kind, told in shown:
        if kind == "bar":
            parts.append(_line((axis.at(told.mean), TOP), (axis.at(told.mean), floor), "level"))
    for n, row in enumerate(shown):
        parts.extend(_row(*row, axis=axis, y=TOP + ROW * n + ROW / 2, figure=figure))
    told_all = ", ".join(f"{title} {number(told.mean, figure)}" for title, _, told in shown)
    return _svg(f"{LABELS[figure]}: {told_all}", floor + BOTTOM, parts)


def scatter(standings: Sequence[Standing]) -> Markup:
    """NDCG@100 with its interval over coverage: what is right beside what is shown at all."""
    shown = [one for one in standings if MAIN in one.metrics]
    ends = [end for one in shown for end in (one.metrics[MAIN].low, one.metrics[MAIN].high)]
    across = Axis.of([0, *(one.metrics[COVERAGE].mean for one in shown)], SIDE, WIDTH - 12)
    up = Axis.of(ends, TALL - SIDE, ROOF)
    parts = [_tick(across.at(tick), ROOF, TALL - SIDE, tick) for tick in across.ticks]
    for tick in up.ticks:
        parts.append(_line((SIDE, up.at(tick)), (WIDTH - 12, up.at(tick)), "grid"))
        parts.append(_text(SIDE - 6, up.at(tick) + 4, f"{tick:g}", "tick", "end"))
    parts.append(_text((SIDE + WIDTH - 12) / 2, TALL - 10, "Coverage", "tick", "middle"))
    parts.append(_text(0, 10, LABELS[MAIN], "tick"))
    names = _apart([(one, up.at(one.metrics[MAIN].mean)) for one in shown])
    for one in shown:
        told, x = one.metrics[MAIN], across.at(one.metrics[COVERAGE].mean)
        kind = _kind(one)
        parts.append(_line((x, up.at(told.low)), (x, up.at(told.high)), f"span {kind}"))
        parts.append(_dot(x, up.at(told.mean), kind))
        turned = x > (SIDE + WIDTH) * 0.62
        side = (x - 9, "end") if turned else (x + 9, "start")
        parts.append(_text(side[0], names[one.name] + 4, one.title, f"name {kind}", side[1]))
    told_all = ", ".join(
        f"{one.title} {number(one.metrics[MAIN].mean)} at {one.metrics[COVERAGE].mean:.0%}"
        for one in shown
    )
    return _svg(f"{LABELS[MAIN]} by coverage: {told_all}", TALL, parts)


def _row(
    title: str, kind: str, told: Interval, *, axis: Axis, y: float, figure: str
) -> list[Markup]:
    return [
        _text(0, y + 4, title, f"name {kind}"),
        _line((axis.at(told.low), y), (axis.at(told.high), y), f"span {kind}"),
        _dot(axis.at(told.mean), y, kind),
        _text(WIDTH, y + 4, number(told.mean, figure), f"value {kind}", "end"),
    ]


def _apart(places: Sequence[tuple[Standing, float]]) -> dict[str, float]:
    """Where names go that would lie on each other: pushed down until each has its line."""
    found: dict[str, float] = {}
    last = -math.inf
    for one, y in sorted(places, key=lambda place: place[1]):
        last = max(y, last + LINE)
        found[one.name] = round(last, 1)
    return found


def _kind(one: Standing) -> str:
    return {SHIPPED: "ours", AGAINST: "bar"}.get(one.name, "other")


def _svg(alt: str, height: float, parts: Sequence[Markup]) -> Markup:
    start = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">')
    return start.format(WIDTH, height, alt) + Markup("").join(parts) + Markup("</svg>")


def _tick(x: float, top: float, floor: float, value: float) -> Markup:
    return _line((x, top), (x, floor), "grid") + _text(
        x, floor + 15, f"{value:g}", "tick", "middle"
    )


def _line(start: tuple[float, float], end: tuple[float, float], kind: str) -> Markup:
    line = Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>')
    return line.format(*start, *end, kind)


def _dot(x: float, y: float, kind: str) -> Markup:
    return Markup('<circle cx="{}" cy="{}" r="4.5" class="dot {}"/>').format(x, y, kind)


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> Markup:
    form = Markup('<text x="{}" y="{}" class="{}" text-anchor="{}">{}</text>')
    return form.format(x, y, kind, anchor, escape(text))
