"""The yardstick: a Dagster job of four partitioned assets that do nothing, in the shape of campaign_build."""

import dagster as dg

campaigns = dg.DynamicPartitionsDefinition(name="campaigns")


@dg.asset(partitions_def=campaigns)
def game_config() -> dg.MaterializeResult:
    """Nothing."""
    return dg.MaterializeResult()


@dg.asset(partitions_def=campaigns)
def bgm() -> dg.MaterializeResult:
    """Nothing."""
    return dg.MaterializeResult()


@dg.asset(partitions_def=campaigns, deps=[game_config, bgm])
def game_bundle() -> dg.MaterializeResult:
    """Nothing."""
    return dg.MaterializeResult()


@dg.asset(partitions_def=campaigns, deps=[game_config, bgm, game_bundle])
def campaign_manifest() -> dg.MaterializeResult:
    """Nothing."""
    return dg.MaterializeResult()


defs = dg.Definitions(
    assets=[game_config, bgm, game_bundle, campaign_manifest],
    jobs=[dg.define_asset_job("bare", selection="*")],
    executor=dg.in_process_executor,
)
