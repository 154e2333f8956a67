"""Ctrl-C, a cancel and a signal, as they reach a run.

Belongs here: what Dagster raises for them, in which words they are told, and how a run ends by them.
Does not belong here: where they are caught (assets, io_managers, resources), or runs that nobody could catch one for.
"""

import dagster as dg

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage import Ending, RunStatus
from campaign_pipeline.storage.worker import this_worker

INTERRUPTS = (KeyboardInterrupt, dg.DagsterExecutionInterruptedError)
"""Neither is an Exception, so that nothing takes them for a failure by mistake."""

_ASKED_FOR = frozenset({dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED})


def interruption() -> CampaignError:
    """Word that this process was interrupted."""
    worker = this_worker()
    message = f"process {worker.pid} on {worker.host} was interrupted while it worked: by Ctrl-C, a cancel or a signal"
    return CampaignError(ErrorCode.CANCELLED, message)


def ending_of(run: dg.DagsterRun | None, *, words: str) -> Ending:
    """Tell how an interrupt ends a run: as Dagster does, which records a failure unless it was asked to cancel."""
    asked = run is not None and run.status in _ASKED_FOR
    return Ending(status=RunStatus.CANCELLED if asked else RunStatus.FAILED, error=words)
