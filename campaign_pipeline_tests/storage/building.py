"""What the ledger's tests build from: runs and results with as few words as possible."""

from datetime import timedelta
from uuid import uuid4

from campaign_pipeline.model.digest import ContentHash, content_hash
from campaign_pipeline.model.steps import STEP_BY_ID
from campaign_pipeline.storage import ArtifactRecord, NewArtifact, NewCacheEntry, RunRecord, TenantLedger
from campaign_pipeline.storage.hashing import CacheScope, cache_key
from campaign_pipeline.storage.worker import Worker

ALL_STEPS = ("game_config", "bgm", "game_bundle", "campaign_manifest")


def hash_of(step_id: str) -> ContentHash:
    return content_hash(f"what {step_id} reads".encode())


def open_run(
    tenant: TenantLedger,
    *,
    step_ids: tuple[str, ...] = ALL_STEPS,
    campaign_id: str = "summer",
    run_id: str | None = None,
    root_run_id: str | None = None,
    worker: Worker | None = None,
) -> RunRecord:
    run_id = run_id or str(uuid4())
    return tenant.open_run(
        run_id,
        workflow_name="campaign.build",
        workflow_version="1.0.0",
        campaign_id=campaign_id,
        trigger={"campaign_id": campaign_id, "brief": None},
        step_ids=step_ids,
        root_run_id=root_run_id or run_id,
        worker=worker,
    )


def artifact_of(step_id: str, *, data: bytes = b"result") -> NewArtifact:
    digest = content_hash(data)
    return NewArtifact(
        type=STEP_BY_ID[step_id].artifact_type,
        uri=f"sha256/{digest[7:9]}/{digest[7:]}",
        content_hash=digest,
        size_bytes=len(data),
        filename=f"{step_id}.bin",
        metadata={"made_by": step_id},
    )


def entry_for(
    tenant: TenantLedger,
    step_id: str,
    *,
    scope: CacheScope = "global",
    lifetime: timedelta | None = None,
    root_run_id: str | None = None,
) -> NewCacheEntry:
    key = cache_key(
        hash_of(step_id), tenant_id=tenant.tenant_id, step_id=step_id, scope=scope, root_run_id=root_run_id
    )
    return NewCacheEntry(cache_key=key, input_hash=hash_of(step_id), scope=scope, lifetime=lifetime)


def begin(tenant: TenantLedger, run: RunRecord, step_id: str) -> None:
    tenant.start_step(run.id, step_id, input_hash=hash_of(step_id), attempt=1)


def produce(
    tenant: TenantLedger,
    run: RunRecord,
    step_id: str,
    *,
    data: bytes = b"result",
    cache: NewCacheEntry | None = None,
) -> ArtifactRecord:
    begin(tenant, run, step_id)
    return tenant.publish(
        run.id, step_id, artifact=artifact_of(step_id, data=data), cache=cache, duration_ms=12
    )


def reuse(tenant: TenantLedger, run: RunRecord, step_id: str, *, artifact_id: str) -> None:
    tenant.record_hit(
        run.id,
        step_id,
        input_hash=hash_of(step_id),
        artifacts=[artifact_id],
        diagnostics={"cache": {"hit": True}},
    )
