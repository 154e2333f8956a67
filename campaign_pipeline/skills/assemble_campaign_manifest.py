"""Skill: the manifest of a finished campaign, from the brief and the artifacts that it is made of.

Belongs here: what the manifest says, and that everything it refers to is there.
Does not belong here: the manifest's shape (model.campaign) or where bytes lie (storage).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from campaign_pipeline.errors import CampaignError, ErrorCode, refusal
from campaign_pipeline.model.brief import RESERVED_METADATA_KEY, Brief
from campaign_pipeline.model.campaign import CampaignManifest, sealed
from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.model.files import StoredFile
from campaign_pipeline.model.references import is_local

SKILL_ID = "assemble_campaign_manifest"
VERSION = "1.0.0"

_VIDEOS = ("intro", "win", "lose")
_REFERENCED_FILES = ("branding.logo_uri", "button.click_sound_uri", *(f"videos.{name}" for name in _VIDEOS))


@dataclass(frozen=True, kw_only=True)
class ManifestSource:
    """An artifact that the manifest is made from; its uri is relative to the store's root."""

    type: str
    uri: str
    content_hash: ContentHash
    size_bytes: int


def params(
    brief: Brief, *, campaign_id: str, files: Mapping[str, StoredFile], public_url: str | None
) -> JsonObject:
    """Name everything that shapes the manifest besides its artifacts, which are its inputs.

    A local file stands here by its content hash alone, so that renaming it changes nothing.
    """
    return {
        "campaign_id": campaign_id,
        "campaign_name": brief.campaign_name,
        "version": brief.version,
        "videos": {
            name: reference for name, reference in brief.videos.to_json().items() if not is_local(reference)
        },
        "files": {field: files[field].content_hash for field in _REFERENCED_FILES if field in files},
        "button": _without(
            brief.button.to_json(), "click_sound_uri", given=files, field="button.click_sound_uri"
        ),
        "flow": _optional("outcome_redirect", brief.outcome_redirect and brief.outcome_redirect.to_json()),
        "rules": brief.rules.to_json(),
        "analytics": brief.analytics.to_json(),
        "branding": _without(
            brief.branding.to_json() if brief.branding else {},
            "logo_uri",
            given=files,
            field="branding.logo_uri",
        ),
        "metadata": brief.metadata,
        "public_url": public_url,
    }


def assemble_campaign_manifest(
    brief: Brief,
    *,
    campaign_id: str,
    artifacts: Mapping[str, ManifestSource],
    files: Mapping[str, StoredFile],
    uri_of: Callable[[ContentHash], str],
    exists: Callable[[ContentHash], bool],
    public_url: str | None,
    created_at: datetime,
    updated_at: datetime,
) -> CampaignManifest:
    """Put a campaign's manifest together and seal it with its checksum.

    Args:
        brief: The campaign as it was asked for.
        campaign_id: The campaign's name in its tenant.
        artifacts: game_config, bgm and game_bundle by step.
        files: The brief's local files by field.
        uri_of: Where the store keeps these bytes, relative to its root.
        exists: Whether the store holds these bytes.
        public_url: What stands before the store's paths, if anything.
        created_at: When the campaign was first built; aware.
        updated_at: When this build began; aware.

    Raises:
        CampaignError: MISSING_ASSET for a file that the store does not hold, VALIDATION_ERROR.
    """
    references = _References(files=files, uri_of=uri_of, exists=exists, public_url=public_url)
    manifest: JsonObject = {
        "campaign_id": campaign_id,
        "campaign_name": brief.campaign_name,
        "created_at": _timestamp(created_at),
        "updated_at": _timestamp(updated_at),
        "version": brief.version,
        "assets": {
            **{
                f"{name}_video": references.file(f"videos.{name}", reference, kind="video")
                for name, reference in brief.videos.to_json().items()
            },
            "game_bundle": references.artifact("game_bundle", artifacts, kind="bundle"),
            "additional": [references.artifact("bgm", artifacts, kind="audio")],
        },
        "interaction": {"button": _button(brief, references), "game_container": {}},
        "flow": _optional("outcome_redirect", brief.outcome_redirect and brief.outcome_redirect.to_json()),
        "rules": brief.rules.to_json(),
        "analytics": brief.analytics.to_json(),
        **_optional("branding", _branding(brief, references)),
        "metadata": {**brief.metadata, RESERVED_METADATA_KEY: dict(references.artifacts(artifacts))},
    }
    try:
        return sealed(manifest)
    except ValidationError as error:
        raise refusal(error, subject="campaign_manifest") from None


