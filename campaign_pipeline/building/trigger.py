"""What a run is held to, frozen in `run.trigger`.

Belongs here: the trigger's shape.
Does not belong here: how it comes to be (building.resolver).
"""

from pydantic import BaseModel, ConfigDict

from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.files import StoredFile
from campaign_pipeline.settings import CacheField


class ProviderChoice(BaseModel):
    """Which provider a port uses in this run, which of its models, and who steps in when it fails."""

    model_config = ConfigDict(frozen=True)

    provider: str
    model: str | None = None
    fallbacks: tuple["ProviderChoice", ...] = ()


class Trigger(BaseModel):
    """The frozen trigger: all that the run's steps may know of the world outside."""

    model_config = ConfigDict(frozen=True)

    tenant_id: str
    campaign_id: str
    template_id: str
    brief: JsonObject
    overrides: JsonObject
    base_run_id: str | None
    cache: CacheField
    launched_by: str
    files: dict[str, StoredFile]
    text: ProviderChoice
    audio: ProviderChoice

    @property
    def is_partial_rebuild(self) -> bool:
        """Whether it builds something else than the brief as it lies there."""
        return bool(self.base_run_id or self.overrides)

    def to_json(self) -> JsonObject:
        """Give the form that `run.trigger` keeps."""
        return self.model_dump(mode="json")
