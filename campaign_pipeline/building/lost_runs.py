"""Runs that are over and have not been ended, for whoever looks and changes nothing.

Belongs here: finding them, and wording one as an audit's problem.
Does not belong here: ending them, or the judgement itself (reconciler).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from campaign_pipeline.building.audit import Problem
from campaign_pipeline.building.reconciler import RUNS_A_PAGE, judge
from campaign_pipeline.building.run_history import RunHistory
from campaign_pipeline.storage import ActiveRun, Ledger, RunRecord


@dataclass(frozen=True, kw_only=True)
class LostRun:
    """A run that the reconciler would end, and in which words."""

    run: RunRecord
    error: str

    @property
    def problem(self) -> Problem:
        """Word it as an audit does."""
        key = f"{self.run.tenant_id}/{self.run.campaign_id}"
        return Problem(
            kind="run",
            tenant_id=self.run.tenant_id,
            subject=f"run {self.run.id}",
            message=f"is {self.run.status.value}, but seems to be over: {self.error}",
            advice=f"campaign show {key} ends it, as does the next build of anything",
            run_id=self.run.id,
        )


def seemingly_lost(ledger: Ledger, *, among: Sequence[str] = ()) -> list[ActiveRun]:
    """Find runs that seem to be over as far as the ledger knows; without asking for some, of all."""
    return [
        run for run in _active(ledger) if (not among or run.run.id in among) and judge(run, None) is not None
    ]


def lost(seeming: Sequence[ActiveRun], history: RunHistory) -> list[LostRun]:
    """Keep of them those that are over for their launcher too."""
    recorded = history.look_up([run.run.id for run in seeming])
    endings = [(run.run, judge(run, recorded.get(run.run.id))) for run in seeming]
    return [LostRun(run=run, error=ending.error) for run, ending in endings if ending is not None]


def _active(ledger: Ledger) -> Iterator[ActiveRun]:
    reconciling = ledger.housekeeping("verify")
    page = reconciling.active_runs(limit=RUNS_A_PAGE)
    while page:
        yield from page
        page = reconciling.active_runs(limit=RUNS_A_PAGE, after=page[-1])
