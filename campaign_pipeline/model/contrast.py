"""How well one colour is seen on another, and how far two are apart.

Belongs here: luminance and contrast as WCAG has them, mixing, the text colour for a ground, distance of two colours.
Does not belong here: which colours a game draws on which (games.legibility), reading a CSS colour (model.colour).

The first four are those of the games' runtime, so that what is checked here is what is drawn there.
"""

import math

TEXT_RATIO = 4.5
"""Contrast that text needs at least (WCAG 2.2, 1.4.3)."""
LARGE_RATIO = 3.0
"""Contrast that large bold text, and a shape that has to be seen, need at least (WCAG 2.2, 1.4.3 and 1.4.11)."""

_WHITE, _NEAR_BLACK, _BLACK = "#ffffff", "#14101f", "#000000"

Triple = tuple[float, float, float]


def luminance(colour: str) -> float:
    """Give the relative luminance of a `#rrggbb`, 0 to 1.

    Source:
        WCAG 2.2, relative luminance.
    """
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Give the contrast of two `#rrggbb`, 1 to 21, whichever of them is in front.

    Source:
        WCAG 2.2, contrast ratio.
    """
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mix(one: str, other: str, share: float) -> str:
    """Mix two `#rrggbb`: a share of 0 is the one, of 1 the other."""
    # As JavaScript rounds: halves go up.
    mixed = (
        math.floor(a + (b - a) * share + 0.5) for a, b in zip(_channels(one), _channels(other), strict=True)
    )
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def ink_on(ground: str, *, ratio: float = TEXT_RATIO) -> str:
    """Give the text colour for a ground: white where that is readable, otherwise the darker of near black and black."""
    for ink in (_WHITE, _NEAR_BLACK):
        if contrast(ink, ground) >= ratio:
            return ink
    return _WHITE if contrast(_WHITE, ground) > contrast(_BLACK, ground) else _BLACK


def difference(one: str, other: str) -> float:
    """Give the distance of two `#rrggbb` as an eye sees it: 0.02 is just noticed, black and white are 1 apart.

    Source:
        CSS Color 4, section 18.2: ΔE OK, the Euclidean distance in Oklab.
    """
    return math.dist(_oklab(one), _oklab(other))


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _linear(colour: str) -> Triple:
    red, green, blue = (_light(channel / 255) for channel in _channels(colour))
    return red, green, blue


def _light(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB's own


def _oklab(colour: str) -> Triple:
    red, green, blue = _linear(colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )
