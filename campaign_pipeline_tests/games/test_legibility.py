"""What is said of a palette is what the page does with it."""

import random
from typing import Any

import pytest

from campaign_pipeline.games.catalogue import load_template
from campaign_pipeline.games.legibility import readings
from campaign_pipeline.model.game_config import Palette
from campaign_pipeline_tests.games.conftest import Opened

THEMES = load_template("spin_wheel_v1").spec.themes
PAIRS = [("ink", "background"), ("ink", "lift"), ("panel-ink", "panel"), ("prize", "panel")]
BUTTON = [("face-ink", "face"), ("face-ink", "accent")]


def some_palette(dice: random.Random) -> Palette:
    colours = [f"#{dice.randrange(1 << 24):06x}" for _ in range(4)]
    return Palette(primary=colours[0], secondary=colours[1], accent=colours[2], background=colours[3])


@pytest.mark.parametrize(
    "colors",
    [
        *(theme.colors for theme in THEMES.values()),
        Palette(primary="#808080", secondary="#808080", accent="#808080", background="#808080"),
        some_palette(random.Random(3)),  # noqa: S311  it guards nothing
    ],
    ids=[*THEMES, "one grey", "chance"],
)
def test_the_page_draws_the_inks_and_grounds_that_are_told(
    from_file: Opened, config: dict[str, Any], colors: Palette
) -> None:
    config["visuals"]["colors"] = colors.to_json()

    stage = from_file(config)

    drawn = stage.game.evaluate(
        "(pairs) => pairs.map((pair) => pair.map((name) => "
        "getComputedStyle(document.documentElement).getPropertyValue('--' + name)))",
        [list(pair) for pair in (*PAIRS, *BUTTON)],
    )
    assert [[reading.ink, reading.ground] for reading in readings(colors)] == drawn


def test_whatever_colours_are_picked_every_word_can_be_read() -> None:
    dice = random.Random(11)  # noqa: S311  as above

    for _ in range(2000):
        for reading in readings(some_palette(dice)):
            assert reading.ratio >= reading.least, reading
