"""CSS colours, kept as `#rrggbb`.

Belongs here: reading any CSS colour that stands for itself, and writing it in the form that artifacts use.
Does not belong here: which colours a theme has (games) or a brief asks for (model.brief).

The conversions are those of CSS Color 4, section 10.
"""

import re
from collections.abc import Callable
from typing import Annotated, Protocol

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

Triple = tuple[float, float, float]
Matrix = tuple[Triple, Triple, Triple]

_HEX = re.compile(r"#[0-9a-f]{6}")

_NOT_A_COLOUR = "a CSS colour that stands for itself is expected, such as #ff8800 or hsl(30 100% 50%)"

_XYZ_D50_TO_D65: Matrix = (
    (0.955473421488075, -0.02309845494876471, 0.06325924320057072),
    (-0.0283697093338637, 1.0099953980813041, 0.021041441191917323),
    (0.012314014864481998, -0.020507649298898964, 1.330365926242124),
)
_XYZ_D65_TO_SRGB: Matrix = (
    (12831 / 3959, -329 / 214, -1974 / 3959),
    (-851781 / 878810, 1648619 / 878810, 36519 / 878810),
    (705 / 12673, -2585 / 12673, 705 / 667),
)
_P3_TO_XYZ: Matrix = (
    (608311 / 1250200, 189793 / 714400, 198249 / 1000160),
    (35783 / 156275, 247089 / 357200, 198249 / 2500400),
    (0.0, 32229 / 714400, 5220557 / 5000800),
)
_A98_TO_XYZ: Matrix = (
    (573536 / 994567, 263643 / 1420810, 187206 / 994567),
    (591459 / 1989134, 6239551 / 9945670, 374412 / 4972835),
    (53769 / 1989134, 351524 / 4972835, 4929758 / 4972835),
)
_REC2020_TO_XYZ: Matrix = (
    (63426534 / 99577255, 20160776 / 139408157, 47086771 / 278816314),
    (26158966 / 99577255, 472592308 / 697040785, 8267143 / 139408157),
    (0.0, 19567812 / 697040785, 295819943 / 278816314),
)
_PROPHOTO_TO_XYZ_D50: Matrix = (
    (0.7977666449006423, 0.13518129740053308, 0.0313477341283922),
    (0.2880748288194013, 0.711835234241873, 0.00008993693872564),
    (0.0, 0.0, 0.8251046025104602),
)


class _Colour(Protocol):
    """A colour as tinycss2 gives it: coordinates in its own space, None where it says `none`."""

    @property
    def coordinates(self) -> tuple[float | None, ...]: ...

    def to(self, space: str) -> "_Colour": ...


def hex_colour(text: str) -> str:
    """Write a CSS colour as `#rrggbb`; what sRGB cannot show is clipped to it.

    Raises:
        ValueError: It is no CSS colour, lets light through, or depends on the page it stands in.
    """
    if _HEX.fullmatch(text):
        return text
    # Imported late: most colours are written as #rrggbb.
    from tinycss2.color4 import Color  # noqa: PLC0415
    from tinycss2.color5 import parse_color  # noqa: PLC0415

    colour = parse_color(text)
    if not isinstance(colour, Color):
        raise ValueError(_NOT_A_COLOUR)  # noqa: TRY004 - the text has the right type
    if colour.space not in _SPACES:
        raise ValueError("a colour of a space that CSS Color 4 defines is expected")
    if colour.alpha < 1:
        raise ValueError("an opaque colour is expected: leave its alpha out")
    return "#" + "".join(f"{_byte(channel):02x}" for channel in _srgb(colour.space, colour))


def _check(value: str) -> str:
    try:
        return hex_colour(value)
    except ValueError as error:
        raise PydanticCustomError("colour", "{reason}", {"reason": str(error)}) from None


HexColour = Annotated[
    str,
    AfterValidator(_check),
    WithJsonSchema({"type": "string", "description": "Any opaque CSS colour; kept as #rrggbb."}),
]
"""A CSS colour, normalised to `#rrggbb`."""


def _srgb(space: str, colour: _Colour) -> Triple:
    if space in {"srgb", "hsl", "hwb"}:
        return _triple(colour.to("srgb"))
    linear = _triple(colour) if space == "srgb-linear" else _apply(_XYZ_D65_TO_SRGB, _xyz(space, colour))
    return (_encoded(linear[0]), _encoded(linear[1]), _encoded(linear[2]))


def _xyz(space: str, colour: _Colour) -> Triple:
    if space in {"lab", "lch"}:
        return _apply(_XYZ_D50_TO_D65, _triple(colour.to("xyz-d50")))
    if space in {"oklab", "oklch"}:
        return _triple(colour.to("xyz-d65"))
    own = _triple(colour)
    if space in {"xyz", "xyz-d65"}:
        return own
    if space == "xyz-d50":
        return _apply(_XYZ_D50_TO_D65, own)
    decode, matrix = _RGB_SPACES[space]
    xyz = _apply(matrix, (decode(own[0]), decode(own[1]), decode(own[2])))
    return _apply(_XYZ_D50_TO_D65, xyz) if space == "prophoto-rgb" else xyz


def _triple(colour: _Colour) -> Triple:
    first, second, third = (coordinate or 0.0 for coordinate in colour.coordinates)
    return (first, second, third)


def _apply(matrix: Matrix, vector: Triple) -> Triple:
    first, second, third = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return (first, second, third)


def _byte(channel: float) -> int:
    return round(255 * min(1.0, max(0.0, channel)))


def _encoded(linear: float) -> float:
    size = abs(linear)
    curve = 1.055 * size ** (1 / 2.4) - 0.055 if size > 0.0031308 else 12.92 * size  # noqa: PLR2004 - sRGB's own
    return curve if linear >= 0 else -curve


def _decoded(channel: float) -> float:
    size = abs(channel)
    linear = ((size + 0.055) / 1.055) ** 2.4 if size > 0.04045 else size / 12.92  # noqa: PLR2004 - sRGB's own
    return linear if channel >= 0 else -linear


def _power(exponent: float) -> Callable[[float], float]:
    return lambda channel: abs(channel) ** exponent * (1 if channel >= 0 else -1)


_RGB_SPACES: dict[str, tuple[Callable[[float], float], Matrix]] = {
    "display-p3": (_decoded, _P3_TO_XYZ),
    "a98-rgb": (_power(563 / 256), _A98_TO_XYZ),
    "prophoto-rgb": (_power(1.8), _PROPHOTO_TO_XYZ_D50),
    "rec2020": (_power(2.4), _REC2020_TO_XYZ),
}
"""A colour space's way from written channels to light, and from light to XYZ."""

_SPACES = {
    *("srgb", "srgb-linear", "hsl", "hwb", "lab", "lch", "oklab", "oklch", "xyz", "xyz-d50", "xyz-d65"),
    *_RGB_SPACES,
}
