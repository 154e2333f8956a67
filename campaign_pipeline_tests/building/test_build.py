"""The order of effects around a skill: what the tables say of a step, however far it came."""

from pathlib import Path

import pytest

from campaign_pipeline.building.build import Build
from campaign_pipeline.building.calls import Product, StepCall
from campaign_pipeline.building.trigger import ProviderChoice, Trigger
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.steps import STEP_BY_ID
from campaign_pipeline.settings import CacheChoice, Settings
from campaign_pipeline.storage import ArtifactStore, Ledger, LocalArtifactStore, RunStepStatus, Verification
from campaign_pipeline.storage.hashing import cache_key
from campaign_pipeline_tests.storage.building import artifact_of, open_run

TENANT, CAMPAIGN = "demo", "summer"
TRIGGER = Trigger(
    tenant_id=TENANT,
    campaign_id=CAMPAIGN,
    template_id="spin_wheel_v1",
    brief={},
    overrides={},
    base_run_id=None,
    cache=CacheChoice(),
    launched_by="test",
    files={},
    text=ProviderChoice(provider="template"),
    audio=ProviderChoice(provider="stub"),
)


class UnreadableStore(LocalArtifactStore):
    """A store whose disk fails."""

    def verify(self, content_hash: str, *, size_bytes: int | None = None) -> Verification:
        del content_hash, size_bytes
        raise CampaignError(ErrorCode.STORE_UNAVAILABLE, "the disk fails")


def _tone() -> Product:
    return Product(data=b"tone", filename="bgm.mp3", describe=lambda _: {})


CALL = StepCall(step=STEP_BY_ID["bgm"], version="1", params={"bpm": 120}, inputs={}, produce=_tone)


def test_a_step_that_is_made_runs_with_its_hash_while_it_produces(ledger: Ledger, tmp_path: Path) -> None:
    build = _build(ledger, LocalArtifactStore(tmp_path))

    outcome = build.run_step(CALL, attempt=1)

    [step] = ledger.tenant(TENANT).steps(build.run.id)
    assert not outcome.cache_hit
    assert (step.status, step.input_hash) == (RunStepStatus.RUNNING, CALL.input_hash)


def test_a_hit_leaves_the_step_pending_until_its_outcome_is_published(ledger: Ledger, tmp_path: Path) -> None:
    store = LocalArtifactStore(tmp_path)
    _make_once(ledger, store)
    build = _build(ledger, store)

    outcome = build.run_step(CALL, attempt=1)

    [step] = ledger.tenant(TENANT).steps(build.run.id)
    assert outcome.cache_hit
    assert (step.status, outcome.input_hash) == (RunStepStatus.PENDING, CALL.input_hash)


def test_a_step_that_fails_while_the_cache_is_asked_still_tells_what_it_was_asked(
    ledger: Ledger, tmp_path: Path
) -> None:
    _make_once(ledger, LocalArtifactStore(tmp_path))
    build = _build(ledger, UnreadableStore(tmp_path))

    with pytest.raises(CampaignError, match="the disk fails") as failed:
        build.run_step(CALL, attempt=1)
    ledger.tenant(TENANT).fail_step(build.run.id, "bgm", error=str(failed.value))

    [step] = ledger.tenant(TENANT).steps(build.run.id)
    assert (step.status, step.cache_hit) == (RunStepStatus.SKIPPED, False)
    assert (step.input_hash, step.error) == (CALL.input_hash, "STORE_UNAVAILABLE: the disk fails")


def _build(ledger: Ledger, store: ArtifactStore) -> Build:
    tenant = ledger.tenant(TENANT)
    run = open_run(tenant, step_ids=("bgm",), campaign_id=CAMPAIGN)
    return Build(settings=Settings({}), store=store, ledger=tenant, run=run, trigger=TRIGGER)


def _make_once(ledger: Ledger, store: ArtifactStore) -> None:
    store.put(b"result")
    build = _build(ledger, store)
    outcome = build.run_step(CALL, attempt=1)
    assert outcome.cache is not None
    assert outcome.cache.cache_key == cache_key(
        CALL.input_hash, tenant_id=TENANT, step_id="bgm", scope="global"
    )
    ledger.tenant(TENANT).publish(
        build.run.id, "bgm", artifact=artifact_of("bgm"), cache=outcome.cache, duration_ms=1
    )
