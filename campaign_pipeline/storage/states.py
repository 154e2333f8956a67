"""The states of runs and steps, and which may follow which.

Belongs here: the contract's transitions, and the error for all others.
Does not belong here: when a transition is due (locked_run), or the database's own guard (migrations).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from campaign_pipeline.errors import CampaignError, ErrorCode


class RunStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RunStepStatus(StrEnum):
    """Where a step of a run stands; it is `running` only while it produces."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


RUN_TRANSITIONS: Mapping[RunStatus | None, frozenset[RunStatus]] = {
    None: frozenset({RunStatus.QUEUED}),
    RunStatus.QUEUED: frozenset({RunStatus.RUNNING, RunStatus.CANCELLED}),
    RunStatus.RUNNING: frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}),
    RunStatus.COMPLETED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
}
"""From each status, where a run may go; from None (no row yet), how it begins."""

STEP_TRANSITIONS: Mapping[RunStepStatus | None, frozenset[RunStepStatus]] = {
    None: frozenset({RunStepStatus.PENDING}),
    RunStepStatus.PENDING: frozenset({RunStepStatus.RUNNING, RunStepStatus.SKIPPED}),
    RunStepStatus.RUNNING: frozenset({RunStepStatus.COMPLETED, RunStepStatus.FAILED}),
    RunStepStatus.COMPLETED: frozenset(),
    RunStepStatus.FAILED: frozenset(),
    RunStepStatus.SKIPPED: frozenset(),
}
"""From each status, where a step may go; from None (no row yet), how it begins."""

ACTIVE_RUN = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})
ACTIVE_STEP = frozenset({RunStepStatus.PENDING, RunStepStatus.RUNNING})

_Status = TypeVar("_Status", RunStatus, RunStepStatus)


class IllegalTransitionError(CampaignError):
    """A run or a step was to go where the contract does not let it go."""


def check_transition(
    subject: str, *, old: _Status | None, new: _Status, allowed: Mapping[_Status | None, frozenset[_Status]]
) -> None:
    """Refuse a change of status that the contract does not know; staying where one is changes nothing.

    Args:
        subject: What is about to change, as the message names it.
        old: None where there is no row yet.

    Raises:
        IllegalTransitionError: Naming both statuses, and those that were right.
    """
    if old == new or new in allowed[old]:
        return
    right = " or ".join(sorted(allowed[old])) or "no other status: it is final"
    before = "a new row" if old is None else old.value
    message = f"{subject}: status goes from {before} to {new.value}, but may only go to {right}"
    raise IllegalTransitionError(ErrorCode.VALIDATION_ERROR, message)
