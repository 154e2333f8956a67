"""Waiting for one's turn: of all who want to produce the same thing, one does, and the others wait for what it makes.

Belongs here: how long and how often somebody who waits looks again.
Does not belong here: leases (storage), or what is done under one (building.build, building.answer_book).
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from campaign_pipeline.errors import CampaignError
from campaign_pipeline.model.digest import ContentHash
from campaign_pipeline.storage import Lease, TenantLedger

_FIRST_LOOK_S, _LAST_LOOK_S, _GROWTH = 0.05, 0.5, 1.4


class Claims:
    """The leases of one run in one process."""

    def __init__(self, ledger: TenantLedger, *, run_id: str) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._held: dict[str, Lease] = {}

    def claim(
        self, key: ContentHash, *, subject: str, on_wait: Callable[[str], None] = lambda _: None
    ) -> Lease:
        """Take a lease, as soon as nobody else holds it.

        The wait has no end of its own: whoever holds the lease lives, or it is free within a minute or so.

        Args:
            on_wait: Told once, before the first wait, which run holds it.
        """
        pauses, told, holder = _pauses(), False, None
        while True:
            if holder is None:
                lease = self._ledger.take_lease(key, subject=subject, run_id=self._run_id)
                if lease is not None:
                    self._held[lease.holder] = lease
                    return lease
            time.sleep(next(pauses))
            holder = self._ledger.lease_holder(key)
            if holder is not None and not told:
                on_wait(holder)
                told = True

    def renew(self) -> None:
        """Hold on to what is held; where nothing is, nothing is written."""
        holders = list(self._held)
        if holders:
            self._ledger.renew_leases(holders)

    def give_back(self, lease: Lease) -> None:
        """Let others have it; where the ledger cannot be told, it is free when it expires: it is renewed no more."""
        self._held.pop(lease.holder, None)
        _tell(partial(self._ledger.give_back, lease))

    def end(self, lease: Lease) -> None:
        """Let others have it, without what waits in it; where the ledger cannot be told, as above."""
        self._held.pop(lease.holder, None)
        _tell(partial(self._ledger.end_lease, lease))

    def was_ended(self, lease: Lease) -> None:
        """Take note that the ledger has ended it, with what was published."""
        self._held.pop(lease.holder, None)


def _tell(give_up: Callable[[], None]) -> None:
    """Tell the ledger that a lease is free, twice if it must be: a connection that was cut is soon another."""
    for _ in range(2):
        with suppress(CampaignError):
            give_up()
            return


def _pauses() -> Iterator[float]:
    """Look often at first, for most work is short, and never in step with the others who wait."""
    pause_s = _FIRST_LOOK_S
    while True:
        yield pause_s * random.uniform(0.7, 1.3)  # noqa: S311  spreads load, guards nothing
        pause_s = min(pause_s * _GROWTH, _LAST_LOOK_S)
