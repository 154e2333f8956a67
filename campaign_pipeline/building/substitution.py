"""Who steps in where a provider has failed.

Belongs here: after which errors another provider is asked, and what is told of it.
Does not belong here: which providers a run may turn to (building.choices), how one is asked (providers).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from campaign_pipeline.building.calls import StepCall
from campaign_pipeline.building.production import Made
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import JsonObject

_ANOTHER_MAY_DO_BETTER = frozenset(
    {ErrorCode.PROVIDER_ERROR, ErrorCode.GENERATION_FAILED, ErrorCode.BUDGET_EXCEEDED}
)


@dataclass(frozen=True, kw_only=True)
class Substitution:
    """What a step came to, and which call it is the answer to: the one that was asked, or one that stood in for it.

    Args:
        failures: Who failed before, and of what, in the order in which they were asked.
    """

    made: Made
    call: StepCall
    failures: Sequence[CampaignError] = ()
    failed: Sequence[str] = ()

    @property
    def diagnostics(self) -> JsonObject:
        """Say who stepped in for whom; nothing where nobody did."""
        if not self.failures:
            return {}
        failures = [
            {"provider": provider, "error": str(error)}
            for provider, error in zip(self.failed, self.failures, strict=True)
        ]
        return {"fallback": {"provider": self.call.provider, "instead_of": failures}}


def first_that_answers(call: StepCall, make: Callable[[StepCall], Made]) -> Substitution:
    """Make a call's product by the provider that was asked, or by the first of its substitutes that can.

    Raises:
        CampaignError: What nobody else could do better, as it is; or why all of them failed, in one.
    """
    failures: list[CampaignError] = []
    failed: list[str] = []
    asked = call
    for substitute in (*call.substitutes, None):
        try:
            return Substitution(made=make(asked), call=asked, failures=failures, failed=failed)
        except CampaignError as error:
            # One that is set up wrongly cannot stand in; it must not hide why somebody had to.
            cannot = asked is not call and error.code is ErrorCode.VALIDATION_ERROR
            if error.code not in _ANOTHER_MAY_DO_BETTER and not cannot:
                raise
            failures.append(error)
            failed.append(asked.provider)
        if substitute is not None:
            asked = substitute()
    raise _all_failed(failures, failed)


def _all_failed(failures: Sequence[CampaignError], failed: Sequence[str]) -> CampaignError:
    first, *others = failures
    if not others:
        return first
    told = "; ".join(
        f"{name} stood in and failed: {error.message}" for name, error in zip(failed[1:], others, strict=True)
    )
    return CampaignError(
        first.code, f"{first.message}; {told}", retryable=any(error.retryable for error in failures)
    )
