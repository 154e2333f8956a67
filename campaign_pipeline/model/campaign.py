"""CampaignManifest: the finished campaign, exactly as the data model spells it.

Belongs here: the manifest, its references to files, and how it is sealed with a checksum.
Does not belong here: how it is put together (skills.assemble_campaign_manifest).
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from campaign_pipeline.model.digest import ContentHash, JsonObject, canonical_hash
from campaign_pipeline.model.references import MEDIA_SCHEMA, is_media_reference
from campaign_pipeline.model.terms import Analytics, Branding, Button, OutcomeRedirect, Rules
from campaign_pipeline.model.text import Line120
from campaign_pipeline.model.values import JsonMapping, Slug, StrictModel, Version

MANIFEST_VERSION = "1.0.0"


def _check_uri(value: str) -> str:
    if not is_media_reference(value):
        raise PydanticCustomError(
            "MISSING_ASSET",
            "{value} found; a path relative to the store's root, http(s):// or s3:// is expected",
            {"value": repr(value[:80])},
        )
    return value


AssetUri = Annotated[str, AfterValidator(_check_uri), WithJsonSchema(MEDIA_SCHEMA)]


class ManifestAssetRef(StrictModel):
    """Where one file of the campaign is, and what it is."""

    uri: AssetUri
    type: Literal["video", "audio", "image", "bundle"]
    size_bytes: int | None = Field(default=None, ge=0)
    checksum: ContentHash | None = None
    required: bool


class CampaignAssets(StrictModel):
    """Every file that playing the campaign takes."""

    intro_video: ManifestAssetRef
    win_video: ManifestAssetRef
    lose_video: ManifestAssetRef
    game_bundle: ManifestAssetRef
    additional: list[ManifestAssetRef]


class GameContainer(StrictModel):
    """Where the game begins, relative to its bundle."""

    entry_point: str = "index.html"
    config_path: str = "game_config.json"


class Interaction(StrictModel):
    """How the viewer gets from the intro into the game."""

    button: Button
    game_container: GameContainer


class Flow(StrictModel):
    """In which order the campaign plays, and what leads from one part to the next."""

    sequence: list[str] = Field(default=["intro", "game", "outcome"])
    intro_to_game_trigger: str = "button_click"
    game_to_outcome_trigger: str = "game_complete"
    outcome_redirect: OutcomeRedirect | None = None


class CampaignManifest(StrictModel):
    """The final campaign: every component by reference, and the rules it is played by."""

    manifest_version: str = MANIFEST_VERSION
    campaign_id: Slug
    campaign_name: Line120
    created_at: str = Field(description="When the campaign was first built, ISO 8601 in UTC.")
    updated_at: str = Field(description="When this manifest was built, ISO 8601 in UTC.")
    version: Version
    assets: CampaignAssets
    interaction: Interaction
    flow: Flow
    rules: Rules
    analytics: Analytics
    branding: Branding | None = None
    metadata: JsonMapping
    checksum: ContentHash = Field(
        description="sha256 over the RFC 8785 form of this manifest without its checksum."
    )


def manifest_checksum(manifest: JsonObject) -> ContentHash:
    """Hash a manifest as JSON, whatever checksum it carries now."""
    return canonical_hash({key: value for key, value in manifest.items() if key != "checksum"})


def sealed(manifest: JsonObject) -> CampaignManifest:
    """Complete a manifest with its checksum.

    The checksum is taken over the validated form, so that defaults which were not spelled out take part.

    Raises:
        pydantic.ValidationError: The manifest breaks a rule of the data model.
    """
    unsealed = CampaignManifest.model_validate({**manifest, "checksum": canonical_hash({})})
    return unsealed.model_copy(update={"checksum": manifest_checksum(unsealed.to_json())})
