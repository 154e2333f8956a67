"""What is verified of a game's configuration before it is anybody's.

Belongs here: the verdicts on a configuration, and the error of one that must not be used.
Does not belong here: the rules themselves (model.game_config, games), their version (the skill's VERIFIER).
"""

from collections.abc import Sequence

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.games.legibility import Reading, readings
from campaign_pipeline.games.mechanics import check_mechanics
from campaign_pipeline.games.template import Template
from campaign_pipeline.model.brief import Brief
from campaign_pipeline.model.checks import Check
from campaign_pipeline.model.contrast import LARGE_RATIO, TEXT_RATIO
from campaign_pipeline.model.game_config import GameConfig


def config_checks(config: GameConfig, *, template: Template) -> tuple[Check, ...]:
    """Verify a configuration as it will be written.

    Raises:
        CampaignError: VALIDATION_ERROR, its mechanics are not what the template's schema takes.
    """
    # The mechanics hold what a model wrote, and nothing has looked at them since.
    check_mechanics(config.mechanics, spec=template.spec.mechanics)
    valid = Check(
        name="valid",
        passed=True,
        found=f"GameConfig, with mechanics as {template.template_id} {template.version} takes them",
        right="both hold",
    )
    return valid, contrast_check(readings(config.visuals.colors))


def contrast_check(found: Sequence[Reading]) -> Check:
    """Give the verdict on a game's words: it is that on those which are nearest to their limit.

    A game picks inks that can be read on whatever colours there are; this is what holds it to that.
    """
    worst = min(found, key=lambda reading: reading.ratio / reading.least)
    return Check(
        name="contrast",
        passed=worst.ratio >= worst.least,
        found=f"{worst.ratio:.2f} to 1 for {worst.name} ({worst.ink} on {worst.ground})",
        right=f"at least {TEXT_RATIO:g} to 1 for words and {LARGE_RATIO:g} to 1 for large ones",
        value=round(worst.ratio, 2),
    )


def refuse_failed(checks: Sequence[Check], *, brief: Brief) -> None:
    """Stop a configuration that was found wrong.

    Raises:
        CampaignError: VALIDATION_ERROR where colours of the brief's own are in it, else GENERATION_FAILED.
    """
    for check in checks:
        if not check.passed:
            own = ", ".join(f"{name} {colour}" for name, colour in brief.colors.to_json().items())
            code = ErrorCode.VALIDATION_ERROR if own else ErrorCode.GENERATION_FAILED
            raise CampaignError(code, f"colors{f' ({own})' if own else ''}: {check.fault}")
