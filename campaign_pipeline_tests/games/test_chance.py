"""The draw is as fair as the configuration says, and repeatable from a seed."""

import math
from typing import Any

import pytest

from campaign_pipeline_tests.games.conftest import Opened

DRAWS = 2000


@pytest.mark.parametrize("probability", [0, 0.05, 0.35, 0.5, 0.9, 1])
def test_the_share_of_wins_is_the_probability(
    from_file: Opened, config: dict[str, Any], probability: float
) -> None:
    config["settings"]["difficulty"]["win_probability"] = probability
    stage = from_file(config)

    wins = stage.game.evaluate(
        """(draws) => {
            const { config, createRandom, draw } = CampaignRuntime;
            const outcomes = Array.from({length: draws}, (_, i) => draw(config, createRandom(i)));
            return outcomes.filter((outcome) => outcome === 'win').length;
        }""",
        DRAWS,
    )

    deviation = math.sqrt(DRAWS * probability * (1 - probability))
    assert abs(wins - DRAWS * probability) <= 3 * deviation


@pytest.mark.parametrize("seed", ["a", 12345])
def test_one_seed_after_another_draw_is_as_fair(from_file: Opened, config: dict[str, Any], seed: Any) -> None:
    stage = from_file(config)

    wins = stage.game.evaluate(
        """([draws, seed]) => {
            const { config, createRandom, draw } = CampaignRuntime;
            const random = createRandom(seed);
            return Array.from({length: draws}, () => draw(config, random)).filter((one) => one === 'win').length;
        }""",
        [DRAWS, seed],
    )

    assert abs(wins - DRAWS * 0.35) <= 3 * math.sqrt(DRAWS * 0.35 * 0.65)


def test_weights_decide_among_segments(from_file: Opened, config: dict[str, Any]) -> None:
    stage = from_file(config)

    counts = stage.game.evaluate(
        """(draws) => {
            const random = CampaignRuntime.createRandom('weights');
            const counts = [0, 0, 0];
            for (let i = 0; i < draws; i += 1) counts[CampaignRuntime.pick([1, 0, 3], random)] += 1;
            return counts;
        }""",
        DRAWS,
    )

    assert counts[1] == 0
    assert abs(counts[0] - DRAWS / 4) <= 3 * math.sqrt(DRAWS * 0.25 * 0.75)


def test_equal_seeds_give_equal_numbers_and_others_do_not(from_file: Opened, config: dict[str, Any]) -> None:
    stage = from_file(config)

    numbers = stage.game.evaluate(
        """() => ['x', 'x', 'y', 1, '1', undefined, undefined].map((seed) => {
            const random = CampaignRuntime.createRandom(seed);
            return [random(), random(), random()];
        })"""
    )

    assert numbers[0] == numbers[1]
    assert len({tuple(one) for one in numbers}) == 6
    assert all(0 <= number < 1 for one in numbers for number in one)
