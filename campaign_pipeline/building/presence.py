"""This process at work on one run: it says so when it comes, at intervals, and when it goes.

Belongs here: the signs of life of one run's work in one process.
Does not belong here: when a process comes and goes (building.builder), or what silence means (building.reconciler).
"""

import logging
from functools import partial

from campaign_pipeline.building.claims import Claims
from campaign_pipeline.building.heartbeat import Heartbeat
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.storage import RunRecord, TenantLedger
from campaign_pipeline.storage.states import ACTIVE_RUN
from campaign_pipeline.storage.worker import this_worker

_log = logging.getLogger(__name__)


class Presence:
    """A process's work on a run, from the constructor to `end`; `claims` are the leases that it holds for it."""

    def __init__(self, ledger: TenantLedger, run: RunRecord) -> None:
        self.run_id = run.id
        self._ledger = ledger
        if run.status in ACTIVE_RUN and run.worker != this_worker():
            # Another process of this run made the row, and has ended its part.
            ledger.beat(run.id)
        self.claims = Claims(ledger, run_id=run.id)
        # Leases first: to lose one costs more than to look silent for a moment longer.
        self._heartbeat = Heartbeat([self.claims.renew, partial(ledger.beat, run.id)])
        self._heartbeat.start()

    def end(self) -> bool:
        """Work on it no more.

        Returns:
            Whether the run goes on without this process; False where that cannot be told.
        """
        self._heartbeat.stop()
        try:
            return self._ledger.step_back(self.run_id)
        except CampaignError as error:
            _log.warning("run %s: that this process ends its part was not recorded: %s", self.run_id, error)
            return False
