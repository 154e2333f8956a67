"""The `campaign` command, on one screen.

Belongs here: which commands there are, and the environment they start in.
Does not belong here: any of the commands; each has a file of its own under commands/.
"""

import click
from dotenv import load_dotenv

from campaign_pipeline.commands.build import build
from campaign_pipeline.commands.gc import gc
from campaign_pipeline.commands.migrate import migrate
from campaign_pipeline.commands.plan import plan
from campaign_pipeline.commands.preview import preview
from campaign_pipeline.commands.show import show
from campaign_pipeline.commands.verify import verify


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="campaign-pipeline")
def main() -> None:
    """Turn briefs into playable campaigns."""
    # As Dagster's own commands do; what is set already stays. Otherwise the two would read different ledgers.
    load_dotenv(".env")


for command in (build, plan, show, preview, verify, gc, migrate):
    main.add_command(command)
