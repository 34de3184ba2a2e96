"""Pages of a site that a test writes down."""

from datetime import timedelta

from crawler.source import ForeignItem, Found, Spot, StarItem

WORKS = (ForeignItem("w000001", "신의 탑"), ForeignItem("w000002", "봄날"))


def at_once(kind, key):
    """A place that each run visits."""
    return Spot(kind, key, key, timedelta(0))


def rated(user, *half_stars, outcome="ok"):
    """The list of a user who rated the first works so."""
    told = zip(WORKS, half_stars, strict=False)
    return Found(
        foreign=WORKS[: len(half_stars)],
        stars=tuple(StarItem(user, work.code, value) for work, value in told),
        outcome=outcome,
        note=None if outcome == "ok" else "not all of it",
        all_of=user if outcome == "ok" else None,
    )
