"""Contrast and distance of colours, against values that others have published."""

import pytest

from campaign_pipeline.model.contrast import contrast, difference, ink_on, mix


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),  # the best known grey that just fails
        ("#767676", "#ffffff", 4.54),  # and the one that just passes
        ("#ff0000", "#ffffff", 4.0),
        ("#123456", "#123456", 1.0),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


def test_halves_are_mixed_upwards_as_javascript_does() -> None:
    assert mix("#000000", "#010305", 0.5) == "#010203"


@pytest.mark.parametrize(
    ("ground", "ink"), [("#000000", "#ffffff"), ("#ffffff", "#14101f"), ("#777777", "#000000")]
)
def test_a_ground_gets_the_ink_that_can_be_read_on_it(ground: str, ink: str) -> None:
    assert ink_on(ground) == ink
    assert contrast(ink, ground) >= 4.5


def test_distance_is_that_of_oklab() -> None:
    assert difference("#000000", "#ffffff") == pytest.approx(1, abs=1e-6)
    assert difference("#ff0000", "#ff0000") == 0
    # Oklab of red is (0.628, 0.225, 0.126), of lime (0.866, -0.234, 0.179), by CSS Color 4.
    assert difference("#ff0000", "#00ff00") == pytest.approx(0.5197, abs=1e-3)
