"""Errors on their way through Dagster.

Belongs here: turning a CampaignError into what Dagster understands, and a failed step back into the ledger.
Does not belong here: what the ledger makes of it (storage), or ends that no hook sees, such as a kill.
"""

import dagster as dg

from campaign_pipeline.building.builder import Builder
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.steps import STEPS
from campaign_pipeline.orchestration.interrupts import INTERRUPTS, ending_of, interruption
from campaign_pipeline.orchestration.outages import as_outage
from campaign_pipeline.orchestration.resources import TriggerResource
from campaign_pipeline.orchestration.runs import run_order

RETRIES = dg.RetryPolicy(max_retries=2, delay=1, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)
"""For what a retry can help; every other failure says allow_retries=False."""


def as_failure(error: Exception | KeyboardInterrupt | dg.DagsterExecutionInterruptedError) -> dg.Failure:
    """Tell Dagster of an error in the words that the ledger keeps; it retries only where a retry can help.

    What nobody foresaw is no different the second time: it is not tried again either. Nor is an interrupt, which
    Dagster would answer with a retry wherever an asset has a retry policy; the hook below lets it go on.
    """
    known = interruption() if isinstance(error, INTERRUPTS) else _known(error)
    if known is None:
        return dg.Failure(description=_unforeseen(error), allow_retries=False)
    metadata = {"code": known.code.value}
    return dg.Failure(description=str(known), metadata=metadata, allow_retries=known.retryable)


def words_of(error: BaseException | None) -> str:
    """Find the words that a person should read in what Dagster has wrapped around them."""
    seen = error
    while seen is not None:
        if isinstance(seen, dg.Failure) and seen.description:
            return seen.description
        known = _known(seen)
        if known is not None:
            return str(known)
        seen = seen.__cause__
    return _unforeseen(error)


def _known(error: BaseException) -> CampaignError | None:
    """Give the error that has words for people: ours as it is, or an outage of Dagster's own storage."""
    return error if isinstance(error, CampaignError) else as_outage(error)


def _unforeseen(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}"


@dg.failure_hook(required_resource_keys={"builder", "trigger"})
def record_failure(context: dg.HookContext) -> None:
    """Fail the step in the ledger, whether its body, inputs or output failed for good; an interrupt ends the run.

    Raises:
        DagsterExecutionInterruptedError: The step was interrupted. From here it stops the whole run, as it should;
            out of a step with a retry policy it would not.
    """
    run = context.instance.get_run_by_id(context.run_id)
    if run is None:
        return
    words = words_of(context.op_exception)
    interrupted = _tells_of_an_interrupt(words)
    try:
        _record(context, run, words, interrupted=interrupted)
    except CampaignError as error:
        # A run that names no campaign, or a ledger out of reach: there is no row to write it in.
        context.log.warning("the failure is in no table: %s", error)
    if interrupted:
        raise dg.DagsterExecutionInterruptedError


@dg.failure_hook
def pass_interrupts_on(context: dg.HookContext) -> None:
    """Let an interrupt stop the run also where the step has a retry policy, and no row in the ledger.

    Raises:
        DagsterExecutionInterruptedError: The step was interrupted.
    """
    if _tells_of_an_interrupt(words_of(context.op_exception)):
        raise dg.DagsterExecutionInterruptedError


def _tells_of_an_interrupt(words: str) -> bool:
    return words.startswith(f"{ErrorCode.CANCELLED.value}: ")


def _record(context: dg.HookContext, run: dg.DagsterRun, words: str, *, interrupted: bool) -> None:
    builder: Builder = context.resources.builder
    trigger: TriggerResource = context.resources.trigger
    order = run_order(run, trigger=trigger, step_ids=tuple(step.step_id for step in STEPS))
    if interrupted:
        builder.end(order, ending_of(run, words=words))
    else:
        builder.record_failure(order, step_id=context.op.name, error=words)
