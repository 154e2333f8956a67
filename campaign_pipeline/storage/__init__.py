"""Where results are kept: the ledger (rows) and the artifact store (bytes).

Belongs here: tables, migrations, state machine, step cache, hashing, and the content-addressed store.
Does not belong here: what a step computes (skills), when it runs (building), and Dagster.
"""

from campaign_pipeline.storage.answers import KeptAnswer
from campaign_pipeline.storage.artifact_store import (
    ArtifactStore,
    Leftover,
    LeftoverKind,
    ListedBlob,
    StoredBlob,
    Verification,
)
from campaign_pipeline.storage.empty_ledger import EmptyLedger
from campaign_pipeline.storage.leases import Lease, LeaseLostError
from campaign_pipeline.storage.ledger import Housekeeping, Ledger, TenantLedger
from campaign_pipeline.storage.local_store import LocalArtifactStore
from campaign_pipeline.storage.locked_run import RunEndedError
from campaign_pipeline.storage.reconciling import ActiveRun, Ending
from campaign_pipeline.storage.records import (
    ArtifactRecord,
    CacheRecord,
    NewArtifact,
    NewCacheEntry,
    RunRecord,
    StepRecord,
)
from campaign_pipeline.storage.states import IllegalTransitionError, RunStatus, RunStepStatus
from campaign_pipeline.storage.store_address import artifact_store

__all__ = [
    "ActiveRun",
    "ArtifactRecord",
    "ArtifactStore",
    "CacheRecord",
    "EmptyLedger",
    "Ending",
    "Housekeeping",
    "IllegalTransitionError",
    "KeptAnswer",
    "Lease",
    "LeaseLostError",
    "Ledger",
    "Leftover",
    "LeftoverKind",
    "ListedBlob",
    "LocalArtifactStore",
    "NewArtifact",
    "NewCacheEntry",
    "RunEndedError",
    "RunRecord",
    "RunStatus",
    "RunStepStatus",
    "StepRecord",
    "StoredBlob",
    "TenantLedger",
    "Verification",
    "artifact_store",
]
