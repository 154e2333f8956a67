"""Outputs into the tables, and back out of them as inputs.

Belongs here: publishing a step's outcome through the ledger, finding the artifact a step reads, and what of it a person
sees in the UI.
Does not belong here: the transaction (storage), pictures and tables of the UI (orchestration.metadata).
"""

from abc import abstractmethod
from typing import Any

import dagster as dg

from campaign_pipeline.building.build import StepOutcome
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.calls import StoredArtifact
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.orchestration import metadata
from campaign_pipeline.orchestration.failures import as_failure
from campaign_pipeline.orchestration.interrupts import INTERRUPTS
from campaign_pipeline.storage import ArtifactRecord, NewArtifact

EPHEMERAL_RUN_ID = "__EPHEMERAL_RUN_ID"
"""What Dagster calls the run of an input that no step of this plan makes (dagster-facts, 4)."""


class ArtifactIOManager(dg.IOManager):
    """Keeps every output as an artifact in the ledger and the content-addressed store; nothing is pickled."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder

    @abstractmethod
    def preview(self, artifact: ArtifactRecord | NewArtifact, data: bytes) -> dict[str, Any]:
        """Show what is in the artifact, as metadata of under 10 KB."""

    def handle_output(self, context: dg.OutputContext, obj: StepOutcome) -> None:
        """Describe the outcome for the UI, then publish it in one transaction.

        In this order, because what was published cannot be taken back: nothing that can fail may come after it.
        """
        try:
            data = self.builder.store.read(obj.artifact.content_hash)
            # In the order in which the UI shows it: how it came to be, what it looks like, where it is.
            shown = {
                **metadata.of_step(obj),
                **self.preview(obj.artifact, data),
                **metadata.of_artifact(obj, self.builder),
            }
            context.add_output_metadata(shown)
            self.builder.publish(obj)
        except (Exception, *INTERRUPTS) as error:
            self.builder.leave(obj)
            raise as_failure(error) from error

    def load_input(self, context: dg.InputContext) -> StoredArtifact:
        """Take the upstream step's artifact of this run, of its parent, or the campaign's newest; bytes are checked."""
        upstream = context.upstream_output
        run_id = upstream.run_id if upstream is not None else EPHEMERAL_RUN_ID
        try:
            key = CampaignKey.parse(context.partition_key, source="partition")
            return self.builder.load(
                tenant_id=key.tenant_id,
                campaign_id=key.campaign_id,
                step_id=context.asset_key.path[-1],
                run_id=None if run_id == EPHEMERAL_RUN_ID else run_id,
            )
        except (Exception, *INTERRUPTS) as error:
            raise as_failure(error) from error


class JsonArtifactIOManager(ArtifactIOManager):
    """Artifacts that are one JSON document: shown as it is, with its palette where it has one."""

    def preview(self, artifact: ArtifactRecord | NewArtifact, data: bytes) -> dict[str, Any]:
        """Show the document."""
        del artifact
        return metadata.of_document(data)


class FileArtifactIOManager(ArtifactIOManager):
    """Artifacts that are one file: music with its waveform, a bundle with its list of files."""

    def preview(self, artifact: ArtifactRecord | NewArtifact, data: bytes) -> dict[str, Any]:
        """Show the picture and figures that stand in the artifact's metadata."""
        del data
        return metadata.of_file(artifact, self.builder.store)


def over_builder(kind: type[ArtifactIOManager]) -> dg.IOManagerDefinition:
    """Define an IO manager over the run's builder.

    Not a ConfigurableIOManagerFactory: resolving a resource nested in another costs a run of four steps as much as all
    its queries, and there is nothing to configure.
    """

    def make(context: dg.InitResourceContext) -> ArtifactIOManager:
        return kind(context.resources.builder)

    return dg.IOManagerDefinition(resource_fn=make, required_resource_keys={"builder"})
