"""The two ways to clean up: taking things away, and only counting them.

Belongs here: what is done with each thing that a collection has found, for good or as a rehearsal.
Does not belong here: finding it (building.collector).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime

from campaign_pipeline.storage import ArtifactStore, Leftover, ListedBlob
from campaign_pipeline.storage.cleaning import Cleaning
from campaign_pipeline.storage.collecting import Expired, Horizon
from campaign_pipeline.storage.compact_set import CompactSet
from campaign_pipeline.storage.referring import Referrer
from campaign_pipeline.storage.retaining import Removal


class Broom(ABC):
    """What is done with what a collection has found."""

    def __init__(self, ledger: Cleaning, store: ArtifactStore) -> None:
        self.ledger = ledger
        self.store = store

    @abstractmethod
    def expired(self, horizon: Horizon) -> Iterator[Expired]:
        """Take what has expired, batch by batch."""

    @abstractmethod
    def past(self, removal: Removal) -> Removal:
        """Take what is not kept of past runs, and tell what went."""

    @abstractmethod
    def referrers(self, horizon: Horizon) -> Iterator[Referrer]:
        """Walk what still refers to bytes."""

    @abstractmethod
    def blob(self, blob: ListedBlob, *, untouched_since: datetime) -> bool:
        """Take a blob, unless it is young, and tell whether it went."""

    @abstractmethod
    def leftover(self, leftover: Leftover, *, untouched_since: datetime) -> bool:
        """Take a leftover, unless it is young, and tell whether it went."""


class Sweep(Broom):
    """Takes it away."""

    def expired(self, horizon: Horizon) -> Iterator[Expired]:
        """Delete rows; see the base."""
        while batch := self.ledger.delete_expired(horizon):
            yield batch

    def past(self, removal: Removal) -> Removal:
        """Delete and trim rows; see the base."""
        return self.ledger.remove(removal)

    def referrers(self, horizon: Horizon) -> Iterator[Referrer]:
        """Walk the tables as they are by now; see the base."""
        del horizon  # all that is behind it is gone
        return self.ledger.referrers()

    def blob(self, blob: ListedBlob, *, untouched_since: datetime) -> bool:
        """Remove bytes; see the base."""
        return self.store.remove(blob.content_hash, untouched_since=untouched_since)

    def leftover(self, leftover: Leftover, *, untouched_since: datetime) -> bool:
        """Remove bytes; see the base."""
        return self.store.remove_leftover(leftover, untouched_since=untouched_since)


class Rehearsal(Broom):
    """Counts the same, and changes nothing: what would be gone is left out of what comes after it."""

    def __init__(self, ledger: Cleaning, store: ArtifactStore) -> None:
        super().__init__(ledger, store)
        self._gone = CompactSet()

    def expired(self, horizon: Horizon) -> Iterator[Expired]:
        """Count rows; see the base."""
        yield self.ledger.count_expired(horizon)

    def past(self, removal: Removal) -> Removal:
        """Remember what would be gone; see the base."""
        self._gone.update([*removal.artifacts, *removal.runs])
        return removal

    def referrers(self, horizon: Horizon) -> Iterator[Referrer]:
        """Walk what would be left; see the base."""
        return (
            referrer
            for referrer in self.ledger.referrers(behind=horizon)
            if referrer.kind not in {"artifact", "run"} or referrer.id not in self._gone
        )

    def blob(self, blob: ListedBlob, *, untouched_since: datetime) -> bool:
        """Look at its age; see the base."""
        return blob.touched_at < untouched_since

    def leftover(self, leftover: Leftover, *, untouched_since: datetime) -> bool:
        """Look at its age; see the base."""
        return leftover.touched_at < untouched_since
