"""The colours of a picture, by light and by dark.

The two sides are told apart by colours of Okabe & Ito (2008, "Color Universal Design"), made
deeper or paler until they stand out from the ground, and by their shapes everywhere.
"""

from dataclasses import dataclass

_STEPS = 12  # from a letter to its ground; Pillow takes finer ones for one another
Colour = tuple[int, int, int]  # red, green, blue, 0..255


@dataclass(frozen=True, slots=True)
class Palette:
    """What is drawn in which colour. Texts are in `ink`, `quiet` or `own`, on ground or `chip`."""

    ground: Colour
    ink: Colour
    quiet: Colour  # what matters less
    track: Colour  # what bars and marks lie on
    chip: Colour  # behind a keyword
    own: Colour  # the reader's
    others: Colour  # all readers'

    @property
    def shades(self) -> tuple[Colour, ...]:
        """All colours of a picture: these, and those that the edges between two of them have.

        A file with an index into a few dozen colours takes a quarter of the time to write.
        """
        marks = (self.ink, self.quiet, self.own, self.others)
        edges = [(mark, self.ground) for mark in marks]
        edges += [(self.ink, self.chip), (self.own, self.track), (self.quiet, self.track)]
        mixed = [_mixed(*edge, step / _STEPS) for edge in edges for step in range(1, _STEPS)]
        return tuple(dict.fromkeys((self.ground, self.track, self.chip, *marks, *mixed)))


def _mixed(one: Colour, other: Colour, part: float) -> Colour:
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


LIGHT = Palette(
    ground=(251, 249, 245),
    ink=(29, 36, 46),
    quiet=(91, 97, 107),
    track=(232, 228, 220),
    chip=(238, 242, 246),
    own=(0, 102, 160),
    others=(190, 80, 0),
)
DARK = Palette(
    ground=(21, 25, 32),
    ink=(240, 237, 230),
    quiet=(163, 170, 181),
    track=(47, 54, 65),
    chip=(35, 43, 55),
    own=(86, 180, 233),
    others=(240, 166, 48),
)
