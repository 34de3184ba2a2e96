"""What a picture is drawn with: a few soft shapes and lines of text, in pixels of the picture."""

import io

from PIL import Image, ImageDraw

from bot.pictures.lettering import font
from bot.pictures.palette import Colour, Palette

_FINE = 2  # all is drawn so much larger and then made smaller, which smooths its edges
_BOLD = 0.022  # how much wider strokes become on either side, of the letters' size
_PRESSED = 3  # of zlib's nine levels: twice as quick as its own choice, a fifth larger


class Canvas:
    """An area to draw on with the colours of one palette; y grows downwards."""

    def __init__(self, width: int, height: int, palette: Palette) -> None:
        self._palette, self._ground = palette, palette.ground
        self._image = Image.new("RGB", (_FINE * width, _FINE * height), self._ground)
        self._draw = ImageDraw.Draw(self._image)

    def text(
        self,
        at: tuple[float, float],
        text: str,
        size: int,
        colour: Colour,
        anchor: str = "ls",
        *,
        bold: bool = False,
    ) -> None:
        """One line of text; `anchor` as Pillow has it: left, middle or right of its baseline."""
        self._draw.text(
            self._fine(*at),
            text,
            colour,
            font(_FINE * size),
            anchor,
            stroke_width=_FINE * size * _BOLD if bold else 0,
        )

    def pill(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """A bar with round ends; a dot where it would be shorter than it is high."""
        right = max(right, left + bottom - top)
        box = (*self._fine(left, top), *(n - 1 for n in self._fine(right, bottom)))
        self._draw.rounded_rectangle(box, _FINE * (bottom - top) / 2, colour)

    def dot(self, x: float, y: float, half: float, colour: Colour) -> None:
        """A disc with a rim of the ground's colour."""
        for radius, fill in ((half + 4, self._ground), (half, colour)):
            box = (*self._fine(x - radius, y - radius), *self._fine(x + radius, y + radius))
            self._draw.ellipse(box, fill)

    def diamond(self, x: float, y: float, half: float, colour: Colour) -> None:
        """A square on its tip, hollow, with a rim of the ground's colour."""
        for reach, fill in ((half + 5, self._ground), (half, colour), (half - 7, self._ground)):
            tips = ((x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y))
            self._draw.polygon([self._fine(*tip) for tip in tips], fill)

    def png(self) -> bytes:
        """The picture as a PNG file."""
        colours = Image.new("P", (1, 1))
        colours.putpalette([part for shade in self._palette.shades for part in shade])
        made = io.BytesIO()
        smooth = self._image.reduce(_FINE)
        few = smooth.quantize(palette=colours, dither=Image.Dither.NONE)
        few.save(made, "PNG", compress_level=_PRESSED)
        return made.getvalue()

    @staticmethod
    def _fine(x: float, y: float) -> tuple[float, float]:
        return _FINE * x, _FINE * y
