"""A taste as a PNG for a phone: bars of genres, the way from niche to popular, keywords."""

from bot.conversation.reply import Compared, Picture
from bot.pictures.canvas import Canvas
from bot.pictures.lettering import fitted, length
from bot.pictures.palette import DARK, LIGHT

WIDTH, MIN_HEIGHT = 1080, 1350  # pixels; never broader than 4:5, so that it fills a phone

_LEFT, _RIGHT = 84, WIDTH - 84
_INNER = _RIGHT - _LEFT
_SMALL, _PLAIN, _HEADING, _TITLE = 32, 38, 42, 68  # sizes of letters
_HEAD, _LEAD, _FOOT = 190, 64, 110  # heights
_PART = 84  # from a part's top to the line below its heading
_LEGEND, _ROW, _BAR = 72, 106, 22
_AXIS, _BELOW = 96, 100  # from there to the axis, and what is below it
_CHIP, _GAP, _PAD = 76, 18, 32  # a keyword's height, between two, and beside its text
_DIAMOND, _DOT = 17, 26  # half of a mark
_MAX_LINES = 3  # of keywords


def png(picture: Picture) -> bytes:
    """The picture as a PNG, `WIDTH` pixels wide and as high as it takes, at least `MIN_HEIGHT`."""
    return _Sheet(picture).drawn()


