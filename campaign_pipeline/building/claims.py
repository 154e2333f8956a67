"""Waiting for one's turn: of all who want to produce the same thing, one does, and the others wait for what it makes.

Belongs here: how long and how often somebody who waits looks again.
Does not belong here: leases (storage), or what is done under one (building.build, building.answer_book).
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from campaign_pipeline.errors import CampaignError
from campaign_pipeline.model.digest import ContentHash
from campaign_pipeline.storage import Lease, TenantLedger

_FIRST_LOOK_S, _LAST_LOOK_S, _GROWTH = 0.05, 0.5, 1.4


class Claims:
    """The leases of one run."""

    def __init__(self, ledger: TenantLedger, *, run_id: str) -> None:
        self._ledger = ledger
        self._run_id = run_id

    def claim(
        self, key: ContentHash, *, subject: str, on_wait: Callable[[str], None] = lambda _: None
    ) -> Lease:
        """Take a lease, as soon as nobody else holds it.

        The wait has no end of its own: whoever holds the lease lives, or it is free within a minute.

        Args:
            on_wait: Told once, before the first wait, which run holds it.
        """
        pauses, told = _pauses(), False
        while True:
            lease = self._ledger.take_lease(key, subject=subject, run_id=self._run_id)
            if lease is not None:
                return lease
            holder = self._ledger.lease_holder(key)
            while holder is not None:
                if not told:
                    on_wait(holder)
                    told = True
                time.sleep(next(pauses))
                holder = self._ledger.lease_holder(key)

    def give_back(self, lease: Lease) -> None:
        """Let others have it; where the ledger cannot be told, it is free within a minute all the same."""
        with suppress(CampaignError):
            self._ledger.give_back(lease)


def _pauses() -> Iterator[float]:
    """Look often at first, for most work is short, and never in step with the others who wait."""
    pause_s = _FIRST_LOOK_S
    while True:
        yield pause_s * random.uniform(0.7, 1.3)  # noqa: S311  spreads load, guards nothing
        pause_s = min(pause_s * _GROWTH, _LAST_LOOK_S)