@dataclass(frozen=True, kw_only=True)
class _References:
    """Turns files and artifacts into references that hold wherever the store is."""

    files: Mapping[str, StoredFile]
    uri_of: Callable[[ContentHash], str]
    exists: Callable[[ContentHash], bool]
    public_url: str | None

    def file(self, field: str, reference: str, *, kind: str) -> JsonObject:
        """Refer to a file of the brief's: to a local one by its content, to another one as it is written."""
        if not is_local(reference):
            return {"uri": reference, "type": kind, "required": True}
        stored = self._stored(field, reference)
        return {
            "uri": self._public(self.uri_of(stored.content_hash)),
            "type": kind,
            "size_bytes": stored.size_bytes,
            "checksum": stored.content_hash,
            "required": True,
        }

    def uri(self, field: str, reference: str) -> str:
        """Say where a file of the brief's is."""
        return str(self.file(field, reference, kind="image")["uri"])

    def artifact(self, step_id: str, artifacts: Mapping[str, ManifestSource], *, kind: str) -> JsonObject:
        """Refer to what a step made."""
        source = artifacts[step_id]
        self._check(source.content_hash, what=step_id, name=source.uri)
        return {
            "uri": self._public(source.uri),
            "type": kind,
            "size_bytes": source.size_bytes,
            "checksum": source.content_hash,
            "required": True,
        }

    def artifacts(self, sources: Mapping[str, ManifestSource]) -> Iterator[tuple[str, JsonObject]]:
        """List what the manifest is made from, without anything that differs from store to store."""
        for step_id, source in sorted(sources.items()):
            self._check(source.content_hash, what=step_id, name=source.uri)
            yield (
                step_id,
                {
                    "type": source.type,
                    "uri": self._public(source.uri),
                    "content_hash": source.content_hash,
                },
            )

    def _stored(self, field: str, reference: str) -> StoredFile:
        stored = self.files.get(field)
        if stored is None:
            message = f"{field}: {reference} was not taken into the store; build the campaign again"
            raise CampaignError(ErrorCode.MISSING_ASSET, message)
        self._check(stored.content_hash, what=field, name=reference)
        return stored

    def _check(self, digest: ContentHash, *, what: str, name: str) -> None:
        if not self.exists(digest):
            message = f"{what}: {name} ({digest}) is not in the store; build the campaign again"
            raise CampaignError(ErrorCode.MISSING_ASSET, message)

    def _public(self, uri: str) -> str:
        return uri if self.public_url is None else f"{self.public_url.rstrip('/')}/{uri}"


def _button(brief: Brief, references: _References) -> JsonObject:
    button = brief.button.to_json()
    sound = brief.button.click_sound_uri
    if sound is not None:
        button["click_sound_uri"] = references.uri("button.click_sound_uri", sound)
    return button


def _branding(brief: Brief, references: _References) -> JsonObject | None:
    if brief.branding is None:
        return None
    branding = brief.branding.to_json()
    if brief.branding.logo_uri is not None:
        branding["logo_uri"] = references.uri("branding.logo_uri", brief.branding.logo_uri)
    return branding


def _optional(key: str, value: Any) -> JsonObject:
    return {} if value is None else {key: value}


def _without(section: JsonObject, key: str, *, given: Mapping[str, StoredFile], field: str) -> JsonObject:
    """Leave out the path of a file that is named by its content hash already."""
    return {name: value for name, value in section.items() if not (name == key and field in given)}


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
