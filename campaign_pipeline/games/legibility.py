"""What the games' runtime draws words on, and how well they can be read there.

Belongs here: the pairs of ink and ground that follow from a game's four colours.
Does not belong here: the maths (model.contrast); segments and the like, whose colours a game's own script sees to.

It says what `paintPage` of the runtime does; a test holds the two against each other in a browser.
"""

from dataclasses import dataclass

from campaign_pipeline.model.contrast import LARGE_RATIO, TEXT_RATIO, contrast, ink_on, mix
from campaign_pipeline.model.game_config import Palette

_BUTTON_INK_RATIO = 3.1
_LIFT_RATIO = 5.5
_LIFT_SHARES = (0.55, 0.45, 0.35, 0.25, 0.15)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Words on a ground.

    Args:
        name: Which words on what.
        least: The contrast that they need.
    """

    name: str
    ink: str
    ground: str
    least: float

    @property
    def ratio(self) -> float:
        """The contrast that they have."""
        return contrast(self.ink, self.ground)


def readings(colors: Palette) -> list[Reading]:
    """Give every pair of words and ground that a palette leads to."""
    background, face = colors.background, mix(colors.accent, "#ffffff", 0.12)
    ink, button_ink = ink_on(background), ink_on(face, ratio=_BUTTON_INK_RATIO)
    panel = _panel(colors, dark=ink == "#ffffff")
    panel_ink = ink_on(panel)
    tones = (colors.accent, colors.secondary, colors.primary)
    prize = next((tone for tone in tones if contrast(tone, panel) >= TEXT_RATIO), panel_ink)
    return [
        Reading(name="words on the background", ink=ink, ground=background, least=TEXT_RATIO),
        Reading(name="words on the tinted background", ink=ink, ground=_lift(colors, ink), least=TEXT_RATIO),
        Reading(name="words on the result's panel", ink=panel_ink, ground=panel, least=TEXT_RATIO),
        Reading(name="the prize on the result's panel", ink=prize, ground=panel, least=TEXT_RATIO),
        Reading(name="the label on the button", ink=button_ink, ground=face, least=LARGE_RATIO),
        Reading(
            name="the label on the button's edge", ink=button_ink, ground=colors.accent, least=LARGE_RATIO
        ),
    ]


def _panel(colors: Palette, *, dark: bool) -> str:
    if dark:
        return mix(mix(colors.background, colors.primary, 0.28), "#ffffff", 0.05)
    return mix(colors.background, "#ffffff", 0.85)


def _lift(colors: Palette, ink: str) -> str:
    """Tint the background with the primary colour, as far as words stay readable."""
    tints = (mix(colors.background, colors.primary, share) for share in _LIFT_SHARES)
    return next((tint for tint in tints if contrast(ink, tint) >= _LIFT_RATIO), colors.background)
