"""The report's figures, drawn with matplotlib off any screen; loaded by nothing but the report.

Nothing in them needs a font with Hangul: what has a Korean name is drawn by the page.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter, NullLocator

from recommender.interactions import Step
from tasks.report import Report, Spread

INCHES = (5.2, 3.7)
DOTS = 200  # an inch: sharp on the screens of phones
SIMULATED = "Includes simulated ratings"
NAMES = ("stars.png", "readers.png", "works.png", "cleaning.png")


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours, of Okabe and Ito's set where they carry meaning; they differ in lightness too."""

    paper: str
    ink: str
    muted: str
    grid: str
    before: str
    after: str
    warning: str


LIGHT = Theme("#ffffff", "#1b2330", "#566172", "#e3e7ed", "#aeb8c6", "#0072b2", "#a63d00")
DARK = Theme("#171c25", "#e9edf3", "#a9b3c1", "#2c3441", "#5d6a7d", "#56b4e9", "#f2a65a")


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure on light and on dark paper (PNG), and what it shows, for those who do not see it."""

    name: str
    alt: str
    light: bytes
    dark: bytes


def draw(report: Report) -> list[Picture]:
    """The figures that this report has something for."""
    return list(_drawn(report)) if report.rows else []


def _drawn(report: Report) -> Iterator[Picture]:
    mark = SIMULATED if report.simulated else ""
    before, after = report.before, report.after
    yield _picture(
        "stars.png",
        _stars_alt(report),
        lambda axes, theme: _stars(axes, theme, before.stars, after.stars),
        ("Stars before and after cleaning", mark),
    )
    if before.readers.ranked:
        for who, was, left in (
            ("reader", before.readers, after.readers),
            ("work", before.works, after.works),
        ):
            yield _picture(
                f"{who}s.png",
                _rank_alt(who, was, left, mark),
                lambda axes, theme, who=who, was=was, left=left: _rank(axes, theme, who, was, left),  # type: ignore[misc]
                (f"Ratings per {who}", mark),
            )
    yield _picture(
        "cleaning.png",
        _cleaning_alt(report.steps, mark),
        lambda axes, theme: _cleaning(axes, theme, report.steps),
        ("Ratings that each step left", mark),
    )


def _picture(
    name: str, alt: str, paint: Callable[[Axes, Theme], None], titles: tuple[str, str]
) -> Picture:
    return Picture(name, alt, *(_png(paint, theme, *titles) for theme in (LIGHT, DARK)))


def _png(paint: Callable[[Axes, Theme], None], theme: Theme, title: str, mark: str) -> bytes:
    file = io.BytesIO()
    with mpl.rc_context():
        mpl.rcdefaults()  # a matplotlibrc of whoever runs this changes nothing
        mpl.rcParams.update(_settings(theme))
        figure = Figure(figsize=INCHES, dpi=DOTS, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        paint(axes, theme)
        axes.set_title(title + ("\n" if mark else ""), loc="left", fontweight="bold", fontsize=12.5)
        axes.annotate(
            mark,
            xy=(0, 1),
            xycoords="axes fraction",
            xytext=(0, 7),
            textcoords="offset points",
            fontsize=10.5,
            color=theme.warning,
        )
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _settings(theme: Theme) -> Any:  # noqa: ANN401 -- matplotlib names every key in a type
    return {
        "font.family": ["DejaVu Sans"],  # comes with matplotlib
        "font.size": 11,
        "figure.facecolor": theme.paper,
        "axes.facecolor": theme.paper,
        "axes.edgecolor": theme.grid,
        "axes.labelcolor": theme.muted,
        "axes.titlecolor": theme.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": theme.grid,
        "text.color": theme.ink,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
        "legend.frameon": False,
        "legend.fontsize": 10,
        "savefig.facecolor": theme.paper,
    }


def _stars(axes: Axes, theme: Theme, before: Sequence[int], after: Sequence[int]) -> None:
    values = [n / 2 for n in range(1, 11)]
    axes.bar(values, before, width=0.44, color=theme.before, label="before")
    axes.bar(values, after, width=0.26, color=theme.after, label="after")
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.set_xlabel("stars")
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.tick_params(length=0)
    axes.grid(axis="y")
    axes.legend(loc="upper left")


def _rank(axes: Axes, theme: Theme, who: str, was: Spread, left: Spread) -> None:
    for spread, colour, style, label in (
        (was, theme.before, "--", "before"),
        (left, theme.after, "-", "after"),
    ):
        if spread.ranked:
            places = range(1, len(spread.ranked) + 1)
            mark = "o" if len(spread.ranked) == 1 else None
            axes.plot(places, spread.ranked, style, marker=mark, color=colour, lw=2.4, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(0.9, max(10, len(was.ranked)) * 1.15)
    axes.set_ylim(0.9, max(10, was.ranked[0]) * 1.4)
    axes.set_xlabel(f"{who}s, the one with most ratings first")
    axes.set_ylabel("ratings")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(_thousands))
        axis.set_minor_formatter(NullFormatter())
        axis.set_minor_locator(NullLocator())
    axes.grid()
    axes.legend(loc="lower left")


def _cleaning(axes: Axes, theme: Theme, steps: Sequence[Step]) -> None:
    shown = outline(steps)
    rows = [step.rows for _, step in shown]
    bars = axes.barh([name for name, _ in shown], rows, height=0.62, color=theme.before)
    bars[-1].set_color(theme.after)
    axes.bar_label(bars, [f"{count:,}" for count in rows], padding=4, color=theme.ink)
    axes.invert_yaxis()
    axes.set_xlim(0, max(*rows, 1) * 1.22)
    axes.xaxis.set_major_locator(NullLocator())
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(length=0, labelcolor=theme.ink)


def outline(steps: Sequence[Step]) -> list[tuple[str, Step]]:
    """The steps before the passes, and the end of these, in short words."""
    names = ("as read", "of our works", "one per reader\nand work", "at least 3 stars")
    return [*zip(names, steps, strict=False), ("readers and works\nwith 10 or more", steps[-1])]


def _stars_alt(report: Report) -> str:
    def told(stars: Sequence[int]) -> str:
        return ", ".join(f"{n / 2:g} stars {count:,}" for n, count in enumerate(stars, start=1))

    before, after = told(report.before.stars), told(report.after.stars)
    mark = f" {SIMULATED}." if report.simulated else ""
    return f"Bar chart of the ten values. Before cleaning: {before}. After: {after}.{mark}"


def _rank_alt(who: str, was: Spread, left: Spread, mark: str) -> str:
    def told(spread: Spread) -> str:
        if not spread.ranked:
            return "none"
        facts = spread.facts
        span = f"{facts['lowest']:,} to {facts['highest']:,}"
        return f"{len(spread.ranked):,} {who}s with {span} ratings, median {facts['median']:,}"

    line = f"Rank plot of ratings per {who}, both axes logarithmic."
    return f"{line} Before cleaning: {told(was)}. After: {told(left)}." + (
        f" {mark}." if mark else ""
    )


def _cleaning_alt(steps: Sequence[Step], mark: str) -> str:
    told = ", ".join(f"{name} {step.rows:,}" for name, step in outline(steps)).replace("\n", " ")
    return f"Bar chart of the ratings that each step left: {told}." + (f" {mark}." if mark else "")


def _thousands(value: float, _: object) -> str:
    return f"{value:,.0f}"
