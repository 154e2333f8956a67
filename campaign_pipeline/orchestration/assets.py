"""The graph that people see: a brief, and the four artifacts that are made from it.

Belongs here: each asset's name, inputs and description, and the few lines that carry a run to its skill.
Does not belong here: the skills, the cache, the tables (skills, building, storage).
"""

from collections.abc import Callable
from typing import Any

import dagster as dg

from campaign_pipeline.building.build import Build, StepOutcome
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.calls import (
    StepCall,
    StoredArtifact,
    bgm_call,
    campaign_manifest_call,
    game_bundle_call,
    game_config_call,
)
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.model.steps import STEP_BY_ID, STEPS, StepId
from campaign_pipeline.orchestration.checks import check_results, check_specs
from campaign_pipeline.orchestration.failures import RETRIES, as_failure, record_failure
from campaign_pipeline.orchestration.interrupts import INTERRUPTS
from campaign_pipeline.orchestration.partitions import campaigns, register
from campaign_pipeline.orchestration.resources import TriggerResource
from campaign_pipeline.orchestration.runs import run_order
from campaign_pipeline.skills import (
    assemble_campaign_manifest,
    bundle_game_template,
    game_config_from_template,
    generate_bgm_track,
)

TEXT_POOL, AUDIO_POOL = "campaign_text", "campaign_audio"
"""Slots for those who ask models; no limit unless `dagster instance concurrency set` or the UI sets one."""

campaign_brief = dg.AssetSpec(
    "campaign_brief",
    partitions_def=campaigns,
    group_name="campaign",
    description="The brief: one YAML file a campaign, at `<briefs>/<tenant>/<campaign>.yaml`, written by the team.",
    kinds={"yaml"},
)


def _step_asset(
    step_id: StepId, *, version: str, kinds: set[str], io_manager_key: str, pool: str | None = None
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Declare a step's asset: all that the four have in common.

    Args:
        pool: Of which it takes a slot while it runs, where a limit is set for it.
    """
    step = STEP_BY_ID[step_id]
    declare = dg.asset(
        name=step_id,
        partitions_def=campaigns,
        group_name="campaign",
        deps=[campaign_brief] if step_id != "game_bundle" else [],
        io_manager_key=io_manager_key,
        code_version=version,
        retry_policy=RETRIES,
        hooks={record_failure},
        kinds=kinds,
        metadata={"skill": step.skill_id, "artifact type": step.artifact_type},
        check_specs=check_specs(step_id),
        pool=pool,
    )

    def declared(body: Callable[..., Any]) -> dg.AssetsDefinition:
        # With checks beside the value, Dagster takes an annotated result for a tuple of outputs.
        body.__annotations__.pop("return")
        return declare(body)

    return declared


@_step_asset(
    "game_config",
    version=game_config_from_template.VERSION,
    kinds={"json"},
    io_manager_key="json_artifacts",
    pool=TEXT_POOL,
)
def game_config(
    context: dg.AssetExecutionContext, builder: dg.ResourceParam[Builder], trigger: TriggerResource
) -> dg.MaterializeResult[StepOutcome]:
    """The game's configuration: look, words, odds and rules, from the brief and the game's template."""
    return _run(context, builder, trigger, lambda build: game_config_call(build.surroundings))


@_step_asset(
    "bgm",
    version=generate_bgm_track.VERSION,
    kinds={"audio"},
    io_manager_key="file_artifacts",
    pool=AUDIO_POOL,
)
def bgm(
    context: dg.AssetExecutionContext, builder: dg.ResourceParam[Builder], trigger: TriggerResource
) -> dg.MaterializeResult[StepOutcome]:
    """The background music: a seamless loop, mastered to one loudness."""
    return _run(context, builder, trigger, lambda build: bgm_call(build.surroundings))


@_step_asset(
    "game_bundle",
    version=bundle_game_template.VERSION,
    kinds={"html", "zip"},
    io_manager_key="file_artifacts",
)
def game_bundle(
    context: dg.AssetExecutionContext,
    builder: dg.ResourceParam[Builder],
    trigger: TriggerResource,
    game_config: StoredArtifact,
    bgm: StoredArtifact,
) -> dg.MaterializeResult[StepOutcome]:
    """The playable game: one archive with page, scripts, pictures and music, and no request outside it."""

    def call(build: Build) -> StepCall:
        return game_bundle_call(build.surroundings, game_config=game_config, bgm=bgm)

    return _run(context, builder, trigger, call)


@_step_asset(
    "campaign_manifest",
    version=assemble_campaign_manifest.VERSION,
    kinds={"json"},
    io_manager_key="json_artifacts",
)
def campaign_manifest(
    context: dg.AssetExecutionContext,
    builder: dg.ResourceParam[Builder],
    trigger: TriggerResource,
    game_config: StoredArtifact,
    bgm: StoredArtifact,
    game_bundle: StoredArtifact,
) -> dg.MaterializeResult[StepOutcome]:
    """The finished campaign: one manifest that names every part, its rules and its order of play."""

    def call(build: Build) -> StepCall:
        return campaign_manifest_call(
            build.surroundings, game_config=game_config, bgm=bgm, game_bundle=game_bundle
        )

    return _run(context, builder, trigger, call)


def _run(
    context: dg.AssetExecutionContext,
    builder: Builder,
    trigger: TriggerResource,
    call: Callable[[Build], StepCall],
) -> dg.MaterializeResult[StepOutcome]:
    """Open the run, let the build decide between reuse and work, and hand the outcome to the IO manager."""
    try:
        order = run_order(context.run, trigger=trigger, step_ids=tuple(step.step_id for step in STEPS))
        build = builder.open(order, tell=context.log.info)
        # Before the output is stored, and only for a campaign that has a brief (dagster-facts, 20).
        register(context.instance, [order.key])
        outcome = build.run_step(call(build), attempt=context.retry_number + 1)
    except CampaignError as error:
        # Its words say all there is to say: a chain of stack traces would only bury them.
        raise as_failure(error) from None
    except (Exception, *INTERRUPTS) as error:
        raise as_failure(error) from error
    return dg.MaterializeResult(
        value=outcome,
        data_version=dg.DataVersion(outcome.artifact.content_hash),
        check_results=list(check_results(outcome)),
    )


campaign_assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
    campaign_brief,
    game_config,
    bgm,
    game_bundle,
    campaign_manifest,
]
