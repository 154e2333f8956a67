"""What the files that describe others say, held against what they describe.

Belongs here: the checksums of campaign manifests and of bundles, taken again.
Does not belong here: whether the files' own bytes hold (storage), or making them (skills).
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from campaign_pipeline.building.audit import ProblemKind
from campaign_pipeline.errors import refusal
from campaign_pipeline.model.bundle import BundleManifest
from campaign_pipeline.model.campaign import CampaignManifest, manifest_checksum
from campaign_pipeline.model.digest import JsonObject, canonical_hash, content_hash, is_content_hash

_BUNDLE_MANIFEST = "bundle_manifest.json"
_SHORT_DIGEST = slice(7, 23)
"""The first 16 hex digits, after `sha256:`."""


@dataclass(frozen=True)
class Check:
    """How one type of artifact is checked.

    Args:
        flaws: Takes an artifact's bytes and its row's metadata, and says what is wrong, if anything.
    """

    kind: ProblemKind
    flaws: Callable[[bytes, JsonObject], Iterator[str]]


def manifest_flaws(data: bytes, metadata: JsonObject) -> Iterator[str]:
    """Check a campaign manifest: its shape, its checksum, and that its row knows all that it needs.

    Source:
        The contract: sha256 over the RFC 8785 form of the manifest without `checksum`.
    """
    try:
        CampaignManifest.model_validate_json(data)
    except ValidationError as error:
        yield refusal(error).message
        return
    manifest = json.loads(data)
    sealed = manifest_checksum(manifest)
    if manifest["checksum"] != sealed:
        yield f"checksum: {manifest['checksum']} found; what it holds comes to {sealed}"
    if metadata.get("checksum") != manifest["checksum"]:
        yield f"checksum: {metadata.get('checksum')} in the artifact's row; the file says {manifest['checksum']}"
    unknown = sorted(set(_checksums(manifest["assets"])) - set(metadata.get("references") or ()))
    if unknown:
        yield f"references of the artifact's row: {', '.join(unknown)} not found; the manifest needs it"


def _checksums(value: Any) -> Iterator[str]:
    """Find the digests of the files that a manifest names."""
    if isinstance(value, Mapping):
        if is_content_hash(value.get("checksum")):
            yield value["checksum"]
        value = value.values()
    elif not isinstance(value, list):
        return
    for child in value:
        yield from _checksums(child)


def bundle_flaws(data: bytes, metadata: JsonObject) -> Iterator[str]:
    """Check a game bundle: each of its files, and its checksum over all of them.

    Source:
        The contract: sha256 over the canonical JSON of all (path, size, full sha256), sorted by path, without the
        manifest itself.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {name: archive.read(name) for name in sorted(archive.namelist())}
        manifest = BundleManifest.model_validate_json(files.pop(_BUNDLE_MANIFEST))
    except zipfile.BadZipFile as error:
        yield f"it is no zip file: {error}"
    except KeyError:
        yield f"{_BUNDLE_MANIFEST} is not in it"
    except ValidationError as error:
        yield refusal(error, subject=_BUNDLE_MANIFEST).message
    else:
        yield from _bundle_flaws(files, manifest, metadata)


def _bundle_flaws(
    files: Mapping[str, bytes], manifest: BundleManifest, metadata: JsonObject
) -> Iterator[str]:
    hashes = {path: content_hash(content) for path, content in files.items()}
    held = {path: (len(content), hashes[path][_SHORT_DIGEST]) for path, content in files.items()}
    told = {file.path: (file.size_bytes, file.checksum) for file in manifest.files}
    wrong = sorted(path for path in {*held, *told} if held.get(path) != told.get(path))
    if wrong:
        yield f"{_BUNDLE_MANIFEST} and the files do not agree on {', '.join(wrong)}"
    whole = canonical_hash(
        [{"path": path, "size": len(content), "sha256": hashes[path]} for path, content in files.items()]
    )
    for name, found in (
        ("checksum", manifest.checksum),
        ("bundle_id", manifest.bundle_id),
        ("checksum in the artifact's row", metadata.get("checksum")),
    ):
        if found != whole:
            yield f"{name}: {found} found; its files come to {whole}"


CHECKS: Mapping[str, Check] = {
    "json/campaign-manifest": Check("manifest", manifest_flaws),
    "bundle/game": Check("bundle", bundle_flaws),
}
"""By artifact type; the others describe nothing but themselves."""
