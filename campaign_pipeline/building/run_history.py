"""What is recorded of a run by whoever launched it: the port to a record that is not the ledger's.

Belongs here: where a run can stand in that record, and the port; and the empty record, for where nobody keeps one.
Does not belong here: Dagster's record (orchestration.history), or what is concluded from it (building.reconciler).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaign_pipeline.storage import Ending


class Standing(StrEnum):
    """Where a run stands."""

    LIVE = "live"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class RecordedRun:
    """A run as the record has it.

    Args:
        reason: Why it failed, in the record's words.
    """

    standing: Standing
    reason: str = ""


class RunHistory(ABC):
    """A record of runs beside the ledger's."""

    @abstractmethod
    def look_up(self, run_ids: Sequence[str]) -> Mapping[str, RecordedRun]:
        """Tell where runs stand; those that it does not know are left out, and those it cannot read count as live."""

    def under_way(self) -> Sequence[str]:
        """Name the runs that it takes to be under way; none where it cannot tell."""
        return ()

    @abstractmethod
    def report(self, run_id: str, ending: Ending) -> None:
        """Record how a run ended that it takes to be going on; one that it does not know, or that ended, stays."""

    def close(self, run_id: str, ending: Ending | None) -> None:
        """Record how a run has ended that it takes to be going on, though nobody works on the run any more.

        Args:
            ending: None where it completed.
        """
        if ending is not None:
            self.report(run_id, ending)


class NoHistory(RunHistory):
    """The record of nobody."""

    def look_up(self, run_ids: Sequence[str]) -> Mapping[str, RecordedRun]:
        """Know none of them."""
        del run_ids
        return {}

    def report(self, run_id: str, ending: Ending) -> None:
        """Have nothing to record it in."""