class _Sheet:
    """One picture, filled from its top; `_y` is where the next part begins."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._palette = DARK if picture.dark else LIGHT
        self._lines = _lines(picture.keywords)
        parts = [
            _PART + _LEGEND + _ROW * len(picture.shares) if picture.shares else 0,
            _PART + _AXIS + _BELOW if picture.standing else 0,
            _PART + (_CHIP + _GAP) * len(self._lines) if self._lines else 0,
        ]
        head = _HEAD + (_LEAD if picture.lead else 0)
        shown = sum(part > 0 for part in parts)
        needed = head + sum(parts) + 44 * shown + _FOOT
        self._height = max(MIN_HEIGHT, needed)
        # What a short picture leaves over goes between its parts.
        self._between = 44 + (self._height - needed) / max(1, shown)
        self._canvas = Canvas(WIDTH, self._height, self._palette)
        self._y = 0.0

    def drawn(self) -> bytes:
        """The picture as a PNG."""
        self._head()
        if self._picture.shares:
            self._shares()
        if self._picture.standing:
            self._standing(self._picture.standing)
        if self._lines:
            self._keywords()
        sign = fitted(self._picture.sign, _SMALL, _INNER)
        self._write(_RIGHT, self._height - 62, sign, _SMALL, quiet=True, anchor="rs")
        return self._canvas.png()

    def _head(self) -> None:
        self._write(_LEFT, 148, fitted(self._picture.title, _TITLE, _INNER), _TITLE, bold=True)
        self._y = _HEAD
        if self._picture.lead:
            lead = fitted(self._picture.lead, _SMALL, _INNER)
            self._write(_LEFT, self._y + 20, lead, _SMALL, quiet=True)
            self._y += _LEAD

    def _part(self, heading: str) -> float:
        """Begins a part; where it goes on below its heading."""
        self._y += self._between
        self._write(_LEFT, self._y + 44, fitted(heading, _HEADING, _INNER), _HEADING, bold=True)
        return self._y + _PART

    def _shares(self) -> None:
        y = self._part(self._picture.shares_head)
        self._legend(y + 22)
        y += _LEGEND
        largest = max(max(share.own, share.others) for share in self._picture.shares)
        for share in self._picture.shares:
            self._share(share, y, _INNER / (largest or 1.0))
            y += _ROW
        self._y = y

    def _legend(self, base: float) -> None:
        """Which shape is whose."""
        mine, theirs = (fitted(side, _SMALL, 350) for side in self._picture.sides)
        middle = base - 11
        self._canvas.pill(_LEFT, middle - 11, _LEFT + 52, middle + 11, self._palette.own)
        self._write(_LEFT + 70, base, mine, _SMALL, quiet=True)
        x = _LEFT + 70 + length(mine, _SMALL) + 64
        self._canvas.diamond(x, middle, _DIAMOND, self._palette.others)
        self._write(x + 34, base, theirs, _SMALL, quiet=True)

    def _share(self, share: Compared, top: float, scale: float) -> None:
        palette, base = self._palette, top + 42
        self._write(_LEFT, base, fitted(share.name, _PLAIN, _INNER - 300), _PLAIN)
        theirs = f"{100 * share.others:.0f}%"
        self._write(_RIGHT, base, theirs, _SMALL, quiet=True, anchor="rs")
        self._canvas.diamond(_RIGHT - 92, base - 12, 12, palette.others)
        self._canvas.text(
            (_RIGHT - 128, base), f"{100 * share.own:.0f}%", _PLAIN, palette.own, "rs", bold=True
        )
        bar = top + 60
        self._canvas.pill(_LEFT, bar, _RIGHT, bar + _BAR, palette.track)
        if share.own > 0:
            self._canvas.pill(_LEFT, bar, _LEFT + share.own * scale, bar + _BAR, palette.own)
        x = min(max(_LEFT + share.others * scale, _LEFT + _DIAMOND), _RIGHT - _DIAMOND)
        self._canvas.diamond(x, bar + _BAR / 2, _DIAMOND, palette.others)

    def _standing(self, standing: Compared) -> None:
        """An axis from niche to popular: the reader above it, all readers below."""
        palette, y = self._palette, self._part(standing.name) + _AXIS
        niche, popular = (fitted(end, _SMALL, 220) for end in self._picture.ends)
        self._write(_LEFT, y + 12, niche, _SMALL, quiet=True)
        self._write(_RIGHT, y + 12, popular, _SMALL, quiet=True, anchor="rs")
        left = _LEFT + length(niche, _SMALL) + 48
        right = _RIGHT - length(popular, _SMALL) - 48
        own, others = (left + (right - left) * at for at in (standing.own, standing.others))
        self._canvas.pill(left, y - 5, right, y + 5, palette.track)
        self._canvas.pill(min(own, others), y - 5, max(own, others), y + 5, palette.quiet)
        self._canvas.dot(own, y, _DOT, palette.own)
        self._canvas.diamond(others, y, _DIAMOND, palette.others)  # smaller: never hides the dot
        mine, theirs = self._picture.sides
        self._beside(own, y - 48, f"{mine} {100 * standing.own:.0f}", own=True)
        self._beside(others, y + 70, f"{theirs} {100 * standing.others:.0f}")
        self._y = y + _BELOW

    def _beside(self, x: float, base: float, text: str, *, own: bool = False) -> None:
        """A mark's name, in the middle above or below it but never beyond the margins."""
        text = fitted(text, _SMALL, _INNER / 2)
        half = length(text, _SMALL) / 2
        x = min(max(x, _LEFT + half), _RIGHT - half)
        colour = self._palette.own if own else self._palette.quiet
        self._canvas.text((x, base), text, _SMALL, colour, "ms", bold=own)

    def _keywords(self) -> None:
        y = self._part(self._picture.keywords_head)
        for line in self._lines:
            x = float(_LEFT)
            for word in line:
                right = x + length(word, _PLAIN) + 2 * _PAD
                self._canvas.pill(x, y, right, y + _CHIP, self._palette.chip)
                self._write(x + _PAD, y + _CHIP / 2 + 14, word, _PLAIN)
                x = right + _GAP
            y += _CHIP + _GAP
        self._y = y

    def _write(
        self,
        x: float,
        base: float,
        text: str,
        size: int,
        *,
        quiet: bool = False,
        bold: bool = False,
        anchor: str = "ls",
    ) -> None:
        colour = self._palette.quiet if quiet else self._palette.ink
        self._canvas.text((x, base), text, size, colour, anchor, bold=bold)


def _lines(keywords: tuple[str, ...]) -> list[list[str]]:
    """The keywords in lines that fit, in their order; those beyond the last line are left out."""
    lines: list[list[str]] = []
    x = float(_INNER)
    for keyword in keywords:
        word = fitted(keyword, _PLAIN, _INNER - 2 * _PAD)
        width = length(word, _PLAIN) + 2 * _PAD
        if x + _GAP + width > _INNER:
            if len(lines) == _MAX_LINES:
                break
            lines.append([])
            x = -_GAP
        lines[-1].append(word)
        x += _GAP + width
    return lines
