"""Pictures to draw, send and read."""

from bot.conversation.reply import Compared, Picture

SHARES = (
    ("Fantasy", 0.5, 0.25),
    ("Romance", 0.25, 0.5),
    ("Martial arts & history", 0.25, 0.125),
    ("Drama", 0.0, 0.125),
)
PICTURE = Picture(
    title="My webtoon taste",
    lead="Drawn from 4 likes",
    sides=("Me", "All readers"),
    shares_head="Genres",
    shares=tuple(
        Compared(name, own, others, f"{name} {100 * own:.0f}% · All readers {100 * others:.0f}%")
        for name, own, others in SHARES
    ),
    ends=("Niche", "Popular"),
    standing=Compared("I like lesser-known works", 0.25, 0.75, "I like lesser-known works: 25"),
    keywords_head="Keywords",
    keywords=("tower", "R&B"),
    sign="webtoonbot",
)
ALT = """My webtoon taste
Drawn from 4 likes
Fantasy 50% · All readers 25%
Romance 25% · All readers 50%
Martial arts & history 25% · All readers 12%
Drama 0% · All readers 12%
I like lesser-known works: 25
Keywords: tower, R&B"""
