"""BundleManifest: what lies in a game bundle, exactly as the data model spells it.

Belongs here: the manifest that a bundle carries as bundle_manifest.json.
Does not belong here: how a bundle is made (skills.bundle_game_template).
"""

from pydantic import Field

from campaign_pipeline.model.digest import ContentHash
from campaign_pipeline.model.values import StrictModel, Version


class BundledFileInfo(StrictModel):
    """One file of the bundle."""

    path: str = Field(min_length=1, description="Relative to the bundle's root.")
    size_bytes: int = Field(ge=0)
    content_type: str = Field(min_length=1, description="MIME type.")
    checksum: str = Field(
        pattern="^[0-9a-f]{16}$", description="The first 16 hex digits of the file's sha256."
    )


class BundledAssets(StrictModel):
    """The bundle's files by kind, as paths."""

    images: list[str]
    audio: list[str]
    video: list[str]
    models: list[str]
    configs: list[str]


class BundleMetadata(StrictModel):
    """The bundle in numbers; the manifest itself is not counted."""

    total_size_bytes: int = Field(ge=0)
    file_count: int = Field(ge=0)
    optimizations_applied: list[str]


class BundleManifest(StrictModel):
    """What a game bundle holds, without the manifest itself."""

    bundle_id: ContentHash
    template_id: str = Field(min_length=1)
    version: Version
    created_at: str = Field(description="SOURCE_DATE_EPOCH, or 1980-01-01T00:00:00Z.")
    files: list[BundledFileInfo]
    entry_point: str = Field(min_length=1)
    assets: BundledAssets
    checksum: ContentHash = Field(
        description="sha256 over the canonical JSON of all (path, size, full sha256), sorted by path."
    )
    metadata: BundleMetadata
