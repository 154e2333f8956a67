"""Colours, from any CSS spelling to `#rrggbb`."""

import pytest

from campaign_pipeline.model.colour import hex_colour


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#aabbcc", "#aabbcc"),
        ("#ABC", "#aabbcc"),
        ("rebeccapurple", "#663399"),
        ("rgb(100% 0% 50%)", "#ff0080"),
        ("hsl(30deg 100% 50%)", "#ff8000"),
        ("hwb(120 0% 0%)", "#00ff00"),
        # The green of sRGB, spelled in every other space.
        ("lab(46.2775% -47.5621 48.5837)", "#008000"),
        ("lch(46.2775% 67.9892 134.3912)", "#008000"),
        ("oklab(51.975% -0.1403 0.10768)", "#008000"),
        ("oklch(51.975% 0.17686 142.495)", "#008000"),
        ("color(display-p3 0.21604 0.49418 0.13151)", "#008000"),
        ("color(a98-rgb 0.281363 0.498012 0.116746)", "#008000"),
        ("color(prophoto-rgb 0.230479 0.395789 0.129968)", "#008000"),
        ("color(rec2020 0.332297 0.509791 0.191744)", "#008000"),
        ("color(xyz-d50 0.08312 0.154746 0.020961)", "#008000"),
        ("color(xyz 0.07719 0.15438 0.02573)", "#008000"),
        ("color(srgb-linear 0 0.21586 0)", "#008000"),
        ("color(display-p3 0 1 0)", "#00ff00"),
    ],
)
def test_any_css_colour_is_written_as_hex(text: str, expected: str) -> None:
    assert hex_colour(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bluish",
        "#12",
        "currentcolor",
        "transparent",
        "rgb(1 2 3 / 50%)",
        "#ff000080",
        "red; color: blue",
        "url(x)",
        "device-cmyk(0 0 0 0)",
        "color(--mine 1 2 3)",
        "</style>",
    ],
)
def test_what_is_no_colour_of_its_own_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is expected"):
        hex_colour(text)
