"""A picture as pixels: what can be seen, told without colours, and read."""

import io
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.conversation.reply import Compared
from bot.pictures.drawing import MIN_HEIGHT, WIDTH, png
from bot.pictures.palette import DARK, LIGHT
from tests.bot.pictures.samples import ALT, PICTURE

names = st.text(max_size=60) | st.sampled_from(
    ["", "😀", "👨‍👩‍👧", "\0\n\ud800", "각각", "글" * 300]
)


def drawn(picture):
    return Image.open(io.BytesIO(png(picture))).convert("RGB")


def luminance(colour):
    """Relative luminance as WCAG 2 defines it."""
    parts = [part / 255 for part in colour]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def pixels(image, colour):
    """(x, y) of every pixel of exactly this colour."""
    ys, xs = np.nonzero((np.asarray(image) == colour).all(axis=2))
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def test_it_is_a_portrait_as_wide_as_a_phone_and_no_broader_than_four_to_five():
    image = Image.open(io.BytesIO(png(PICTURE)))

    assert (image.format, image.width) == ("PNG", WIDTH) == ("PNG", 1080)
    assert image.height >= MIN_HEIGHT == 1080 * 5 / 4


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_has_a_contrast_of_four_and_a_half_to_one(palette):
    texts = [(text, palette.ground) for text in (palette.ink, palette.quiet, palette.own)]
    texts.append((palette.ink, palette.chip))

    assert min(contrast(text, behind) for text, behind in texts) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_colour_of_the_palette_comes_out_as_it_is(palette):
    image = drawn(replace(PICTURE, dark=palette is DARK))

    seen = {colour for count, colour in image.getcolors(256) if count > 100}
    assert seen >= {getattr(palette, field.name) for field in fields(palette)}


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_mark_has_a_contrast_of_three_to_one_with_what_is_behind_it(palette):
    marks = [(mark, palette.ground) for mark in (palette.own, palette.others)]
    marks.append((palette.own, palette.track))

    assert min(contrast(mark, behind) for mark, behind in marks) >= 3


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_the_two_sides_differ_in_red_and_in_blue_so_that_no_kind_of_eyes_takes_one_for_the_other(
    palette,
):
    # Okabe & Ito's blue and orange: seen apart whichever of the three kinds of cones is missing.
    assert palette.others[0] - palette.own[0] > 100
    assert palette.own[2] - palette.others[2] > 100


def test_light_and_dark_differ_in_colours_alone():
    light, dark = drawn(PICTURE), drawn(replace(PICTURE, dark=True))

    assert light.size == dark.size
    assert (light.getpixel((0, 0)), dark.getpixel((0, 0))) == (LIGHT.ground, DARK.ground)


def test_a_bar_is_as_long_as_its_share_and_a_diamond_stands_where_all_readers_are():
    share = Compared("", 0.25, 0.5, "")
    picture = replace(PICTURE, lead="", shares=(share,), standing=None, keywords=())
    image = drawn(picture)

    marks = pixels(image, LIGHT.others)
    low = max(y for _, y in marks)  # the last diamond is the bar's
    diamond = [x for x, y in marks if low - 34 < y]
    bar = [x for x, y in pixels(image, LIGHT.own) if abs(y - (low - 17)) < 8]

    left, right = 84, WIDTH - 84  # the largest value of all fills the width
    assert min(bar) == left
    assert max(bar) == pytest.approx((left + right) / 2, abs=2)
    assert (min(diamond) + max(diamond)) / 2 == pytest.approx(right - 17, abs=1)


def test_own_values_and_all_readers_have_different_shapes():
    image = drawn(replace(PICTURE, keywords=(), shares=()))
    dot = pixels(image, LIGHT.own)
    diamond = pixels(image, LIGHT.others)
    low = max(y for _, y in dot)
    disc = [(x, y) for x, y in dot if low - 52 < y]

    # A full disc beside a hollow square on its tip: seen without any colour.
    middle = (sum(x for x, _ in disc) // len(disc), sum(y for _, y in disc) // len(disc))
    assert middle in disc
    inside = (
        sum(x for x, _ in diamond) // len(diamond),
        sum(y for _, y in diamond) // len(diamond),
    )
    assert inside not in diamond


def test_what_is_left_out_of_the_data_is_left_out_of_the_picture():
    whole = drawn(PICTURE).height

    for part in ({"shares": ()}, {"standing": None}, {"keywords": ()}):
        assert drawn(replace(PICTURE, **part)).height <= whole
    assert drawn(replace(PICTURE, shares=(), standing=None, keywords=())).height == MIN_HEIGHT


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.builds(Compared, names, st.floats(0, 1), st.floats(0, 1), names), max_size=20),
    st.lists(names, max_size=9),
    names,
)
def test_whatever_the_words_and_numbers_are_it_can_be_drawn(shares, keywords, word):
    picture = replace(
        PICTURE,
        **dict.fromkeys(("title", "lead", "shares_head", "keywords_head", "sign"), word),
        sides=(word, word),
        ends=(word, word),
        shares=tuple(shares),
        standing=shares[0] if shares else None,
        keywords=tuple(keywords),
    )

    assert drawn(picture).width == WIDTH


def test_nothing_is_written_beyond_the_margins():
    long = "아주 긴 이름 " * 40
    image = drawn(
        replace(
            PICTURE,
            **{field.name: long for field in fields(PICTURE) if field.type is str},
            sides=(long, long),
            ends=(long, long),
            shares=tuple(replace(share, name=long) for share in PICTURE.shares),
            keywords=(long,) * 5,
        )
    )

    for box in ((0, 0, 80, image.height), (WIDTH - 80, 0, WIDTH, image.height)):
        assert image.crop(box).getcolors() == [(80 * image.height, LIGHT.ground)]


def test_the_words_of_a_picture_are_a_line_for_each_of_its_parts():
    assert PICTURE.alt == ALT
