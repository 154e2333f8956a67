"""What was verified of each artifact, as asset checks: one property each.

Belongs here: which properties of which asset the UI lists, and reporting the verdicts that stand in an artifact's
metadata, so that a hit reports them too and nothing is measured again.
Does not belong here: verifying (skills, providers.finishing): by the time a check could fail, the step has failed.
"""

from collections.abc import Iterator, Mapping

import dagster as dg

from campaign_pipeline.building.build import StepOutcome
from campaign_pipeline.model.checks import checks_of
from campaign_pipeline.model.steps import StepId

PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "game_config": {
        "valid": "It satisfies the data model, and its mechanics satisfy the template's schema.",
        "contrast": "The words that are drawn in its colours can be read (WCAG 2.2, 1.4.3).",
    },
    "bgm": {
        "duration": "It is as long as asked, to the sample.",
        "channels": "It has as many channels as asked.",
        "sample_rate": "It has the sample rate that was asked.",
        "loudness": "Its integrated loudness (BS.1770-4) is what every campaign's is.",
        "true_peak": "No swing between its samples is too high for a player's converter.",
        "dc": "It swings around its middle.",
        "seam": "Where it loops, the step from its end to its beginning is no larger than an ordinary one.",
        "spectrum": "It is neither noise, nor rumble, nor a hiss.",
    },
}


_NOT_ASKED = "not asked of this artifact"
_NEVER_VERIFIED = "this artifact was never verified"


def check_specs(step_id: StepId) -> list[dg.AssetCheckSpec]:
    """Declare the checks of a step's asset."""
    properties = PROPERTIES.get(step_id, {})
    return [
        dg.AssetCheckSpec(name, asset=step_id, description=description)
        for name, description in properties.items()
    ]


def check_results(outcome: StepOutcome) -> Iterator[dg.AssetCheckResult]:
    """Report the verdicts that an artifact carries.

    A check's page shows the newest one of any campaign, so each says whose it is: checks by partition are a preview.
    """
    campaign = f"{outcome.tenant_id}/{outcome.campaign_id}"
    kept = {check.name: check for check in checks_of(outcome.artifact.metadata)}
    for name in PROPERTIES.get(outcome.step_id, {}):
        check = kept.get(name)
        if check is None:
            # Such as the seam of music that does not loop; what was made before there were verdicts has none at all.
            yield dg.AssetCheckResult(
                check_name=name,
                passed=bool(kept),
                severity=dg.AssetCheckSeverity.WARN,
                description=f"{campaign}: {_NOT_ASKED if kept else _NEVER_VERIFIED}",
                metadata={"campaign": campaign},
            )
            continue
        value = {} if check.value is None else {"value": dg.MetadataValue.float(float(check.value))}
        yield dg.AssetCheckResult(
            check_name=name,
            passed=check.passed,
            description=f"{campaign}: {check.found}; {check.right} is right",
            metadata={"campaign": campaign, "found": check.found, "right": check.right, **value},
        )
