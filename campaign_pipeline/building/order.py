"""A run as it was ordered.

Belongs here: what Dagster hands over of a launched run, and whether that much of it makes sense.
Does not belong here: looking anything up: brief, base run, files (building.resolver).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from campaign_pipeline.errors import CampaignError, ErrorCode, shown
from campaign_pipeline.model.digest import JsonObject, canonical_json

CAMPAIGN_BUILD = "campaign.build"
CAMPAIGN_UPDATE_AUDIO = "campaign.update_audio"

_COMMAND_LINE = frozenset({"cli", "plan"})
"""Launchers whose overrides were typed as `--set`."""


@dataclass(frozen=True, kw_only=True)
class RunOrder:
    """A run as it was launched, before anything of it was looked up.

    Args:
        created_at: When it was, where the ledger hears of it late; None is now.
    """

    run_id: str
    tenant_id: str
    campaign_id: str
    workflow_name: str
    step_ids: tuple[str, ...]
    overrides: JsonObject = field(default_factory=dict)
    base_run_id: str | None = None
    cache: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    parent_run_id: str | None = None
    root_run_id: str | None = None
    launched_by: str = "dagster"
    created_at: datetime | None = None

    @property
    def key(self) -> str:
        """The partition key, `<tenant>/<campaign>`."""
        return f"{self.tenant_id}/{self.campaign_id}"

    @property
    def by_option(self) -> bool:
        """Whether the overrides were given as options of the command line, and not by a run's configuration."""
        return self.launched_by in _COMMAND_LINE

    @property
    def base_run_reference(self) -> str | None:
        """The base run's id where it is one: what is none cannot be written into the table's column."""
        return self.base_run_id if self.base_run_id and _is_uuid(self.base_run_id) else None

    def check(self) -> None:
        """Refuse an order that nothing could be looked up for.

        Raises:
            CampaignError: BASE_RUN_NOT_FOUND when the base run's id is none, VALIDATION_ERROR when the overrides hold
                what JSON cannot, or are not what the workflow takes.
        """
        if self.base_run_id is not None and not _is_uuid(self.base_run_id):
            message = f"base_run_id: {shown(self.base_run_id)} found; the id of a completed run is expected"
            raise CampaignError(ErrorCode.BASE_RUN_NOT_FOUND, message)
        problem = _not_json(self.overrides)
        if problem is not None:
            message = f"overrides: {problem}; values of JSON are expected"
            raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
        if self.workflow_name == CAMPAIGN_UPDATE_AUDIO:
            self._check_audio_alone()

    def _check_audio_alone(self) -> None:
        """Hold an update of the music to what it is: a base run, and overrides of its audio and nothing else."""
        if self.base_run_id is None:
            message = (
                "base_run_id: nothing found; the id of the completed run whose music is to change is expected"
            )
            raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
        others = sorted(set(self.overrides) - {"audio"})
        if others or not self.overrides:
            found = ", ".join(others) or "nothing"
            message = (
                f"overrides: {found} found; audio, and nothing else, is expected of {self.workflow_name}"
            )
            raise CampaignError(ErrorCode.VALIDATION_ERROR, message)

    def unresolved_trigger(self) -> JsonObject:
        """Say what is known of the trigger before the brief was read; overrides that no table can hold are left out."""
        return {
            "tenant_id": self.tenant_id,
            "campaign_id": self.campaign_id,
            "template_id": None,
            "brief": None,
            "overrides": {} if _not_json(self.overrides) else self.overrides,
            "base_run_id": self.base_run_id,
            "cache": self.cache,
            "launched_by": self.launched_by,
        }


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _not_json(value: JsonObject) -> str | None:
    try:
        canonical_json(value)
    except (ValueError, TypeError) as error:
        return str(error)
    return None
