"""What has to hold of the colours that a text model picks.

Belongs here: that the game stands out from its background, and that its colours can be told apart.
Does not belong here: the maths (model.contrast); that words can be read, which the game sees to (games.legibility).
"""

from collections.abc import Iterator
from itertools import combinations

from campaign_pipeline.model.brief import BriefColours
from campaign_pipeline.model.contrast import LARGE_RATIO, contrast, difference
from campaign_pipeline.model.game_text import TextRequest

APART = 0.1
"""Least ΔE OK between two colours: five times what is just noticed; the shipped themes keep 0.17."""
_SHAPES = ("accent", "primary", "secondary")


def colour_problems(picked: BriefColours, *, request: TextRequest) -> Iterator[str]:
    """Name what is wrong with the palette that the picked colours make together with those that are settled."""
    mine = picked.to_json()
    palette: dict[str, str] = {**request.theme_colors.to_json(), **request.given_colors, **mine}
    # What the brief has settled is not the model's fault, and not the model's to mend.
    if mine:
        yield from _faint(palette)
    for one, other in combinations(palette, 2):
        if (one in mine or other in mine) and difference(palette[one], palette[other]) < APART:
            yield (
                f"colors: {one} {palette[one]} and {other} {palette[other]} can hardly be told apart; "
                "four colours that differ clearly are expected"
            )


def _faint(palette: dict[str, str]) -> Iterator[str]:
    ground = palette["background"]
    ratios = {name: contrast(palette[name], ground) for name in _SHAPES}
    best = max(ratios, key=lambda name: ratios[name])
    if ratios[best] < LARGE_RATIO:
        yield (
            f"colors: {best} {palette[best]} has a contrast of {ratios[best]:.1f} to 1 on background {ground}, and no "
            f"other more; at least {LARGE_RATIO:g} to 1 is expected of primary, secondary or accent"
        )
