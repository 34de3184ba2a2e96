"""The colours of a picture, by light and by dark.

The two sides are told apart by colours of Okabe & Ito (2008, "Color Universal Design"), made
deeper or paler until they stand out from the ground, and by their shapes everywhere.
"""

from dataclasses import dataclass

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
