"""`campaign preview`: play the newest game of a campaign on this machine.

Belongs here: its options, and waiting until somebody has seen enough.
Does not belong here: serving the game (building.preview).
"""

import time

import click

from campaign_pipeline.building.brief_file import check_known
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.building.preview import newest_game, served_game
from campaign_pipeline.commands.running import opened_made_builder, plainly
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage import ArtifactRecord


@click.command()
@click.argument("key")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="0 takes any free one.")
@plainly
def preview(*, key: str, port: int) -> None:
    """Serve the newest game of the campaign KEY on this machine, until Ctrl-C."""
    campaign = CampaignKey.parse(key, source="KEY")
    with opened_made_builder() as builder:
        game = _game_of(builder, campaign)
        with served_game(game, builder.store, port=port) as address:
            click.echo(f"{campaign} plays at {address}  (Ctrl-C ends it)")
            _wait_for_interrupt()


def _game_of(builder: Builder, campaign: CampaignKey) -> ArtifactRecord:
    game = newest_game(builder.ledger.tenant(campaign.tenant_id), campaign.campaign_id)
    if game is None:
        check_known(builder.settings.briefs_dir, campaign.tenant_id, campaign.campaign_id)
        message = f"game_bundle: {campaign} has none yet; build it: campaign build {campaign}"
        raise CampaignError(ErrorCode.MISSING_ASSET, message)
    return game


def _wait_for_interrupt() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo()
