"""What a collection did, or would do.

Belongs here: the counts, and the form that scripts read.
Does not belong here: doing it (building.collector), or drawing it (commands.gc).
"""

from dataclasses import dataclass

from campaign_pipeline.model.digest import JsonObject


@dataclass(frozen=True, kw_only=True)
class Collection:
    """What went, or would go: rows by kind, files by kind, bytes.

    Args:
        dry_run: Nothing was changed: these are the counts of what would be.
        tenant_id: Whose rows were looked at; None for everybody's.
        blobs_kept: Blobs that somebody refers to, or that are too young to be judged.
    """

    dry_run: bool
    tenant_id: str | None
    cache_entries: int
    provider_answers: int
    leases: int
    runs_trimmed: int
    artifacts: int
    runs: int
    blobs: int
    unfinished: int
    quarantined: int
    bytes_freed: int
    blobs_kept: int

    @property
    def found_nothing(self) -> bool:
        """Whether there was nothing to collect."""
        kept = {"dry_run", "tenant_id", "blobs_kept"}
        return not any(count for name, count in vars(self).items() if name not in kept)

    def to_json(self) -> JsonObject:
        """Give the form that scripts read."""
        return dict(vars(self))
